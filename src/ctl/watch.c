/*
 * shelfctl watch: a consumer of the change stream, as PROTOCOL.md asks of every
 * one: head, stream from there, gaps from the indexes, a new life from the start.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/follow.h"
#include "ctl/snapshot.h"
#include "ctl/store.h"
#include "ctl/verbs.h"
#include "ctl/watch_print.h"
#include "redis/keys.h"

#define WATCH_BLOCK "1000" /* ms that XREAD waits; then the head is looked at again */
#define WATCH_ANSWER (10 * USEC_PER_SEC) /* for an answer beyond that wait */
#define WATCH_BATCH "200" /* entries at once */
#define WATCH_PAUSE_MIN (50 * USEC_PER_MS)
#define WATCH_PAUSE_MAX (5 * USEC_PER_SEC)

struct watch {
	struct ctl *c;
	struct store r;
	struct follow f;
	bool known; /* f has a generation */
	bool since; /* f has a revision that was asked for */
	bool waiting; /* it was said that there is no catalog */
	bool lost; /* it was said that Redis is away */
	usec_t pause;
	uint64_t left; /* changes to print before the end */
	char *changes; /* key of the stream */
	struct buf out;
};

/* What to do after a step: go on, end well, or reconnect (the reason is in the err). */
enum watch_result { WATCH_ON, WATCH_DONE, WATCH_LOST };

static enum watch_result
watch_count(struct watch *w)
{
	out_write(&w->out);
	return --w->left == 0 ? WATCH_DONE : WATCH_ON;
}

/* A filled gap or a new start: what the indexes say, in the order of revisions. */
static enum watch_result
watch_resync(struct watch *w, bool reset, struct err *e)
{
	enum watch_result result = WATCH_ON;
	struct snapshot s = {0};

	if (snapshot_take(&w->r, reset ? NULL : &w->f, &s, e) != 0)
		return WATCH_LOST;
	if (s.reset && strcmp(s.generation, w->f.generation) != 0)
		out_note("the catalog %s began a new life (generation %s): all %zu items follow", w->r.catalog,
		    s.generation, s.n);
	else if (s.reset && s.rev < w->f.rev)
		out_note("the catalog %s is at revision %" PRIu64 " only, not at %" PRIu64 ": all %zu items follow",
		    w->r.catalog, s.rev, w->f.rev, s.n);
	else if (s.reset)
		out_note("revisions %" PRIu64 " to %" PRIu64 " are not kept any more: all %zu items follow",
		    w->f.rev + 1, s.rev, s.n);
	else
		out_note("revisions %" PRIu64 " to %" PRIu64
			 " are not in the stream any more: what they came to follows",
		    w->f.rev + 1, s.rev);
	if (s.reset && w->c->out.json) {
		watch_print_reset(&w->c->out, &w->out, w->r.catalog, &s);
		out_write(&w->out);
	}
	for (size_t i = 0; i < s.n && result == WATCH_ON; i++) {
		watch_print_change(&w->c->out, &w->out, w->r.catalog, &s, &s.changes[i]);
		result = watch_count(w);
	}
	follow_begin(&w->f, s.generation, s.rev);
	snapshot_free(&s);
	return result;
}

static enum watch_result
watch_event(struct watch *w, const redisReply *text, uint64_t rev, struct err *e)
{
	struct event ev;
	enum watch_result result = WATCH_ON;

	event_parse(&ev, text->str, text->len);
	switch (follow_event(&w->f, ev.generation, rev)) {
	case FOLLOW_NEXT:
		follow_take(&w->f, rev);
		watch_print_event(&w->c->out, &w->out, &ev, rev);
		result = watch_count(w);
		break;
	case FOLLOW_OLD:
		break;
	case FOLLOW_GAP:
		result = watch_resync(w, false, e);
		break;
	case FOLLOW_RESET:
		result = watch_resync(w, true, e);
		break;
	}
	event_free(&ev);
	return result;
}

