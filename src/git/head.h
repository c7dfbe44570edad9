/* What HEAD says: the commit, the branch, and the blobs of the commit's tree. */
#ifndef GIT_HEAD_H
#define GIT_HEAD_H

#include <git2.h>
#include <stdbool.h>

#include "base/err.h"
#include "git/headtree.h"

struct head {
	bool born; /* there is a commit */
	bool moved; /* it is not the commit that was known before */
	git_oid id;
	char commit[GIT_OID_HEXSZ + 1]; /* the same in hex */
	char *branch; /* short name, NULL when detached */
	struct headtree *tree; /* NULL when the commit does not have root, and when it has not moved */
};

/*
 * Read HEAD. below: root relative to the work tree; prefixes: as for
 * headtree_load. known: what was read before, or NULL; its tree makes reading another quick. Uses git
 * and known, which nobody may change meanwhile, and no other state.
 */
int head_read(git_repository *git, const char *below, const char *const *prefixes, const struct head *known,
    struct head **ret, struct err *e);
void head_free(struct head *h);

/* h may be NULL. */
const struct headtree *head_tree(const struct head *h);

#endif
