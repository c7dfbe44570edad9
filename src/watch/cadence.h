/*
 * Work that is done again and again, and is never more than a tenth of all the
 * time. Pure: time is an argument.
 */
#ifndef WATCH_CADENCE_H
#define WATCH_CADENCE_H

#include <stdbool.h>

#include "base/clock.h"

struct cadence {
	usec_t every; /* between the end of one time and the beginning of the next, at least */
	usec_t due; /* the next time */
	usec_t began;
	bool running;
};

/* The first time is after `every`. */
void cadence_init(struct cadence *c, usec_t every, usec_t now);

bool cadence_due(const struct cadence *c, usec_t now);
void cadence_begin(struct cadence *c, usec_t now);
void cadence_end(struct cadence *c, usec_t now); /* fine when it does not run */
usec_t cadence_deadline(const struct cadence *c); /* USEC_NEVER while it runs */

#endif
