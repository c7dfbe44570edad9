/* The names beneath a source root, told to the facts. */
#ifndef CTL_WALK_H
#define CTL_WALK_H

#include "catalog/facts.h"
#include "ctl/strings.h"
#include "manifest/kind.h"

/*
 * All files of the collections but the ignored ones (sorted paths of files and
 * of folders); with limits (sorted, see limits.h) only those in folders that can matter for
 * what is at or below them. -1 when a folder could not be looked into, which is
 * said on standard error; the others are told all the same.
 */
int walk_tree(int rootfd, const struct collections *cs, const struct strings *limits, const struct strings *ignored,
    struct facts *f);

/* How many folders of a source are watched: the root, those of the collections, and those on the way to them. */
size_t walk_folders(int rootfd, const struct collections *cs);

#endif
