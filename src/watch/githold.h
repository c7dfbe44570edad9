/*
 * Should publishing wait for git? Pure: time is an argument.
 *
 * Held while index.lock (or HEAD.lock) exists, or rebase-merge/ or
 * rebase-apply/ exists with activity; after the release for one quiet period
 * more. A hold without activity ends after `cap`: then what is there is
 * published, and a lock that is still there is called stale; the next movement
 * in the git directory holds again. Commands in quick succession, each with its
 * own quiet period, hold until the first release after `cap`.
 */
#ifndef WATCH_GITHOLD_H
#define WATCH_GITHOLD_H

#include <stdbool.h>

#include "base/clock.h"

struct githold_config {
	usec_t quiet; /* after the release: 50 ms */
	usec_t cap; /* 5 s */
};

struct githold {
	struct githold_config cfg;
	bool index_lock, head_lock, rebase; /* what exists */
	bool expired; /* the cap ran out while something existed */
	bool stale; /* and it was a lock */
	bool settling; /* released, the quiet period runs */
	usec_t since; /* when the hold, or its part after a rebase, began */
	usec_t moved; /* last movement in the git directory */
	usec_t activity; /* the same, or in the work tree while held */
	usec_t released;
};

void githold_init(struct githold *h, const struct githold_config *cfg);

/* What exists now. Call after every event in the git directory; without a change nothing happens. */
void githold_set(struct githold *h, bool index_lock, bool head_lock, bool rebase, usec_t now);

/*
 * HEAD, the index or a lock moved, even if nothing is to be seen of the lock any more: hold for a
 * quiet period at least.
 */
void githold_moved(struct githold *h, usec_t now);

/* Something moved in the work tree: extends a hold that lasts, up to a minute after the last sign of git itself. */
void githold_activity(struct githold *h, usec_t now);

/* Advances the state to now. true: wait. */
bool githold_held(struct githold *h, usec_t now);

/* When to ask again; USEC_NEVER when not held. */
usec_t githold_deadline(const struct githold *h);

/* "rebase", "index.lock" or "" */
const char *githold_operation(const struct githold *h);

#endif
