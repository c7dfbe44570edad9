/* Has a file moved since it was last looked at? */
#ifndef GIT_STAMP_H
#define GIT_STAMP_H

#include <stdbool.h>
#include <sys/stat.h>

struct stamp {
	bool there; /* a regular file, not through a symlink */
	bool failed; /* it cannot be told: errno says why */
	bool racy; /* so young that a further write may leave the stamp equal */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

/* What path is now; anything but a regular file counts as not there. */
struct stamp stamp_take(const char *path);

/* Certainly the same bytes? */
bool stamp_same(const struct stamp *old, const struct stamp *now);

#endif
