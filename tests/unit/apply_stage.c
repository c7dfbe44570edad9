#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "apply_stage.h"
#include "base/mem.h"
#include "redis/reply.h"
#include "redis/script.h"

int
start_server(void **state)
{
	*state = server_new();
	return 0;
}

int
stop_server(void **state)
{
	if (*state != NULL)
		server_free(*state);
	return 0;
}

void
expect(struct stage *s, const char *line, const char *want)
{
	char *got = server_ask(s->server, line);

	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, expected %s", line, got, want);
	free(got);
}

int
apply_setup(void **state)
{
	struct stage *s = mem_zalloc(sizeof *s);
	redisReply *r;
	struct err e;

	s->server = *state;
	*state = s;
	if (s->server == NULL)
		return 0;
	expect(s, "FLUSHALL", "OK");
	expect(s, "HSET " P "head generation " GENERATION " rev 0 epoch 7 owner " OWNER " schema 1 items 0 problems 0", "7");
	r = client_command(s->server->client, &e, "SCRIPT", "LOAD", script_text(SCRIPT_APPLY), NULL);
	if (r->type != REDIS_REPLY_STRING)
		fail_msg("the script does not load: %s", r->str);
	(void)snprintf(s->sha, sizeof s->sha, "%s", r->str);
	freeReplyObject(r);
	s->published = published_new();
	s->ctx = (struct call_context){.catalog = "t",
	    .generation = GENERATION,
	    .owner = OWNER,
	    .epoch = 7,
	    .batch = s->batch,
	    .commit = "c0ffee",
	    .branch = "main",
	    .sha = s->sha};
	memcpy(s->call.time, TIME, sizeof s->call.time);
	return 0;
}

int
apply_teardown(void **state)
{
	struct stage *s = *state;

	*state = s->server;
	changeset_free(&s->cs);
	published_free(s->published);
	free(s);
	return 0;
}

char *
send_call(struct stage *s)
{
	struct buf out = {0}, text = {0};
	struct tally t;
	redisReply *r;
	struct err e;

	tally_begin(&t, s->published);
	call_build(&s->ctx, &s->cs, s->published, &t, SIZE_MAX, &s->call, &out);
	tally_free(&t);
	client_append_raw(s->server->client, out.p, out.n);
	r = client_next(s->server->client, 5 * USEC_PER_SEC, &e);
	if (r == NULL)
		fail_msg("%s", e.msg);
	if (r->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < r->elements; i++)
			buf_addf(&text, "%s%s", i > 0 ? " " : "", r->element[i]->str);
	else
		buf_addstr(&text, r->type == REDIS_REPLY_ERROR ? reply_error(r) : r->str);
	freeReplyObject(r);
	buf_free(&out);
	return buf_steal(&text);
}

static void
account(struct stage *s)
{
	for (size_t i = 0; i < s->call.n; i++) {
		const struct change *ch = &s->cs.changes[s->call.first + i];
		uint64_t rev = s->call.base + i + 1;
		char *type = mem_strndup(ch->key, strcspn(ch->key, "/"));
		bool created = ch->op == OP_CREATED;

		if (ch->op == OP_DELETED)
			published_remove(s->published, ch->key);
		else
			published_put(s->published, ch->key, ch->after, ch->item, rev, created ? rev : ch->created_rev,
			    created ? TIME : ch->created_at);
		published_set_type_rev(s->published, type, rev);
		free(type);
	}
	s->call.base += s->call.n;
	changeset_free(&s->cs);
}

void
new_call(struct stage *s)
{
	(void)snprintf(s->batch, sizeof s->batch, "b-%u", ++s->sets);
	(void)snprintf(s->call.id, sizeof s->call.id, "%s/1", s->batch);
	s->call.n = s->cs.n;
	s->call.n_problems = s->cs.n_problems;
}

void
apply(struct stage *s)
{
	char *want, *got;

	new_call(s);
	want =
	    mem_printf("OK %llu %llu", (unsigned long long)s->call.base, (unsigned long long)(s->call.base + s->cs.n));
	got = send_call(s);
	assert_string_equal(got, want);
	free(got);
	free(want);
	account(s);
}

void
assert_refused(struct stage *s, const char *word)
{
	char *before = server_dump(s->server, P), *after, *got;

	new_call(s);
	got = send_call(s);
	if (strncmp(got, word, strlen(word)) != 0 || got[strlen(word)] != ' ')
		fail_msg("got %s, expected %s", got, word);
	after = server_dump(s->server, P);
	assert_string_equal(after, before);
	free(got);
	free(before);
	free(after);
}
