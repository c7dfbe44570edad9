/* Items by the name that somebody typed. */
#ifndef CTL_ITEMS_H
#define CTL_ITEMS_H

#include "ctl/session.h"
#include "ctl/store.h"

/* Say that the catalog has no such item, and what is near. Returns the exit code. */
int items_unknown(struct ctl *c, struct store *r, const char *word);

#endif
