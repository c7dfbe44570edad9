/* The line of a source text that a problem is on, and a caret below its place. */
#ifndef CTL_EXCERPT_H
#define CTL_EXCERPT_H

#include "ctl/out.h"

/*
 * Append two lines for the place line:column (from 1, column in code points, a
 * byte order mark not counted); nothing where the text has no such line. The
 * caret stands right below whatever widths the characters before it have: a
 * tab goes to the next multiple of eight, what is not printable is escaped.
 * A long line is cut around the caret, to the width of the terminal where there is one.
 */
void excerpt_add(
    const struct out *o, struct buf *b, enum style style, const char *text, size_t n, int line, int column);

#endif
