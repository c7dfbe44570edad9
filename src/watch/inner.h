/* What the files of this room share: the watcher and its stages. Not for other rooms. */
#ifndef WATCH_INNER_H
#define WATCH_INNER_H

#include <sys/stat.h>

#include "watch/anchor.h"
#include "watch/audit.h"
#include "watch/barrier.h"
#include "watch/cadence.h"
#include "watch/gitdir.h"
#include "watch/inotify.h"
#include "watch/place.h"
#include "watch/retry.h"
#include "watch/tree.h"
#include "watch/watcher.h"

/* A name that was not there when it was looked at. */
struct absent {
	uint64_t dir;
	char *name;
};

struct watcher {
	char *root; /* absolute path */
	const struct collections *collections;
	struct watcher_sink sink;
	void *arg;

	int root_fd; /* keeps its number */
	bool attached; /* a first time */
	bool lost; /* the root is not at its path any more */
	bool populated; /* it had a collection */
	bool root_event; /* something moved on the way to the root, and nobody has looked yet */
	bool root_moved; /* attached to another folder that was not read yet */
	usec_t root_due, root_checked;
	struct tree *tree;
	struct settle *settle;
	struct githold hold;
	usec_t quiet; /* of settle */
	struct inotify *inotify; /* NULL: scan only; then the next two are NULL too */
	struct gitdir *gitdir; /* NULL outside git */
	struct barriers *barriers; /* NULL without a private folder */
	struct anchors *anchors;
	struct retries *retries; /* what could not be looked at */
	bool failing; /* there was something */

	bool watch; /* not scan only */
	char *private_dir; /* or NULL */
	bool begun; /* a first look at everything */
	bool start_told; /* what could not be started */
	bool paused; /* see watcher_pause */
	struct cadence poll, audit_cadence;
	struct audit *audit;
	bool poll_all; /* as configured */
	bool blank; /* likewise */
	bool silent, blind; /* some folder is */
	bool deaf; /* events do not arrive */
	bool unread; /* the queue of events could not be read */
	usec_t read_again; /* while unread */
	bool probing; /* for the event of this barrier */
	uint64_t probe; /* a barrier */
	bool own_probe; /* which nobody else waits for */
	uint64_t led; /* settle_due.since of what is looked at, and leads to what is found */
	usec_t probe_until; /* 0: from the next run on */

	uint32_t epoch; /* of the last scan */
	struct scan *scan; /* of everything, under way; or NULL */
	bool rescan; /* events were lost: look at everything */
	usec_t git_due; /* when to call sink->git; USEC_NEVER */
	bool git_event; /* in the events being read */
	bool git_found; /* git_due is for what a look found, and barriers wait for */
	bool git_unseen; /* nobody has looked yet for a lock in the git directory */
	bool limit_hit, limit_told; /* fs.inotify.max_user_watches */
	size_t limit;
	bool stale_told;
	uint64_t events, overflows, scans, drift;
	usec_t last_event; /* 0 before the first */
	struct watcher_count rescans[WATCHER_REASONS];

	struct buf path; /* of what is told to the sink */
	int last_fd; /* the folder that was opened last, -1 */
	uint64_t last_dir; /* its number */
	struct absent *absent; /* to be told as gone at the end of a run */
	size_t absent_n, absent_cap;
};

/* names.c: which paths matter */

/* w->path becomes the path of dir, or of name in it. */
const char *path_set(struct watcher *w, const struct node *dir, const char *name);

/* By its names alone: can the path (file or folder) matter? */
bool path_counts(const struct watcher *w, const char *path);

/* Is the path a folder to watch and enter, a file to tell? Asks the sink about git. */
bool path_enters(struct watcher *w, const char *path);
bool path_is_told(struct watcher *w, const char *path);

/* errno of an open or stat: the path is not there. */
bool errno_is_gone(int sys);

/* Is the watch also somebody else's than its caller's, who wants to drop it? */
bool watch_is_shared(void *arg, int wd);

/* root.c: which folder the root is */

/* Is the root still the folder at its path? Where not, root_check is due, and then all must be looked at again. */
bool root_present(struct watcher *w);

/* Something moved on the way to the root. */
void root_soon(struct watcher *w, usec_t now);

