#include "catalog/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/facts_private.h"

static int
fact_cmp(const struct fact *a, const struct fact *b)
{
	return strcmp(a->path, b->path);
}

RBTREE_GENERATE(fact_tree, fact, by_path, fact_cmp)

const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

size_t
path_dir_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) : 0;
}

struct fact *
fact_find(const struct facts *f, const char *path)
{
	struct fact key = {.path = path};

	return RB_FIND(fact_tree, (struct fact_tree *)UNCONST(&f->facts), &key);
}

static bool
is_below(const char *path, const char *dir, size_t dir_len)
{
	return dir_len == 0 || (strncmp(path, dir, dir_len) == 0 && path[dir_len] == '/');
}

/* The first fact below a folder. What is below it is contiguous in byte order, once '/' is behind its name. */
struct fact *
fact_first_below(struct facts *f, const char *dir, size_t dir_len)
{
	struct fact key, *first;

	if (dir_len == 0)
		return RB_MIN(fact_tree, &f->facts);
	buf_clear(&f->below);
	buf_add(&f->below, dir, dir_len);
	buf_addch(&f->below, '/');
	key.path = f->below.p;
	first = RB_NFIND(fact_tree, &f->facts, &key);
	return first != NULL && is_below(first->path, dir, dir_len) ? first : NULL;
}

struct fact *
fact_next_below(struct fact *fact, const char *dir, size_t dir_len)
{
	fact = RB_NEXT(fact_tree, &f->facts, fact);
	return fact != NULL && is_below(fact->path, dir, dir_len) ? fact : NULL;
}

bool
role_is_manifest(enum role r)
{
	return r == ROLE_ENTRY || r == ROLE_FLAT;
}

void
fact_mark(struct facts *f, struct fact *fact)
{
	if (fact->owner != NULL) {
		bundle_mark(f, fact->owner);
		return;
	}
	if (!role_is_manifest(fact->role) || fact->dirty)
		return;
	fact->dirty = true;
	TAILQ_INSERT_TAIL(&f->dirty, fact, in_dirty);
}

void
fact_unmark(struct facts *f, struct fact *fact)
{
	if (fact->dirty)
		TAILQ_REMOVE(fact->ready ? &f->ready : &f->dirty, fact, in_dirty);
	fact->dirty = fact->ready = false;
}

void
fact_tomb(struct facts *f, struct fact *fact)
{
	struct tomb *t;

	if (!fact->told)
		return;
	fact->told = false;
	t = mem_zalloc(sizeof *t);
	t->path = mem_strdup(fact->path);
	t->collection = fact->collection;
	STAILQ_INSERT_TAIL(&f->tombs, t, next);
}

static void
fact_free(struct fact *fact)
{
	manifest_unref(fact->manifest);
	free(fact->target);
	free(fact->unreadable);
	free(fact);
}

void
fact_remove(struct facts *f, struct fact *fact)
{
	RB_REMOVE(fact_tree, &f->facts, fact);
	f->count--;
	fact_mark(f, fact);
	fact_unmark(f, fact);
	fact_dequeue(f, fact);
	fact_unlearn(f, fact);
	if (role_is_manifest(fact->role))
		fact_tomb(f, fact);
	roles_leave(f, fact);
	fact_free(fact);
}

struct facts *
facts_new(const struct collections *cs)
{
	struct facts *f = mem_zalloc(sizeof *f);

	f->collections = cs;
	RB_INIT(&f->facts);
	RB_INIT(&f->bundles);
	TAILQ_INIT(&f->queue);
	TAILQ_INIT(&f->learned);
	TAILQ_INIT(&f->dirty);
	TAILQ_INIT(&f->ready);
	TAILQ_INIT(&f->dirty_bundles);
	TAILQ_INIT(&f->ready_bundles);
	STAILQ_INIT(&f->tombs);
	return f;
}

struct tomb *
tomb_take(struct facts *f)
{
	struct tomb *t = STAILQ_FIRST(&f->tombs);

	if (t != NULL)
		STAILQ_REMOVE_HEAD(&f->tombs, next);
	return t;
}

void
tomb_free(struct tomb *t)
{
	free(t->path);
	free(t);
}

void
facts_free(struct facts *f)
{
	struct fact *fact;
	struct tomb *t;

	if (f == NULL)
		return;
	while ((fact = RB_ROOT(&f->facts)) != NULL) {
		RB_REMOVE(fact_tree, &f->facts, fact);
		fact_free(fact);
	}
	roles_free(f);
	while ((t = tomb_take(f)) != NULL)
		tomb_free(t);
	buf_free(&f->below);
	free(f);
}

/* The content is not the one that was known: forget what was derived from it, keep the old manifest until the new one is in. */
static void
fact_changed(struct facts *f, struct fact *fact, const struct signature *sig, const char *target)
{
	fact->sig = *sig;
	fact->racy = false;
	free(fact->target);
	fact->target = mem_strdup_opt(target);
	if (fact->kind != FACT_FILE) {
		fact_mark(f, fact);
		fact_need(f, fact);
		return;
	}
	if (fact->role != ROLE_NONE)
		fact_enqueue(f, fact);
	else
		fact->have_digest = false;
}

