/*
 * What Redis has confirmed to an agent of this state folder: for each life of the
 * catalog (generation) how far it had come. Whoever takes the lease asks whether
 * Redis still has all of it: numbers that were lost must not be used again.
 *
 * A revision is written down after Redis's OK and before the next call, so what
 * Redis holds is at most one call ahead of the journal when the process dies.
 * It is not waited for until the disk has it: after a crash of the machine the
 * journal may be behind, and so may Redis, and nobody could tell. Hence a mark
 * that stays on the disk from the first revision to a clean end.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct journal;

/* Where a catalog stands. */
struct journal_point {
	const char *generation;
	const char *batch; /* id of the call that made rev; "" when it is not known */
	const char *owner; /* nonce of the writing process */
	uint64_t rev, epoch;
};

/* boot: names this run of the machine. NULL with a reason, e->sys as of db_open. */
struct journal *journal_open(const char *file, const char *boot, struct err *e);

/*
 * Has Redis, which stands at head now that head's owner has taken the lease,
 * lost something that it had confirmed? why says what. false also when that
 * generation is not known here.
 */
bool journal_behind(struct journal *j, const struct journal_point *head, char *why, size_t size);

/*
 * Where journal_behind says no: the revision that was confirmed last and the call
 * that made it, when the head does not tell whether that is still so. false: it
 * does, or there is nothing to compare.
 */
bool journal_witness(
    struct journal *j, const struct journal_point *head, uint64_t *ret_rev, char *ret_batch, size_t size);

/* Does it know any generation? Then a catalog that is not there was lost. */
bool journal_any(struct journal *j);

/* Redis has confirmed this. Takes some ten microseconds; the first time it waits for the disk. */
int journal_reached(struct journal *j, const struct journal_point *at, struct err *e);

int journal_discard(const char *file, struct err *e);

/* A clean end. NULL is fine. */
void journal_close(struct journal *j);

#endif
