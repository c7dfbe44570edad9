/*
 * Bounded, stable reads beneath a root. Never follows a symlink, never blocks
 * on a FIFO, never leaves the root.
 */
#ifndef MANIFEST_READ_H
#define MANIFEST_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sha.h"

/* What tells one content of a file from another without reading it. */
struct signature {
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	uint32_t mode;
};

void signature_of(const struct stat *st, struct signature *ret);
bool signature_equal(const struct signature *a, const struct signature *b);

/* mtime or ctime within 20 ms of wall_ns or later: the next look must hash again. */
bool signature_racy(const struct signature *s, int64_t wall_ns);

enum read_result {
	READ_OK,
	READ_GONE, /* ENOENT, ENOTDIR: not there */
	READ_NOT_REGULAR, /* FIFO, socket, device, folder */
	READ_SYMLINK, /* the last part is a symlink, or a part on the way is */
	READ_TOO_LARGE, /* more than LIMIT_FILE bytes; ret_sig is filled */
	READ_UNSTABLE, /* changed under every try, or a lease is held on it; look again later */
	READ_ERROR, /* anything else; e says what: the content is unknown, not deleted */
};

/*
 * Open path (relative to the directory rootfd; "" is that directory) for
 * reading: openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and
 * RESOLVE_NO_MAGICLINKS; where the kernel has no openat2 or a filter refuses it
 * (ENOSYS, EPERM), part by part with O_NOFOLLOW. flags is or-ed in (O_DIRECTORY,
 * O_PATH). O_CLOEXEC, O_NONBLOCK and O_NOCTTY are always set (the last two not
 * with O_PATH, which does not take them). Returns a descriptor, or -1 with
 * errno: ELOOP for a symlink, EXDEV for an absolute path or one with "..".
 */
int read_open_beneath(int rootfd, const char *path, int flags);

/* For tests: take the fallback as if openat2 were missing. */
void read_force_fallback(bool on);

/*
 * The whole file into out (replaced), with the signature its bytes belong to.
 * out is undefined and ret_sig untouched where not said otherwise above.
 */
enum read_result read_file(int rootfd, const char *path, struct buf *out, struct signature *ret_sig, struct err *e);

/* SHA-256 of a file of any size, in bounded memory; never READ_TOO_LARGE. */
enum read_result read_digest(
    int rootfd, const char *path, uint8_t ret_sha256[SHA256_SIZE], struct signature *ret_sig, struct err *e);

#endif
