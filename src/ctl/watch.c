/*
 * shelfctl watch: a consumer of the change stream. What to do next is follow's
 * matter; here is Redis, and what is printed.
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
#define WATCH_REST USEC_PER_SEC
#define WATCH_PAUSE_MIN (50 * USEC_PER_MS)
#define WATCH_PAUSE_MAX (5 * USEC_PER_SEC)

struct watch {
	struct ctl *c;
	struct store r;
	struct follow f;
	const char *type; /* of the items to print; NULL: all */
	bool heard; /* entries were asked for and answered */
	bool waiting; /* it was said that there is no catalog */
	bool lost; /* it was said that Redis is away */
	usec_t pause;
	uint64_t left; /* changes to print before the end */
	char *changes; /* key of the stream */
	struct buf out;
};

/* What came of a step: go on, end well, or reconnect (the reason is in the err). */
enum watch_result { WATCH_ON, WATCH_DONE, WATCH_LOST };

static enum watch_result
watch_count(struct watch *w)
{
	out_write(&w->out);
	return --w->left == 0 ? WATCH_DONE : WATCH_ON;
}

static void
watch_sleep(usec_t us)
{
	struct timespec ts = {.tv_sec = us / USEC_PER_SEC, .tv_nsec = us % USEC_PER_SEC * 1000};

	(void)nanosleep(&ts, NULL);
}

/* Why it is not one change after the other that follows. before: where we stood. */
static void
watch_explain(const struct watch *w, const struct follow *before, const struct snapshot *s, bool all)
{
	if (!all)
		out_note("revisions %" PRIu64 " to %" PRIu64
			 " are not in the stream any more: what they came to follows",
		    before->rev + 1, s->rev);
	else if (before->snapshot)
		out_note("%zu items at revision %" PRIu64 "; changes follow", s->n, s->rev);
	else if (strcmp(s->generation, before->generation) != 0)
		out_note("the catalog %s began a new life (generation %s): all %zu items follow", w->r.catalog,
		    s->generation, s->n);
	else if (s->rev < before->rev)
		out_note("the catalog %s is at revision %" PRIu64 " only, not at %" PRIu64 ": all %zu items follow",
		    w->r.catalog, s->rev, before->rev, s->n);
	else
		out_note("revisions %" PRIu64 " to %" PRIu64 " are not kept any more: all %zu items follow",
		    before->rev + 1, s->rev, s->n);
}

/* What the indexes say, in the order of revisions. */
static enum watch_result
watch_indexes(struct watch *w, struct err *e)
{
	const struct follow before = w->f;
	bool all = before.want == FOLLOW_ALL;
	enum watch_result result = WATCH_ON;
	struct snapshot s;

	if (snapshot_take(&w->r, w->type, all ? NULL : &before.rev, &s, e) != 0)
		return WATCH_LOST;
	if (!follow_read(&w->f, s.generation, s.rev, s.floor) || (!all && s.rev == before.rev)) {
		snapshot_free(&s);
		return WATCH_ON;
	}
	watch_explain(w, &before, &s, all);
	if (all && w->c->out.json) {
		watch_print_reset(&w->c->out, &w->out, w->r.catalog, &s);
		out_write(&w->out);
	}
	for (size_t i = 0; i < s.n && result == WATCH_ON; i++) {
		watch_print_change(&w->c->out, &w->out, w->r.catalog, &s, all, &s.changes[i]);
		result = watch_count(w);
	}
	snapshot_free(&s);
	return result;
}

/* "<rev>-0" and its field "event", which is NULL where it is not one of shelfd's entries. */
static uint64_t
watch_entry(const redisReply *entry, const redisReply **ret_text)
{
	*ret_text = NULL;
	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || entry->element[0]->type != REDIS_REPLY_STRING)
		return 0;
	if (entry->element[1]->type == REDIS_REPLY_ARRAY)
		*ret_text = reply_get(entry->element[1], "event");
	return strtoull(entry->element[0]->str, NULL, 10);
}

static enum watch_result
watch_take(struct watch *w, const redisReply *entry)
{
	const redisReply *text;
	uint64_t rev = watch_entry(entry, &text);
	struct event ev;
	enum watch_result result = WATCH_ON;

	if (text == NULL)
		return WATCH_ON;
	event_parse(&ev, text->str, text->len);
	if (follow_entry(&w->f, ev.generation, rev) &&
	    (w->type == NULL || ev.type == NULL || strcmp(ev.type, w->type) == 0)) {
		watch_print_event(&w->c->out, &w->out, &ev, rev);
		result = watch_count(w);
	}
	event_free(&ev);
	return result;
}

