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

/* One that needs no event. */
void barriers_mark(struct barriers *bs, uint64_t *ret_id);

/* An event of any folder. */
void barriers_event(struct barriers *bs, int wd, const char *name);

/* Watch the folder anew, in case its watch is of no use. */
void barriers_rewatch(struct barriers *bs);

bool barriers_watches(const struct barriers *bs, int wd);

/* Did this one's event arrive, or was it given up? */
bool barriers_arrived(const struct barriers *bs, uint64_t id);

/* Events were lost: what follows looks at everything, so no barrier needs its own event. */
void barriers_overflow(struct barriers *bs);

/*
 * Those that have arrived wait from now on for what was touched up to seq (settle_seq), and for nothing later. Called
 * when whatever their arrival demanded to be looked at has been looked at.
 */
void barriers_place(struct barriers *bs, uint64_t seq);
bool barriers_placeable(const struct barriers *bs); /* is there one to place? */

/* Is it placed, and nothing that it waits for in settle? True for one that is not known. */
bool barriers_passed(const struct barriers *bs, const struct settle *s, uint64_t id);

/* Nobody waits for it any more. */
void barriers_end(struct barriers *bs, uint64_t id);

#endif
