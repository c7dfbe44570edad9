#include "ctl/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct rewrite {
	int dir; /* the folder of the file */
	const char *name; /* in it */
	char *temporary; /* in it too */
	const struct signature *was;
};

static int
rewrite_open_folder(const char *root, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *folder = mem_strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
	int top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir = -1;

	if (top >= 0)
		dir = read_open_beneath(top, folder, O_DIRECTORY);
	if (dir < 0)
		(void)err_sys(e, errno, "%s", path);
	if (top >= 0)
		(void)close(top);
	free(folder);
	return dir;
}

static int
rewrite_bytes(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, bytes, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		bytes += k;
		n -= (size_t)k;
	}
	return 0;
}

static int
rewrite_same(const struct rewrite *r, struct stat *ret, struct err *e)
{
	struct signature now;

	if (fstatat(r->dir, r->name, ret, AT_SYMLINK_NOFOLLOW) != 0)
		return err_sys(e, errno, "%s", r->name);
	signature_of(ret, &now);
	if (!S_ISREG(ret->st_mode) || !signature_equal(&now, r->was))
		return err_set(e, "%s was changed meanwhile", r->name);
	return 0;
}

static int
rewrite_fill(const struct rewrite *r, int fd, const char *bytes, size_t n, struct err *e)
{
	struct stat st, mine;

	if (rewrite_same(r, &st, e) != 0)
		return -1;
	if (fstat(fd, &mine) != 0 || rewrite_bytes(fd, bytes, n) != 0)
		return err_sys(e, errno, "%s", r->temporary);
	/* The owner first: changing it takes bits off the mode. */
	if ((mine.st_uid != st.st_uid || mine.st_gid != st.st_gid) && fchown(fd, st.st_uid, st.st_gid) != 0)
		return err_sys(e, errno, "%s: cannot keep its owner", r->name);
	if (fchmod(fd, st.st_mode & 07777) != 0 || fsync(fd) != 0)
		return err_sys(e, errno, "%s", r->temporary);
	return 0;
}

static int
rewrite_put(const struct rewrite *r, const char *bytes, size_t n, struct err *e)
{
	int fd = openat(r->dir, r->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), rc;
	struct stat st;

	if (fd < 0)
		return err_sys(e, errno, "%s", r->temporary);
	rc = rewrite_fill(r, fd, bytes, n, e);
	if (close(fd) != 0 && rc == 0)
		rc = err_sys(e, errno, "%s", r->temporary);
	if (rc == 0)
		rc = rewrite_same(r, &st, e);
	if (rc == 0 && renameat(r->dir, r->temporary, r->dir, r->name) != 0)
		rc = err_sys(e, errno, "%s", r->name);
	if (rc != 0)
		(void)unlinkat(r->dir, r->temporary, 0);
	return rc;
}

int
rewrite_file(
    const char *root, const char *path, const struct signature *was, const char *bytes, size_t n, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct rewrite r = {.name = slash != NULL ? slash + 1 : path, .was = was};
	int rc;

	r.dir = rewrite_open_folder(root, path, e);
	if (r.dir < 0)
		return -1;
	r.temporary = mem_printf(".shelfctl-%ld.tmp", (long)getpid());
	rc = rewrite_put(&r, bytes, n, e);
	free(r.temporary);
	(void)close(r.dir);
	return rc;
}
