/* Small file helpers for our own files (not for manifests: see manifest/read.h). */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* The whole of a regular file of at most max bytes. */
int fs_read(const char *path, size_t max, struct buf *out, struct err *e);

/*
 * A secret: one line, trailing new line cut; the file must have mode 0640 or
 * tighter (a systemd credential, 0440 or 0400, is).
 */
int fs_read_secret(const char *path, struct buf *out, struct err *e);

/* mkdir -p with mode for what is new; a last part that exists must be a folder owned by us (or root). */
int fs_mkdirs(const char *path, mode_t mode, struct err *e);

#endif
