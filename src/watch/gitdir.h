/*
 * Watches the git directory of a checkout, shallowly: is git at work, and has HEAD, the index or
 * an exclude file moved?
 */
#ifndef WATCH_GITDIR_H
#define WATCH_GITDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/inotify.h"

struct gitdir;

/* git_dir: of this work tree; common_dir: shared by all work trees, or NULL. Copied. Nothing is watched yet. */
struct gitdir *gitdir_new(const char *git_dir, const char *common_dir);
void gitdir_free(struct gitdir *g);

/* Watch what is there and is not watched; what is not there may come later. */
void gitdir_watch(struct gitdir *g, struct inotify *in);

/* Could one of its folders, that is there, not be watched? Then what git does there may have no event. */
bool gitdir_blind(const struct gitdir *g);

/* The folders may be others now: drop the watches and take new ones. */
void gitdir_rewatch(struct gitdir *g, struct inotify *in);

/* Drop the watches, but for those that are somebody else's as well. */
void gitdir_unwatch(struct gitdir *g, struct inotify *in, bool (*shared)(void *arg, int wd), void *arg);

bool gitdir_watches(const struct gitdir *g, int wd);

/*
 * An event of any folder. true: something moved here that gitdir_look or whoever reads HEAD and
 * the index wants to know.
 */
bool gitdir_event(struct gitdir *g, struct inotify *in, int wd, uint32_t mask, const char *name);

struct gitdir_state {
	bool index_lock, head_lock, rebase; /* what exists */
};
struct gitdir_state gitdir_look(const struct gitdir *g);

const char *gitdir_path(const struct gitdir *g);

#endif
