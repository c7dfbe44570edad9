/*
 * Watches one source: its root (for the collections to appear in), the
 * collections recursively, the git directory shallowly and a private folder for
 * barriers, all with one inotify descriptor, so their events have one order.
 *
 * Events are hints. What has settled is looked at on the disk, and what is
 * there is told to the sink; nothing is read here but directories.
 */
#ifndef WATCH_WATCHER_H
#define WATCH_WATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "manifest/kind.h"
#include "manifest/read.h"
#include "watch/githold.h"
#include "watch/settle.h"

struct watcher;

enum entry_kind { ENTRY_FILE, ENTRY_SYMLINK, ENTRY_OTHER };

/* Where findings go. Paths are raw, relative to the root, and valid during the call only. */
struct watcher_sink {
	/*
	 * There is a file; target: of a symlink. force: an event named it, look even if the signature is known.
	 * sig NULL: nobody asked for it, see watcher_config.blank.
	 */
	void (*saw)(void *arg, const char *path, enum entry_kind kind, const struct signature *sig, const char *target,
	    bool force, uint32_t epoch);
	/* A file or folder is not there. */
	void (*gone)(void *arg, const char *path);
	/* While everything is looked at: all of this folder, which lies in a collection's root, has been told. */
	void (*whole)(void *arg, const char *path);
	/*
	 * Everything at or below prefix was looked at with this epoch: a file with an older one is gone, or ignored
	 * by now, or could not be looked at.
	 */
	void (*scanned)(void *arg, const char *prefix, uint32_t epoch);
	/*
	 * The path ("" is the root) cannot be looked at (EACCES, EIO, a mount that is gone): what is known of it and
	 * of all below it stays, and counts as seen with this epoch. It is tried again until it can be. first: it was
	 * not known to fail.
	 */
	void (*unknown)(void *arg, const char *path, const struct err *e, bool first, uint32_t epoch);
	/* The folder ("" is the root) was just read and has no ignore file: nobody needs to look for one. */
	void (*plain)(void *arg, const char *path);
	/* Does git ignore this path? Asked before a folder is entered and a file is told. */
	bool (*ignored)(void *arg, const char *path, bool directory);
	/*
	 * Something in the git directory, or an ignore file, moved and git has let go, or the root is another folder:
	 * read HEAD, the index and ignore files again. May call watcher_scan and watcher_set_git; no other sink
	 * function may.
	 */
	void (*git)(void *arg);
};

struct watcher_config {
	const char *root; /* absolute */
	const struct collections *collections; /* outlives the watcher */
	const char *git_dir; /* absolute, per work tree; NULL outside git */
	const char *common_dir; /* absolute; NULL or equal to git_dir without linked work trees */
	const char *private_dir; /* absolute, for barriers; NULL: none */
	struct settle_config settle;
	struct githold_config hold;
	usec_t poll; /* between two looks at what has no events: 2 s */
	usec_t audit; /* between two looks at everything although all has events; 0: none */
	bool poll_all; /* look at everything again and again, whatever the events tell */
	bool blank; /* no file is known yet, all will be read: the first look at everything need not stat them */
	bool watch; /* false: scan only, no inotify (--once) and no hold */
};

/* cfg's strings are copied. The root must exist and be a folder. */
struct watcher *watcher_new(
    const struct watcher_config *cfg, const struct watcher_sink *sink, void *arg, struct err *e);
void watcher_free(struct watcher *w);

int watcher_fd(const struct watcher *w); /* inotify; -1 without watch, and while there is none that can be read */
int watcher_root_fd(const struct watcher *w); /* for reads beneath the root, whichever folder it is */

/* Read all pending events into the settle stage. Call when watcher_fd is readable. */
void watcher_read(struct watcher *w, usec_t now);

/*
 * Tell nothing of single names and folders until this is called with false, so that what was told can be finished with;
 * events are read on. A look at everything that is due is done all the same.
 */
void watcher_pause(struct watcher *w, bool pause);

