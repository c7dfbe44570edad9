#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

void
agent_sync_begin(struct agent *a, const char *trigger, usec_t now)
{
	if (a->sync.active)
		return; /* what runs already sees whatever is looked at now */
	a->sync = (struct sync){
	    .active = true,
	    .trigger = trigger,
	    .started = now,
	    .started_ms = clock_wall_ms(),
	};
}

int
agent_sync_start(struct agent *a, const char *trigger, usec_t now, struct err *e)
{
	bool running = a->sync.active;
	struct err why;

	agent_sync_begin(a, trigger, now);
	if (watcher_scan(a->watcher, NULL, trigger, now, &why) == 0)
		return 0;
	log_error("scan: %s", why.msg);
	if (e != NULL)
		*e = why;
	if (a->ready && !running)
		a->sync.active = false; /* the first one goes on until there is a source */
	return -1;
}

void
agent_sync_applied(struct agent *a, const struct change *ch)
{
	switch (ch->op) {
	case OP_CREATED:
		a->sync.created++;
		break;
	case OP_UPDATED:
		a->sync.updated++;
		break;
	case OP_DELETED:
		a->sync.deleted++;
		break;
	}
}

void
agent_sync_json(const struct sync_result *r, struct buf *out)
{
	char started[CLOCK_RFC3339_SIZE];
	struct jsonw w;

	clock_rfc3339(r->started_ms, started);
	jsonw_init(&w, out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "status", "ok");
	jsonw_str(&w, "trigger", r->trigger);
	jsonw_str(&w, "started", started);
	jsonw_int(&w, "created", (int64_t)r->created);
	jsonw_int(&w, "updated", (int64_t)r->updated);
	jsonw_int(&w, "deleted", (int64_t)r->deleted);
	jsonw_int(&w, "unchanged", (int64_t)r->unchanged);
	jsonw_int(&w, "errors", (int64_t)r->errors);
	jsonw_int(&w, "duration_ms", r->duration / USEC_PER_MS);
	jsonw_int(&w, "rev", (int64_t)r->rev);
	jsonw_object_end(&w);
}

static void
sync_record(struct agent *a, const struct sync_result *r)
{
	char started[CLOCK_RFC3339_SIZE], n[5][24];
	const unsigned long counts[5] = {r->created, r->updated, r->deleted, r->unchanged, r->errors};
	const char *commit = a->repo != NULL ? repo_commit(a->repo) : NULL;
	const char *pairs[24];
	size_t k = 0;

	clock_rfc3339(r->started_ms, started);
	for (size_t i = 0; i < 5; i++)
		(void)snprintf(n[i], sizeof n[i], "%lu", counts[i]);
	pairs[k++] = "trigger", pairs[k++] = r->trigger;
	pairs[k++] = "status", pairs[k++] = "ok";
	pairs[k++] = "started", pairs[k++] = started;
	pairs[k++] = "finished", pairs[k++] = r->finished;
	pairs[k++] = "created", pairs[k++] = n[0];
	pairs[k++] = "updated", pairs[k++] = n[1];
	pairs[k++] = "deleted", pairs[k++] = n[2];
	pairs[k++] = "unchanged", pairs[k++] = n[3];
	pairs[k++] = "errors", pairs[k++] = n[4];
	pairs[k++] = "agent", pairs[k++] = a->name;
	if (commit != NULL)
		pairs[k++] = "commit", pairs[k++] = commit;
	pairs[k] = NULL;
	publisher_sync_record(a->publisher, pairs);
}

static void
sync_finish(struct agent *a, usec_t now)
{
	struct sync_result *r = &a->last_sync;
	size_t items = published_items(a->published), moved = a->sync.created + a->sync.updated;
	char text[256];

	*r = (struct sync_result){
	    .any = true,
	    .started_ms = a->sync.started_ms,
	    .duration = now - a->sync.started,
	    .created = a->sync.created,
	    .updated = a->sync.updated,
	    .deleted = a->sync.deleted,
	    .unchanged = items > moved ? items - moved : 0,
	    .errors = catalog_broken(a->catalog),
	    .rev = publisher_rev(a->publisher),
	};
	clock_rfc3339(clock_wall_ms(), r->finished);
	(void)snprintf(r->trigger, sizeof r->trigger, "%s", a->sync.trigger);
	a->sync.active = false;
	(void)snprintf(text, sizeof text,
	    "sync complete: %lu created, %lu updated, %lu deleted, %lu unchanged, %lu errors in %.2f s", r->created,
	    r->updated, r->deleted, r->unchanged, r->errors, (double)r->duration / (double)USEC_PER_SEC);
	sync_record(a, r);
	if (a->opt.once) {
		(void)printf("%s\n", text);
		return;
	}
	log_info("%s", text);
	(void)malloc_trim(0); /* what reading and publishing needed for a moment goes back to the system */
}

