/*
 * When a path that had events has settled. Pure: time is an argument.
 *
 * A complete event (the writer closed the file, or it was moved in) on a quiet
 * path is due at once; a further event within `quiet` waits until the path is
 * quiet. Incomplete events wait `quiet`, while a writer keeps its descriptor
 * open `writer`. What removes or moves a tree name by name (rm -r, mv) waits until no
 * such event came for `quiet`, whatever its name, so that all of it is seen
 * together. Nothing waits longer than `max_delay` after its first event.
 *
 * "Quiet" for a complete event: no other complete one within `quiet` before it,
 * and the name is not a new one: most new names are temporary files (sed -i).
 * The incomplete ones of the same save (truncate, write) do not count. The burst
 * of a name ends when it is handed out: the next event begins a new one. All
 * operations are logarithmic in the number of names; time never goes back.
 */
#ifndef WATCH_SETTLE_H
#define WATCH_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct settle_config {
	usec_t quiet; /* 10 ms */
	usec_t writer; /* 100 ms */
	usec_t max_delay; /* 1 s */
};

enum settle_event {
	SETTLE_COMPLETE, /* IN_CLOSE_WRITE, IN_MOVED_TO of a file, IN_CREATE of a folder */
	SETTLE_WRITE, /* IN_MODIFY: somebody has it open for writing */
	SETTLE_OTHER, /* IN_ATTRIB */
	SETTLE_TREE, /* IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO of a folder */
	SETTLE_NEW, /* IN_CREATE of a file */
};

struct settle;

struct settle *settle_new(const struct settle_config *cfg);
void settle_free(struct settle *s);

/* An event for name in the directory numbered dir (tree.h; numbers are never used again). */
void settle_touch(struct settle *s, uint64_t dir, const char *name, enum settle_event ev, usec_t now);

/* All names in dir are forgotten: the directory itself is gone. */
void settle_forget(struct settle *s, uint64_t dir);

struct settle_due {
	uint64_t dir;
	const char *name; /* valid until the next call */
	usec_t first; /* of the burst's first event */
	uint64_t since; /* the number of that event's touch */
};

/* The next due name, in order of its first event; false when none is due at now. */
bool settle_next(struct settle *s, usec_t now, struct settle_due *ret);

/*
 * The name was found now and is told without waiting, as if touched and handed out: settle_defer may follow. since: of
 * what led to it, which settle_waiting counts it with.
 */
void settle_found(struct settle *s, uint64_t dir, const char *name, uint64_t since, usec_t now);

/*
 * What was read after settle_next looked half-written (empty, unparsable): true
 * when the cap of its burst is not reached, and then it is due once more at the
 * cap or when it has been quiet after a further event; false: take it as it is.
 * A name that waits again by itself is true too; one that neither waits nor was
 * handed out in the last max_delay is false.
 */
bool settle_defer(struct settle *s, uint64_t dir, const char *name, usec_t now);

usec_t settle_deadline(const struct settle *s); /* of the next due name; USEC_NEVER */

/* A number that grows with each touch; is anything touched up to seq still waiting? For barriers. */
uint64_t settle_seq(const struct settle *s);
bool settle_waiting(const struct settle *s, uint64_t seq);

size_t settle_count(const struct settle *s); /* names that wait */

#endif
