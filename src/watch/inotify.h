/* The kernel's inotify: one queue, folders only, watched by an open descriptor. */
#ifndef WATCH_INOTIFY_H
#define WATCH_INOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/inotify.h>

#include "base/err.h"

struct inotify;

struct inotify *inotify_open(struct err *e);
void inotify_close(struct inotify *in);

int inotify_fd(const struct inotify *in);

/*
 * Watch the folder that dirfd is, whatever its path is by now. Returns its descriptor (one an
 * inode) or -1 with errno.
 */
int inotify_watch(struct inotify *in, int dirfd);

/* The same for an absolute path. */
int inotify_watch_path(struct inotify *in, const char *path);

/*
 * For names that come and go in the folder only; a watch that is there already
 * stays as it is. Follows symlinks.
 */
int inotify_watch_names(struct inotify *in, const char *path);

/* wd -1 and one that the kernel has dropped by itself are fine. Events that are queued still come. */
void inotify_unwatch(struct inotify *in, int wd);

/* Was wd ever handed out here? Descriptors are not used again. */
bool inotify_knew(const struct inotify *in, int wd);

/*
 * Give what is queued to the callback; name is "" where the event is about the
 * folder itself. Returns after a bounded number of events even if more keep
 * coming. -1: the queue cannot be read, so events are lost.
 */
int inotify_read(
    struct inotify *in, void (*each)(void *, const struct inotify_event *, const char *name), void *arg, struct err *e);

/*
 * How many watches we may have: the smaller of fs.inotify.max_user_watches and
 * user.max_inotify_watches, which counts for a user namespace; ret_name (may be
 * NULL) is its name. 0 when it cannot be read.
 */
size_t inotify_limit(const char **ret_name);

#endif
