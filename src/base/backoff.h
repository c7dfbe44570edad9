/*
 * How long to wait before the next try: 50 ms at first, then twice as long each
 * time up to 5 s, and of that between a half and the whole, so that many who
 * lost the same server do not come back in step. Pure.
 */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define BACKOFF_FIRST (50 * USEC_PER_MS)
#define BACKOFF_MAX (5 * USEC_PER_SEC)

struct backoff {
	usec_t last; /* 0: the last try went well */
	uint64_t random; /* state of the generator, not 0 */
};

void backoff_init(struct backoff *b, uint64_t seed); /* seed: another one in each process */
usec_t backoff_next(struct backoff *b);
usec_t backoff_longest(struct backoff *b); /* where trying soon is of no use */

static inline void
backoff_reset(struct backoff *b)
{
	b->last = 0;
}

#endif
