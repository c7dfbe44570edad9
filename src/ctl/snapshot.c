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

void
snapshot_free(struct snapshot *s)
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
	free(s->changes);
	free(s->generation);
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

enum attempt { ATTEMPT_DONE, ATTEMPT_AGAIN, ATTEMPT_FAILED };

/* What is asked for, beside the catalog. */
struct wish {
	const char *type; /* NULL: all */
	const uint64_t *behind; /* NULL: everything */
	struct strings types; /* that are asked for */
};

static bool
snapshot_wants(const struct wish *w, const char *type, const redisReply *key)
{
	size_t n;

	if (type != NULL)
		return true;
	if (w->behind == NULL || key->type != REDIS_REPLY_STRING)
		return false;
	n = w->type != NULL ? strlen(w->type) : 0;
	return n == 0 || (strncmp(key->str, w->type, n) == 0 && key->str[n] == '/');
}

/* The changes of one moment's answer. */
static int
snapshot_read_ranges(struct snapshot *s, const redisReply *exec, const struct wish *w, struct err *e)
{
	for (size_t k = 1; k < exec->elements; k++) {
		const redisReply *range = exec->element[k];
		const char *type = k <= w->types.n ? w->types.v[k - 1] : NULL;

		if (range->type == REDIS_REPLY_ERROR)
			return err_set(e, "%s", range->str);
		for (size_t i = 0; i + 1 < range->elements; i += 2)
			if (snapshot_wants(w, type, range->element[i]))
				snapshot_add(s, type, range->element[i], range->element[i + 1]);
	}
	return 0;
}

/* Take over what one moment's answer holds. ATTEMPT_AGAIN: there are other types than were asked for. */
static enum attempt
snapshot_read(struct snapshot *s, const redisReply *exec, struct wish *w, struct err *e)
{
	const redisReply *head = exec->element[0];
	const char *generation = head->type == REDIS_REPLY_ARRAY ? reply_text(head, "generation") : NULL;

	if (generation == NULL)
		return ATTEMPT_DONE;
	if (w->type == NULL) {
		struct strings now = {0};
		bool same;

		store_types_of(head, &now);
		same = strings_equal(&now, &w->types);
		strings_free(&w->types);
		w->types = now;
		if (!same)
			return ATTEMPT_AGAIN;
	}
	s->generation = mem_strdup(generation);
	s->rev = reply_u64(head, "rev");
	s->floor = reply_u64(head, "floor");
	return snapshot_read_ranges(s, exec, w, e) == 0 ? ATTEMPT_DONE : ATTEMPT_FAILED;
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
snapshot_try(struct store *r, struct wish *w, struct snapshot *s, struct err *e)
{
	size_t n = snapshot_ask(r, &w->types, w->behind != NULL ? *w->behind : 0);
	redisReply *exec = snapshot_answer(r, n, e);
	enum attempt a;

	if (exec == NULL)
		return ATTEMPT_FAILED;
	snapshot_free(s);
	a = snapshot_read(s, exec, w, e);
	freeReplyObject(exec);
	return a;
}

int
snapshot_take(struct store *r, const char *type, const uint64_t *behind, struct snapshot *ret, struct err *e)
{
	struct snapshot s = {0};
	struct wish w = {.type = type, .behind = behind};
	enum attempt a = ATTEMPT_AGAIN;

	if (type != NULL)
		strings_add(&w.types, type);
	else if (store_types(r, &w.types, e) != 0)
		return -1;
	for (int i = 0; i < SNAPSHOT_TRIES && a == ATTEMPT_AGAIN; i++)
		a = snapshot_try(r, &w, &s, e);
	if (a == ATTEMPT_AGAIN)
		(void)err_set(e, "the types of the catalog change all the time");
	strings_free(&w.types);
	if (s.n > 1)
		qsort(s.changes, s.n, sizeof *s.changes, snapshot_cmp);
	if (a != ATTEMPT_DONE || snapshot_details(r, &s, behind != NULL ? *behind : 0, e) != 0) {
		snapshot_free(&s);
		return -1;
	}
	*ret = s;
	return 0;
}
