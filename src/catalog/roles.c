#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/facts_private.h"

static int
bundle_cmp(const struct bundle *a, const struct bundle *b)
{
	size_t n = a->dir_len < b->dir_len ? a->dir_len : b->dir_len;
	int r = memcmp(a->dir, b->dir, n);

	return r != 0 ? r : (a->dir_len > b->dir_len) - (a->dir_len < b->dir_len);
}

RBTREE_GENERATE(bundle_tree, bundle, by_dir, bundle_cmp)

static struct bundle *
bundle_find(const struct facts *f, const char *dir, size_t dir_len)
{
	struct bundle key = {.dir = UNCONST(dir), .dir_len = dir_len};

	return RB_FIND(bundle_tree, (struct bundle_tree *)UNCONST(&f->bundles), &key);
}

/* The nearest folder with an entry manifest, from dir up to (not including) the collection's root. */
static struct bundle *
bundle_above(const struct facts *f, const struct collection *c, const char *path, size_t dir_len)
{
	size_t root = strlen(c->path);

	while (dir_len > root) {
		struct bundle *b = bundle_find(f, path, dir_len);

		if (b != NULL)
			return b;
		while (dir_len > 0 && path[dir_len - 1] != '/')
			dir_len--;
		if (dir_len > 0)
			dir_len--;
	}
	return NULL;
}

void
bundle_mark(struct facts *f, struct bundle *b)
{
	if (b == NULL || b->dirty)
		return;
	b->dirty = true;
	TAILQ_INSERT_TAIL(&f->dirty_bundles, b, in_dirty);
}

void
bundle_unmark(struct facts *f, struct bundle *b)
{
	if (b->dirty)
		TAILQ_REMOVE(b->ready ? &f->ready_bundles : &f->dirty_bundles, b, in_dirty);
	b->dirty = b->ready = false;
}

/* Find role and owner by the names around it. */
static void
fact_assign(struct facts *f, struct fact *fact)
{
	size_t dir_len = path_dir_length(fact->path);
	const char *name = path_base(fact->path);
	struct bundle *owner = bundle_above(f, fact->collection, fact->path, dir_len);
	int rank = kind_entry_rank(fact->collection, name);
	enum role role;

	if (rank >= 0) {
		role = ROLE_ENTRY;
	} else if (owner != NULL) {
		role = ROLE_MEMBER;
	} else {
		rank = kind_flat_rank(fact->collection, fact->path);
		role = rank >= 0 ? ROLE_FLAT : ROLE_NONE;
		for (char **e = fact->collection->entry; rank >= 0 && *e != NULL; e++)
			rank++; /* flat patterns come after all entry patterns */
	}
	if (role == fact->role && owner == fact->owner)
		return;
	bundle_mark(f, fact->owner);
	fact_unmark(f, fact);
	if (role_is_manifest(fact->role) && !role_is_manifest(role)) {
		fact_tomb(f, fact);
		manifest_unref(fact->manifest);
		fact->manifest = NULL;
	}
	fact->role = role;
	fact->owner = owner;
	fact->rank = (int16_t)rank;
	fact_mark(f, fact);
	fact_need(f, fact);
}

static void
facts_assign_below(struct facts *f, const char *dir, size_t dir_len)
{
	struct fact *fact;

	for (fact = fact_first_below(f, dir, dir_len); fact != NULL; fact = fact_next_below(fact, dir, dir_len))
		fact_assign(f, fact);
}

static bool
makes_bundle(const struct fact *fact)
{
	return kind_entry_rank(fact->collection, path_base(fact->path)) >= 0 &&
	    path_dir_length(fact->path) > strlen(fact->collection->path);
}

static void
bundle_enter(struct facts *f, const struct fact *fact)
{
	size_t dir_len = path_dir_length(fact->path);
	struct bundle *b = bundle_find(f, fact->path, dir_len);

	if (b == NULL) {
		b = mem_zalloc(sizeof *b);
		b->dir = mem_strndup(fact->path, dir_len);
		b->dir_len = dir_len;
		RB_INSERT(bundle_tree, &f->bundles, b);
		facts_assign_below(f, b->dir, dir_len);
	}
	b->entries++;
}

static void
bundle_leave(struct facts *f, const struct fact *fact)
{
	struct bundle *b = bundle_find(f, fact->path, path_dir_length(fact->path));

	assert(b != NULL && b->entries > 0);
	if (--b->entries > 0)
		return;
	RB_REMOVE(bundle_tree, &f->bundles, b);
	facts_assign_below(f, b->dir, b->dir_len);
	bundle_unmark(f, b);
	free(b->dir);
	free(b);
}

void
roles_enter(struct facts *f, struct fact *fact)
{
	if (makes_bundle(fact))
		bundle_enter(f, fact);
	fact_assign(f, fact);
}

void
roles_leave(struct facts *f, struct fact *fact)
{
	if (makes_bundle(fact))
		bundle_leave(f, fact);
}

void
roles_free(struct facts *f)
{
	struct bundle *b;

	while ((b = RB_ROOT(&f->bundles)) != NULL) {
		RB_REMOVE(bundle_tree, &f->bundles, b);
		free(b->dir);
		free(b);
	}
}
