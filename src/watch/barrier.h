/*
 * Barriers: a file that we make ourselves in a folder that the same inotify
 * queue watches. When its event is read, so is every event that came before it.
 */
#ifndef WATCH_BARRIER_H
#define WATCH_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "watch/inotify.h"
#include "watch/settle.h"

struct barriers;

/* dir: absolute, ours alone; made anew when somebody removes it. in outlives the barriers. */
struct barriers *barriers_new(const char *dir, struct inotify *in, struct err *e);
void barriers_free(struct barriers *bs); /* what was started is never done */

int barriers_start(struct barriers *bs, uint64_t *ret_id, struct err *e);

/* One that needs no event: it is done when all that was touched up to seq has been handed out. */
void barriers_mark(struct barriers *bs, uint64_t seq, uint64_t *ret_id);

/* An event of any folder; seq: settle_seq now. */
void barriers_event(struct barriers *bs, int wd, const char *name, uint64_t seq);

/* Watch the folder anew, in case its watch is of no use. */
void barriers_rewatch(struct barriers *bs);

bool barriers_watches(const struct barriers *bs, int wd);

/* Did this one's event arrive, or was it given up? */
bool barriers_arrived(const struct barriers *bs, uint64_t id);

/* Events were lost: what follows looks at everything, so no barrier needs its own event. */
void barriers_overflow(struct barriers *bs, uint64_t seq);

/* Is a barrier done, all that was touched before it having been handed out? */
bool barriers_ready(const struct barriers *bs, const struct settle *s);

/* Take one that is done; false: none is. */
bool barriers_next(struct barriers *bs, const struct settle *s, uint64_t *ret_id);

#endif
