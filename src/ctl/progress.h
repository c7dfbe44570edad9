/*
 * A progress bar for work that takes longer than half a second. Pure: time is
 * an argument, the caller writes the text to a terminal.
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"

struct progress {
	size_t total;
	usec_t next; /* when the bar is drawn again */
	bool shown;
};

void progress_begin(struct progress *p, size_t total, usec_t now);

/* Append what is to be written now; mostly nothing. */
void progress_step(struct progress *p, size_t done, usec_t now, struct buf *out);

/* Append what takes the bar away again, if it was drawn. */
void progress_end(struct progress *p, struct buf *out);

#endif
