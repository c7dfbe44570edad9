#include "watch/inotify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

/* What changes a folder's files, and nothing that our own reading makes. */
#define MASK                                                                                            \
	(IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)

/* On the way to the root only names count. */
#define NAMES_MASK \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD)

#define WATCH_TRIES 8 /* when interrupted */

#define READ_SIZE (64 * 1024)
#define READ_TIMES 64 /* about four full queues of the default size */
#define EVENT_MAX (sizeof(struct inotify_event) + NAME_MAX + 1) /* inotify(7) */

struct inotify {
	int fd;
	int highest; /* descriptor handed out */
	char *events;
};

struct inotify *
inotify_open(struct err *e)
{
	struct inotify *in;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE)
			(void)err_sys(e, errno, "cannot watch files; raise the sysctl fs.inotify.max_user_instances");
		else
			(void)err_sys(e, errno, "cannot watch files");
		return NULL;
	}
	in = mem_zalloc(sizeof *in);
	in->fd = fd;
	in->events = mem_alloc(READ_SIZE);
	return in;
}

void
inotify_close(struct inotify *in)
{
	if (in == NULL)
		return;
	(void)close(in->fd);
	free(in->events);
	free(in);
}

int
inotify_fd(const struct inotify *in)
{
	return in->fd;
}

static int
watch(struct inotify *in, const char *path, uint32_t mask)
{
	int wd, tries = 0;

	do
		wd = inotify_add_watch(in->fd, path, mask);
	while (wd < 0 && errno == EINTR && ++tries < WATCH_TRIES);
	if (wd > in->highest)
		in->highest = wd;
	return wd;
}

int
inotify_watch(struct inotify *in, int dirfd)
{
	char path[32];

	/* By the descriptor: a path could name another folder by now. */
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", dirfd);
	return watch(in, path, MASK);
}

int
inotify_watch_names(struct inotify *in, const char *path)
{
	return watch(in, path, NAMES_MASK);
}

int
inotify_watch_path(struct inotify *in, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int wd, saved;

	if (fd < 0)
		return -1;
	wd = inotify_watch(in, fd);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return wd;
}

void
inotify_unwatch(struct inotify *in, int wd)
{
	if (wd >= 0)
		(void)inotify_rm_watch(in->fd, wd);
}

bool
inotify_knew(const struct inotify *in, int wd)
{
	return wd >= 0 && wd <= in->highest;
}

int
inotify_read(
    struct inotify *in, void (*each)(void *, const struct inotify_event *, const char *name), void *arg, struct err *e)
{
	for (int i = 0; i < READ_TIMES; i++) {
		ssize_t n = read(in->fd, in->events, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : err_sys(e, errno, "cannot read file events");
		for (const char *p = in->events; p < in->events + n;) {
			const struct inotify_event *ev = (const void *)p;

			each(arg, ev, ev->len != 0 ? ev->name : "");
			p += sizeof *ev + ev->len;
		}
		if ((size_t)n <= READ_SIZE - EVENT_MAX)
			return 0; /* there was room for one more, so there was none */
	}
	return 0;
}

static size_t
read_number(const char *path)
{
	struct buf text = {0};
	size_t n = 0;

	if (fs_read(path, 64, &text, NULL) == 0)
		n = strtoul(buf_str(&text), NULL, 10);
	buf_free(&text);
	return n;
}

size_t
inotify_limit(const char **ret_name)
{
	size_t system = read_number("/proc/sys/fs/inotify/max_user_watches");
	size_t user = read_number("/proc/sys/user/max_inotify_watches");
	bool ours = user != 0 && (system == 0 || user < system);

	if (ret_name != NULL)
		*ret_name = ours ? "user.max_inotify_watches" : "fs.inotify.max_user_watches";
	return ours ? user : system;
}
