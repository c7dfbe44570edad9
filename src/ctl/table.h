/* Rows and columns of text that fit the terminal. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "ctl/out.h"

struct table;

/* headings ends with NULL. */
struct table *table_new(const struct out *o, const char *const *headings);

/* The next cell, row by row. text is copied, escaped; NULL is an empty cell. */
void table_add(struct table *t, enum style style, const char *text);

/*
 * Append the table to b: the last column is cut to the terminal's width, and
 * then, where that is not enough, the first one.
 */
void table_print(const struct table *t, struct buf *b);
void table_free(struct table *t);

#endif
