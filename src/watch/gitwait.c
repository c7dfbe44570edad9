#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "watch/inner.h"

void
git_look(struct watcher *w, usec_t now)
{
	struct gitdir_state is = gitdir_look(w->gitdir);

	w->git_unseen = false;
	githold_set(&w->hold, is.index_lock, is.head_lock, is.rebase, now);
}

void
git_soon(struct watcher *w, usec_t when)
{
	w->git_due = usec_min(w->git_due, when);
}

/* Whoever opened the repository read HEAD and the index before they were watched: they are read once more. */
void
git_watch(struct watcher *w)
{
	gitdir_watch(w->gitdir, w->inotify);
	w->git_unseen = true;
	w->git_due = 0;
}

struct gitdir *
git_dir_new(const struct watcher *w, const char *git_dir, const char *common_dir)
{
	char *dir = git_dir != NULL ? mem_strdup(git_dir) : mem_printf("%s/.git", w->root);
	struct gitdir *g = gitdir_new(dir, common_dir);

	free(dir);
	return g;
}

void
watcher_set_git(struct watcher *w, const char *git_dir, const char *common_dir)
{
	struct gitdir *old = w->gitdir;

	w->gitdir = git_dir_new(w, git_dir, common_dir);
	if (w->inotify != NULL) {
		gitdir_unwatch(old, w->inotify, watch_is_shared, w);
		git_watch(w);
	}
	gitdir_free(old);
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

	if (HAS_FAULT(FAULT_NO_HOLD))
		return false;
	if (w->git_unseen)
		git_look(w, now);
	waited = githold_deadline(&w->hold) != USEC_NEVER;
	if (githold_held(&w->hold, now))
		return true;
	if (!waited)
		return false;
	/* The end of a hold is worth one more look: its event could be lost, and git may be at work again. */
	git_look(w, now);
	if (githold_held(&w->hold, now))
		return true;
	warn_of_stale_lock(w);
	return false;
}

bool
git_lets_go(struct watcher *w, usec_t now)
{
	if (watcher_held(w, now))
		return false;
	if (now < w->git_due)
		return true;
	w->git_due = USEC_NEVER;
	w->git_found = false;
	w->sink.git(w->arg);
	return !watcher_held(w, now); /* it may be another git directory now */
}