bool root_is_due(const struct watcher *w, usec_t now);

/* Everything in it has been looked at. */
void root_scanned(struct watcher *w, usec_t now);

/* Look where the root's path leads, and lose the root or attach to it. */
void root_check(struct watcher *w, usec_t now);

/* duty.c: what is done without an event */

/* Try again what could not be looked at. */
void duty_retry(struct watcher *w, usec_t now);

/* Do events arrive? A barrier is a probe as well. */
void duty_probe_start(struct watcher *w);
void duty_probe_begin(struct watcher *w, uint64_t id, bool own); /* with a barrier; own: nobody else's */
void duty_probe(struct watcher *w, usec_t now);

/* Begin to look at what has no events, or at everything, where its time has come. No scan is under way. */
void duty_begin(struct watcher *w, usec_t now);
void duty_audit_end(struct watcher *w, usec_t now);

/* Is everything looked at again and again, because events tell of too little? */
bool duty_polls_all(const struct watcher *w);

/* At each look at everything: where what git does may have no event. */
void duty_look_at_git(struct watcher *w, usec_t now);

usec_t duty_deadline(const struct watcher *w);

/* Make what is missing of inotify and the barriers. */
void watcher_start(struct watcher *w);

/* gitwait.c: what git is doing */

/* Watch the git directory, and have it looked at. */
void git_watch(struct watcher *w);

/* What git says must be read again, at the latest then. */
void git_soon(struct watcher *w, usec_t when);

/* Which locks are there now? */
void git_look(struct watcher *w, usec_t now);

/* git_dir NULL, outside git: where it would appear. */
struct gitdir *git_dir_new(const struct watcher *w, const char *git_dir, const char *common_dir);

/* What the git directory says must be known before anything is looked at. false: git is at work. */
bool git_lets_go(struct watcher *w, usec_t now);

/* scan.c: reading folders */

/*
 * Read the folder of n and all below it, watching each before it is read, and
 * tell what is there; ends with sink->scanned. found: an event led here, so what
 * is half-written may be deferred.
 */
void scan_folder(struct watcher *w, struct node *n, bool found, usec_t now);

/*
 * The same for everything, in parts: begin, then go on until w->scan is NULL. What lies in the root of a collection is
 * told with sink->whole as soon as it is through.
 */
void scan_begin(struct watcher *w, usec_t now);
void scan_go_on(struct watcher *w, usec_t now);
void scan_cancel(struct watcher *w);

/* The same for parts of the tree, in the background: others have their turn between its steps. */
void scan_begin_parts(struct watcher *w, usec_t now);
void scan_add_part(struct watcher *w, const struct node *n);
bool scan_in_background(const struct watcher *w);

void scan_count(struct watcher *w, const char *reason); /* a text that lasts */

/* Drop the watches of n and all below it: whoever finds it still there reads it again. */
void scan_unwatch(struct watcher *w, struct node *n);

/* Drop n and all below it. Nothing is told. */
void scan_forget(struct watcher *w, struct node *n);

/* look.c: one name */

/*
 * Look at name in dir and tell what is there; what is not is told by look_finish. again: read a
 * folder although it is known.
 */
void look_at(struct watcher *w, struct node *dir, const char *name, bool again, usec_t now);

/* Tell what is gone, after one more look; and close what is open. */
void look_finish(struct watcher *w, usec_t now);

/* Forget the folder that is held open. */
void look_close(struct watcher *w);

/* A file with its stat, read beneath dirfd. */
void look_tell(struct watcher *w, int dirfd, const char *name, const char *path, const struct stat *st, bool force,
    uint32_t epoch);

/* The folder dir, or name in it, cannot be looked at: it and all above it must be read again, and it is tried again. */
void look_tell_unknown(struct watcher *w, struct node *dir, const char *name, int sys, uint32_t epoch, usec_t now);

/* Look at a path beneath the root, as far as its folders are known. -1: it lies in no collection. */
int look_at_path(struct watcher *w, const char *path, usec_t now);

/* The folder of n, by its path beneath the root; -1 with errno. Fills w->path. */
int look_open(struct watcher *w, const struct node *n, int flags);

/* events.c */
void events_take(struct watcher *w, const struct inotify_event *ev, const char *name, usec_t now);

#endif
