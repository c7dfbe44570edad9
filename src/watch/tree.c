#include "watch/tree.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/rbtree.h"

enum table_kind { BY_WD, BY_NUMBER, TABLES };

RB_HEAD(children, dir);

/* One allocation a directory: there may be very many. */
struct dir {
	struct node node; /* first: a node is its dir */
	struct dir *next[TABLES]; /* in the same slot */
	struct children children;
	RB_ENTRY(dir) sibling;
	char name[];
};

struct table {
	struct dir **slots;
	size_t size; /* a power of two */
	size_t n;
};

struct tree {
	struct dir *root;
	struct table tables[TABLES];
	uint64_t last_number;
};

static int
dir_compare(const struct dir *a, const struct dir *b)
{
	return strcmp(a->node.name, b->node.name);
}

RBTREE_GENERATE(children, dir, sibling, dir_compare)

static struct dir *
dir_of(const struct node *n)
{
	return UNCONST(n);
}

/* Descriptors and numbers are handed out in order, so their low bits spread them. */
static struct dir **
table_slot(const struct tree *t, enum table_kind kind, uint64_t key)
{
	const struct table *table = &t->tables[kind];

	return &table->slots[key & (table->size - 1)];
}

static uint64_t
dir_key(const struct dir *d, enum table_kind kind)
{
	return kind == BY_WD ? (uint64_t)d->node.wd : d->node.number;
}

static struct dir *
table_find(const struct tree *t, enum table_kind kind, uint64_t key)
{
	struct dir *d = *table_slot(t, kind, key);

	while (d != NULL && dir_key(d, kind) != key)
		d = d->next[kind];
	return d;
}

static void
table_put(struct tree *t, enum table_kind kind, struct dir *d)
{
	struct dir **slot = table_slot(t, kind, dir_key(d, kind));

	d->next[kind] = *slot;
	*slot = d;
}

static void
table_grow(struct tree *t, enum table_kind kind)
{
	struct table *table = &t->tables[kind];
	struct table old = *table;

	table->size = old.size * 2;
	table->slots = mem_zalloc(table->size * sizeof *table->slots);
	for (size_t i = 0; i < old.size; i++)
		for (struct dir *d = old.slots[i], *next; d != NULL; d = next) {
			next = d->next[kind];
			table_put(t, kind, d);
		}
	free(old.slots);
}

static void
table_add(struct tree *t, enum table_kind kind, struct dir *d)
{
	struct table *table = &t->tables[kind];

	if (table->n == table->size)
		table_grow(t, kind);
	table_put(t, kind, d);
	table->n++;
}

static void
table_drop(struct tree *t, enum table_kind kind, struct dir *d)
{
	struct dir **at = table_slot(t, kind, dir_key(d, kind));

	while (*at != d)
		at = &(*at)->next[kind];
	*at = d->next[kind];
	t->tables[kind].n--;
}

static struct dir *
dir_new(struct tree *t, struct node *parent, const char *name, uint64_t dev, uint64_t ino)
{
	size_t size = strlen(name) + 1;
	struct dir *d = mem_zalloc(sizeof *d + size);

	memcpy(d->name, name, size);
	d->node = (struct node){
	    .number = ++t->last_number, .parent = parent, .name = d->name, .dev = dev, .ino = ino, .wd = -1};
	RB_INIT(&d->children);
	table_add(t, BY_NUMBER, d);
	return d;
}

static void
dir_drop(struct tree *t, struct dir *d)
{
	if (d->node.wd >= 0)
		table_drop(t, BY_WD, d);
	table_drop(t, BY_NUMBER, d);
	if (d->node.parent != NULL)
		(void)RB_REMOVE(children, &dir_of(d->node.parent)->children, d);
	free(d);
}

struct tree *
tree_new(void)
{
	struct tree *t = mem_zalloc(sizeof *t);

	for (size_t i = 0; i < TABLES; i++) {
		t->tables[i].size = 64;
		t->tables[i].slots = mem_zalloc(t->tables[i].size * sizeof *t->tables[i].slots);
	}
	t->root = dir_new(t, NULL, "", 0, 0);
	return t;
}

/* A loop and not a recursion: nothing bounds the depth of directories but the disk. */
static void
remove_below(struct tree *t, struct dir *top, void (*removed)(void *, struct node *), void *arg)
{
	struct dir *d = top;

	while (d != top || !RB_EMPTY(&top->children)) {
		struct dir *child = RB_MIN(children, &d->children);

		if (child != NULL) {
			d = child;
			continue;
		}
		child = d;
		d = dir_of(d->node.parent);
		if (removed != NULL)
			removed(arg, &child->node);
		dir_drop(t, child);
	}
}

