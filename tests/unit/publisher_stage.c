#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "publisher_stage.h"

static void
on_loaded(void *arg, bool reset)
{
	struct stage *s = arg;

	buf_addstr(&s->log, reset ? "reset " : "loaded ");
	assert_true(publisher_idle(s->p));
}

static void
on_applied(void *arg, const struct change *ch, uint64_t rev)
{
	struct stage *s = arg;

	buf_addf(&s->log, "%s@%llu ", ch->key, (unsigned long long)rev);
}

static void
on_done(void *arg, struct changeset *cs, bool ok)
{
	struct stage *s = arg;

	assert_ptr_equal(cs, &s->cs);
	changeset_free(cs);
	buf_addstr(&s->log, ok ? "done " : "given-up ");
}

static void
on_reconnect(void *arg, const char *why)
{
	struct stage *s = arg;

	assert_int_not_equal(*why, '\0');
	buf_addstr(&s->log, "reconnect ");
}

static void
add_point(struct buf *b, const struct publisher_point *at)
{
	assert_string_equal(at->owner, OWNER);
	assert_int_equal(strlen(at->generation), 32);
	buf_addf(b, "%llu %s %llu;", (unsigned long long)at->rev, at->batch, (unsigned long long)at->epoch);
}

static void
on_reached(void *arg, const struct publisher_point *at)
{
	struct stage *s = arg;

	add_point(&s->reached, at);
}

static bool
on_behind(void *arg, const struct publisher_point *head, char *why, size_t size)
{
	struct stage *s = arg;

	add_point(&s->asked, head);
	if (s->behind != NULL)
		(void)snprintf(why, size, "%s", s->behind);
	return s->behind != NULL;
}

static bool
on_witness(void *arg, const struct publisher_point *head, uint64_t *ret_rev, char *ret_batch, size_t size)
{
	struct stage *s = arg;

	assert_string_equal(head->owner, OWNER);
	if (s->witness == NULL)
		return false;
	*ret_rev = 4;
	(void)snprintf(ret_batch, size, "%s", s->witness);
	return true;
}

void
assert_log(struct stage *s, const char *want)
{
	assert_string_equal(buf_str(&s->log), want);
	buf_clear(&s->log);
}

void
look(struct stage *s)
{
	struct buf *out = publisher_output(s->p);
	redisReader *reader = redisReaderCreate();
	void *v;

	s->n_requests = 0;
	assert_int_equal(redisReaderFeed(reader, buf_str(out), out->n), REDIS_OK);
	while (redisReaderGetReply(reader, &v) == REDIS_OK && v != NULL) {
		redisReply *r = v;
		const char *word = r->element[0]->str;

		if (strcmp(word, "EVALSHA") == 0)
			word = strcmp(r->element[2]->str, "3") == 0 ? r->element[6]->str
			    : r->elements > 4                       ? "apply"
								    : "rouse";
		assert_true(s->n_requests < 64);
		(void)snprintf(s->requests[s->n_requests++], sizeof *s->requests, "%s", word);
		freeReplyObject(r);
	}
	redisReaderFree(reader);
	buf_clear(out);
}

void
assert_requests(struct stage *s, const char *want)
{
	struct buf b = {0};

	look(s);
	for (size_t i = 0; i < s->n_requests; i++)
		buf_addf(&b, "%s%s", i > 0 ? " " : "", s->requests[i]);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

void
reply(struct stage *s, const char *resp)
{
	redisReader *reader = redisReaderCreate();
	void *v;

	assert_int_equal(redisReaderFeed(reader, resp, strlen(resp)), REDIS_OK);
	while (redisReaderGetReply(reader, &v) == REDIS_OK && v != NULL) {
		publisher_reply(s->p, v, s->now, WALL);
		freeReplyObject(v);
	}
	redisReaderFree(reader);
}

static void
bulk(struct buf *b, const char *s)
{
	buf_addf(b, "$%zu\r\n%s\r\n", strlen(s), s);
}

void
reply_head(struct stage *s, const char *word, const char *generation, int rev, int epoch, const char *batch, int base)
{
	struct buf b = {0};
	char number[16];

	buf_addstr(&b, "*2\r\n");
	bulk(&b, word);
	buf_addstr(&b, "*10\r\n");
	bulk(&b, "generation");
	bulk(&b, generation);
	bulk(&b, "rev");
	(void)snprintf(number, sizeof number, "%d", rev);
	bulk(&b, number);
	bulk(&b, "epoch");
	(void)snprintf(number, sizeof number, "%d", epoch);
	bulk(&b, number);
	bulk(&b, "batch");
	bulk(&b, batch);
	bulk(&b, "batch_base");
	(void)snprintf(number, sizeof number, "%d", base);
	bulk(&b, number);
	reply(s, b.p);
	buf_free(&b);
}

void
tick(struct stage *s, usec_t later)
{
	s->now += later;
	publisher_tick(s->p, s->now, WALL);
}

static bool
is_dead(void *arg, const char *identity)
{
	(void)arg;
	return strcmp(identity, "h/dead") == 0;
}

int
publisher_setup(void **state)
{
	static const struct publisher_sink sink = {.loaded = on_loaded,
	    .applied = on_applied,
	    .done = on_done,
	    .reached = on_reached,
	    .behind = on_behind,
	    .witness = on_witness,
	    .reconnect = on_reconnect};
	static const struct publisher_config cfg = {.catalog = "t",
	    .agent = "host:1",
	    .owner = OWNER,
	    .identity = "h/1",
	    .version = "1",
	    .owner_dead = is_dead};
	struct stage *s = mem_zalloc(sizeof *s);

	s->now = 1000 * SEC;
	s->published = published_new();
	s->p = publisher_new(&cfg, s->published, &sink, s);
	*state = s;
	return 0;
}

int
publisher_teardown(void **state)
{
	struct stage *s = *state;

	publisher_free(s->p);
	published_free(s->published);
	buf_free(&s->log);
	buf_free(&s->reached);
	buf_free(&s->asked);
	free(s);
	return 0;
}

void
go_online(struct stage *s)
{
	publisher_online(s->p, s->now);
	assert_requests(s, "SCRIPT SCRIPT PUBLISH");
	reply(s, SHA SHA ":0\r\n");
	assert_requests(s, "check");
	reply(s, RENEWED);
	assert_int_equal(publisher_state(s->p), PUBLISHER_LEASE);
}

void
go_ready(struct stage *s)
{
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
	assert_int_equal(publisher_state(s->p), PUBLISHER_LOAD);
	assert_requests(s, "HSCAN");
	reply(s, "*2\r\n$1\r\n0\r\n*0\r\n");
	assert_requests(s, "renew");
	reply(s, RENEWED);
	assert_log(s, "loaded ");
	assert_int_equal(publisher_state(s->p), PUBLISHER_READY);
}

void
submit(struct stage *s, int n)
{
	for (int i = 0; i < n; i++) {
		char id[16];

		(void)snprintf(id, sizeof id, "%d", i);
		put_change(&s->cs, s->published, "skill", id, "x");
	}
	publisher_submit(s->p, &s->cs, NULL, NULL, s->now, WALL);
}

void
reply_ok(struct stage *s, int base, int rev)
{
	char text[128], b[16], r[16];

	(void)snprintf(b, sizeof b, "%d", base);
	(void)snprintf(r, sizeof r, "%d", rev);
	(void)snprintf(text, sizeof text, "*3\r\n$2\r\nOK\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(b), b, strlen(r), r);
	reply(s, text);
}
