/*
 * The publisher is told anything at all, in any state, between answers that make sense: it never fails an assertion, and
 * once Redis is itself again it is ready.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "publisher_stage.h"
#include "random.h"

#define ROUNDS 2000
#define STEPS 60
#define QUEUE 4096

/* What it asked and has no answer to, in order. */
struct asked {
	char names[QUEUE][32];
	size_t first, n;
};

static void
asked_more(struct asked *q, struct stage *s)
{
	look(s);
	assert_true(q->first + q->n + s->n_requests <= QUEUE);
	for (size_t i = 0; i < s->n_requests; i++)
		(void)snprintf(q->names[q->first + q->n++], sizeof *q->names, "%s", s->requests[i]);
}

static void
add_string(struct buf *b, const char *text)
{
	buf_addf(b, "$%zu\r\n%s\r\n", strlen(text), text);
}

static void
add_anything(struct random *r, struct buf *b, int depth)
{
	static const char *const words[] = {"OK", "DUP", "TAKEN", "NEW", "HELD", "LOST", "generation", GENERATION,
	    OTHER_GENERATION, "rev", "0", "5", "6", "epoch", "3", "batch", "batch_base", "old/1",
	    "aaaaaaaaaaaaaaaa-1/1", "type_rev:skill", "type_rev:", "host x", "h/dead abc", "", "-1",
	    "18446744073709551616", "0123456789012345678901234567890123456789", "ok", "stale",
	    "2026-01-31T23:59:59.123Z"};
	static const char *const errors[] = {"OOM", "MISCONF", "LOADING", "BUSY", "READONLY", "MOVED", "NOAUTH",
	    "NOPERM", "NOSCRIPT", "FENCED", "GENERATION", "NOSTATE", "BASE", "NOITEM", "STREAM", "WRONGTYPE", "TYPE",
	    "ERR", ""};
	unsigned n;

	switch (random_below(r, depth < 3 ? 8 : 5)) {
	case 0:
		buf_addf(b, "-%s something\r\n", errors[random_below(r, sizeof errors / sizeof *errors)]);
		break;
	case 1:
		buf_addf(b, ":%u\r\n", random_below(r, 10));
		break;
	case 2:
		buf_addstr(b, random_below(r, 2) == 0 ? "$-1\r\n" : "*-1\r\n");
		break;
	case 3:
		buf_addstr(b, "+OK\r\n");
		break;
	case 4:
		add_string(b, words[random_below(r, sizeof words / sizeof *words)]);
		break;
	default:
		n = random_below(r, 5);
		buf_addf(b, "*%u\r\n", n);
		for (unsigned i = 0; i < n; i++)
			add_anything(r, b, depth + 1);
		break;
	}
}

/* What a Redis says that holds this catalog, and nothing in it. */
static void
answer(struct stage *s, const char *request, const char *generation, int rev)
{
	struct buf b = {0};

	if (strcmp(request, "SCRIPT") == 0)
		reply(s, SHA);
	else if (strcmp(request, "PUBLISH") == 0)
		reply(s, ":0\r\n");
	else if (strcmp(request, "take") == 0)
		reply_head(s, "TAKEN", generation, rev, 3, "old/1", 4);
	else if (strcmp(request, "mint") == 0)
		reply_head(s, "NEW", generation, 0, 3, "", 0);
	else if (strcmp(request, "HSCAN") == 0)
		reply(s, "*2\r\n$1\r\n0\r\n*0\r\n");
	else if (strcmp(request, "ZRANGE") == 0)
		reply(s, "*0\r\n");
	else if (strcmp(request, "apply") == 0)
		reply_ok(s, (int)publisher_rev(s->p), (int)publisher_rev(s->p) + 1);
	else
		reply(s, RENEWED);
	buf_free(&b);
}

static void
step(struct random *r, struct stage *s, struct asked *q)
{
	struct buf b = {0};
	unsigned dice = random_below(r, 20);

	asked_more(q, s);
	if (dice == 0) {
		publisher_offline(s->p, s->now);
		q->n = 0;
		q->first = 0;
	} else if (dice == 1) {
		tick(s, (usec_t)random_below(r, 6000) * MS);
	} else if (publisher_state(s->p) == PUBLISHER_OFFLINE) {
		publisher_online(s->p, s->now);
	} else if (publisher_idle(s->p) && dice < 8) {
		submit(s, (int)random_below(r, 3) + 1);
	} else if (publisher_state(s->p) == PUBLISHER_WAIT) {
		tick(s, 5 * SEC);
	} else {
		if (q->n > 0 && dice < 16) {
			answer(s, q->names[q->first], random_below(r, 4) == 0 ? OTHER_GENERATION : GENERATION,
			    (int)random_below(r, 8));
		} else {
			add_anything(r, &b, 0);
			reply(s, buf_str(&b));
		}
		if (q->n > 0) {
			q->first++;
			q->n--;
		}
	}
	buf_free(&b);
}

/* Redis is itself again, and another one than it was. */
static void
recover(struct stage *s, struct asked *q)
{
	publisher_offline(s->p, s->now);
	look(s);
	q->first = 0;
	q->n = 0;
	s->now += 10 * SEC;
	publisher_online(s->p, s->now);
	for (int i = 0; i < 200 && publisher_state(s->p) != PUBLISHER_READY; i++) {
		asked_more(q, s);
		if (q->n > 0) {
			answer(s, q->names[q->first], "abcdefabcdefabcdefabcdefabcdefab", 5);
			q->first++;
			q->n--;
		}
		tick(s, 10 * MS);
	}
	assert_int_equal(publisher_state(s->p), PUBLISHER_READY);
	assert_string_equal(publisher_condition(s->p), "");
	assert_string_equal(publisher_generation(s->p), "abcdefabcdefabcdefabcdefabcdefab");
	assert_int_equal(published_items(s->published), 0);
}

static void
anything_is_survived_and_good_answers_make_it_ready(void **state)
{
	struct random r = random_seeded("anything");
	struct asked *q = calloc(1, sizeof *q);
	void *v;

	(void)state;
	assert_non_null(q);
	for (int round = 0; round < ROUNDS; round++) {
		assert_int_equal(publisher_setup(&v), 0);
		*q = (struct asked){0};
		for (int i = 0; i < STEPS; i++)
			step(&r, v, q);
		recover(v, q);
		assert_int_equal(publisher_teardown(&v), 0);
	}
	free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(anything_is_survived_and_good_answers_make_it_ready),
	};

	return cmocka_run_group_tests_name("publisher_random", tests, NULL, NULL);
}
