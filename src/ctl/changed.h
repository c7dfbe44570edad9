/* What git says changed in the work tree, by asking git(1). */
#ifndef CTL_CHANGED_H
#define CTL_CHANGED_H

#include <stdbool.h>

#include "base/err.h"
#include "ctl/strings.h"

/*
 * The files below root, relative to it, that differ from the revision rev (NULL:
 * HEAD), staged or not, and those that git does not know and does not ignore.
 * Deleted ones are left out; where nothing is committed yet, all are in.
 */
int changed_paths(const char *root, const char *rev, struct strings *ret, struct err *e);

/*
 * The files below root, relative to it, that git ignores; a folder without any
 * other stands for all that is in it. -1 outside a work tree.
 */
int changed_ignored(const char *root, struct strings *ret, struct err *e);

/* Does this name a commit? */
bool changed_is_revision(const char *root, const char *word);

#endif
