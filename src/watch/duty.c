#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "watch/inner.h"

#define PROBE_PATIENCE (1 * USEC_PER_SEC)
#define DRIFT_TOLD 10 /* of one audit */

/* The scan that follows tells whether the root can be read; until then it can not. */
static void
retry_root(struct watcher *w, usec_t now)
{
	(void)retries_add(w->retries, "", now);
	w->rescan = true;
}

void
duty_retry(struct watcher *w, usec_t now)
{
	const char *path;

	if (now >= retries_deadline(w->retries) && root_present(w)) {
		while ((path = retries_next(w->retries, now)) != NULL) {
			char *copy = mem_strdup(path);

			if (*copy == '\0')
				retry_root(w, now);
			else
				(void)look_at_path(w, copy, now);
			free(copy);
		}
		look_finish(w, now);
	}
	if (w->failing && retries_count(w->retries) == 0)
		log_info("everything in the source can be read again");
	w->failing = retries_count(w->retries) != 0;
}

void
duty_probe_begin(struct watcher *w, uint64_t id, bool own)
{
	w->probing = true;
	w->own_probe = own;
	w->probe = id;
	w->probe_until = 0;
}

static void
probe_end(struct watcher *w)
{
	w->probing = false;
	if (w->own_probe)
		barriers_end(w->barriers, w->probe);
}

static void
probe_answered(struct watcher *w)
{
	probe_end(w);
	if (w->deaf)
		log_info("events of files arrive again");
	w->rescan |= w->deaf;
	w->deaf = false;
}

static void
probe_failed(struct watcher *w)
{
	probe_end(w);
	if (w->deaf)
		return;
	log_warning("no event came for a file that was made to try: all is looked at every %.1f s instead",
	    (double)w->poll.every / (double)USEC_PER_SEC);
	w->deaf = true;
	w->rescan = true;
	barriers_overflow(w->barriers);
}

void
duty_probe(struct watcher *w, usec_t now)
{
	if (!w->probing)
		return;
	if (w->probe_until == 0)
		w->probe_until = now + PROBE_PATIENCE;
	/* What took the time may have been ourselves. */
	if (now >= w->probe_until && !barriers_arrived(w->barriers, w->probe))
		watcher_read(w, now);
	if (barriers_arrived(w->barriers, w->probe))
		probe_answered(w);
	else if (now >= w->probe_until)
		probe_failed(w);
}

void
duty_probe_start(struct watcher *w)
{
	uint64_t id;

	if (w->probing || w->barriers == NULL)
		return;
	if (w->deaf)
		barriers_rewatch(w->barriers);
	if (barriers_start(w->barriers, &id, NULL) == 0)
		duty_probe_begin(w, id, true);
}

bool
duty_polls_all(const struct watcher *w)
{
	return w->watch && (w->poll_all || w->deaf || w->unread || w->inotify == NULL || tree_root(w->tree)->silent);
}

void
duty_look_at_git(struct watcher *w, usec_t now)
{
	if (!w->watch || (!duty_polls_all(w) && !gitdir_blind(w->gitdir)))
		return;
	if (w->inotify != NULL)
		gitdir_watch(w->gitdir, w->inotify);
	w->git_unseen = true;
	w->git_due = now;
}

static bool
polls_something(const struct watcher *w)
{
	return duty_polls_all(w) || (w->watch && (w->silent || w->blind || gitdir_blind(w->gitdir)));
}

/* The topmost folders that changes are not told of. */
static void
poll_parts(struct watcher *w, usec_t now)
{
	struct node *root = tree_root(w->tree), *n = root;

	scan_begin_parts(w, now);
	w->silent = w->blind = false; /* unless they turn out to be again */
	while (n != NULL) {
		bool poll = n->blind || n->silent;

		if (poll)
			scan_add_part(w, n);
		n = poll ? tree_walk_past(w->tree, root, n) : tree_walk(w->tree, root, n);
	}
}

static void
poll_begin(struct watcher *w, usec_t now)
{
	cadence_begin(&w->poll, now);
	w->limit_hit = false;
	if (w->inotify == NULL || w->barriers == NULL)
		watcher_start(w);
	if (w->deaf)
		duty_probe_start(w);
	duty_look_at_git(w, now);
	git_soon(w, now); /* an ignore file there has no events either */
	scan_count(w, "poll");
	if (duty_polls_all(w)) {
		scan_begin_parts(w, now);
		scan_add_part(w, tree_root(w->tree));
	} else {
		poll_parts(w, now);
	}
}

static void
audit_begins(struct watcher *w, usec_t now)
{
	cadence_begin(&w->audit_cadence, now);
	audit_begin(w->audit);
	scan_count(w, "audit");
	w->git_due = now;
	scan_begin_parts(w, now);
	scan_add_part(w, tree_root(w->tree));
}

/* What waits would be found as well; and one audit comes to its end before the next. */
static usec_t
audit_next(const struct watcher *w)
{
	if (w->audit_cadence.every == 0 || duty_polls_all(w) || settle_count(w->settle) != 0 || audit_running(w->audit))
		return USEC_NEVER;
	return cadence_deadline(&w->audit_cadence);
}

void
duty_begin(struct watcher *w, usec_t now)
{
	if (!w->watch || !root_present(w))
		return;
	cadence_end(&w->poll, now);
	cadence_end(&w->audit_cadence, now);
	if (polls_something(w) && cadence_due(&w->poll, now))
		poll_begin(w, now);
	else if (audit_next(w) <= now)
		audit_begins(w, now);
}

/* Of a large number the first will do. */
static void
tell_drift(void *arg, const char *path)
{
	char shown[256];
	int *told = arg;

	if ((*told)++ < DRIFT_TOLD)
		log_warning("%s: the audit found a change that no event told of; if it was not made through a hard "
			    "link or a mount, this is a bug of shelfd",
		    text_escape_to(shown, sizeof shown, path));
}

void
duty_audit_end(struct watcher *w, usec_t now)
{
	int told = 0;
	size_t n;

	if (!audit_over(w->audit, now, tell_drift, &told, &n))
		return;
	w->drift += n;
	if (n > DRIFT_TOLD)
		log_warning("the audit found %zu such changes in all", n);
}

usec_t
duty_deadline(const struct watcher *w)
{
	usec_t at = USEC_NEVER;

	if (w->probing)
		at = usec_min(at, w->probe_until);
	if (w->unread)
		at = usec_min(at, w->read_again);
	if (w->paused)
		return at;
	at = usec_min(at, retries_deadline(w->retries));
	if (!w->watch)
		return at;
	if (polls_something(w))
		at = usec_min(at, cadence_deadline(&w->poll));
	at = usec_min(at, audit_next(w));
	return usec_min(at, audit_deadline(w->audit));
}
