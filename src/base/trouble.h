/*
 * Something is wrong for a while: what to say of it, and when to say it in the
 * log. Told is each thing that was not told in the last minute, and the end of
 * what was told. A trouble that comes again within ten seconds of its end counts
 * as one that never ended. Pure; a zeroed struct is one without trouble.
 */
#ifndef BASE_TROUBLE_H
#define BASE_TROUBLE_H

#include <stdbool.h>

#include "base/clock.h"

#define TROUBLE_AGAIN (60 * USEC_PER_SEC)
#define TROUBLE_CALM (10 * USEC_PER_SEC)
#define TROUBLE_KINDS 4 /* different things told within a minute; numbers in them make no difference */

struct trouble {
	char text[256]; /* "": all is well */
	struct {
		char text[256];
		usec_t at; /* 0: never */
	} told[TROUBLE_KINDS];
	bool open; /* something was told and its end was not */
	usec_t over; /* when it ended last */
};

bool trouble_set(struct trouble *t, const char *text, usec_t now); /* is it to be told now? */
bool trouble_end(struct trouble *t, usec_t now); /* is its end to be told now? */

#endif
