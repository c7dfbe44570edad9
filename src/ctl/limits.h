/*
 * The paths that are asked for: files and folders with all below them, as sorted
 * strings (strings_sort), relative to a root. None: everything. There may be as many
 * as files, so nothing here looks at all of them.
 */
#ifndef CTL_LIMITS_H
#define CTL_LIMITS_H

#include "ctl/strings.h"

/* Is path one of them, or below one? */
bool limits_hold(const struct strings *limits, const char *path);

/* Is one of them path, or below it? */
bool limits_below(const struct strings *limits, const char *path);

/* Is one of them a file that path would be without its extension: tools/js for tools/js.yaml? */
bool limits_twin(const struct strings *limits, const char *path);

#endif
