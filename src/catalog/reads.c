#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "catalog/facts_private.h"

void
fact_dequeue(struct facts *f, struct fact *fact)
{
	if (fact->content == CONTENT_WANTED) {
		TAILQ_REMOVE(&f->queue, fact, in_queue);
		f->wanted--;
	}
	fact->content = CONTENT_NONE;
}

void
fact_enqueue(struct facts *f, struct fact *fact)
{
	if (fact->content == CONTENT_WANTED)
		return;
	fact->ticket = ++f->tickets; /* an answer that is on its way is void now */
	fact->content = CONTENT_WANTED;
	TAILQ_INSERT_TAIL(&f->queue, fact, in_queue);
	f->wanted++;
}

void
fact_set_manifest(struct facts *f, struct fact *fact, struct manifest *m)
{
	manifest_unref(fact->manifest);
	fact->manifest = m;
	fact_mark(f, fact);
}

void
fact_need(struct facts *f, struct fact *fact)
{
	if (fact->role == ROLE_NONE) {
		fact_dequeue(f, fact);
		return;
	}
	if (fact->kind == FACT_FILE) {
		bool known = role_is_manifest(fact->role) ? fact->manifest != NULL || HAS_FAULT(FAULT_ROLE_KEPT)
							  : fact->have_digest;

		if (fact->content == CONTENT_NONE || (fact->content == CONTENT_KNOWN && !known))
			fact_enqueue(f, fact);
		return;
	}
	if (fact->role == ROLE_MEMBER || fact->manifest != NULL)
		return;
	if (fact->kind == FACT_SYMLINK)
		fact_set_manifest(f, fact,
		    manifest_unreadable(
			"symlink", "a manifest must not be a symbolic link", "put the file itself here"));
	else
		fact_set_manifest(
		    f, fact, manifest_unreadable("not-regular", "a manifest must be a regular file", NULL));
}

bool
facts_next_wanted(struct facts *f, struct wanted *ret)
{
	struct fact *fact = TAILQ_FIRST(&f->queue);

	if (fact == NULL)
		return false;
	fact_dequeue(f, fact);
	fact->content = CONTENT_ASKED;
	f->asked++;
	ret->path = fact->path;
	ret->collection = fact->collection;
	ret->sig = &fact->sig;
	ret->ticket = fact->ticket;
	ret->want = fact->role == ROLE_MEMBER ? WANT_DIGEST : WANT_MANIFEST;
	ret->entry = fact->role == ROLE_ENTRY;
	return true;
}

size_t
facts_wanted(const struct facts *f)
{
	return f->wanted;
}

/* The fact that an answer is for, if the answer still counts. */
static struct fact *
fact_answered(struct facts *f, const char *path, uint64_t ticket)
{
	struct fact *fact = fact_find(f, path);

	assert(f->asked > 0);
	f->asked--;
	if (fact == NULL || fact->content != CONTENT_ASKED || fact->ticket != ticket)
		return NULL;
	fact->content = CONTENT_KNOWN;
	return fact;
}

static void
fact_learn(
    struct facts *f, struct fact *fact, const struct signature *sig, const uint8_t sha[SHA256_SIZE], int64_t wall_ns)
{
	bool same = fact->have_digest && fact->unreadable == NULL && memcmp(fact->sha256, sha, SHA256_SIZE) == 0;

	fact->sig = *sig;
	fact->racy = signature_racy(sig, wall_ns) && !HAS_FAULT(FAULT_NO_RACY);
	fact->have_digest = true;
	memcpy(fact->sha256, sha, SHA256_SIZE);
	free(fact->unreadable);
	fact->unreadable = NULL;
	if (!fact->learned) {
		TAILQ_INSERT_TAIL(&f->learned, fact, in_learned);
		f->n_learned++;
	}
	fact->learned = true;
	if (!same)
		fact_mark(f, fact);
}