static void
waiter_free(struct agent *a, struct waiter *w)
{
	LIST_REMOVE(w, entry);
	watcher_barrier_end(a->watcher, w->barrier);
	free(w);
}

static void
waiter_answer(struct agent *a, struct waiter *w)
{
	struct sync_result r = a->last_sync;
	struct buf json = {0};

	if (!w->sync)
		r = (struct sync_result){.trigger = "barrier", .started_ms = clock_wall_ms()};
	r.rev = publisher_rev(a->publisher);
	agent_sync_json(&r, &json);
	http_respond(w->req, 200, buf_str(&json), NULL);
	buf_free(&json);
	waiter_free(a, w);
}

/* Somebody waits for this sync and for all that was saved before it: what was put off belongs to it. */
static bool
sync_awaited(const struct agent *a)
{
	const struct waiter *w;

	LIST_FOREACH(w, &a->waiters, entry)
	{
		if (w->sync && !watcher_passed(a->watcher, w->barrier))
			return true;
	}
	return false;
}

/* A file changed while it was read, and nothing but its turn in the list says that it will be read again. */
static bool
is_torn(const struct agent *a)
{
	const struct retry *r;

	LIST_FOREACH(r, &a->retries, entry)
	{
		if (r->torn)
			return true;
	}
	return false;
}

/* All that it waits for has been told, and only has to be published. */
static bool
waiter_passed(const struct agent *a, const struct waiter *w)
{
	return watcher_passed(a->watcher, w->barrier) && !(w->sync && a->sync.active && sync_awaited(a));
}

bool
agent_sync_waits(const struct agent *a)
{
	enum publisher_state state = publisher_state(a->publisher);
	const struct waiter *w;

	if (state != PUBLISHER_READY && state != PUBLISHER_APPLY)
		return false;
	LIST_FOREACH(w, &a->waiters, entry)
	{
		if (waiter_passed(a, w))
			return true;
	}
	return false;
}

void
agent_sync_run(struct agent *a, usec_t now)
{
	struct waiter *w, *next;

	if (LIST_EMPTY(&a->waiters) && !a->sync.active)
		return;
	if (!agent_drained(a) || is_torn(a))
		return;
	if (a->sync.active && !sync_awaited(a))
		sync_finish(a, now);
	for (w = LIST_FIRST(&a->waiters); w != NULL; w = next) {
		next = LIST_NEXT(w, entry);
		if (waiter_passed(a, w) && !(w->sync && a->sync.active))
			waiter_answer(a, w);
	}
}

void
agent_wait(struct agent *a, struct http_request *req, bool sync)
{
	struct waiter *w = mem_zalloc(sizeof *w);
	struct err e;

	w->req = req;
	w->sync = sync;
	LIST_INSERT_HEAD(&a->waiters, w, entry);
	if (watcher_barrier(a->watcher, &w->barrier, &e) == 0)
		return;
	/* Without a barrier only a look at everything can tell. */
	log_debug("barrier: %s; looking at everything instead", e.msg);
	(void)agent_sync_start(a, "barrier", clock_now(), NULL);
	(void)watcher_mark(a->watcher, &w->barrier);
}

void
agent_unwait(struct agent *a, struct http_request *req)
{
	struct waiter *w;

	LIST_FOREACH(w, &a->waiters, entry)
	{
		if (w->req == req) {
			waiter_free(a, w);
			return;
		}
	}
}

void
agent_sync_free(struct agent *a)
{
	struct waiter *w;

	while ((w = LIST_FIRST(&a->waiters)) != NULL) {
		http_respond_error(w->req, 503, "shelfd is ending");
		waiter_free(a, w);
	}
}

void
agent_dry_run(struct agent *a)
{
	static const char marks[] = {[OP_CREATED] = '+', [OP_UPDATED] = '~', [OP_DELETED] = '-'};
	unsigned long counts[3] = {0};
	struct changeset cs;
	char key[1024], path[1024];

	agent_diff(a, &cs);
	for (size_t i = 0; i < cs.n; i++) {
		const struct change *ch = &cs.changes[i];
		const struct face *f = ch->op == OP_DELETED ? ch->before : ch->after;

		counts[ch->op]++;
		(void)printf("%c %s %s\n", marks[ch->op], text_escape_to(key, sizeof key, ch->key),
		    text_escape_to(path, sizeof path, f->path != NULL ? f->path : ""));
	}
	(void)printf("would create %lu, update %lu, delete %lu, leave %zu; %zu errors; nothing was written\n",
	    counts[OP_CREATED], counts[OP_UPDATED], counts[OP_DELETED],
	    published_items(a->published) - counts[OP_UPDATED] - counts[OP_DELETED], catalog_broken(a->catalog));
	changeset_free(&cs);
	a->sync.active = false; /* there is no more to say */
}
