#include "manifest/read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"

#define READ_TRIES 3
#define READ_INTERRUPTED 100 /* in a row or not: then it is an error, and tried again later */
#define READ_CHUNK (64 * 1024)
#define RACY_NS INT64_C(20000000)

static atomic_bool fallback_forced;

void
read_force_fallback(bool on)
{
	atomic_store(&fallback_forced, on);
}

static int64_t
timespec_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
signature_of(const struct stat *st, struct signature *ret)
{
	*ret = (struct signature){
	    .dev = st->st_dev,
	    .ino = st->st_ino,
	    .size = (uint64_t)st->st_size,
	    .mtime_ns = timespec_ns(st->st_mtim),
	    .ctime_ns = timespec_ns(st->st_ctim),
	    .mode = st->st_mode,
	};
}

bool
signature_equal(const struct signature *a, const struct signature *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	    a->ctime_ns == b->ctime_ns && a->mode == b->mode;
}

bool
signature_racy(const struct signature *s, int64_t wall_ns)
{
	return s->mtime_ns > wall_ns - RACY_NS || s->ctime_ns > wall_ns - RACY_NS;
}

/* ".." is lawful for openat2 while it stays beneath, but no path of ours has one. */
static bool
path_climbs(const char *path)
{
	if (path[0] == '/')
		return true;
	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += p[n] == '/' ? n + 1 : n;
	}
	return false;
}

static bool
is_symlink_at(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* One name in a folder. The kernel says ENOTDIR for a symlink where a folder is wanted, and O_PATH opens the symlink. */
static int
open_part(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_NOFOLLOW);
	struct stat st;

	if (fd < 0) {
		if (errno == ENOTDIR)
			errno = is_symlink_at(dir, name) ? ELOOP : ENOTDIR;
		return -1;
	}
	if ((flags & O_PATH) != 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		(void)close(fd);
		errno = ELOOP;
		return -1;
	}
	return fd;
}

static int
open_by_parts(int rootfd, const char *path, int flags)
{
	int dir = rootfd, fd = -1;
	char name[NAME_MAX + 1];

	for (;;) {
		size_t n = strcspn(path, "/");
		int saved;

		if (n > NAME_MAX) {
			errno = ENAMETOOLONG;
			fd = -1;
		} else {
			bool last = path[n] == '\0';

			memcpy(name, path, n);
			name[n] = '\0';
			fd = open_part(dir, n == 0 ? "." : name, last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC);
		}
		saved = errno;
		if (dir != rootfd)
			(void)close(dir);
		errno = saved;
		if (fd < 0 || path[n] == '\0')
			return fd;
		dir = fd;
		path += n + 1;
	}
}

