#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/facts_private.h"

static void
digest_member(struct sha256_ctx *c, const struct fact *fact, const char *name)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * SHA256_SIZE];

	sha256_add(c, name, strlen(name) + 1);
	if (fact->kind == FACT_SYMLINK) {
		sha256_add(c, "link:", 5);
		sha256_add(c, fact->target, strlen(fact->target));
	} else {
		for (size_t i = 0; i < SHA256_SIZE; i++) {
			hex[2 * i] = digits[fact->sha256[i] >> 4];
			hex[2 * i + 1] = digits[fact->sha256[i] & 15];
		}
		sha256_add(c, hex, sizeof hex);
	}
	sha256_add(c, "\n", 1);
}

static bool
counts_in_bundle(const struct fact *fact)
{
	return (fact->kind == FACT_FILE && fact->have_digest) || (fact->kind == FACT_SYMLINK && fact->target != NULL);
}

static void
put_manifest(struct fact *fact, const struct candidate_facts *bundle,
    void (*put)(void *, const struct candidate_facts *), void *arg)
{
	struct candidate_facts cand = *bundle;

	cand.path = fact->path;
	cand.collection = fact->collection;
	cand.entry = fact->role == ROLE_ENTRY;
	cand.rank = fact->rank;
	cand.manifest = fact->manifest;
	if (fact->unreadable != NULL) {
		cand.unreadable = fact->unreadable;
		cand.unreadable_path = fact->path;
	}
	fact->told = true;
	put(arg, &cand);
}

/* All entry manifests of one folder describe the same bundle. */
static void
put_entries(struct facts *f, const struct bundle *b, const struct candidate_facts *bundle,
    void (*put)(void *, const struct candidate_facts *), void *arg)
{
	struct fact *fact;

	for (fact = fact_first_below(f, b->dir, b->dir_len); fact != NULL;
	     fact = fact_next_below(fact, b->dir, b->dir_len))
		if (fact->owner == b && fact->role == ROLE_ENTRY &&
		    (fact->manifest != NULL || fact->unreadable != NULL))
			put_manifest(fact, bundle, put, arg);
}

static bool
is_awaited(const struct fact *fact)
{
	return fact->content == CONTENT_WANTED || fact->content == CONTENT_ASKED;
}

static bool
bundle_awaits(struct facts *f, const struct bundle *b)
{
	const struct fact *fact;

	for (fact = fact_first_below(f, b->dir, b->dir_len); fact != NULL;
	     fact = fact_next_below(UNCONST(fact), b->dir, b->dir_len))
		if (fact->owner == b && is_awaited(fact))
			return true;
	return false;
}

static void
assemble_bundle(struct facts *f, struct bundle *b, void (*put)(void *, const struct candidate_facts *), void *arg)
{
	struct candidate_facts cand = {0};
	struct sha256_ctx c;
	struct fact *fact;

	sha256_init(&c);
	bundle_unmark(f, b);
	for (fact = fact_first_below(f, b->dir, b->dir_len); fact != NULL;
	     fact = fact_next_below(fact, b->dir, b->dir_len)) {
		if (fact->owner != b)
			continue;
		if (fact->unreadable != NULL) {
			cand.unreadable = fact->unreadable;
			cand.unreadable_path = fact->path;
		}
		if (!counts_in_bundle(fact))
			continue;
		digest_member(&c, fact, fact->path + b->dir_len + 1);
		cand.files++;
	}
	sha256_digest(&c, SHA256_SIZE, cand.bundle_sha256);
	put_entries(f, b, &cand, put, arg);
}

static void
assemble_flat(struct facts *f, struct fact *fact, void (*put)(void *, const struct candidate_facts *), void *arg)
{
	struct candidate_facts cand = {.files = 1};
	struct sha256_ctx c;

	fact_unmark(f, fact);
	if (fact->manifest == NULL && fact->unreadable == NULL)
		return;
	sha256_init(&c);
	if (counts_in_bundle(fact))
		digest_member(&c, fact, path_base(fact->path));
	sha256_digest(&c, SHA256_SIZE, cand.bundle_sha256);
	put_manifest(fact, &cand, put, arg);
}

void
facts_assemble(struct facts *f, void (*put)(void *, const struct candidate_facts *), void *arg)
{
	struct fact *fact;
	struct bundle *b;
	struct tomb *t;

	while ((t = tomb_take(f)) != NULL) {
		const struct candidate_facts cand = {.path = t->path, .collection = t->collection};
		const struct fact *now = fact_find(f, t->path);

		if (now == NULL || !role_is_manifest(now->role))
			put(arg, &cand);
		tomb_free(t);
	}
	while ((b = TAILQ_FIRST(&f->ready_bundles)) != NULL || (b = TAILQ_FIRST(&f->dirty_bundles)) != NULL)
		assemble_bundle(f, b, put, arg);
	while ((fact = TAILQ_FIRST(&f->ready)) != NULL || (fact = TAILQ_FIRST(&f->dirty)) != NULL)
		assemble_flat(f, fact, put, arg);
}

bool
facts_assembled(const struct facts *f)
{
	return STAILQ_EMPTY(&f->tombs) && TAILQ_EMPTY(&f->dirty) && TAILQ_EMPTY(&f->ready) &&
	    TAILQ_EMPTY(&f->dirty_bundles) && TAILQ_EMPTY(&f->ready_bundles);
}

static void
make_ready(struct facts *f, struct fact *fact)
{
	struct bundle *b = fact->owner;

	if (b != NULL && b->dirty && !b->ready) {
		TAILQ_REMOVE(&f->dirty_bundles, b, in_dirty);
		TAILQ_INSERT_TAIL(&f->ready_bundles, b, in_dirty);
		b->ready = true;
	} else if (fact->dirty && !fact->ready) {
		TAILQ_REMOVE(&f->dirty, fact, in_dirty);
		TAILQ_INSERT_TAIL(&f->ready, fact, in_dirty);
		fact->ready = true;
	}
}

void
facts_whole(struct facts *f, const char *prefix,
    void (*each)(void *, const struct collection *collection, const char *path, bool entry), void *arg)
{
	size_t len = strlen(prefix);
	struct fact *fact;

	for (fact = fact_first_below(f, prefix, len); fact != NULL; fact = fact_next_below(fact, prefix, len)) {
		if (!role_is_manifest(fact->role))
			continue;
		make_ready(f, fact);
		if (!fact->whole)
			each(arg, fact->collection, fact->path, fact->role == ROLE_ENTRY);
		fact->whole = true;
	}
}

bool
facts_assemble_ahead(struct facts *f, size_t max, void (*put)(void *, const struct candidate_facts *), void *arg)
{
	size_t bundles = 0, flat = 0;
	struct fact *fact;
	struct bundle *b;

	while (bundles < max && (b = TAILQ_FIRST(&f->ready_bundles)) != NULL && !bundle_awaits(f, b)) {
		assemble_bundle(f, b, put, arg);
		bundles++;
	}
	while (flat < max && (fact = TAILQ_FIRST(&f->ready)) != NULL && !is_awaited(fact)) {
		assemble_flat(f, fact, put, arg);
		flat++;
	}
	return bundles == max || flat == max;
}
