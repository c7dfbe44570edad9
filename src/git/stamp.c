#include "git/stamp.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>

/* Timestamps come from the kernel's tick, 1 to 10 ms. */
#define STAMP_RACY_NS (20 * INT64_C(1000000))

static int64_t
stamp_ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

struct stamp
stamp_take(const char *path)
{
	struct stamp s = {0};
	struct timespec now;
	struct stat st;

	if (lstat(path, &st) != 0) {
		s.failed = errno != ENOENT && errno != ENOTDIR;
		return s;
	}
	if (!S_ISREG(st.st_mode))
		return s;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	s.there = true;
	s.dev = st.st_dev;
	s.ino = st.st_ino;
	s.size = st.st_size;
	s.mtime = st.st_mtim;
	s.ctime = st.st_ctim;
	s.racy = stamp_ns(&now) - stamp_ns(&st.st_ctim) < STAMP_RACY_NS;
	return s;
}

bool
stamp_same(const struct stamp *old, const struct stamp *now)
{
	if (!old->there || !now->there)
		return old->there == now->there;
	return !old->racy && old->dev == now->dev && old->ino == now->ino && old->size == now->size &&
	    stamp_ns(&old->mtime) == stamp_ns(&now->mtime) && stamp_ns(&old->ctime) == stamp_ns(&now->ctime);
}
