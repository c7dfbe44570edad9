#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "watch/inner.h"

/*
 * Most of what can become of a root has an event on the way to it; a mount has
 * none, nor has a rename further up.
 */
#define ROOT_EVERY (6 * USEC_PER_SEC) /* longer than from heartbeat to heartbeat, which it then goes with */
#define ROOT_EVERY_AWAKE (2 * USEC_PER_SEC) /* when we are awake anyway */
#define ROOT_EVERY_LOST (1 * USEC_PER_SEC)

static bool
root_is_same(struct watcher *w)
{
	const struct node *root = tree_root(w->tree);
	struct stat st;

	return w->attached && !w->lost && stat(w->root, &st) == 0 && root->dev == st.st_dev && root->ino == st.st_ino;
}

/* Nothing is watched and nothing waits any more. */
static void
root_detach(struct watcher *w)
{
	struct node *root = tree_root(w->tree), *child;

	look_close(w);
	scan_cancel(w);
	while ((child = tree_next_child(w->tree, root, NULL)) != NULL)
		scan_forget(w, child);
	scan_unwatch(w, root);
	settle_forget(w->settle, root->number);
}

bool
root_present(struct watcher *w)
{
	if (root_is_same(w))
		return true;
	w->root_event = true;
	w->root_due = 0;
	w->rescan = true; /* what is passed over now */
	return false;
}

void
root_soon(struct watcher *w, usec_t now)
{
	/* A link is often flipped in two steps. */
	w->root_due = usec_min(w->root_due, w->root_event ? w->root_due : now + w->quiet);
	w->root_event = true;
}

/* -1 with errno when that cannot be seen. */
static int
has_collection(const struct watcher *w, int fd)
{
	struct stat st;

	for (size_t i = 0; i < w->collections->n; i++) {
		const char *path = w->collections->v[i].path;

		if (*path == '\0')
			return 1;
		if (fstatat(fd, path, &st, 0) == 0) {
			if (S_ISDIR(st.st_mode))
				return 1;
		} else if (!errno_is_gone(errno)) {
			return -1;
		}
	}
	return 0;
}

/*
 * Is what is at the root's path now the source? A mount point without its mount
 * is not, nor is a folder that was just made for a new checkout.
 */
static int
root_judge(const struct watcher *w, int fd, struct place *ret, struct err *e)
{
	int empty = place_empty(fd), found;

	if (empty < 0 || place_of(fd, ret) != 0)
		return err_sys(e, errno, "it cannot be read");
	if (empty)
		return err_set(e, "it is empty");
	found = w->populated ? has_collection(w, fd) : 1;
	if (found < 0)
		return err_sys(e, errno, "it cannot be looked into");
	if (found == 0)
		return err_set(e, "another folder without any collection is there now");
	return 0;
}

static void
root_lose(struct watcher *w, const struct err *why)
{
	if (w->lost)
		return;
	log_warning("the source root %s is lost: %s; what is known of it stays as it is, and it is taken up again when "
		    "it is back",
	    w->root, why->msg);
	w->lost = true;
	root_detach(w);
}

/* The descriptor keeps its number: the pool's threads may be reading beneath it. */
static void
root_attach(struct watcher *w, int fd, const struct place *at)
{
	struct node *root = tree_root(w->tree);

	if (w->root_fd < 0)
		w->root_fd = fd;
	else if (dup3(fd, w->root_fd, O_CLOEXEC) >= 0)
		(void)close(fd);
	root_detach(w);
	root->dev = at->dev;
	root->ino = at->ino;
	if (w->attached || w->lost) {
		log_info(
		    "attached to the source root %s, which is %s", w->root, w->lost ? "back" : "another folder now");
		w->git_due = 0;
		w->root_moved = true;
	}
	w->attached = true;
	w->lost = false;
	w->rescan = true;
}

static void
root_take(struct watcher *w)
{
	struct place at;
	struct err e;
	int fd = open(w->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		(void)err_sys(&e, errno, "cannot open it");
		root_lose(w, &e);
	} else if (root_judge(w, fd, &at, &e) != 0) {
		(void)close(fd);
		root_lose(w, &e);
	} else {
		root_attach(w, fd, &at);
	}
}

static void
watch_way(struct watcher *w, bool inside)
{
	if (w->inotify != NULL)
		anchors_watch(w->anchors, w->inotify, inside, watch_is_shared, w);
}

void
root_check(struct watcher *w, usec_t now)
{
	bool same = root_is_same(w);

	/* Watched before it is looked at: what changes in between has its event. */
	if (!same || w->root_event)
		watch_way(w, !same);
	w->root_event = false;
	if (!same) {
		root_take(w);
		if (!w->lost)
			watch_way(w, false);
	}
	w->root_checked = now;
	w->root_due = now + (w->lost ? ROOT_EVERY_LOST : ROOT_EVERY);
}

void
root_scanned(struct watcher *w, usec_t now)
{
	audit_read(w->audit, now);
	w->root_moved = false;
	w->populated =
	    tree_next_child(w->tree, tree_root(w->tree), NULL) != NULL || collections_find(w->collections, "") != NULL;
}

bool
root_is_due(const struct watcher *w, usec_t now)
{
	return now >= w->root_due || (!w->root_event && now - w->root_checked >= ROOT_EVERY_AWAKE);
}
