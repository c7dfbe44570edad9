#include "ctl/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define HANDS 16 /* at most */
#define PIECE 16 /* things taken at a time */

struct crew_run {
	const struct crew *crew;
	size_t n;
	atomic_size_t next, done;
};

/* One piece; false: nothing is left. */
static bool
crew_piece(struct crew_run *r)
{
	size_t from = atomic_fetch_add(&r->next, PIECE), i = from;

	for (; i < r->n && i < from + PIECE; i++)
		r->crew->work(r->crew->arg, i);
	if (i > from)
		(void)atomic_fetch_add(&r->done, i - from);
	return i > from;
}

static void *
crew_hand(void *arg)
{
	while (crew_piece(arg))
		;
	return NULL;
}

void
crew_run(const struct crew *c, size_t n)
{
	struct crew_run r = {.crew = c, .n = n};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t hands[HANDS];
	int hired = 0;

	/* Where no thread is to be had, the caller does it all. */
	while (hired < HANDS && hired + 1 < processors && (size_t)(hired + 1) * PIECE < n &&
	    pthread_create(&hands[hired], NULL, crew_hand, &r) == 0)
		hired++;
	while (crew_piece(&r))
		if (c->tick != NULL)
			c->tick(c->arg, atomic_load(&r.done));
	for (int i = 0; i < hired; i++)
		(void)pthread_join(hands[i], NULL);
}
