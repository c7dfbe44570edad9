/* Opening a checkout with libgit2 under our rules: no configuration from outside, the owner checked. */
#ifndef GIT_CHECKOUT_H
#define GIT_CHECKOUT_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Open the checkout that holds root (absolute). Returns 1 with *ret, which the
 * caller frees; 0 when there is none that can be used, and e says why unless
 * there is none at all; -1 on an error.
 */
int checkout_open(const char *root, bool trust_owner, git_repository **ret, struct err *e);

/* What tells one checkout from another at the same place: where its git directory is, and which folder that is. */
struct checkout_identity {
	char *root, *git_dir; /* resolved; NULL where there is none */
	uint64_t dev, ino;
	bool unknown; /* it is there, and could not be looked at */
	int64_t born_ns; /* an inode's number is used again; 0 where the file system does not know */
};

/* Calls into libgit2, which must be initialised. */
void checkout_identify(const char *root, struct checkout_identity *ret);
/* now unknown: it is taken for the same. */
bool checkout_identity_same(const struct checkout_identity *then, const struct checkout_identity *now);
void checkout_identity_free(struct checkout_identity *id);

/* Fill e with what and libgit2's last error; returns -1. */
int checkout_error(struct err *e, const char *what);

#endif
