/* Putting new bytes in the place of a file, all or nothing. */
#ifndef CTL_REWRITE_H
#define CTL_REWRITE_H

#include <stddef.h>

#include "base/err.h"
#include "manifest/read.h"

/*
 * Replace the regular file path beneath the folder root, which must still be
 * what the signature says, by a new one with these bytes and the same owner and mode:
 * written beside it under a name that nobody takes for a manifest, synced,
 * renamed. Follows no symbolic link. -1: the file is as it was.
 */
int rewrite_file(
    const char *root, const char *path, const struct signature *was, const char *bytes, size_t n, struct err *e);

#endif