void
tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	remove_below(t, t->root, NULL, NULL);
	dir_drop(t, t->root);
	for (size_t i = 0; i < TABLES; i++)
		free(t->tables[i].slots);
	free(t);
}

struct node *
tree_root(struct tree *t)
{
	return &t->root->node;
}

struct node *
tree_child(const struct tree *t, const struct node *dir, const char *name)
{
	struct dir key = {.node.name = name};
	struct dir *d;

	(void)t;
	d = RB_FIND(children, &dir_of(dir)->children, &key);
	return d != NULL ? &d->node : NULL;
}

struct node *
tree_by_wd(const struct tree *t, int wd)
{
	struct dir *d = wd >= 0 ? table_find(t, BY_WD, (uint64_t)wd) : NULL;

	return d != NULL ? &d->node : NULL;
}

struct node *
tree_by_number(const struct tree *t, uint64_t number)
{
	struct dir *d = table_find(t, BY_NUMBER, number);

	return d != NULL ? &d->node : NULL;
}

struct node *
tree_add(struct tree *t, struct node *dir, const char *name, uint64_t dev, uint64_t ino)
{
	struct dir *d = dir_new(t, dir, name, dev, ino);
	struct dir *twin = RB_INSERT(children, &dir_of(dir)->children, d);

	assert(twin == NULL);
	(void)twin;
	return &d->node;
}

struct node *
tree_set_wd(struct tree *t, struct node *n, int wd)
{
	struct node *other = tree_by_wd(t, wd);

	if (other == n || (other != NULL && HAS_FAULT(FAULT_PATHS)))
		return NULL;
	if (other != NULL)
		(void)tree_set_wd(t, other, -1);
	if (n->wd >= 0)
		table_drop(t, BY_WD, dir_of(n));
	n->wd = wd;
	if (wd >= 0)
		table_add(t, BY_WD, dir_of(n));
	return other;
}

void
tree_remove(struct tree *t, struct node *n, void (*removed)(void *, struct node *), void *arg)
{
	assert(n->parent != NULL);
	remove_below(t, dir_of(n), removed, arg);
	if (removed != NULL)
		removed(arg, n);
	dir_drop(t, dir_of(n));
}

struct node *
tree_next_child(const struct tree *t, const struct node *dir, const struct node *after)
{
	struct dir *d;

	(void)t;
	d = after != NULL ? RB_NEXT(children, , dir_of(after)) : RB_MIN(children, &dir_of(dir)->children);
	return d != NULL ? &d->node : NULL;
}

struct node *
tree_walk(const struct tree *t, const struct node *top, const struct node *n)
{
	struct node *next = tree_next_child(t, n, NULL);

	return next != NULL ? next : tree_walk_past(t, top, n);
}

struct node *
tree_walk_past(const struct tree *t, const struct node *top, const struct node *n)
{
	struct node *next = NULL;

	while (next == NULL && n != top) {
		next = tree_next_child(t, n->parent, n);
		n = n->parent;
	}
	return next;
}

void
tree_path(const struct node *n, struct buf *out)
{
	size_t len = 0;
	char *end;

	if (n->parent == NULL)
		return;
	for (const struct node *p = n; p->parent != NULL; p = p->parent)
		len += strlen(p->name) + 1;
	end = buf_reserve(out, len) + len - 1; /* no slash before the first part */
	for (const struct node *p = n; p->parent != NULL; p = p->parent) {
		size_t part = strlen(p->name);

		end -= part;
		memcpy(end, p->name, part);
		if (p->parent->parent != NULL)
			*--end = '/';
	}
	buf_commit(out, len - 1);
}

struct node *
tree_lookup(struct tree *t, const char *path)
{
	struct node *n = tree_root(t);
	char part[NAME_MAX + 1];

	while (n != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 0 || len > NAME_MAX)
			return NULL;
		memcpy(part, path, len);
		part[len] = '\0';
		n = tree_child(t, n, part);
		path += path[len] == '/' ? len + 1 : len;
	}
	return n;
}

size_t
tree_count(const struct tree *t)
{
	return t->tables[BY_NUMBER].n;
}

size_t
tree_watched(const struct tree *t)
{
	return t->tables[BY_WD].n;
}
