#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent_private.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "manifest/read.h"

enum {
	INLINE_FILES = 4, /* so many at once are read in the loop: no hop, a save is published at once */
	INLINE_BYTES = 256 * 1024, /* of one file */
	BATCH_FILES = 32,
	/* While a scan goes on: what was seen last may still turn out to be another bundle's. */
	SEEN_LAST = 128,
	WANTED_STEP = 1024, /* so many are dealt with in one step, so that Redis is not kept waiting */
};

#define RETRY_UNSTABLE (200 * USEC_PER_MS)

struct reading {
	char *path;
	char *id;
	const struct collection *collection;
	enum want want;
	bool entry, conflicted;
	uint64_t ticket;
	/* the outcome */
	enum read_result result;
	struct signature sig;
	struct manifest *manifest;
	uint8_t sha256[SHA256_SIZE];
	int64_t wall_ns;
	char *why; /* READ_ERROR: the message */
};

struct batch {
	struct job job; /* first */
	int root_fd;
	size_t n;
	struct reading readings[BATCH_FILES];
};

static int64_t
wall_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
reading_init(struct agent *a, const struct wanted *w, struct reading *r)
{
	struct buf id = {0};

	*r = (struct reading){.collection = w->collection, .want = w->want, .entry = w->entry, .ticket = w->ticket};
	r->path = mem_strdup(w->path);
	if (w->want == WANT_DIGEST)
		return;
	if (w->entry)
		kind_entry_id(w->collection, w->path, &id);
	else
		kind_flat_id(w->collection, w->path, &id);
	r->id = buf_steal(&id);
	r->conflicted = a->repo != NULL && repo_conflicted(a->repo, w->path);
}

/* Pure but for the file it reads; runs in the loop or in the pool. */
static void
reading_do(int root_fd, struct reading *r, struct buf *bytes)
{
	struct err e = {0};

	r->wall_ns = wall_ns();
	if (r->want == WANT_DIGEST)
		r->result = read_digest(root_fd, r->path, r->sha256, &r->sig, &e);
	else
		r->result = read_file(root_fd, r->path, bytes, &r->sig, &e);
	if (r->result == READ_ERROR)
		r->why = mem_strdup(e.msg);
	if (r->want == WANT_DIGEST)
		return;
	if (r->result == READ_OK) {
		const struct manifest_source src = {
		    .collection = r->collection,
		    .path = r->path,
		    .id = r->id,
		    .entry = r->entry,
		    .conflicted = r->conflicted,
		};

		r->manifest = manifest_parse(&src, buf_str(bytes), bytes->n);
	} else if (r->result == READ_TOO_LARGE) {
		r->manifest = manifest_unreadable("too-large", "the file is larger than 1 MiB", "make it smaller");
		/* Its digest still tells a later change from this one. */
		(void)read_digest(root_fd, r->path, r->manifest->sha256, &r->sig, NULL);
	}
}

static void
retry_later(struct agent *a, const char *path, bool torn, usec_t at)
{
	struct retry *r = mem_zalloc(sizeof *r);

	r->path = mem_strdup(path);
	r->torn = torn;
	r->at = at;
	LIST_INSERT_HEAD(&a->retries, r, entry);
}

static void
reading_failed(struct agent *a, const struct reading *r, usec_t now)
{
	char path[512];

	facts_set_unreadable(a->facts, r->path, r->ticket, r->why);
	if (watcher_failed(a->watcher, r->path, now))
		log_warning(
		    "%s: cannot be read, and is tried again: %s", text_escape_to(path, sizeof path, r->path), r->why);
}

/* Half-written, as far as one can tell? Then the last good version stays until its writer is done or the cap is reached. */
static bool
reading_deferred(struct agent *a, const struct reading *r, usec_t now)
{
	if (r->manifest->ok && r->manifest->size != 0)
		return false;
	return watcher_defer(a->watcher, r->path, now);
}

/* Other times, the same bytes: nothing that an audit need complain of. */
static void
reading_clears(struct agent *a, const struct reading *r)
{
	const uint8_t *known = facts_digest(a->facts, r->path);
	const uint8_t *read = r->want == WANT_DIGEST ? r->sha256 : r->manifest->sha256;

	if (known != NULL && memcmp(known, read, SHA256_SIZE) == 0)
		watcher_cleared(a->watcher, r->path);
}

