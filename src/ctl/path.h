/*
 * Paths of the command line, taken by their text: symlinks are not resolved,
 * what does not exist is no error. What is returned is the caller's to free.
 */
#ifndef CTL_PATH_H
#define CTL_PATH_H

#include <stdbool.h>

/* Without ".", "..", double and trailing slashes; "" for the current folder. */
char *path_clean(const char *path);

/* The same, made absolute by the current folder. */
char *path_absolute(const char *path);

/* Is path prefix itself or below it? Both clean; prefix "" holds every relative path, "/" every absolute one. */
bool path_within(const char *path, const char *prefix);

/* The part of path below prefix, which holds it; "" for prefix itself. */
const char *path_below(const char *path, const char *prefix);

/* root and rel joined. */
char *path_join(const char *root, const char *rel);

/* The folder that an absolute path is in; "/" is in itself. */
char *path_parent(const char *absolute);

/* As a person at the current folder would write an absolute path. */
char *path_shown(const char *absolute);

#endif
