/* Opening a checkout with libgit2 under our rules: no configuration from outside, the owner checked. */
#ifndef GIT_CHECKOUT_H
#define GIT_CHECKOUT_H

#include <git2.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * Open the checkout that holds root (absolute). Returns 1 with *ret, which the
 * caller frees; 0 when there is none that can be used, and e says why unless
 * there is none at all; -1 on an error.
 */
int checkout_open(const char *root, bool trust_owner, git_repository **ret, struct err *e);

/* Fill e with what and libgit2's last error; returns -1. */
int checkout_error(struct err *e, const char *what);

#endif
