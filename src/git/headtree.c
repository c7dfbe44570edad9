#include "git/headtree.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/sha.h"

#define HEADTREE_DEPTH 128 /* folders below it are left out: no collection is that deep */

/* Packed to 24 bytes: a catalog of 20,000 bundles has 40,000 of them. */
struct entry {
	uint32_t folder : 1;
	uint32_t name : 31; /* offset behind the last entry */
	uint8_t ref[GIT_ID_SIZE]; /* a blob's id, or the pointer to the folder */
};

/* One folder. The tree is its root folder. */
struct headtree {
	git_oid id;
	unsigned int refs;
	uint32_t n;
	struct entry entries[]; /* by name in byte order; the names follow */
};

struct load {
	git_repository *git;
	const char *const *prefixes;
	struct buf path; /* of the folder that is being read */
	int depth;
	bool missing;
	struct err *e;
};

static const char *
headtree_name(const struct headtree *t, const struct entry *en)
{
	return (const char *)&t->entries[t->n] + en->name;
}

static struct headtree *
headtree_folder(const struct entry *en)
{
	struct headtree *folder = NULL;

	if (en != NULL && en->folder)
		memcpy(&folder, en->ref, sizeof folder);
	return folder;
}

void
headtree_free(struct headtree *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	for (uint32_t i = 0; i < t->n; i++)
		headtree_free(headtree_folder(&t->entries[i]));
	free(t);
}

