#include "ctl/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "redis/keys.h"

#define SNAPSHOT_TRIES 8 /* a type that appears between two reads makes one more necessary */
#define SNAPSHOT_TIMEOUT (30 * USEC_PER_SEC)

static void
snapshot_add(struct snapshot *s, const char *type, const redisReply *id, const redisReply *score)
{
	struct snapshot_change *ch;

	if (id->type != REDIS_REPLY_STRING || score->type != REDIS_REPLY_STRING)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 64;
		s->changes = mem_realloc(s->changes, s->cap, sizeof *s->changes);
	}
	ch = &s->changes[s->n++];
	*ch = (struct snapshot_change){.rev = strtoull(score->str, NULL, 10), .deleted = type == NULL};
	ch->key = type != NULL ? mem_printf("%s/%s", type, id->str) : mem_strdup(id->str);
}

static void
snapshot_clear(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct snapshot_change *ch = &s->changes[i];

		free(ch->key);
		free(ch->version);
		free(ch->path);
		free(ch->sha256);
		free(ch->bundle_sha256);
		free(ch->commit);
	}
	s->n = 0;
}

void
snapshot_free(struct snapshot *s)
{
	snapshot_clear(s);
	free(s->changes);
	*s = (struct snapshot){0};
}

static void
snapshot_ask_range(struct store *r, const char *suffix, const char *from)
{
	char *key = keys_make(r->catalog, suffix);
	const char *argv[] = {"ZRANGE", key, from, "+inf", "BYSCORE", "WITHSCORES"};

	client_append(r->client, 6, argv, NULL);
	free(key);
}

/* MULTI, head, one range a type, deletions, EXEC. Returns the number of requests. */
static size_t
snapshot_ask(struct store *r, const struct strings *types, uint64_t behind)
{
	const char *multi[] = {"MULTI"}, *exec[] = {"EXEC"};
	char *head = keys_make(r->catalog, "head"), from[32];
	const char *hgetall[] = {"HGETALL", head};

	(void)snprintf(from, sizeof from, "(%" PRIu64, behind);
	client_append(r->client, 1, multi, NULL);
	client_append(r->client, 2, hgetall, NULL);
	for (size_t i = 0; i < types->n; i++) {
		char *suffix = mem_printf("index:%s", types->v[i]);

		snapshot_ask_range(r, suffix, from);
		free(suffix);
	}
	snapshot_ask_range(r, "deleted", from);
	client_append(r->client, 1, exec, NULL);
	free(head);
	return types->n + 4;
}

/* The answer to EXEC: the last of n; NULL with why. */
static redisReply *
snapshot_answer(struct store *r, size_t n, struct err *e)
{
	redisReply *reply = NULL;

	for (size_t i = 0; i < n; i++) {
		freeReplyObject(reply);
		reply = client_next(r->client, SNAPSHOT_TIMEOUT, e);
		if (reply == NULL)
			return NULL;
		if (reply->type == REDIS_REPLY_ERROR) {
			(void)err_set(e, "%s", reply->str);
			freeReplyObject(reply);
			return NULL;
		}
	}
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == n - 2)
		return reply;
	freeReplyObject(reply);
	(void)err_set(e, "redis gave an answer of an unexpected type");
	return NULL;
}

enum attempt { ATTEMPT_DONE, ATTEMPT_AGAIN, ATTEMPT_ALL, ATTEMPT_FAILED };

/* Take over what one moment's answer holds. ATTEMPT_ALL: it needs to be asked again from the start. */
static enum attempt
snapshot_read(
    struct snapshot *s, const redisReply *exec, struct strings *types, const struct follow *behind, struct err *e)
{
	const redisReply *head = exec->element[0];
	const char *generation = head->type == REDIS_REPLY_ARRAY ? reply_text(head, "generation") : NULL;
	struct strings now = {0};
	struct follow at = {.rev = 0};
	bool same;

