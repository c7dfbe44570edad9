/*
 * Which paths of a work tree ignore files match, as git does: .gitignore in
 * each folder, info/exclude, core.excludesFile. What is tracked is not its
 * business. Rules are read when first needed and kept until ignore_refresh.
 */
#ifndef GIT_IGNORE_H
#define GIT_IGNORE_H

#include <stdbool.h>

#include "base/err.h"

struct ignore;

/* workdir: absolute. exclude: path of info/exclude. */
struct ignore *ignore_new(const char *workdir, const char *exclude);
void ignore_free(struct ignore *ig);

/* The file named by core.excludesFile, absolute, or NULL. */
void ignore_set_global(struct ignore *ig, const char *path);

/* Look at every ignore file that was asked for; true when one changed, and then all is read again. */
bool ignore_refresh(struct ignore *ig);

/* Is the path, relative to the work tree, or a folder above it, matched by a rule? */
bool ignore_matches(struct ignore *ig, const char *path, bool directory);

/* The folder, relative to the work tree ("" is the work tree), was just read and has no .gitignore: none is looked for. */
void ignore_plain(struct ignore *ig, const char *folder);

/*
 * Why an ignore file could not be read since the last refresh, NULL when all
 * could. Of a file that was read before the rules stay, another has none; the
 * next refresh tries again.
 */
const struct err *ignore_unread(const struct ignore *ig);

#endif
