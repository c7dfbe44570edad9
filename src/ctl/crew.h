/* The same work on many things, by as many threads as there are processors. */
#ifndef CTL_CREW_H
#define CTL_CREW_H

#include <stddef.h>

struct crew {
	void *arg;
	void (*work)(void *arg, size_t i); /* by any thread; for each i once, in no order */
	void (*tick)(void *arg, size_t done); /* now and then, by the calling thread; NULL: not */
};

/* work for 0 to n - 1; returns when all is done. What it wrote is there for the caller to read. */
void crew_run(const struct crew *c, size_t n);

#endif
