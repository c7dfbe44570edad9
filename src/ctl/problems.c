/* shelfctl problems: what shelfd published about manifests. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ctl/findings.h"
#include "ctl/json.h"
#include "ctl/path.h"
#include "ctl/store.h"
#include "ctl/verbs.h"

static int
problems_compare(const void *a, const void *b)
{
	const redisReply *const *x = a, *const *y = b;

	return strcmp((*x)->str, (*y)->str);
}

/* Pairs of a hash, those with strings only, sorted by field. Field and value stay neighbours. */
static size_t
problems_sorted(const redisReply *hash, const redisReply **pairs)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < hash->elements; i += 2) {
		if (hash->element[i]->type != REDIS_REPLY_STRING || hash->element[i + 1]->type != REDIS_REPLY_STRING)
			continue;
		pairs[2 * n] = hash->element[i];
		pairs[2 * n + 1] = hash->element[i + 1];
		n++;
	}
	qsort(pairs, n, 2 * sizeof *pairs, problems_compare);
	return n;
}

static void
problems_of_path(const struct out *o, struct buf *b, const redisReply *path, const redisReply *json, struct tally *t)
{
	struct document *d = NULL;
	const struct value *v = ctl_json_parse(json->str, json->len, &d);

	for (size_t i = 0; v != NULL && v->type == VALUE_ARRAY && i < v->array.len; i++) {
		struct finding f;

		if (!finding_of_value(&f, path->str, path->str, v->array.items[i]))
			continue;
		tally_add(t, f.severity);
		finding_print(o, b, &f);
	}
	document_free(d);
}

/* A path of the command line: as typed, and as the keys of the hash are written. Either may be meant. */
struct only {
	char *clean, *encoded;
};

static bool
problems_asked(const struct only *only, const char *path)
{
	return only->clean == NULL || path_within(path, only->clean) || path_within(path, only->encoded);
}

static size_t
problems_print(const struct out *o, const redisReply *hash, const struct only *only)
{
	const redisReply **pairs = mem_alloc((hash->elements + 2) * sizeof *pairs);
	struct tally t = {0};
	struct buf b = {0};
	size_t n = problems_sorted(hash, pairs);

	for (size_t i = 0; i < n; i++)
		if (problems_asked(only, pairs[2 * i]->str))
			problems_of_path(o, &b, pairs[2 * i], pairs[2 * i + 1], &t);
	out_write(&b);
	buf_free(&b);
	free(pairs);
	return t.errors + t.warnings + t.notes;
}

static void
problems_only(struct only *only, const char *arg)
{
	struct buf b = {0};

	only->clean = path_clean(arg);
	text_percent_encode(&b, only->clean, strlen(only->clean));
	only->encoded = buf_steal(&b);
}

int
verb_problems(struct ctl *c, int argc, const char *const *argv)
{
	struct store r = {0};
	struct only only = {0};
	redisReply *hash;
	struct err e;
	int rc = session_redis(c, &r.client);

	if (rc != CTL_OK)
		return rc;
	r.catalog = c->settings.catalog;
	hash = store_hash(&r, "problems", &e);
	if (argc > 0)
		problems_only(&only, argv[0]);
	if (hash == NULL)
		rc = session_redis_failed(c, &e);
	else if (problems_print(&c->out, hash, &only) == 0)
		out_note(
		    argc > 0 ? "no problems in %s" : "no problems in the catalog %s", argc > 0 ? argv[0] : r.catalog);
	freeReplyObject(hash);
	free(only.clean);
	free(only.encoded);
	client_free(r.client);
	return rc;
}
