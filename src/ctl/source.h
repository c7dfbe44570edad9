/*
 * Which source root a path of the command line belongs to. Paths are taken by
 * their text: symlinks are not resolved, what does not exist is no error.
 */
#ifndef CTL_SOURCE_H
#define CTL_SOURCE_H

#include <stdbool.h>

#include "ctl/session.h"
#include "manifest/kind.h"

/* Without ".", "..", double and trailing slashes; "" for the current folder. The caller frees. */
char *path_clean(const char *path);

/* The same, made absolute by the current folder. */
char *path_absolute(const char *path);

/* Is path prefix itself or below it? Both clean; prefix "" holds every relative path, "/" every absolute one. */
bool path_within(const char *path, const char *prefix);

/* The part of path below prefix, which holds it; "" for prefix itself. */
const char *path_below(const char *path, const char *prefix);

/* root and rel joined. The caller frees. */
char *path_join(const char *root, const char *rel);

/* The folder that an absolute path is in; "/" is in itself. The caller frees. */
char *path_parent(const char *absolute);

/* As a person at the current folder would write an absolute path. The caller frees. */
char *path_shown(const char *absolute);

/*
 * The root for an absolute path: the option --root; the configured root or the
 * git checkout that holds it, where the path leads to a collection then; else
 * the path itself when it has collections; else a folder above it in which it
 * would lie in one. *ret_rel is the path below the root, NULL when no root
 * fits; then *ret_root is the folder the path is in.
 * After session_settings; the caller frees both.
 */
void source_locate(const struct ctl *c, const char *absolute, char **ret_root, char **ret_rel);

/* Does some collection lie in this folder? Then it can be a root. */
bool source_has_collection(const struct collections *cs, const char *dir);

/*
 * The root when no path is named: --root; the current folder or the git checkout
 * that holds it, where collections are in it; the configured one; the current
 * folder. The caller frees.
 */
char *source_root(const struct ctl *c);

#endif
