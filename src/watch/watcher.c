#include "watch/watcher.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "watch/inner.h"

#define READ_AGAIN (500 * USEC_PER_MS) /* after the queue of events could not be read */
#define RUN_NAMES 16384 /* looked at in one run: a checkout of thousands of files is one batch */

bool
watch_is_shared(void *arg, int wd)
{
	struct watcher *w = arg;

	return tree_by_wd(w->tree, wd) != NULL || gitdir_watches(w->gitdir, wd) ||
	    (w->barriers != NULL && barriers_watches(w->barriers, wd));
}

void
watcher_start(struct watcher *w)
{
	struct err e = {0};

	if (w->inotify == NULL) {
		w->inotify = inotify_open(&e);
		if (w->inotify != NULL) {
			w->limit = inotify_limit(NULL);
			git_watch(w);
			w->root_event = true; /* the way to the root is to be watched */
			w->rescan |= w->begun;
		}
	}
	if (w->inotify != NULL && w->barriers == NULL && w->private_dir != NULL)
		w->barriers = barriers_new(w->private_dir, w->inotify, &e);
	if (e.msg[0] != '\0' && !w->start_told)
		log_warning("%s; looking at what cannot be watched every %.1f s instead", e.msg,
		    (double)w->poll.every / (double)USEC_PER_SEC);
	w->start_told = e.msg[0] != '\0';
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
	w->retries = retries_new();
	w->anchors = anchors_new(cfg->root);
	w->gitdir = git_dir_new(w, cfg->git_dir, cfg->common_dir);
	w->root_fd = open(w->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->root_fd < 0)
		(void)err_sys(e, errno, "cannot open the source root %s", w->root);
	w->audit = audit_new();
	w->watch = cfg->watch;
	w->poll_all = cfg->poll_all;
	w->blank = cfg->blank;
	w->poll.every = cfg->poll;
	w->audit_cadence.every = cfg->audit;
	w->private_dir = mem_strdup_opt(cfg->private_dir);
	if (w->root_fd < 0) {
		watcher_free(w);
		return NULL;
	}
	if (w->watch)
		watcher_start(w);
	w->root_event = false;
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
	anchors_free(w->anchors);
	retries_free(w->retries);
	audit_free(w->audit);
	free(w->private_dir);
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
	return w->inotify != NULL && !w->unread ? inotify_fd(w->inotify) : -1;
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

/* What events told until now may not be all. */
static void
queue_again(struct watcher *w, usec_t now)
{
	w->rescan = true;
	w->git_unseen = true;
	w->git_due = now;
}

static void
queue_failed(struct watcher *w, const char *why, usec_t now)
{
	if (!w->unread) {
		log_warning("%s; looking at everything every %.1f s until that is over", why,
		    (double)w->poll.every / (double)USEC_PER_SEC);
		queue_again(w, now);
	}
	w->unread = true;
	w->read_again = now + READ_AGAIN;
	if (w->barriers != NULL)
		barriers_overflow(w->barriers);
}

static void
queue_works(struct watcher *w, usec_t now)
{
	if (!w->unread)
		return;
	log_info("file events can be read again");
	w->unread = false;
	queue_again(w, now);
}

void
watcher_read(struct watcher *w, usec_t now)
{
	struct reading r = {.w = w, .now = now};
	struct err e;

	if (w->inotify == NULL)
		return;
	w->git_event = false;
	if (inotify_read(w->inotify, take_event, &r, &e) != 0)
		queue_failed(w, e.msg, now);
	else
		queue_works(w, now);
	if (w->git_event) {
		githold_moved(&w->hold, now);
		git_look(w, now);
		w->git_due = now; /* as soon as nothing is held */
	}
}

static void
scan_all(struct watcher *w, const char *reason, usec_t now)
{
	log_debug("looking at everything: %s", reason);
	w->rescan = false;
	scan_count(w, reason);
	duty_look_at_git(w, now);
	scan_begin(w, now);
	if (w->begun)
		return;
	w->begun = true;
	cadence_init(&w->poll, w->poll.every, now);
	cadence_init(&w->audit_cadence, w->audit_cadence.every, now);
	if (w->watch)
		duty_probe_start(w);
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
		(void)strlcpy(name, due.name, sizeof name); /* what is told may defer it: due.name would go */
		w->led = due.since;
		look_at(w, dir, name, false, now);
	}
	w->led = settle_seq(w->settle);
	look_finish(w, now);
}

/* Is all that has been read of events in settle, or told? */
static bool
barriers_may_pass(const struct watcher *w)
{
	return !w->root_event && (w->lost || (w->git_due == USEC_NEVER && !w->rescan));
}