static void
fact_update(struct facts *f, struct fact *fact, enum fact_kind kind, const struct signature *sig, const char *target,
    bool force)
{
	if (kind != fact->kind) {
		fact_dequeue(f, fact);
		fact->kind = kind;
		fact->have_digest = false;
		if (kind != FACT_FILE) {
			manifest_unref(fact->manifest);
			fact->manifest = NULL;
			free(fact->unreadable);
			fact->unreadable = NULL;
		}
		fact_mark(f, fact);
		fact_changed(f, fact, sig, target);
		return;
	}
	if (!force && !fact->racy && fact->unreadable == NULL && signature_equal(sig, &fact->sig))
		return;
	if (fact->kind == FACT_SYMLINK && fact->target != NULL && target != NULL && strcmp(fact->target, target) == 0)
		return;
	if (fact->kind == FACT_OTHER)
		return;
	fact_changed(f, fact, sig, target);
}

/* Of a file that was told without one and not read since, as nobody needs its content. */
static const struct signature unlooked;

bool
facts_saw(struct facts *f, const char *path, enum fact_kind kind, const struct signature *sig, const char *target,
    bool force, uint32_t epoch)
{
	struct fact *fact = fact_find(f, path);
	const struct collection *c;

	if (sig == NULL)
		sig = fact != NULL && fact->kind == kind ? &fact->sig : &unlooked;
	if (fact != NULL) {
		bool news = kind != fact->kind ||
		    (!signature_equal(sig, &fact->sig) && !signature_equal(&fact->sig, &unlooked));

		fact->epoch = epoch;
		fact_update(f, fact, kind, sig, target, force);
		return news;
	}
	c = collections_find(f->collections, path);
	if (c == NULL || kind_ignored(c, path))
		return false;
	fact = mem_zalloc(sizeof *fact + strlen(path) + 1);
	fact->path = memcpy(fact + 1, path, strlen(path) + 1);
	fact->target = mem_strdup_opt(target);
	fact->collection = c;
	fact->kind = kind;
	fact->sig = *sig;
	fact->epoch = epoch;
	RB_INSERT(fact_tree, &f->facts, fact);
	f->count++;
	roles_enter(f, fact);
	return true;
}

void
facts_gone(struct facts *f, const char *path)
{
	struct fact *fact = fact_find(f, path);
	size_t len = strlen(path);

	if (fact != NULL)
		fact_remove(f, fact);
	while ((fact = fact_first_below(f, path, len)) != NULL)
		fact_remove(f, fact);
}

void
facts_sweep(struct facts *f, const char *prefix, uint32_t epoch, bool (*really)(void *, const char *), void *arg)
{
	size_t len = strlen(prefix);
	struct fact *fact = fact_find(f, prefix), *next;

	if (fact != NULL && fact->epoch != epoch && really(arg, fact->path))
		fact_remove(f, fact);
	for (fact = fact_first_below(f, prefix, len); fact != NULL; fact = next) {
		next = fact_next_below(fact, prefix, len);
		if (fact->epoch != epoch && really(arg, fact->path))
			fact_remove(f, fact);
	}
}

static void
fact_unknown(struct facts *f, struct fact *fact, const char *message, uint32_t epoch)
{
	fact->epoch = epoch;
	if (message == NULL || fact->kind != FACT_FILE || fact->role == ROLE_NONE || fact->unreadable != NULL)
		return;
	fact->unreadable = mem_strdup(message);
	fact_mark(f, fact);
}

void
facts_unknown(struct facts *f, const char *path, const char *message, uint32_t epoch)
{
	size_t len = strlen(path);
	struct fact *fact = fact_find(f, path);

	if (fact != NULL)
		fact_unknown(f, fact, message, epoch);
	for (fact = fact_first_below(f, path, len); fact != NULL; fact = fact_next_below(fact, path, len))
		fact_unknown(f, fact, message, epoch);
}

const uint8_t *
facts_digest(const struct facts *f, const char *path)
{
	const struct fact *fact = fact_find(f, path);

	return fact != NULL && fact->have_digest ? fact->sha256 : NULL;
}

const struct manifest *
facts_manifest(const struct facts *f, const char *path)
{
	const struct fact *fact = fact_find(f, path);

	return fact != NULL ? fact->manifest : NULL;
}

void
facts_reassemble(struct facts *f, const char *path)
{
	struct fact *fact = fact_find(f, path);

	if (fact != NULL && role_is_manifest(fact->role))
		fact_mark(f, fact);
}

void
facts_each_manifest(const struct facts *f, void (*each)(void *, const char *path), void *arg)
{
	struct fact *fact;

	RB_FOREACH(fact, fact_tree, (struct fact_tree *)UNCONST(&f->facts))
	{
		if (role_is_manifest(fact->role))
			each(arg, fact->path);
	}
}

size_t
facts_count(const struct facts *f)
{
	return f->count;
}