/* The entries of an answer to XREAD, NULL when there are none. */
static const redisReply *
watch_list(const redisReply *reply)
{
	const redisReply *stream = reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 ? reply->element[0] : NULL;

	if (stream == NULL || stream->type != REDIS_REPLY_ARRAY || stream->elements != 2 ||
	    stream->element[1]->type != REDIS_REPLY_ARRAY)
		return NULL;
	return stream->element[1];
}

/* Entries behind rev: a reply, possibly of nothing, or NULL. */
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
	w->heard |= reply != NULL;
	return reply;
}

static enum watch_result
watch_entries(struct watch *w, struct err *e)
{
	redisReply *reply = watch_read(w, w->f.want == FOLLOW_BIRTH ? 0 : w->f.rev, w->f.want != FOLLOW_PEEK, e);
	const redisReply *list = reply != NULL ? watch_list(reply) : NULL;
	enum watch_result result = WATCH_ON;
	size_t n = list != NULL ? list->elements : 0;

	if (reply == NULL)
		return WATCH_LOST;
	for (size_t i = 0; i < n && result == WATCH_ON; i++)
		result = watch_take(w, list->element[i]);
	follow_entries_end(&w->f, n);
	freeReplyObject(reply);
	return result;
}

static enum watch_result
watch_head(struct watch *w, struct err *e)
{
	redisReply *head = store_hash(&w->r, "head", e);
	const char *generation;

	if (head == NULL)
		return WATCH_LOST;
	generation = reply_text(head, "generation");
	if (generation == NULL && !w->waiting)
		out_note("there is no catalog %s yet; waiting for it", w->r.catalog);
	w->waiting = generation == NULL;
	follow_head(&w->f, generation, reply_u64(head, "rev"));
	freeReplyObject(head);
	return WATCH_ON;
}

static enum watch_result
watch_step(struct watch *w, struct err *e)
{
	switch (w->f.want) {
	case FOLLOW_HEAD:
		return watch_head(w, e);
	case FOLLOW_ALL:
	case FOLLOW_BETWEEN:
		return watch_indexes(w, e);
	case FOLLOW_BIRTH:
	case FOLLOW_PEEK:
	case FOLLOW_WAIT:
		return watch_entries(w, e);
	case FOLLOW_REST:
		watch_sleep(WATCH_REST);
		follow_rested(&w->f);
		break;
	}
	return WATCH_ON;
}

static void
watch_disconnect(struct watch *w, const struct err *e)
{
	if (!w->lost)
		out_note("redis is away: %s; trying again", e->msg);
	w->lost = true;
	client_free(w->r.client);
	w->r.client = NULL;
	follow_lost(&w->f);
	/* Not all consumers of a restarted server should come back in the same moment. */
	watch_sleep(w->pause / 2 + (usec_t)arc4random_uniform((uint32_t)(w->pause / 2)));
	w->pause = usec_min(w->pause * 2, WATCH_PAUSE_MAX);
}

/* A server that is loading takes connections too: it is back when it answers. */
static void
watch_connected(struct watch *w)
{
	if (w->lost)
		out_note("redis is back; going on after revision %" PRIu64, w->f.rev);
	w->lost = false;
	w->pause = WATCH_PAUSE_MIN;
}

static int
watch_run(struct watch *w)
{
	enum watch_result result = WATCH_ON;
	struct err e = {0};

	while (result != WATCH_DONE) {
		if (w->r.client == NULL && session_redis_try(w->c, w->c->settings.redis.timeout, &w->r.client, &e) != 0)
			result = WATCH_LOST;
		else
			result = watch_step(w, &e);
		if (result != WATCH_LOST)
			watch_connected(w);
		else if (!w->heard && session_refused(&e))
			return session_redis_failed(w->c, &e);
		else
			watch_disconnect(w, &e);
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
	w->type = session_opt(w->c, OPT_TYPE);
	follow_init(&w->f);
	if (since != NULL && session_flag(w->c, OPT_SNAPSHOT)) {
		out_say("--since and --snapshot exclude each other: with --snapshot all that is there comes first");
		return CTL_USAGE;
	}
	if (session_flag(w->c, OPT_SNAPSHOT))
		follow_init_snapshot(&w->f);
	if (since != NULL && !follow_init_since(&w->f, since)) {
		out_say("--since %s: a revision was expected, like 17 or GENERATION.17", since);
		return CTL_USAGE;
	}
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
