/*
 * Paths that could not be looked at, to be tried again by themselves. Pure: time
 * is an argument.
 *
 * They are tried in rounds. A round hands out every path once; one that fails
 * again is added again and stays, one that does not has recovered and is
 * forgotten when the next round begins. Rounds are 250 ms apart, then twice as
 * long each time up to 2 s, until nothing is left.
 */
#ifndef WATCH_RETRY_H
#define WATCH_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define RETRY_FIRST (250 * USEC_PER_MS)
#define RETRY_LAST (2 * USEC_PER_SEC)

struct retries;

struct retries *retries_new(void);
void retries_free(struct retries *rs);

/* The path failed. true: it was not known to fail. */
bool retries_add(struct retries *rs, const char *path, usec_t now);

/* The next path of the round that is due; NULL: none is, or the round is through. Valid until the next call. */
const char *retries_next(struct retries *rs, usec_t now);

/* Does the path, or a folder above it ("" is above all), fail, as far as is known? */
bool retries_cover(const struct retries *rs, const char *path);

/* The path does not fail any more, or is not there. */
void retries_forget(struct retries *rs, const char *path);

uint64_t retries_version(const struct retries *rs); /* another one whenever retries_cover may have become false */

usec_t retries_deadline(const struct retries *rs); /* of the next round; USEC_NEVER when all is well */
size_t retries_count(const struct retries *rs);

#endif
