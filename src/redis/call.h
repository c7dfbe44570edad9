/*
 * One call of the apply script: a run of the changes of a set, and the request
 * that carries it. Pure.
 */
#ifndef REDIS_CALL_H
#define REDIS_CALL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "catalog/change.h"
#include "catalog/published.h"

/*
 * Bounds of one call: of a script's time, and of what Lua can unpack. With more bytes a change takes longer, as what is
 * read, copied and written for it does not stay in the processor's caches.
 */
#define CALL_CHANGES_FIRST 64
#define CALL_CHANGES_MAX 256
#define CALL_BYTES_MAX ((size_t)128 * 1024)

#define CALL_BATCH_SIZE 48
#define CALL_ID_SIZE 64

struct call {
	size_t first, n; /* of the set's changes */
	size_t first_problem, n_problems; /* of its problem changes */
	uint64_t base; /* revision before it; base + n after it */
	char id[CALL_ID_SIZE]; /* "<batch>/<number>": a set may hold calls that move no revision */
	char time[CLOCK_RFC3339_SIZE];
};

struct type_rev {
	char *type;
	uint64_t rev; /* of its last change */
};

/* Where a set stands after the calls built so far; what is published stands behind that. */
struct tally {
	struct type_rev *types;
	size_t n_types;
	size_t items;
};

void tally_begin(struct tally *t, const struct published *p);
void tally_free(struct tally *t);

/* What all calls of a set share. Strings are borrowed. */
struct call_context {
	const char *catalog;
	const char *generation;
	const char *owner;
	uint64_t epoch;
	const char *batch;
	const char *commit; /* NULL outside git */
	const char *branch; /* NULL outside git and when detached */
	const char *sha; /* of the apply script */
	unsigned int min_replicas; /* that must follow; 0: not looked at */
};

/*
 * Append the request for c to out. first, first_problem, base, id and time are
 * set by the caller; n and n_problems are at most what the call may hold and
 * come back as what it does hold: as much as fits into max_bytes, and at least
 * one change or problem where there is any left. t moves on.
 */
void call_build(const struct call_context *ctx, const struct changeset *cs, const struct published *p, struct tally *t,
    size_t max_bytes, struct call *c, struct buf *out);

#endif
