#include "watch/watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "watch/inner.h"

#define RUN_NAMES 16384 /* looked at in one run: a checkout of thousands of files is one batch */

const char *
path_set(struct watcher *w, const struct node *dir, const char *name)
{
	buf_clear(&w->path);
	tree_path(dir, &w->path);
	if (name != NULL) {
		if (w->path.n > 0)
			buf_addch(&w->path, '/');
		buf_addstr(&w->path, name);
	}
	return buf_str(&w->path);
}

bool
path_counts(const struct watcher *w, const char *path)
{
	const struct collection *c;

	if (collections_leads_to(w->collections, path))
		return true;
	c = collections_find(w->collections, path);
	return c != NULL && (*collection_relative(c, path) == '\0' || !kind_ignored(c, path));
}

bool
path_enters(struct watcher *w, const char *path)
{
	return path_counts(w, path) && !w->sink.ignored(w->arg, path, true);
}

bool
path_is_told(struct watcher *w, const char *path)
{
	const struct collection *c = collections_find(w->collections, path);

	return c != NULL && *collection_relative(c, path) != '\0' && !kind_ignored(c, path) &&
	    !w->sink.ignored(w->arg, path, false);
}

/* ELOOP: a symlink stands where the path had a folder. */
bool
errno_is_gone(int sys)
{
	return sys == ENOENT || sys == ENOTDIR || sys == ELOOP;
}

static bool
root_is_same(const struct watcher *w, const struct stat *st)
{
	const struct node *root = tree_root(w->tree);

	return root->dev == st->st_dev && root->ino == st->st_ino;
}

/* Nothing is watched and nothing waits any more. */
static void
root_detach(struct watcher *w)
{
	struct node *root = tree_root(w->tree), *child;

	while ((child = tree_next_child(w->tree, root, NULL)) != NULL)
		scan_forget(w, child);
	scan_unwatch(w, root);
	settle_forget(w->settle, root->number);
}

bool
root_present(struct watcher *w)
{
	struct stat st;

	if (stat(w->root, &st) == 0 && root_is_same(w, &st))
		return true;
	if (!w->lost)
		log_warning(
		    "the source root %s is gone or was replaced: what is known of it stays as it is until it is "
		    "back and a full sync is asked for",
		    w->root);
	w->lost = true;
	root_detach(w);
	return false;
}

