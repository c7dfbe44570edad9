/* What a text becomes, as a unified diff for people. */
#ifndef CTL_HUNKS_H
#define CTL_HUNKS_H

#include "ctl/out.h"

/*
 * Append the hunks from one text to another of which lines were changed in
 * place and at most one was added, three lines around each. LF and CRLF end a line and
 * are taken for the same. Nothing is appended where no line differs.
 */
void hunks_add(const struct out *o, struct buf *b, const char *from, size_t from_n, const char *to, size_t to_n);

#endif
