/*
 * Should publishing wait for git? Pure: time is an argument.
 *
 * Held while index.lock (or HEAD.lock) exists, or rebase-merge/ or
 * rebase-apply/ exists with activity; after the release for one quiet period
 * more. A hold without activity ends after `cap`: then what is there is
 * published, and a lock that is still there is called stale.
 */
#ifndef WATCH_GITHOLD_H
#define WATCH_GITHOLD_H

#include <stdbool.h>

#include "base/clock.h"

struct githold_config {
	usec_t quiet; /* after the release: 20 ms */
	usec_t cap; /* 5 s */
};

struct githold {
	struct githold_config cfg;
	bool index_lock, head_lock, rebase;
	bool stale; /* the cap ran out with the lock still there */
	usec_t activity; /* last event in the git directory or the tree while held */
	usec_t released;
	bool settling; /* released, the quiet period runs */
};

void githold_init(struct githold *h, const struct githold_config *cfg);

/* What exists now. Call after every event in the git directory. */
void githold_set(struct githold *h, bool index_lock, bool head_lock, bool rebase, usec_t now);

/* Something moved, in the git directory or the work tree, while git may be at work. */
void githold_activity(struct githold *h, usec_t now);

/* Advances the state to now. true: wait. */
bool githold_held(struct githold *h, usec_t now);

/* When to ask again; USEC_NEVER when not held. */
usec_t githold_deadline(const struct githold *h);

/* "rebase", "index.lock" or "" */
const char *githold_operation(const struct githold *h);

#endif