/* Look at whatever is due and tell the sink. Returns after a bounded amount of work; call again at watcher_deadline. */
void watcher_run(struct watcher *w, usec_t now);

/* When watcher_run has something to do next; USEC_NEVER. */
usec_t watcher_deadline(const struct watcher *w);

/*
 * Look at one path beneath the root, at once, watching what is new; or, path
 * NULL, begin to look at everything: watcher_run goes on with that in parts,
 * before anything else, and it ends with sink->scanned. While one is under way
 * another is begun at its end. reason: for the log ("start", "overflow",
 * "request", "ignore"). -1: the root is lost, or path lies in no collection.
 */
int watcher_scan(struct watcher *w, const char *path, const char *reason, usec_t now, struct err *e);

/*
 * Is a look at everything under way (not one in the background)? What is not told yet may still come.
 */
bool watcher_scanning(const struct watcher *w);

/* A manifest read after `saw` was empty or broken: see settle_defer. */
bool watcher_defer(struct watcher *w, const char *path, usec_t now);

/* A file could not be read: it is told again, with force, until this is not called any more. true: it is the first time. */
bool watcher_failed(struct watcher *w, const char *path, usec_t now);

/*
 * Is the path, or a folder above it, one that could not be looked at or read? Then it is no proof that nothing of it
 * is known. It does not become false while the version stays the same.
 */
bool watcher_unknown(const struct watcher *w, const char *path);
uint64_t watcher_unknown_version(const struct watcher *w);

/* Is the root still the folder at its path? Otherwise what was not found beneath it proves nothing. */
bool watcher_root_here(struct watcher *w);

/* The git directory is another one, or there is none any more (NULL): watch it from now on. */
void watcher_set_git(struct watcher *w, const char *git_dir, const char *common_dir);

/* Is git at work, so that publishing should wait? */
bool watcher_held(struct watcher *w, usec_t now);

/*
 * In an audit: this is other than it was known, was found there, or not found any more. Counts as drift if no event
 * tells of it soon; cleared: its content is the same.
 */
bool watcher_auditing(const struct watcher *w);
void watcher_suspect(struct watcher *w, const char *path);
void watcher_cleared(struct watcher *w, const char *path);

/*
 * Start a barrier: see watcher_passed. -1 when the private folder cannot be written, and where not every change has an
 * event: there only a look at everything can tell.
 */
int watcher_barrier(struct watcher *w, uint64_t *ret_id, struct err *e);

/* The same for what has been seen so far, by events, and by the look at everything that is under way. -1: no barriers. */
int watcher_mark(struct watcher *w, uint64_t *ret_id);

/*
 * Has all been told that was touched before the barrier? Whatever comes later does not count. It becomes false again
 * when some of it is put off (watcher_defer), and true at the latest when that has waited for settle_config.max_delay.
 */
bool watcher_passed(const struct watcher *w, uint64_t id);

/* Nobody waits for the barrier any more. */
void watcher_barrier_end(struct watcher *w, uint64_t id);

/* How often all was looked at, or all that is polled, and why. */
#define WATCHER_REASONS 16
struct watcher_count {
	const char *reason; /* NULL: no more */
	uint64_t n;
};

struct watcher_stats {
	const char *
	    mode; /* "inotify", "partial" (some folders are polled), "polling" (all are), "lost"; "scan" without watch */
	size_t watches;
	size_t watch_limit; /* fs.inotify.max_user_watches */
	size_t waiting; /* names that have not settled */
	uint64_t events, overflows, scans;
	uint64_t drift; /* changes that an audit found and no event told of */
	usec_t last_event; /* when it was read; 0: none yet */
	const struct watcher_count *rescans; /* WATCHER_REASONS of them; the watcher's */
	size_t unwatched; /* folders that could not be watched */
	size_t unreadable; /* files and folders that could not be looked at and are tried again */
	bool lost; /* the root is gone from its path: nothing is told until it is back */
	const char *git_operation; /* "" when none */
	bool git_stale_lock;
};
void watcher_stats(const struct watcher *w, struct watcher_stats *ret);

#endif
