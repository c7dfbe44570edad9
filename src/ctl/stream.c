#include "ctl/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/keys.h"

#define STREAM_BATCH 500 /* records in one answer */

/* "(" and the id behind which older records lie; "+" at first. */
struct cursor {
	char text[64];
	size_t got;
};

static int
stream_part(struct store *r, const char *key, struct cursor *at, uint64_t count, stream_each *each, void *arg,
    bool *ret_end, struct err *e)
{
	char most[24];
	const char *words[] = {"XREVRANGE", key, at->text, "-", "COUNT", most, NULL};
	size_t n = count < STREAM_BATCH ? (size_t)count : STREAM_BATCH;
	redisReply *reply;

	(void)snprintf(most, sizeof most, "%zu", n);
	reply = store_call(r, e, words);
	if (reply == NULL)
		return -1;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *row = reply->element[i];

		if (row->type != REDIS_REPLY_ARRAY || row->elements != 2 ||
		    row->element[0]->type != REDIS_REPLY_STRING || row->element[1]->type != REDIS_REPLY_ARRAY)
			continue;
		each(arg, row->element[0]->str, row->element[1]);
		(void)snprintf(at->text, sizeof at->text, "(%s", row->element[0]->str);
	}
	at->got += reply->elements;
	*ret_end = reply->elements < n;
	freeReplyObject(reply);
	return 0;
}

int
stream_newest(
    struct store *r, const char *suffix, uint64_t count, stream_each *each, void *arg, size_t *ret_n, struct err *e)
{
	char *key = keys_make(r->catalog, suffix);
	struct cursor at = {.text = "+"};
	bool end = false;
	int rc = 0;

	while (rc == 0 && !end && at.got < count)
		rc = stream_part(r, key, &at, count - at.got, each, arg, &end, e);
	free(key);
	if (rc == 0)
		*ret_n = at.got;
	return rc;
}

int
stream_count(const struct ctl *c, uint64_t *ret)
{
	uint64_t n = STREAM_COUNT;
	struct err e;

	if (options_u64(c->opt, OPT_COUNT, &n, &e) != 0 || n == 0) {
		out_say("--count %s: a number above 0 was expected", session_opt(c, OPT_COUNT));
		return CTL_USAGE;
	}
	*ret = n;
	return CTL_OK;
}