	if (generation == NULL) {
		(void)err_set(e, "the catalog is gone");
		return ATTEMPT_FAILED;
	}
	store_types_of(head, &now);
	same = strings_equal(&now, types);
	strings_free(types);
	*types = now;
	if (!same)
		return ATTEMPT_AGAIN;
	follow_begin(&at, generation, reply_u64(head, "rev"));
	if (behind != NULL &&
	    (follow_head(behind, at.generation, at.rev) == FOLLOW_RESET ||
		follow_gap(behind, reply_u64(head, "floor")) == FOLLOW_RESET))
		return ATTEMPT_ALL;
	memcpy(s->generation, at.generation, sizeof s->generation);
	s->rev = at.rev;
	for (size_t k = 1; k < exec->elements; k++) {
		const redisReply *range = exec->element[k];
		const char *type = k <= types->n ? types->v[k - 1] : NULL;

		if (range->type == REDIS_REPLY_ERROR) {
			(void)err_set(e, "%s", range->str);
			return ATTEMPT_FAILED;
		}
		for (size_t i = 0; i + 1 < range->elements && (type != NULL || behind != NULL); i += 2)
			snapshot_add(s, type, range->element[i], range->element[i + 1]);
	}
	return ATTEMPT_DONE;
}

struct details {
	struct snapshot *s;
	uint64_t behind;
	size_t at; /* keys come in the order of the changes */
};

static void
snapshot_detail(void *arg, const char *key, const redisReply *item)
{
	struct details *d = arg;
	struct snapshot_change *ch;

	while (d->at < d->s->n && strcmp(d->s->changes[d->at].key, key) != 0)
		d->at++;
	if (d->at == d->s->n)
		return;
	ch = &d->s->changes[d->at++];
	ch->created = reply_u64(item, "created_rev") > d->behind;
	ch->version = mem_strdup_opt(reply_text(item, "version"));
	ch->path = mem_strdup_opt(reply_text(item, "path"));
	ch->sha256 = mem_strdup_opt(reply_text(item, "sha256"));
	ch->bundle_sha256 = mem_strdup_opt(reply_text(item, "bundle_sha256"));
	ch->commit = mem_strdup_opt(reply_text(item, "commit"));
}

/* What the items themselves say; one that has gone since has no details. */
static int
snapshot_details(struct store *r, struct snapshot *s, uint64_t behind, struct err *e)
{
	static const char *const fields[] = {
	    "created_rev", "version", "path", "sha256", "bundle_sha256", "commit", NULL};
	struct details d = {.s = s, .behind = behind};
	struct strings keys = {0};
	int rc;

	for (size_t i = 0; i < s->n; i++)
		if (!s->changes[i].deleted)
			strings_add(&keys, s->changes[i].key);
	rc = store_items(r, &keys, fields, snapshot_detail, &d, e);
	strings_free(&keys);
	return rc;
}

static int
snapshot_cmp(const void *a, const void *b)
{
	const struct snapshot_change *x = a, *y = b;

	return (x->rev > y->rev) - (x->rev < y->rev);
}

static enum attempt
snapshot_try(struct store *r, const struct follow *behind, struct strings *types, struct snapshot *s, struct err *e)
{
	size_t n = snapshot_ask(r, types, behind != NULL ? behind->rev : 0);
	redisReply *exec = snapshot_answer(r, n, e);
	enum attempt a;

	if (exec == NULL)
		return ATTEMPT_FAILED;
	snapshot_clear(s);
	a = snapshot_read(s, exec, types, behind, e);
	freeReplyObject(exec);
	return a;
}

int
snapshot_take(struct store *r, const struct follow *behind, struct snapshot *ret, struct err *e)
{
	struct snapshot s = {0};
	struct strings types = {0};
	enum attempt a = ATTEMPT_AGAIN;

	if (store_types(r, &types, e) != 0)
		return -1;
	for (int i = 0; i < SNAPSHOT_TRIES && a != ATTEMPT_DONE && a != ATTEMPT_FAILED; i++) {
		a = snapshot_try(r, behind, &types, &s, e);
		if (a == ATTEMPT_ALL)
			behind = NULL;
	}
	if (a == ATTEMPT_AGAIN || a == ATTEMPT_ALL)
		(void)err_set(e, "the types of the catalog change all the time");
	strings_free(&types);
	if (s.n > 1)
		qsort(s.changes, s.n, sizeof *s.changes, snapshot_cmp);
	if (a != ATTEMPT_DONE || snapshot_details(r, &s, behind != NULL ? behind->rev : 0, e) != 0) {
		snapshot_free(&s);
		return -1;
	}
	s.reset = behind == NULL;
	*ret = s;
	return 0;
}