/* Nothing stands in the way. */
static void
run_on(struct watcher *w, usec_t now)
{
	if (w->paused)
		return;
	w->led = settle_seq(w->settle);
	if (w->scan == NULL)
		duty_begin(w, now);
	if (w->scan != NULL)
		scan_go_on(w, now);
	duty_audit_end(w, now);
	duty_retry(w, now);
	if (settle_deadline(w->settle) <= now && root_present(w))
		run_due(w, now);
}

void
watcher_run(struct watcher *w, usec_t now)
{
	if ((w->attached || w->lost) && root_is_due(w, now))
		root_check(w, now);
	if (w->unread && now >= w->read_again)
		watcher_read(w, now);
	duty_probe(w, now);
	if (watcher_scanning(w)) {
		scan_go_on(w, now);
		return;
	}
	if (!w->lost && !w->root_event && git_lets_go(w, now)) {
		if (w->rescan && !watcher_scanning(w) && root_present(w))
			scan_all(w, w->root_moved ? "root" : "overflow", now);
		if (watcher_scanning(w))
			return; /* first everything, then what was touched meanwhile, and barriers last */
		run_on(w, now);
	} else if (!w->lost) {
		return;
	}
	if (w->barriers != NULL && barriers_may_pass(w))
		barriers_place(w->barriers, settle_seq(w->settle));
}

void
watcher_pause(struct watcher *w, bool pause)
{
	w->paused = pause;
}

usec_t
watcher_deadline(const struct watcher *w)
{
	bool barrier = w->barriers != NULL && barriers_placeable(w->barriers) && barriers_may_pass(w);
	usec_t hold = githold_deadline(&w->hold), at = w->attached || w->lost ? w->root_due : USEC_NEVER;

	if (watcher_scanning(w))
		return 0;
	if (w->root_event)
		return at;
	if (w->lost)
		return barrier ? 0 : at;
	if (hold != USEC_NEVER)
		return usec_min(at, hold);
	if (w->rescan || barrier || (w->scan != NULL && !w->paused))
		return 0;
	at = usec_min(at, usec_min(duty_deadline(w), w->git_due));
	return w->paused ? at : usec_min(at, settle_deadline(w->settle));
}

int
watcher_scan(struct watcher *w, const char *path, const char *reason, usec_t now, struct err *e)
{
	char shown[256];

	if (!w->attached || !root_present(w))
		root_check(w, now);
	if (w->lost)
		return err_set(e, "the source root %s is lost", w->root);
	if (path == NULL || *path == '\0') {
		if (!watcher_scanning(w))
			scan_all(w, reason, now);
		else
			w->rescan = true; /* what was read before this may be other by now */
		return 0;
	}
	log_debug("looking at %s: %s", text_escape_to(shown, sizeof shown, path), reason);
	if (look_at_path(w, path, now) != 0)
		return err_set(e, "%s: lies in no collection", text_escape_to(shown, sizeof shown, path));
	look_finish(w, now);
	return 0;
}

bool
watcher_scanning(const struct watcher *w)
{
	return w->scan != NULL && !scan_in_background(w);
}

bool
watcher_failed(struct watcher *w, const char *path, usec_t now)
{
	return retries_add(w->retries, path, now);
}

bool
watcher_unknown(const struct watcher *w, const char *path)
{
	return retries_cover(w->retries, path);
}

uint64_t
watcher_unknown_version(const struct watcher *w)
{
	return retries_version(w->retries);
}

bool
watcher_root_here(struct watcher *w)
{
	return root_present(w);
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
	if (!w->lost && (duty_polls_all(w) || w->silent || w->blind || gitdir_blind(w->gitdir) || w->poll.running))
		return err_set(e, "not every change has an event here");
	if (barriers_start(w->barriers, ret_id, e) != 0)
		return -1;
	if (!w->probing)
		duty_probe_begin(w, *ret_id, false);
	return 0;
}

int
watcher_mark(struct watcher *w, uint64_t *ret_id)
{
	if (w->barriers == NULL)
		return -1;
	barriers_mark(w->barriers, ret_id);
	return 0;
}

bool
watcher_passed(const struct watcher *w, uint64_t id)
{
	return w->barriers == NULL || ((w->lost || !w->git_found) && barriers_passed(w->barriers, w->settle, id));
}

void
watcher_barrier_end(struct watcher *w, uint64_t id)
{
	if (w->barriers != NULL)
		barriers_end(w->barriers, id);
}

bool
watcher_auditing(const struct watcher *w)
{
	return audit_running(w->audit);
}

void
watcher_suspect(struct watcher *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = mem_strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
	const struct node *dir = tree_lookup(w->tree, folder);

	free(folder);
	if (dir == NULL || (dir->wd >= 0 && !dir->silent))
		audit_suspect(w->audit, path);
}

void
watcher_cleared(struct watcher *w, const char *path)
{
	audit_heard(w->audit, path);
}