static int
root_open(struct watcher *w, struct err *e)
{
	int fd = open(w->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct node *root = tree_root(w->tree);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		(void)err_sys(e, errno, "cannot open the source root %s", w->root);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	if (w->root_fd >= 0)
		(void)close(w->root_fd);
	w->root_fd = fd;
	root->dev = st.st_dev;
	root->ino = st.st_ino;
	return 0;
}

/* For a scan of everything: the folder that is at the root's path now is the root. */
static int
root_attach(struct watcher *w, struct err *e)
{
	if (!root_present(w)) {
		if (root_open(w, e) != 0)
			return -1;
		log_info("the source root %s is another folder now: attached to it", w->root);
		if (w->gitdir != NULL) {
			gitdir_rewatch(w->gitdir, w->inotify);
			w->git_due = 0;
		}
	}
	w->lost = false;
	return 0;
}

static void
look_at_git(struct watcher *w, usec_t now)
{
	struct gitdir_state is = gitdir_look(w->gitdir);

	w->git_unseen = false;
	githold_set(&w->hold, is.index_lock, is.head_lock, is.rebase, now);
}

static int
start_watching(struct watcher *w, const struct watcher_config *cfg, struct err *e)
{
	w->inotify = inotify_open(e);
	if (w->inotify == NULL)
		return -1;
	w->limit = inotify_limit();
	if (cfg->private_dir != NULL) {
		w->barriers = barriers_new(cfg->private_dir, w->inotify, e);
		if (w->barriers == NULL)
			return -1;
	}
	if (cfg->git_dir != NULL) {
		w->gitdir = gitdir_new(cfg->git_dir, cfg->common_dir);
		gitdir_watch(w->gitdir, w->inotify);
		w->git_unseen = true;
	}
	return 0;
}

struct watcher *
watcher_new(const struct watcher_config *cfg, const struct watcher_sink *sink, void *arg, struct err *e)
{
	struct watcher *w = mem_zalloc(sizeof *w);

	w->root = mem_strdup(cfg->root);
	w->collections = cfg->collections;
	w->sink = *sink;
	w->arg = arg;
	w->root_fd = w->last_fd = -1;
	w->tree = tree_new();
	w->settle = settle_new(&cfg->settle);
	w->quiet = cfg->settle.quiet;
	w->git_due = USEC_NEVER;
	githold_init(&w->hold, &cfg->hold);
	if (root_open(w, e) != 0 || (cfg->watch && start_watching(w, cfg, e) != 0)) {
		watcher_free(w);
		return NULL;
	}
	return w;
}

void
watcher_free(struct watcher *w)
{
	if (w == NULL)
		return;
	look_close(w);
	scan_cancel(w);
	barriers_free(w->barriers);
	gitdir_free(w->gitdir);
	inotify_close(w->inotify);
	for (size_t i = 0; i < w->absent_n; i++)
		free(w->absent[i].name);
	free(w->absent);
	settle_free(w->settle);
	tree_free(w->tree);
	if (w->root_fd >= 0)
		(void)close(w->root_fd);
	buf_free(&w->path);
	free(w->root);
	free(w);
}

int
watcher_fd(const struct watcher *w)
{
	return w->inotify != NULL ? inotify_fd(w->inotify) : -1;
}

int
watcher_root_fd(const struct watcher *w)
{
	return w->root_fd;
}

struct reading {
	struct watcher *w;
	usec_t now;
};

static void
take_event(void *arg, const struct inotify_event *ev, const char *name)
{
	const struct reading *r = arg;

	events_take(r->w, ev, name, r->now);
}

void
watcher_read(struct watcher *w, usec_t now)
{
	struct reading r = {.w = w, .now = now};
	struct err e;

	if (w->inotify == NULL)
		return;
	w->git_event = false;
	if (inotify_read(w->inotify, take_event, &r, &e) != 0) {
		log_warning("%s: looking at everything", e.msg);
		w->rescan = true;
	}
	if (w->git_event) {
		githold_moved(&w->hold, now);
		look_at_git(w, now);
		w->git_due = now; /* as soon as nothing is held */
	}
}

static void
warn_of_stale_lock(struct watcher *w)
{
	if (w->hold.stale && !w->stale_told)
		log_warning(
		    "a lock in %s has not moved for %lld s: going on without waiting for git; remove index.lock "
		    "or HEAD.lock there if no git command is running",
		    gitdir_path(w->gitdir), (long long)(w->hold.cfg.cap / USEC_PER_SEC));
	w->stale_told = w->hold.stale;
}

bool
watcher_held(struct watcher *w, usec_t now)
{
	bool waited;

	if (w->git_unseen)
		look_at_git(w, now);
	waited = githold_deadline(&w->hold) != USEC_NEVER;
	if (githold_held(&w->hold, now))
		return true;
	if (!waited)
		return false;
	/* The end of a hold is worth one more look: its event could be lost, and git may be at work again. */
	look_at_git(w, now);
	if (githold_held(&w->hold, now))
		return true;
	warn_of_stale_lock(w);
	return false;
}

static void
scan_all(struct watcher *w, const char *reason, usec_t now)
{
	log_debug("looking at everything: %s", reason);
	w->rescan = false;
	scan_begin(w, now);
}

static void
run_due(struct watcher *w, usec_t now)
{
	struct settle_due due;

	for (int i = 0; i < RUN_NAMES && settle_next(w->settle, now, &due); i++) {
		struct node *dir = tree_by_number(w->tree, due.dir);
		char name[NAME_MAX + 1];

		if (dir == NULL)
			continue;
		(void)snprintf(name, sizeof name, "%s", due.name); /* what is told may defer it: due.name would go */
		look_at(w, dir, name, false, now);
	}
	look_finish(w, now);
}

static void
end_barriers(struct watcher *w)
{
	uint64_t id;

	while (w->barriers != NULL && barriers_next(w->barriers, w->settle, &id))
		w->sink.barrier(w->arg, id);
}

void
watcher_run(struct watcher *w, usec_t now)
{
	if (w->scan != NULL) {
		scan_go_on(w);
		return;
	}
	if (w->lost) {
		end_barriers(w);
		return;
	}
	if (watcher_held(w, now))
		return;
	if (now >= w->git_due) {
		w->git_due = USEC_NEVER;
		w->sink.git(w->arg);
	}
	if (w->scan == NULL && w->rescan && root_present(w))
		scan_all(w, "overflow", now);
	if (w->scan != NULL)
		return; /* first everything, then what was touched meanwhile, and barriers last */
	run_due(w, now);
	if (w->git_due == USEC_NEVER && !w->rescan)
		end_barriers(w);
}

usec_t
watcher_deadline(const struct watcher *w)
{
	bool barrier = w->barriers != NULL && barriers_ready(w->barriers, w->settle);
	usec_t hold = githold_deadline(&w->hold);

	if (w->scan != NULL)
		return 0;
	if (w->lost)
		return barrier ? 0 : USEC_NEVER;
	if (hold != USEC_NEVER)
		return hold;
	if (w->rescan || (barrier && w->git_due == USEC_NEVER))
		return 0;
	return usec_min(w->git_due, settle_deadline(w->settle));
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
watcher_scan(struct watcher *w, const char *path, const char *reason, usec_t now, struct err *e)
{
	char part[NAME_MAX + 1], shown[256];
	struct node *dir;

	if (path == NULL || *path == '\0') {
		if (root_attach(w, e) != 0)
			return -1;
		if (w->scan == NULL)
			scan_all(w, reason, now);
		else
			w->rescan = true; /* what was read before this may be other by now */
		return 0;
	}
	if (w->lost)
		return err_set(e, "the source root %s is gone", w->root);
	dir = path_counts(w, path) ? nearest_folder(w, path, part) : NULL;
	if (dir == NULL)
		return err_set(e, "%s: lies in no collection", text_escape_to(shown, sizeof shown, path));
	log_debug("looking at %s: %s", text_escape_to(shown, sizeof shown, path), reason);
	look_at(w, dir, part, true, now);
	look_finish(w, now);
	return 0;
}

bool
watcher_scanning(const struct watcher *w)
{
	return w->scan != NULL;
}

bool
watcher_defer(struct watcher *w, const char *path, usec_t now)
{
	const char *slash = strrchr(path, '/');
	char *folder = mem_strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
	struct node *dir = tree_lookup(w->tree, folder);

	free(folder);
	return dir != NULL && settle_defer(w->settle, dir->number, slash != NULL ? slash + 1 : path, now);
}

int
watcher_barrier(struct watcher *w, uint64_t *ret_id, struct err *e)
{
	if (w->barriers == NULL)
		return err_set(e, "no barrier without a private folder that is watched");
	return barriers_start(w->barriers, ret_id, e);
}

void
watcher_stats(const struct watcher *w, struct watcher_stats *ret)
{
	size_t watched = tree_watched(w->tree);

	*ret = (struct watcher_stats){
	    .watches = watched,
	    .watch_limit = w->limit,
	    .waiting = settle_count(w->settle),
	    .events = w->events,
	    .overflows = w->overflows,
	    .scans = w->scans,
	    .unwatched = w->inotify != NULL ? tree_count(w->tree) - watched : 0,
	    .lost = w->lost,
	    .git_operation = githold_operation(&w->hold),
	    .git_stale_lock = w->hold.stale,
	};
}