/* "<rev>-0" and its field "event". false: not one of shelfd's entries. */
static bool
watch_entry(const redisReply *entry, uint64_t *ret_rev, const redisReply **ret_text)
{
	const redisReply *fields;

	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || entry->element[0]->type != REDIS_REPLY_STRING ||
	    entry->element[1]->type != REDIS_REPLY_ARRAY)
		return false;
	fields = entry->element[1];
	*ret_text = reply_get(fields, "event");
	*ret_rev = strtoull(entry->element[0]->str, NULL, 10);
	return *ret_text != NULL && *ret_rev > 0;
}

static enum watch_result
watch_entries(struct watch *w, const redisReply *reply, struct err *e)
{
	const redisReply *list;
	enum watch_result result = WATCH_ON;

	if (reply->elements != 1 || reply->element[0]->type != REDIS_REPLY_ARRAY || reply->element[0]->elements != 2)
		return WATCH_ON;
	list = reply->element[0]->element[1];
	for (size_t i = 0; i < list->elements && result == WATCH_ON; i++) {
		const redisReply *text;
		uint64_t rev;

		if (watch_entry(list->element[i], &rev, &text))
			result = watch_event(w, text, rev, e);
	}
	return result;
}

/* Entries after rev: a reply, possibly of nothing, or NULL. */
static redisReply *
watch_read(struct watch *w, uint64_t rev, bool block, struct err *e)
{
	const char *argv[8] = {"XREAD", "COUNT", WATCH_BATCH};
	char id[32];
	int n = 3;
	redisReply *reply;

	(void)snprintf(id, sizeof id, "%" PRIu64 "-0", rev);
	if (block) {
		argv[n++] = "BLOCK";
		argv[n++] = WATCH_BLOCK;
	}
	argv[n++] = "STREAMS";
	argv[n++] = w->changes;
	argv[n++] = id;
	client_append(w->r.client, n, argv, NULL);
	reply = client_next(w->r.client, WATCH_ANSWER, e);
	if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
		(void)err_set(e, "%s", reply->str);
		freeReplyObject(reply);
		reply = NULL;
	}
	return reply;
}

/* The first head after the start: from here on, or from what was asked for. */
static void
watch_begin(struct watch *w, const char *generation, uint64_t rev)
{
	bool fresh = w->waiting && !w->since; /* it came to be while we waited: all of it is new */

	if (w->f.generation[0] == '\0' || !w->since)
		follow_begin(&w->f, generation, w->since ? w->f.rev : fresh ? 0 : rev);
	w->known = true;
	w->waiting = false;
}

/* The stream gave nothing although the head is ahead of us: either it is just there now, or it was cut. */
static enum watch_result
watch_behind(struct watch *w, struct err *e)
{
	redisReply *reply = watch_read(w, w->f.rev, false, e);
	enum watch_result result;

	if (reply == NULL)
		return WATCH_LOST;
	result = reply->type == REDIS_REPLY_ARRAY ? watch_entries(w, reply, e) : watch_resync(w, false, e);
	freeReplyObject(reply);
	return result;
}

static enum watch_result
watch_head(struct watch *w, struct err *e)
{
	redisReply *head = store_hash(&w->r, "head", e);
	enum watch_result result = WATCH_ON;
	const char *generation;
	uint64_t rev;

	if (head == NULL)
		return WATCH_LOST;
	generation = reply_text(head, "generation");
	rev = reply_u64(head, "rev");
	if (generation == NULL) {
		if (!w->waiting)
			out_note("there is no catalog %s yet; waiting for it", w->r.catalog);
		w->waiting = true;
	} else {
		if (!w->known)
			watch_begin(w, generation, rev);
		w->waiting = false;
		switch (follow_head(&w->f, generation, rev)) {
		case FOLLOW_RESET:
			result = watch_resync(w, true, e);
			break;
		case FOLLOW_GAP:
			result = watch_behind(w, e);
			break;
		case FOLLOW_NEXT:
		case FOLLOW_OLD:
			break;
		}
	}
	freeReplyObject(head);
	return result;
}