void
facts_set_manifest(struct facts *f, const char *path, uint64_t ticket, const struct signature *sig, struct manifest *m,
    int64_t wall_ns)
{
	struct fact *fact = fact_answered(f, path, ticket);

	if (fact == NULL) {
		manifest_unref(m);
		return;
	}
	fact_learn(f, fact, sig, m->sha256, wall_ns);
	fact_set_manifest(f, fact, m);
	fact_need(f, fact);
}

void
facts_set_digest(struct facts *f, const char *path, uint64_t ticket, const struct signature *sig,
    const uint8_t sha[SHA256_SIZE], int64_t wall_ns)
{
	struct fact *fact = fact_answered(f, path, ticket);

	if (fact == NULL)
		return;
	fact_learn(f, fact, sig, sha, wall_ns);
	fact_need(f, fact);
}

/* The signature is the one it was seen with; the next look need not doubt it. */
static void
fact_recall(struct facts *f, struct fact *fact, const uint8_t sha[SHA256_SIZE])
{
	fact->racy = false;
	fact->have_digest = true;
	memcpy(fact->sha256, sha, SHA256_SIZE);
	fact_mark(f, fact);
}

void
facts_recall_manifest(struct facts *f, const char *path, uint64_t ticket, struct manifest *m)
{
	struct fact *fact = fact_answered(f, path, ticket);

	if (fact == NULL) {
		manifest_unref(m);
		return;
	}
	fact_recall(f, fact, m->sha256);
	fact_set_manifest(f, fact, m);
	fact_need(f, fact);
}

void
facts_recall_digest(struct facts *f, const char *path, uint64_t ticket, const uint8_t sha[SHA256_SIZE])
{
	struct fact *fact = fact_answered(f, path, ticket);

	if (fact == NULL)
		return;
	fact_recall(f, fact, sha);
	fact_need(f, fact);
}

void
fact_unlearn(struct facts *f, struct fact *fact)
{
	if (fact->learned) {
		TAILQ_REMOVE(&f->learned, fact, in_learned);
		f->n_learned--;
	}
	fact->learned = false;
}

size_t
facts_learned(const struct facts *f)
{
	return f->n_learned;
}

bool
facts_next_learned(struct facts *f, struct fact_learned *ret)
{
	struct fact *fact;

	while ((fact = TAILQ_FIRST(&f->learned)) != NULL) {
		fact_unlearn(f, fact);
		if (fact->content != CONTENT_KNOWN || fact->racy || fact->unreadable != NULL)
			continue;
		*ret = (struct fact_learned){
		    .path = fact->path,
		    .sig = &fact->sig,
		    .sha256 = fact->sha256,
		    .manifest = role_is_manifest(fact->role) ? fact->manifest : NULL,
		};
		return true;
	}
	return false;
}

void
facts_set_unreadable(struct facts *f, const char *path, uint64_t ticket, const char *message)
{
	struct fact *fact = fact_answered(f, path, ticket);

	if (fact == NULL)
		return;
	free(fact->unreadable);
	fact->unreadable = mem_strdup(message);
	fact_mark(f, fact);
}

void
facts_set_kept(struct facts *f, const char *path, uint64_t ticket)
{
	struct fact *fact = fact_answered(f, path, ticket);

	if (fact != NULL)
		fact->racy = true;
}

void
facts_set_gone(struct facts *f, const char *path, uint64_t ticket)
{
	struct fact *fact = fact_answered(f, path, ticket);

	if (fact != NULL)
		fact_remove(f, fact);
}

void
facts_touch(struct facts *f, const char *path)
{
	struct fact *fact = fact_find(f, path);

	if (fact != NULL && fact->kind == FACT_FILE && fact->role != ROLE_NONE)
		fact_enqueue(f, fact);
}

bool
facts_complete(const struct facts *f)
{
	return f->asked == 0 && TAILQ_EMPTY(&f->queue);
}
