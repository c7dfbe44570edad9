/* A folder with one of each kind of file, for the tests of reading. */
#ifndef TESTS_READ_PLACE_H
#define TESTS_READ_PLACE_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "manifest/read.h"

struct place {
	char dir[64];
	int fd;
};

static inline void
put_file(const struct place *p, const char *name, const void *bytes, size_t n)
{
	int fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(close(fd), 0);
}

static inline int
set_up(void **state)
{
	struct place *p = mem_zalloc(sizeof *p);

	(void)snprintf(p->dir, sizeof p->dir, "/tmp/test_read.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->fd >= 0);
	assert_int_equal(mkdirat(p->fd, "root", 0755), 0);
	assert_int_equal(mkdirat(p->fd, "root/a", 0755), 0);
	put_file(p, "outside", "secret", 6);
	put_file(p, "root/a/f", "hello\n", 6);
	put_file(p, "root/empty", "", 0);
	assert_int_equal(symlinkat("a/f", p->fd, "root/link"), 0);
	assert_int_equal(symlinkat("a", p->fd, "root/folder-link"), 0);
	assert_int_equal(symlinkat("../outside", p->fd, "root/out"), 0);
	assert_int_equal(symlinkat("nothing", p->fd, "root/dangling"), 0);
	assert_int_equal(mkfifoat(p->fd, "root/fifo", 0644), 0);
	*state = p;
	return 0;
}

/* No shell, no walk: the names are known. */
static inline int
tear_down(void **state)
{
	static const char *const names[] = {"outside", "root/a/f", "root/a/g", "root/empty", "root/link",
	    "root/folder-link", "root/out", "root/dangling", "root/fifo", "root/socket", "root/big", "root/new", NULL};
	struct place *p = *state;

	for (size_t i = 0; names[i] != NULL; i++)
		(void)unlinkat(p->fd, names[i], 0);
	(void)unlinkat(p->fd, "root/a", AT_REMOVEDIR);
	(void)unlinkat(p->fd, "root", AT_REMOVEDIR);
	(void)close(p->fd);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static inline int
open_root(const struct place *p)
{
	int fd = openat(p->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline enum read_result
try_read(const struct place *p, const char *path)
{
	struct buf b = {0};
	struct signature sig;
	struct err e;
	int root = open_root(p);
	enum read_result r = read_file(root, path, &b, &sig, &e);

	(void)close(root);
	buf_free(&b);
	return r;
}

#endif