static const struct entry *
headtree_entry(const struct headtree *t, const char *name, size_t len)
{
	uint32_t lo = 0, hi = t != NULL ? t->n : 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const char *other = headtree_name(t, &t->entries[mid]);
		int c = strncmp(name, other, len);

		if (c == 0 && other[len] == '\0')
			return &t->entries[mid];
		if (c > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static const struct entry *
headtree_walk(const struct headtree *t, const char *path)
{
	const struct entry *en = NULL;

	for (;;) {
		size_t len = strcspn(path, "/");

		en = headtree_entry(t, path, len);
		if (en == NULL || path[len] == '\0')
			return en;
		t = headtree_folder(en);
		path += len + 1;
	}
}

const uint8_t *
headtree_blob(const struct headtree *t, const char *path)
{
	const struct entry *en = headtree_walk(t, path);

	return en != NULL && !en->folder ? en->ref : NULL;
}

bool
headtree_has(const struct headtree *t, const char *path)
{
	return headtree_walk(t, path) != NULL;
}

/* Is path at or below folder ("" is above all)? */
static bool
headtree_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return n == 0 || (strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

static bool
headtree_wanted(const struct load *l, const char *path, bool folder)
{
	for (const char *const *p = l->prefixes; *p != NULL; p++)
		if (headtree_below(path, *p) || (folder && headtree_below(*p, path)))
			return true;
	return false;
}

static struct headtree *headtree_read(struct load *l, const git_oid *id, const struct headtree *old);

/* Which entries of the git tree are kept; returns the bytes of their names. */
static size_t
headtree_select(struct load *l, const git_tree *tree, size_t *order, uint32_t *ret_n)
{
	size_t names = 0, len = l->path.n;
	uint32_t n = 0;

	for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *te = git_tree_entry_byindex(tree, i);
		git_object_t type = git_tree_entry_type(te);
		const char *name = git_tree_entry_name(te);
		bool keep;

		if (type != GIT_OBJECT_BLOB && type != GIT_OBJECT_TREE)
			continue; /* a submodule is another repository */
		buf_addstr(&l->path, name);
		keep = headtree_wanted(l, buf_str(&l->path), type == GIT_OBJECT_TREE);
		l->path.n = len;
		if (!keep)
			continue;
		order[n++] = i;
		names += strlen(name) + 1;
	}
	*ret_n = n;
	return names;
}

static int
headtree_by_name(const void *a, const void *b, void *tree)
{
	return strcmp(git_tree_entry_name(git_tree_entry_byindex(tree, *(const size_t *)a)),
	    git_tree_entry_name(git_tree_entry_byindex(tree, *(const size_t *)b)));
}

static int
headtree_fill(struct load *l, struct entry *en, const git_tree_entry *te, const struct headtree *old)
{
	const char *name = git_tree_entry_name(te);
	struct headtree *folder;
	size_t len = l->path.n;

	if (git_tree_entry_type(te) == GIT_OBJECT_BLOB) {
		memcpy(en->ref, git_tree_entry_id(te)->id, GIT_ID_SIZE);
		return 0;
	}
	buf_addstr(&l->path, name);
	buf_addch(&l->path, '/');
	folder = headtree_read(l, git_tree_entry_id(te), headtree_folder(headtree_entry(old, name, strlen(name))));
	l->path.n = len;
	if (folder == NULL)
		return -1;
	memcpy(en->ref, &folder, sizeof folder);
	en->folder = 1;
	return 0;
}

static struct headtree *
headtree_build(struct load *l, git_tree *tree, const struct headtree *old)
{
	size_t *order = mem_alloc(git_tree_entrycount(tree) * sizeof *order);
	uint32_t n, at = 0;
	size_t names = headtree_select(l, tree, order, &n);
	struct headtree *t = mem_zalloc(sizeof *t + n * sizeof t->entries[0] + names);
	char *name = (char *)&t->entries[n];

	/* Git sorts a folder as if its name ended with '/'; by plain name one search finds either. */
	qsort_r(order, n, sizeof *order, headtree_by_name, tree);
	t->refs = 1;
	t->n = n;
	git_oid_cpy(&t->id, git_tree_id(tree));
	for (uint32_t i = 0; i < n; i++) {
		const git_tree_entry *te = git_tree_entry_byindex(tree, order[i]);
		size_t size = strlen(git_tree_entry_name(te)) + 1;

		memcpy(name + at, git_tree_entry_name(te), size);
		t->entries[i].name = at & INT32_MAX; /* a tree object is far smaller */
		at += (uint32_t)size;
	}
	for (uint32_t i = 0; t != NULL && i < n; i++) {
		if (headtree_fill(l, &t->entries[i], git_tree_entry_byindex(tree, order[i]), old) != 0) {
			headtree_free(t);
			t = NULL;
		}
	}
	free(order);
	return t;
}

static struct headtree *
headtree_empty(const git_oid *id)
{
	struct headtree *t = mem_zalloc(sizeof *t);

	t->refs = 1;
	git_oid_cpy(&t->id, id);
	return t;
}

static struct headtree *
headtree_read(struct load *l, const git_oid *id, const struct headtree *old)
{
	struct headtree *t;
	git_tree *tree;
	int r;

	if (old != NULL && git_oid_equal(&old->id, id)) {
		t = (struct headtree *)old;
		t->refs++;
		return t;
	}
	if (l->depth >= HEADTREE_DEPTH)
		return headtree_empty(id);
	r = git_tree_lookup(&tree, l->git, id);
	if (r == GIT_ENOTFOUND) {
		l->missing = true;
		return headtree_empty(id);
	}
	if (r != 0) {
		const git_error *ge = git_error_last();

		err_set(l->e, "tree %s of the commit cannot be read: %s", git_oid_tostr_s(id),
		    ge != NULL ? ge->message : "unknown error");
		return NULL;
	}
	l->depth++;
	t = headtree_build(l, tree, old);
	l->depth--;
	git_tree_free(tree);
	return t;
}

int
headtree_load(git_repository *git, const git_oid *id, const char *const *prefixes, struct headtree *old,
    struct headtree **ret, bool *ret_missing, struct err *e)
{
	struct load l = {.git = git, .prefixes = prefixes, .e = e};
	struct headtree *t = headtree_read(&l, id, old);

	buf_free(&l.path);
	if (t == NULL)
		return -1;
	*ret = t;
	*ret_missing = l.missing;
	return 0;
}

struct diff {
	void (*moved)(void *, const char *path);
	void *arg;
	struct buf path;
};

static void headtree_diff_folder(struct diff *d, const struct headtree *a, const struct headtree *b);

/* One name, in either or both. */
static void
headtree_diff_entry(struct diff *d, const char *name, const struct entry *a, const struct entry *b)
{
	bool blob_a = a != NULL && !a->folder, blob_b = b != NULL && !b->folder;
	size_t len = d->path.n;

	buf_addstr(&d->path, name);
	if ((blob_a || blob_b) && !(blob_a && blob_b && memcmp(a->ref, b->ref, GIT_ID_SIZE) == 0))
		d->moved(d->arg, buf_str(&d->path));
	buf_addch(&d->path, '/');
	headtree_diff_folder(d, headtree_folder(a), headtree_folder(b));
	d->path.n = len;
}

static void
headtree_diff_folder(struct diff *d, const struct headtree *a, const struct headtree *b)
{
	uint32_t i = 0, j = 0, n = a != NULL ? a->n : 0, m = b != NULL ? b->n : 0;

	if (a == b)
		return;
	while (i < n || j < m) {
		const char *x = i < n ? headtree_name(a, &a->entries[i]) : NULL;
		const char *y = j < m ? headtree_name(b, &b->entries[j]) : NULL;
		int c = x == NULL ? 1 : y == NULL ? -1 : strcmp(x, y);

		headtree_diff_entry(d, c <= 0 ? x : y, c <= 0 ? &a->entries[i] : NULL, c >= 0 ? &b->entries[j] : NULL);
		i += c <= 0;
		j += c >= 0;
	}
}

void
headtree_diff(const struct headtree *a, const struct headtree *b, void (*moved)(void *, const char *path), void *arg)
{
	struct diff d = {.moved = moved, .arg = arg};

	headtree_diff_folder(&d, a, b);
	buf_free(&d.path);
}