/* Wait for entries, or look at the head when none came. */
static enum watch_result
watch_step(struct watch *w, struct err *e)
{
	redisReply *reply;
	enum watch_result result;

	if (!w->known || w->waiting) {
		/* Any entry of a catalog that begins ends the wait; the head says what to make of it. */
		reply = watch_read(w, 0, true, e);
		freeReplyObject(reply);
		return reply != NULL ? watch_head(w, e) : WATCH_LOST;
	}
	reply = watch_read(w, w->f.rev, true, e);
	if (reply == NULL)
		return WATCH_LOST;
	result = reply->type == REDIS_REPLY_ARRAY ? watch_entries(w, reply, e) : watch_head(w, e);
	freeReplyObject(reply);
	return result;
}

static void
watch_pause(struct watch *w)
{
	/* Not all consumers of a restarted server should come back in the same moment. */
	usec_t us = w->pause / 2 + (usec_t)arc4random_uniform((uint32_t)(w->pause / 2));
	struct timespec ts = {.tv_sec = us / USEC_PER_SEC, .tv_nsec = us % USEC_PER_SEC * 1000};

	(void)nanosleep(&ts, NULL);
	w->pause = usec_min(w->pause * 2, WATCH_PAUSE_MAX);
}

static void
watch_disconnect(struct watch *w, const struct err *e)
{
	if (!w->lost)
		out_note("redis is away: %s; trying again", e->msg);
	w->lost = true;
	client_free(w->r.client);
	w->r.client = NULL;
}

/* Connected, and asked something: a server that is loading takes connections too. */
static enum watch_result
watch_connect(struct watch *w, struct err *e)
{
	enum watch_result result = WATCH_ON;

	if (w->r.client == NULL && session_redis_try(w->c, w->c->settings.redis.timeout, &w->r.client, e) != 0)
		return WATCH_LOST;
	result = watch_head(w, e);
	if (result != WATCH_LOST) {
		if (w->lost)
			out_note("redis is back; going on after revision %" PRIu64, w->f.rev);
		w->lost = false;
		w->pause = WATCH_PAUSE_MIN;
	}
	return result;
}

static int
watch_run(struct watch *w)
{
	enum watch_result result;
	struct err e = {0};

	for (result = watch_connect(w, &e); result != WATCH_DONE;) {
		if (result == WATCH_LOST && !w->known && !w->waiting && session_refused(&e))
			return session_redis_failed(w->c, &e);
		if (result == WATCH_LOST) {
			watch_disconnect(w, &e);
			watch_pause(w);
			result = watch_connect(w, &e);
		} else {
			result = watch_step(w, &e);
		}
	}
	return CTL_OK;
}

/* Each line is out when it is written, so there is nothing to tidy. */
static void
watch_interrupted(int number)
{
	(void)number;
	_exit(CTL_OK);
}

static int
watch_options(struct watch *w)
{
	const char *since = session_opt(w->c, OPT_SINCE);
	struct err e;

	w->left = UINT64_MAX;
	if (since != NULL && !follow_parse(since, &w->f)) {
		out_say("--since %s: a revision was expected, like 17 or GENERATION.17", since);
		return CTL_USAGE;
	}
	w->since = since != NULL;
	if (options_u64(w->c->opt, OPT_COUNT, &w->left, &e) != 0 || w->left == 0) {
		out_say("--count %s: a number above 0 was expected", session_opt(w->c, OPT_COUNT));
		return CTL_USAGE;
	}
	return CTL_OK;
}

int
verb_watch(struct ctl *c, int argc, const char *const *argv)
{
	struct watch w = {.c = c, .pause = WATCH_PAUSE_MIN};
	int rc = watch_options(&w);

	(void)argc;
	(void)argv;
	if (rc == CTL_OK)
		rc = session_redis(c, &w.r.client);
	if (rc != CTL_OK)
		return rc;
	(void)signal(SIGINT, watch_interrupted);
	(void)signal(SIGTERM, watch_interrupted);
	w.r.catalog = c->settings.catalog;
	w.changes = keys_make(c->settings.catalog, "changes");
	rc = watch_run(&w);
	free(w.changes);
	buf_free(&w.out);
	client_free(w.r.client);
	return rc;
}
