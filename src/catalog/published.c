#include "catalog/published.h"

#include <assert.h>
#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rbtree.h"

struct entry {
	RB_ENTRY(entry) by_key;
	struct published_item pub;
};

struct problem_entry {
	RB_ENTRY(problem_entry) by_path;
	char *path;
	uint8_t digest[SHA256_SIZE];
};

struct type_entry {
	RB_ENTRY(type_entry) by_type;
	char *type;
	uint64_t rev;
};

RB_HEAD(entries, entry);
RB_HEAD(problem_entries, problem_entry);
RB_HEAD(type_entries, type_entry);

struct published {
	struct entries entries;
	struct problem_entries problems;
	struct type_entries types;
	size_t items, problem_paths;
};

static int
entry_cmp(const struct entry *a, const struct entry *b)
{
	return strcmp(a->pub.key, b->pub.key);
}

static int
problem_entry_cmp(const struct problem_entry *a, const struct problem_entry *b)
{
	return strcmp(a->path, b->path);
}

static int
type_entry_cmp(const struct type_entry *a, const struct type_entry *b)
{
	return strcmp(a->type, b->type);
}

RBTREE_GENERATE(entries, entry, by_key, entry_cmp)
RBTREE_GENERATE(problem_entries, problem_entry, by_path, problem_entry_cmp)
RBTREE_GENERATE(type_entries, type_entry, by_type, type_entry_cmp)

struct published *
published_new(void)
{
	struct published *p = mem_zalloc(sizeof *p);

	RB_INIT(&p->entries);
	RB_INIT(&p->problems);
	RB_INIT(&p->types);
	return p;
}

static struct entry *
entry_find(const struct published *p, const char *key)
{
	struct entry k = {.pub = {.key = key}};

	return RB_FIND(entries, (struct entries *)UNCONST(&p->entries), &k);
}

static void
entry_drop(struct published *p, struct entry *e)
{
	RB_REMOVE(entries, &p->entries, e);
	p->items--;
	item_unref(e->pub.item);
	free(e);
}

static struct problem_entry *
problem_find(const struct published *p, const char *path)
{
	struct problem_entry k = {.path = UNCONST(path)};

	return RB_FIND(problem_entries, (struct problem_entries *)UNCONST(&p->problems), &k);
}

static void
problem_drop(struct published *p, struct problem_entry *e)
{
	RB_REMOVE(problem_entries, &p->problems, e);
	p->problem_paths--;
	free(e->path);
	free(e);
}

void
published_clear(struct published *p)
{
	struct entry *e;
	struct problem_entry *pe;
	struct type_entry *t;

	while ((e = RB_ROOT(&p->entries)) != NULL)
		entry_drop(p, e);
	while ((pe = RB_ROOT(&p->problems)) != NULL)
		problem_drop(p, pe);
	while ((t = RB_ROOT(&p->types)) != NULL) {
		RB_REMOVE(type_entries, &p->types, t);
		free(t->type);
		free(t);
	}
}

void
published_free(struct published *p)
{
	if (p == NULL)
		return;
	published_clear(p);
	free(p);
}

/* There are as many as items: what belongs to one is in one piece of memory, or the item's own. */
static struct entry *
entry_new(const char *key, const struct face *face, struct item *item)
{
	size_t key_size = strlen(key) + 1;
	struct entry *e;

	if (item != NULL) {
		assert(strcmp(item->key, key) == 0);
		e = mem_zalloc(sizeof *e);
		e->pub.item = item_ref(item);
		e->pub.key = item->key;
		e->pub.face = &item->face;
		return e;
	}
	e = mem_zalloc(sizeof *e + sizeof *face + face_packed_size(face) + key_size);
	face_pack((struct face *)(e + 1), face, (char *)(e + 1) + sizeof *face);
	e->pub.face = (const struct face *)(e + 1);
	e->pub.key = memcpy((char *)(e + 1) + sizeof *face + face_packed_size(face), key, key_size);
	return e;
}

void
published_put(struct published *p, const char *key, const struct face *face, struct item *item, uint64_t rev,
    uint64_t created_rev, const char *created_at)
{
	struct entry *e = entry_new(key, face, item), *old;

	e->pub.rev = rev;
	e->pub.created_rev = created_rev;
	(void)strlcpy(e->pub.created_at, created_at, sizeof e->pub.created_at);
	old = RB_INSERT(entries, &p->entries, e);
	if (old != NULL) {
		entry_drop(p, old);
		(void)RB_INSERT(entries, &p->entries, e);
	}
	p->items++;
}

void
published_remove(struct published *p, const char *key)
{
	struct entry *e = entry_find(p, key);

	if (e != NULL)
		entry_drop(p, e);
}

const struct published_item *
published_get(const struct published *p, const char *key)
{
	const struct entry *e = entry_find(p, key);

	return e != NULL ? &e->pub : NULL;
}

const struct published_item *
published_next(const struct published *p, const char *after)
{
	struct entries *head = UNCONST(&p->entries);
	struct entry *e;

	if (after == NULL) {
		e = RB_MIN(entries, head);
	} else {
		struct entry k = {.pub = {.key = after}};

		e = RB_NFIND(entries, head, &k);
		if (e != NULL && strcmp(e->pub.key, after) == 0)
			e = RB_NEXT(entries, head, e);
	}
	return e != NULL ? &e->pub : NULL;
}

void
published_put_problems(struct published *p, const char *path, const char *json, size_t n)
{
	struct problem_entry *e = problem_find(p, path);

	if (json == NULL) {
		if (e != NULL)
			problem_drop(p, e);
		return;
	}
	if (e == NULL) {
		e = mem_zalloc(sizeof *e);
		e->path = mem_strdup(path);
		RB_INSERT(problem_entries, &p->problems, e);
		p->problem_paths++;
	}
	sha256(json, n, e->digest);
}

bool
published_problems_equal(const struct published *p, const char *path, const char *json, size_t n)
{
	const struct problem_entry *e = problem_find(p, path);
	uint8_t digest[SHA256_SIZE];

	if (e == NULL || json == NULL)
		return e == NULL && json == NULL;
	sha256(json, n, digest);
	return memcmp(digest, e->digest, sizeof digest) == 0;
}

const char *
published_next_problems(const struct published *p, const char *after)
{
	struct problem_entries *head = UNCONST(&p->problems);
	struct problem_entry k = {.path = UNCONST(after)}, *e;

	if (after == NULL) {
		e = RB_MIN(problem_entries, head);
	} else {
		e = RB_NFIND(problem_entries, head, &k);
		if (e != NULL && strcmp(e->path, after) == 0)
			e = RB_NEXT(problem_entries, head, e);
	}
	return e != NULL ? e->path : NULL;
}

size_t
published_items(const struct published *p)
{
	return p->items;
}

size_t
published_problem_paths(const struct published *p)
{
	return p->problem_paths;
}

static struct type_entry *
type_find(const struct published *p, const char *type)
{
	struct type_entry k = {.type = UNCONST(type)};

	return RB_FIND(type_entries, (struct type_entries *)UNCONST(&p->types), &k);
}

uint64_t
published_type_rev(const struct published *p, const char *type)
{
	const struct type_entry *t = type_find(p, type);

	return t != NULL ? t->rev : 0;
}

void
published_set_type_rev(struct published *p, const char *type, uint64_t rev)
{
	struct type_entry *t = type_find(p, type);

	if (t == NULL) {
		t = mem_zalloc(sizeof *t);
		t->type = mem_strdup(type);
		RB_INSERT(type_entries, &p->types, t);
	}
	t->rev = rev;
}
