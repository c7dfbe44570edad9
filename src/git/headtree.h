/*
 * The blobs of a commit's tree: path -> blob id. A tree is immutable and shares
 * equal folders with the tree it was made from, so that a refresh reads only
 * what changed.
 */
#ifndef GIT_HEADTREE_H
#define GIT_HEADTREE_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct headtree;

/*
 * Read the tree id. Only what lies at or below one of prefixes (ends with NULL;
 * "" is everything) is kept. old: an earlier tree with the same prefixes, or
 * NULL. A subtree whose object is missing (partial clones) counts as empty and
 * *ret_missing is set.
 */
int headtree_load(git_repository *git, const git_oid *id, const char *const *prefixes, struct headtree *old,
    struct headtree **ret, bool *ret_missing, struct err *e);
void headtree_free(struct headtree *t); /* what it shares stays */

/* Blob id of path; NULL when it has none (a folder has none). t may be NULL. */
const uint8_t *headtree_blob(const struct headtree *t, const char *path);

/* Is path a folder or a blob in t? t may be NULL. */
bool headtree_has(const struct headtree *t, const char *path);

/* Call moved with each path whose blob differs. a and b may be NULL. */
void headtree_diff(
    const struct headtree *a, const struct headtree *b, void (*moved)(void *, const char *path), void *arg);

#endif