int
read_open_beneath(int rootfd, const char *path, int flags)
{
	struct open_how how = {.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	int interrupted = 0;
	long fd;

	flags |= O_CLOEXEC | ((flags & O_PATH) != 0 ? 0 : O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (path_climbs(path)) {
		errno = EXDEV;
		return -1;
	}
	if (path[0] == '\0')
		path = ".";
	if (atomic_load_explicit(&fallback_forced, memory_order_relaxed))
		return open_by_parts(rootfd, path, flags);
	how.flags = (unsigned int)flags;
	do
		fd = syscall(SYS_openat2, rootfd, path, &how, sizeof how);
	while (fd < 0 && errno == EINTR && ++interrupted < READ_INTERRUPTED);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_by_parts(rootfd, path, flags);
	return (int)fd;
}

/* Open errors that are an answer. A socket can not be opened at all, nor a device without a driver. */
static enum read_result
open_failed(int sys, struct err *e)
{
	switch (sys) {
	case ENOENT:
	case ENOTDIR:
		return READ_GONE;
	case ELOOP:
		return READ_SYMLINK;
	case ENXIO:
	case ENODEV:
		return READ_NOT_REGULAR;
	case EAGAIN:
		return READ_UNSTABLE;
	default:
		(void)err_sys(e, sys, "open");
		return READ_ERROR;
	}
}

/* Where the bytes go: into a buf, or a chunk at a time into a digest. */
struct sink {
	struct buf *out;
	struct sha256_ctx *sha;
	char *chunk;
};

static enum read_result
read_all(int fd, uint64_t size, const struct sink *to, struct err *e)
{
	uint64_t done = 0;
	int interrupted = 0;

	while (done < size) {
		uint64_t left = size - done;
		size_t want = to->out != NULL || left < READ_CHUNK ? (size_t)left : READ_CHUNK;
		ssize_t n = pread(fd, to->out != NULL ? buf_reserve(to->out, want) : to->chunk, want, (off_t)done);

		if (n < 0 && errno == EINTR && ++interrupted < READ_INTERRUPTED)
			continue;
		if (n < 0) {
			(void)err_sys(e, errno, "read");
			return READ_ERROR;
		}
		if (n == 0)
			return READ_UNSTABLE;
		if (to->out != NULL)
			buf_commit(to->out, (size_t)n);
		else
			sha256_add(to->sha, to->chunk, (size_t)n);
		done += (uint64_t)n;
	}
	return READ_OK;
}

/* fstat, read, fstat: the bytes belong to the signature when both look the same. */
static enum read_result
read_stable(int fd, uint64_t max, const struct sink *to, struct signature *ret_sig, struct err *e)
{
	struct signature before, after;
	enum read_result r;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		(void)err_sys(e, errno, "stat");
		return READ_ERROR;
	}
	if (!S_ISREG(st.st_mode))
		return READ_NOT_REGULAR;
	signature_of(&st, &before);
	if (before.size > max) {
		*ret_sig = before;
		return READ_TOO_LARGE;
	}
	r = read_all(fd, before.size, to, e);
	if (r != READ_OK)
		return r;
	if (fstat(fd, &st) != 0) {
		(void)err_sys(e, errno, "stat");
		return READ_ERROR;
	}
	signature_of(&st, &after);
	if (!signature_equal(&before, &after))
		return READ_UNSTABLE;
	*ret_sig = before;
	return READ_OK;
}

/* Opens anew for every try: the file may have been replaced by rename, and then the old one is of no interest. */
static enum read_result
read_once(int rootfd, const char *path, uint64_t max, const struct sink *to, struct signature *ret_sig, struct err *e)
{
	int fd = read_open_beneath(rootfd, path, 0);
	enum read_result r;

	if (fd < 0)
		return open_failed(errno, e);
	r = read_stable(fd, max, to, ret_sig, e);
	(void)close(fd);
	return r;
}

enum read_result
read_file(int rootfd, const char *path, struct buf *out, struct signature *ret_sig, struct err *e)
{
	enum read_result r = READ_UNSTABLE;

	for (int i = 0; i < READ_TRIES && r == READ_UNSTABLE; i++) {
		buf_clear(out);
		r = read_once(rootfd, path, LIMIT_FILE, &(struct sink){.out = out}, ret_sig, e);
	}
	return r;
}

enum read_result
read_digest(int rootfd, const char *path, uint8_t ret_sha256[SHA256_SIZE], struct signature *ret_sig, struct err *e)
{
	enum read_result r = READ_UNSTABLE;
	uint8_t digest[SHA256_SIZE];
	char chunk[READ_CHUNK];

	for (int i = 0; i < READ_TRIES && r == READ_UNSTABLE; i++) {
		struct sha256_ctx sha;
		struct sink to = {.sha = &sha, .chunk = chunk};

		sha256_init(&sha);
		r = read_once(rootfd, path, UINT64_MAX, &to, ret_sig, e);
		sha256_digest(&sha, sizeof digest, digest);
	}
	if (r == READ_OK)
		memcpy(ret_sha256, digest, sizeof digest);
	return r;
}
