#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "watch/inner.h"

int
look_open(struct watcher *w, const struct node *n, int flags)
{
	const char *path = path_set(w, n, NULL);

	if (*path == '\0')
		return openat(w->root_fd, ".", flags | O_CLOEXEC);
	return read_open_beneath(w->root_fd, path, flags);
}

void
look_close(struct watcher *w)
{
	if (w->last_fd >= 0)
		(void)close(w->last_fd);
	w->last_fd = -1;
	w->last_dir = 0;
}

/*
 * The folder of a name that is due; names that are due together are often in
 * one. ESTALE: another folder is there now.
 */
static int
folder_of(struct watcher *w, const struct node *dir)
{
	struct stat st;

	if (w->last_fd >= 0 && w->last_dir == dir->number)
		return w->last_fd;
	look_close(w);
	w->last_fd = look_open(w, dir, O_PATH | O_DIRECTORY);
	if (w->last_fd < 0)
		return -1;
	if (fstat(w->last_fd, &st) != 0 || st.st_dev != dir->dev || st.st_ino != dir->ino) {
		look_close(w);
		errno = ESTALE;
		return -1;
	}
	w->last_dir = dir->number;
	return w->last_fd;
}

/* The reason may be a folder on the way; the event of whichever opens again leads to a new look. */
void
look_tell_unknown(struct watcher *w, struct node *dir, const char *name, int sys, uint32_t epoch, usec_t now)
{
	const char *path = path_set(w, dir, name);
	char shown[256];
	struct err e;
	bool first = retries_add(w->retries, path, now);

	for (struct node *n = dir; n != NULL; n = n->parent)
		n->epoch = 0;
	(void)err_sys(&e, sys, "%s", *path != '\0' ? text_escape_to(shown, sizeof shown, path) : w->root);
	w->sink.unknown(w->arg, path, &e, first, epoch);
}

void
look_tell(
    struct watcher *w, int dirfd, const char *name, const char *path, const struct stat *st, bool force, uint32_t epoch)
{
	enum entry_kind kind = S_ISREG(st->st_mode) ? ENTRY_FILE : ENTRY_OTHER;
	char target[PATH_MAX];
	struct signature sig;
	ssize_t n = 0;

	if (S_ISLNK(st->st_mode)) {
		kind = ENTRY_SYMLINK;
		n = readlinkat(dirfd, name, target, sizeof target - 1);
		if (n < 0) /* replaced since, and there is an event for that */
			return;
		target[n] = '\0';
	}
	signature_of(st, &sig);
	w->sink.saw(w->arg, path, kind, &sig, kind == ENTRY_SYMLINK ? target : NULL, force, epoch);
}

static void
note_absent(struct watcher *w, const struct node *dir, const char *name)
{
	if (w->absent_n == w->absent_cap) {
		w->absent_cap = w->absent_cap != 0 ? w->absent_cap * 2 : 16;
		w->absent = mem_realloc(w->absent, w->absent_cap, sizeof *w->absent);
	}
	w->absent[w->absent_n++] = (struct absent){.dir = dir->number, .name = mem_strdup(name)};
}

static void
drop_folder(struct watcher *w, struct node *dir, const char *name)
{
	struct node *child = tree_child(w->tree, dir, name);

	if (child == NULL)
		return;
	scan_forget(w, child);
	w->sink.gone(w->arg, path_set(w, dir, name));
}

static bool
is_known(const struct watcher *w, const struct node *child, const struct stat *st)
{
	return child->dev == st->st_dev && child->ino == st->st_ino && child->epoch != 0 &&
	    (child->wd >= 0 || w->inotify == NULL);
}

static void
look_at_folder(struct watcher *w, struct node *dir, const char *name, const struct stat *st, bool again, usec_t now)
{
	struct node *child = tree_child(w->tree, dir, name);

	if (!path_enters(w, path_set(w, dir, name))) {
		if (child != NULL)
			scan_forget(w, child);
		w->sink.gone(w->arg, path_set(w, dir, name)); /* a file that git tracked, perhaps */
		return;
	}
	if (child != NULL && !again && is_known(w, child, st))
		return;
	if (child == NULL) {
		w->sink.gone(w->arg, path_set(w, dir, name));
		child = tree_add(w->tree, dir, name, st->st_dev, st->st_ino);
	}
	scan_folder(w, child, true, now);
}

/* A name whose folder cannot be opened: what became of the folder is its parent's to tell. */
static void
folder_missing(struct watcher *w, struct node *dir, const char *name, int sys, usec_t now)
{
	if (!errno_is_gone(sys) && sys != ESTALE)
		look_tell_unknown(w, dir, name, sys, w->epoch, now);
	else if (dir->parent != NULL)
		settle_touch(w->settle, dir->parent->number, dir->name, SETTLE_COMPLETE, now);
}

void
look_at(struct watcher *w, struct node *dir, const char *name, bool again, usec_t now)
{
	int fd = folder_of(w, dir);
	const char *path;
	struct stat st;

	if (fd < 0) {
		folder_missing(w, dir, name, errno, now);
		return;
	}
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		int sys = errno;

		if (errno_is_gone(sys))
			note_absent(w, dir, name);
		else
			look_tell_unknown(w, dir, name, sys, w->epoch, now);
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		look_at_folder(w, dir, name, &st, again, now);
		return;
	}
	drop_folder(w, dir, name);
	path = path_set(w, dir, name);
	if (path_is_told(w, path))
		look_tell(w, fd, name, path, &st, true, w->epoch);
}

/* The deepest known folder on the way to path, and the part of path that follows: what is looked at. */
static struct node *
nearest_folder(struct watcher *w, const char *path, char part[NAME_MAX + 1])
{
	struct node *n = tree_root(w->tree), *next = n;

	do {
		size_t len = strcspn(path, "/");

		if (len == 0 || len > NAME_MAX)
			return NULL;
		n = next;
		memcpy(part, path, len);
		part[len] = '\0';
		next = tree_child(w->tree, n, part);
		path += path[len] == '/' ? len + 1 : len;
	} while (next != NULL && *path != '\0');
	return n;
}

int
look_at_path(struct watcher *w, const char *path, usec_t now)
{
	char part[NAME_MAX + 1];
	struct node *dir = path_counts(w, path) ? nearest_folder(w, path, part) : NULL;

	if (dir == NULL)
		return -1;
	look_at(w, dir, part, true, now);
	return 0;
}

static void
tell_gone(struct watcher *w, struct node *dir, const char *name, usec_t now)
{
	int fd = folder_of(w, dir);
	struct node *child;
	struct stat st;

	if (fd >= 0 && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return; /* it came back, and there is an event for that */
	if (!errno_is_gone(errno)) {
		folder_missing(w, dir, name, errno, now);
		return;
	}
	child = tree_child(w->tree, dir, name);
	if (child != NULL)
		scan_forget(w, child);
	retries_forget(w->retries, path_set(w, dir, name));
	w->sink.gone(w->arg, path_set(w, dir, name));
}

void
look_finish(struct watcher *w, usec_t now)
{
	bool present = w->absent_n == 0 || root_present(w);

	for (size_t i = 0; i < w->absent_n; i++) {
		struct node *dir = tree_by_number(w->tree, w->absent[i].dir);

		/* Where the folder itself has gone or was replaced, that was told for all in it. */
		if (present && dir != NULL)
			tell_gone(w, dir, w->absent[i].name, now);
		free(w->absent[i].name);
	}
	w->absent_n = 0;
	look_close(w);
}
