#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fs_read_fd(int fd, const char *path, size_t max, struct buf *out, struct err *e)
{
	for (;;) {
		char *p = buf_reserve(out, 16384);
		ssize_t n = read(fd, p, 16384);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "%s", path);
		if (n == 0)
			return 0;
		buf_commit(out, (size_t)n);
		if (out->n > max)
			return err_set(e, "%s: larger than %zu bytes", path, max);
	}
}

static int
fs_open_regular(const char *path, struct stat *ret_st, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	if (fstat(fd, ret_st) != 0) {
		err_sys(e, errno, "%s", path);
		(void)close(fd);
		return -1;
	}
	if (!S_ISREG(ret_st->st_mode)) {
		(void)close(fd);
		return err_set(e, "%s: not a regular file", path);
	}
	return fd;
}

int
fs_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	struct stat st;
	int fd = fs_open_regular(path, &st, e), r;

	if (fd < 0)
		return -1;
	r = fs_read_fd(fd, path, max, out, e);
	(void)close(fd);
	return r;
}

int
fs_read_secret(const char *path, struct buf *out, struct err *e)
{
	struct stat st;
	int fd = fs_open_regular(path, &st, e), r;

	if (fd < 0)
		return -1;
	if ((st.st_mode & 0137) != 0) {
		(void)close(fd);
		return err_set(e, "%s: mode %04o is too open for a secret; chmod 0640 or tighter", path,
		    (unsigned int)(st.st_mode & 07777));
	}
	r = fs_read_fd(fd, path, 4096, out, e);
	(void)close(fd);
	if (r == 0)
		while (out->n > 0 && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
			out->p[--out->n] = '\0';
	return r;
}

int
fs_mkdirs(const char *path, mode_t mode, struct err *e)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n == 0 || n >= sizeof part)
		return err_set(e, "%s: not a usable path", path);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) != 0 && errno != EEXIST)
			return err_sys(e, errno, "cannot make folder %s", part);
	}
	if (lstat(path, &st) != 0)
		return err_sys(e, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, "%s: not a folder", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, "%s: belongs to another user (UID %u)", path, (unsigned int)st.st_uid);
	return 0;
}
