/* Single steps of mend.c: each changes one thing in a text whose lines end with LF. */
#ifndef MANIFEST_MEND_STEPS_H
#define MANIFEST_MEND_STEPS_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * All return false, and leave the text alone, when what was meant can not be told.
 * line and column are those of a problem: from 1, in code points.
 */

/* Quote the value that has a colon there: one that begins on this line, or that the line continues. */
bool mend_quote(struct buf *text, int line, int column);

/* Blanks for the tabs that the line is indented with, one of which is there: up to the next multiple of width. */
bool mend_tabs(struct buf *text, int line, int column, size_t width);

/*
 * Close front matter that begins on line 1. near: the first line that looks like
 * an attempt at "---"; 1 when there is none.
 */
bool mend_close(struct buf *text, int near);

#endif