static void
reading_done(struct agent *a, struct reading *r, usec_t now)
{
	if (watcher_auditing(a->watcher) && (r->result == READ_OK || r->result == READ_TOO_LARGE))
		reading_clears(a, r);
	switch (r->result) {
	case READ_OK:
	case READ_TOO_LARGE:
		if (r->want == WANT_DIGEST) {
			facts_set_digest(a->facts, r->path, r->ticket, &r->sig, r->sha256, r->wall_ns);
		} else if (reading_deferred(a, r, now)) {
			facts_set_kept(a->facts, r->path, r->ticket);
			manifest_unref(r->manifest);
		} else {
			facts_set_manifest(a->facts, r->path, r->ticket, &r->sig, r->manifest, r->wall_ns);
		}
		break;
	case READ_GONE:
		if (watcher_root_here(a->watcher))
			facts_set_gone(a->facts, r->path, r->ticket);
		else
			facts_set_kept(a->facts, r->path, r->ticket);
		break;
	case READ_NOT_REGULAR:
	case READ_SYMLINK:
		/* It was a file a moment ago: the event of its replacement is on its way. */
		facts_set_kept(a->facts, r->path, r->ticket);
		retry_later(a, r->path, false, now + RETRY_UNSTABLE);
		break;
	case READ_UNSTABLE:
		facts_set_kept(a->facts, r->path, r->ticket);
		if (!watcher_defer(a->watcher, r->path, now))
			retry_later(a, r->path, true, now + RETRY_UNSTABLE);
		break;
	case READ_ERROR:
		reading_failed(a, r, now);
		break;
	}
	free(r->path);
	free(r->id);
	free(r->why);
}

static void
batch_work(struct job *j)
{
	struct batch *b = (struct batch *)j;
	struct buf bytes = {0};

	for (size_t i = 0; i < b->n; i++)
		reading_do(b->root_fd, &b->readings[i], &bytes);
	buf_free(&bytes);
}

static void
batch_done(struct agent *a, struct job *j)
{
	struct batch *b = (struct batch *)j;
	usec_t now = clock_now();

	for (size_t i = 0; i < b->n; i++)
		reading_done(a, &b->readings[i], now);
	free(b);
}

static void
batch_start(struct agent *a, struct batch *b)
{
	b->job = (struct job){.work = batch_work, .done = batch_done};
	b->root_fd = watcher_root_fd(a->watcher);
	agent_jobs_add(a, &b->job);
}

static void
read_inline(struct agent *a, struct batch *b, usec_t now)
{
	struct buf bytes = {0};

	for (size_t i = 0; i < b->n; i++) {
		reading_do(watcher_root_fd(a->watcher), &b->readings[i], &bytes);
		reading_done(a, &b->readings[i], now);
	}
	buf_free(&bytes);
	free(b);
}

static void
retry_due(struct agent *a, usec_t now)
{
	struct retry *r = LIST_FIRST(&a->retries);

	while (r != NULL) {
		struct retry *next = LIST_NEXT(r, entry);

		if (r->at <= now) {
			facts_touch(a->facts, r->path);
			LIST_REMOVE(r, entry);
			free(r->path);
			free(r);
		}
		r = next;
	}
}

/* The next files that are to be read, at most BATCH_FILES, of so many that are wanted; NULL when none are. */
static struct batch *
batch_next(struct agent *a, size_t *wanted, bool *ret_large)
{
	struct batch *b;
	struct wanted w;

	*ret_large = false;
	if (facts_wanted(a->facts) == 0)
		return NULL;
	b = mem_alloc(sizeof *b);
	b->n = 0;
	while (b->n < BATCH_FILES && *wanted != 0 && facts_next_wanted(a->facts, &w)) {
		--*wanted;
		if (agent_recall(a, &w))
			continue;
		*ret_large |= w.sig->size > INLINE_BYTES;
		reading_init(a, &w, &b->readings[b->n++]);
	}
	if (b->n != 0)
		return b;
	free(b);
	return NULL;
}

void
agent_read(struct agent *a, usec_t now)
{
	size_t wanted = WANTED_STEP;
	struct batch *b;
	bool large;

	retry_due(a, now);
	if (watcher_scanning(a->watcher)) {
		agent_read_ahead(a);
		return;
	}
	if (a->state.loading)
		return;
	while ((b = batch_next(a, &wanted, &large)) != NULL) {
		if (b->n <= INLINE_FILES && !large && a->jobs == 0)
			read_inline(a, b, now);
		else
			batch_start(a, b);
	}
	a->state.more = facts_wanted(a->facts) > 0;
}

/* What is recalled waits for the end of the scan: it was kept for what the file turned out to be. */
void
agent_read_ahead(struct agent *a)
{
	size_t wanted = BATCH_FILES;
	bool large;

	if (agent_recalls(a))
		return;
	for (; facts_wanted(a->facts) >= SEEN_LAST + BATCH_FILES; wanted = BATCH_FILES)
		batch_start(a, batch_next(a, &wanted, &large));
}

usec_t
agent_read_deadline(const struct agent *a)
{
	const struct retry *r;
	usec_t at = USEC_NEVER;

	LIST_FOREACH(r, &a->retries, entry)
	{
		at = usec_min(at, r->at);
	}
	return at;
}

void
agent_read_free(struct agent *a)
{
	struct retry *r;

	while ((r = LIST_FIRST(&a->retries)) != NULL) {
		LIST_REMOVE(r, entry);
		free(r->path);
		free(r);
	}
}
