/*
 * What shelfd wants to know of a git checkout, through libgit2. Read only:
 * never writes, refreshes or locks the index.
 */
#ifndef GIT_REPO_H
#define GIT_REPO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha.h"

struct repo;

/*
 * Open the checkout whose work tree is root (or holds root) and read it a first
 * time. No checkout: returns 0 with *ret NULL and e empty; one that libgit2 can
 * not read (SHA-256 object ids): 0 with *ret NULL and e says why. Owned by
 * another user and not trust_owner: -1, and the message names both UIDs.
 * prefixes (ends with NULL) are the folders, relative to root, whose blobs will
 * be asked for. Calls git_libgit2_init, which stays: shut down, it would lose what
 * a thread of the pool has of it. No configuration outside the checkout is read.
 */
int repo_open(const char *root, bool trust_owner, const char *const *prefixes, struct repo **ret, struct err *e);
void repo_free(struct repo *r);

/*
 * The same in steps: repo_begin leaves HEAD unread, as if there were no commit
 * yet. repo_read_head reads it, which takes a while where the tree is large; it may run in
 * another thread while this one asks of paths and folders, and calls neither
 * repo_refresh nor repo_free. The result is for repo_take_head.
 */
struct head;
int repo_begin(const char *root, bool trust_owner, const char *const *prefixes, struct repo **ret, struct err *e);
int repo_read_head(const struct repo *r, struct head **ret, struct err *e);
void repo_take_head(struct repo *r, struct head *h);

/*
 * Is this still the checkout that root leads to? Not when root is another folder
 * by now, or its git directory went, was made anew or is elsewhere.
 */
bool repo_is_current(const struct repo *r, const char *root);

const char *repo_git_dir(const struct repo *r); /* of this work tree, absolute, no trailing slash */
const char *repo_common_dir(const struct repo *r); /* shared by all work trees */

/*
 * Read HEAD, the index and the ignore files again if they moved. On -1 (HEAD
 * or the index cannot be read) all is as it was. moved (may be NULL) is called with each path
 * (relative to root) below a prefix whose blob in HEAD, or whose conflict,
 * changed; a path can come twice. ret_ignore: ignore rules or the set of tracked
 * paths may have changed, so that a scan is due.
 */
int repo_refresh(struct repo *r, void (*moved)(void *, const char *path), void *arg, bool *ret_ignore, struct err *e);

const char *repo_commit(const struct repo *r); /* hex id of HEAD, NULL before the first commit */
const char *repo_branch(const struct repo *r); /* short name, NULL when detached */

/* Blob id of path in HEAD's tree, NULL when it has none. */
const uint8_t *repo_head_blob(const struct repo *r, const char *path);

/* Untracked and matched by an ignore file. A folder with a tracked file in it is not ignored. */
bool repo_ignored(struct repo *r, const char *path, bool directory);

/* The folder was just read and has no ignore file: repo_ignored need not look for one. */
void repo_plain(struct repo *r, const char *folder);

/* Why an ignore file could not be read, NULL when all could: what it ignores is not known. repo_refresh tries again. */
const struct err *repo_unread(const struct repo *r);

/* Does the index hold the path in conflict stages? */
bool repo_conflicted(const struct repo *r, const char *path);

#endif
