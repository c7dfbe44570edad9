/* Which source root a path of the command line belongs to. */
#ifndef CTL_SOURCE_H
#define CTL_SOURCE_H

#include <stdbool.h>

#include "ctl/session.h"
#include "manifest/kind.h"

/*
 * The root for an absolute path: the option --root; the configured root or the
 * git checkout or the current folder that holds it, where the path leads to a
 * collection then; else the path itself when it has collections; else the
 * nearest folder above it in which it would lie in one. *ret_rel is the path
 * below the root. Both are NULL when no root fits. After session_settings; the
 * caller frees both.
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
