/* The publisher against a real redis-server: what only the two together can show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/mem.h"
#include "publisher_rig.h"

#define P "shelf:{t}:"

struct stage {
	struct server *server;
	struct rig a, b;
};

static int
start_server(void **state)
{
	*state = server_new();
	return 0;
}

static int
stop_server(void **state)
{
	if (*state != NULL)
		server_free(*state);
	return 0;
}

static int
setup(void **state)
{
	struct stage *s = mem_zalloc(sizeof *s);

	s->server = *state;
	*state = s;
	if (s->server != NULL)
		free(server_ask(s->server, "FLUSHALL"));
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	rig_stop(&s->a);
	rig_stop(&s->b);
	*state = s->server;
	free(s);
	return 0;
}

static void
expect(struct stage *s, const char *line, const char *want)
{
	char *got = server_ask(s->server, line);

	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, expected %s", line, got, want);
	free(got);
}

/* Each revision of the stream once, from 1 to n. */
static void
expect_stream(struct stage *s, long long n)
{
	char *line = mem_printf("XRANGE " P "changes %lld-0 %lld-0", n, n), *last = server_ask(s->server, line);

	assert_int_equal(server_ask_number(s->server, "XLEN " P "changes"), n);
	if (strstr(last, "event") == NULL)
		fail_msg("the stream does not end with %lld-0", n);
	free(last);
	free(line);
}

/* The last event's. */
static void
expect_batch(struct stage *s, const char *want)
{
	char *event = server_ask(s->server, "XREVRANGE " P "changes + - COUNT 1");

	assert_non_null(strstr(event, want));
	free(event);
}

static void
first_start_mints_a_generation_and_shows_its_heartbeat(void **state)
{
	struct stage *s = *state;
	char *line;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_loaded, 1);
	assert_int_equal(s->a.n_reset, 1);
	assert_int_equal(strlen(publisher_generation(s->a.pub)), 32);
	line = mem_printf("[%s 0 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1]", publisher_generation(s->a.pub));
	expect(s, "HMGET " P "head generation rev epoch owner schema", line);
	free(line);
	expect(s, "GET " P "lease", "h/1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_turn(&s->a); /* the heartbeat is on its way */
	expect(s, "HMGET " P "heartbeat rev pid host version", "[0 42 host 1]");
	assert_true(server_ask_number(s->server, "PTTL " P "heartbeat") > 10000);
	assert_true(server_ask_number(s->server, "PTTL " P "lease") > 10000);
}

static void
large_sets_that_more_follow_are_one_batch_without_gaps(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	s->a.cs.more = true;
	rig_publish(&s->a, 0, 1500, "one");
	assert_int_equal(s->a.n_applied, 1500);
	assert_int_equal(s->a.last_rev, 1500);
	assert_int_equal(publisher_rev(s->a.pub), 1500);
	expect(s, "HMGET " P "head rev items", "[1500 1500]");
	expect_stream(s, 1500);
	expect_batch(s, "aaaaaaaaaaaaaaaa-1\",\"batch_last\":false");
	s->a.commit = "c0ffee2"; /* HEAD moved meanwhile */
	rig_publish(&s->a, 1500, 1501, "one");
	expect_batch(s, "aaaaaaaaaaaaaaaa-1\",\"batch_last\":true");
	rig_publish(&s->a, 1501, 1502, "one");
	expect_batch(s, "aaaaaaaaaaaaaaaa-2\",\"batch_last\":true");
}

static void
next_process_loads_exactly_what_was_published(void **state)
{
	struct stage *s = *state;
	const struct published_item *x, *y = NULL;
	size_t n = 0;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	put_problem(&s->a.cs, "skills/x.md", "[1]");
	rig_publish(&s->a, 0, 1600, "one");
	put_deletion(&s->a.cs, s->a.published, "skill/i7");
	put_patch(&s->a.cs, s->a.published, "mcp/i9");
	rig_publish(&s->a, 0, 5, "two");
	publisher_release(s->a.pub);
	rig_flush(&s->a);
	rig_start(&s->b, s->server, "h/2", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	rig_until(&s->b, PUBLISHER_READY);
	assert_int_equal(s->b.n_loaded, 1);
	assert_int_equal(s->b.n_reset, 0);
	expect(s, "HMGET " P "head epoch items", "[2 1599]");
	assert_int_equal(publisher_rev(s->b.pub), publisher_rev(s->a.pub));
	assert_int_equal(published_items(s->b.published), 1599);
	for (x = published_next(s->a.published, NULL); x != NULL; x = published_next(s->a.published, x->key), n++) {
		y = published_get(s->b.published, x->key);
		assert_non_null(y);
		assert_true(face_equal(x->face, y->face));
		assert_int_equal(x->rev, y->rev);
		assert_int_equal(x->created_rev, y->created_rev);
		assert_string_equal(x->created_at, y->created_at);
	}
	assert_int_equal(n, 1599);
	assert_true(published_get(s->b.published, "mcp/i9")->face->stale);
	assert_int_equal(published_type_rev(s->b.published, "mcp"), published_type_rev(s->a.published, "mcp"));
	assert_true(published_problems_equal(s->b.published, "skills/x.md", "[1]", 3));
}

static void
damaged_item_counts_as_not_published(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	rig_publish(&s->a, 1, 6, "one");
	rig_stop(&s->a);
	expect(s, "DEL " P "lease " P "item:skill/i1", "2");
	expect(s, "HSET " P "item:skill/i2 sha256 zz", "0");
	expect(s, "HDEL " P "item:skill/i4 path", "1");
	rig_start(&s->b, s->server, "h/2", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	rig_until(&s->b, PUBLISHER_READY);
	assert_int_equal(published_items(s->b.published), 2);
	assert_non_null(published_get(s->b.published, "mcp/i3"));
	assert_non_null(published_get(s->b.published, "skill/i5"));
}

static void
call_whose_reply_was_lost_is_applied_once(void **state)
{
	struct stage *s = *state;
	usec_t deadline = clock_now() + DEADLINE;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	for (int i = 0; i < 100; i++) {
		char id[16];

		(void)snprintf(id, sizeof id, "i%d", i);
		put_change(&s->a.cs, s->a.published, "skill", id, "one");
	}
	rig_submit(&s->a);
	rig_flush(&s->a);
	while (server_ask_number(s->server, "EXISTS " P "changes") == 0)
		assert_true(clock_now() < deadline);
	rig_cut(&s->a);
	assert_int_equal(publisher_rev(s->a.pub), 0);
	rig_connect(&s->a);
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_done, 1);
	assert_int_equal(s->a.n_loaded, 1); /* nothing had to be read again */
	expect(s, "HMGET " P "head rev epoch items", "[100 1 100]");
	expect_stream(s, 100);
}

static void
call_that_never_arrived_is_sent_again(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	put_change(&s->a.cs, s->a.published, "skill", "x", "one");
	rig_submit(&s->a);
	rig_cut(&s->a);
	rig_connect(&s->a);
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_done, 1);
	assert_int_equal(s->a.n_failed, 0);
	expect_stream(s, 1);
}

/* The next half of what is to be sent goes out, then the connection breaks. */
static void
cut_in_the_middle(struct rig *g)
{
	struct buf *out = publisher_output(g->pub);

	conn_send(g->conn, out->p, out->n / 2);
	conn_writable(g->conn);
	rig_cut(g);
	rig_connect(g);
}

static void
sets_cut_off_at_random_moments_are_published_once(void **state)
{
	unsigned seed = (unsigned)clock_now() ^ (unsigned)getpid();
	struct stage *s = *state;
	usec_t deadline = clock_now() + 3 * DEADLINE;

	NEEDS_SERVER(s);
	print_message("seed %u\n", seed);
	srandom(seed);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	for (int round = 0; round < 8; round++) {
		char content[16];

		(void)snprintf(content, sizeof content, "%d", round);
		for (int i = 0; i < 300; i++) {
			char id[16];

			(void)snprintf(id, sizeof id, "i%d", i);
			put_change(&s->a.cs, s->a.published, "skill", id, content);
		}
		rig_submit(&s->a);
		while (publisher_state(s->a.pub) != PUBLISHER_READY) {
			assert_true(clock_now() < deadline);
			if (random() % 4 == 0)
				cut_in_the_middle(&s->a);
			else
				rig_turn(&s->a);
		}
	}
	assert_int_equal(s->a.n_done, 8);
	assert_int_equal(s->a.n_failed, 0);
	assert_int_equal(s->a.n_loaded, 1);
	assert_int_equal(s->a.n_applied, 2400);
	expect(s, "HMGET " P "head rev items epoch", "[2400 300 1]");
	expect_stream(s, 2400);
}

static void
restart_of_redis_goes_by_without_a_trace(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	rig_publish(&s->a, 0, 10, "one");
	put_change(&s->a.cs, s->a.published, "skill", "x", "one");
	rig_submit(&s->a);
	server_stop(s->server);
	rig_cut(&s->a);
	server_start(s->server);
	rig_connect(&s->a);
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_done, 2);
	assert_int_equal(s->a.n_loaded, 1);
	expect(s, "HMGET " P "head rev items", "[11 11]");
	expect_stream(s, 11);
}

static void
second_agent_stands_by_until_the_lease_is_handed_back(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	rig_start(&s->b, s->server, "h/2", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	rig_until(&s->b, PUBLISHER_STANDBY);
	assert_string_equal(publisher_condition(s->b.pub), "held by h/1");
	expect(s, "HGET " P "head epoch", "1");
	publisher_release(s->a.pub);
	rig_flush(&s->a);
	rig_until(&s->b, PUBLISHER_READY);
	assert_string_equal(publisher_condition(s->b.pub), "");
	expect(s, "HMGET " P "head epoch owner", "[2 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]");
}

static void
lease_of_a_dead_process_is_taken_at_once(void **state)
{
	struct stage *s = *state;
	usec_t start = clock_now();

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	rig_start(&s->b, s->server, "h/2", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	s->b.dead = "h/1";
	rig_until(&s->b, PUBLISHER_READY);
	expect(s, "GET " P "lease", "h/2 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	assert_true(clock_now() - start < USEC_PER_SEC); /* no poll was waited for */
}

static void
overtaken_agent_is_fenced_and_gives_its_set_back(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	expect(s, "DEL " P "lease", "1");
	rig_start(&s->b, s->server, "h/2", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	rig_until(&s->b, PUBLISHER_READY);
	rig_publish(&s->b, 0, 3, "b");
	put_change(&s->a.cs, s->a.published, "skill", "x", "a");
	rig_submit(&s->a);
	rig_until(&s->a, PUBLISHER_STANDBY);
	assert_int_equal(s->a.n_failed, 1);
	expect(s, "HGET " P "head rev", "3");
	/* When it gets the catalog back it reads what the other one has published. */
	publisher_release(s->b.pub);
	rig_flush(&s->b);
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_loaded, 2);
	assert_int_equal(published_items(s->a.published), 3);
	assert_int_equal(publisher_rev(s->a.pub), 3);
	expect_stream(s, 3);
}

static char *
next_message(struct client *c)
{
	struct err e;
	redisReply *r = client_next(c, 5 * USEC_PER_SEC, &e);
	char *text;

	if (r == NULL)
		fail_msg("%s", e.msg);
	text = mem_printf("%s %s", r->element[2]->str, r->element[3]->str);
	freeReplyObject(r);
	return text;
}

static void
emptied_redis_gets_a_new_generation_announced_before_its_events(void **state)
{
	struct stage *s = *state;
	struct client *c;
	struct err e;
	char *old, *message;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	rig_publish(&s->a, 0, 5, "one");
	old = mem_strdup(publisher_generation(s->a.pub));
	expect(s, "FLUSHALL", "OK");
	c = client_open(&(struct redis_access){.url = s->server->url}, 5 * USEC_PER_SEC, &e);
	freeReplyObject(client_command(c, &e, "PSUBSCRIBE", P "events:*", NULL));
	put_change(&s->a.cs, s->a.published, "skill", "x", "one");
	rig_submit(&s->a);
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_failed, 1);
	assert_int_equal(s->a.n_loaded, 2);
	assert_int_equal(s->a.n_reset, 2);
	assert_int_equal(published_items(s->a.published), 0);
	assert_string_not_equal(publisher_generation(s->a.pub), old);
	rig_publish(&s->a, 0, 1, "one");
	message = next_message(c);
	assert_non_null(strstr(message, "dev.shelfd.catalog.reset"));
	assert_non_null(strstr(message, publisher_generation(s->a.pub)));
	free(message);
	expect(s, "HMGET " P "head rev items", "[1 1]");
	free(old);
	client_free(c);
}

static void
redis_that_went_back_in_time_begins_a_new_life(void **state)
{
	struct stage *s = *state;
	char *old;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	put_problem(&s->a.cs, "skills/x.md", "[1]");
	rig_publish(&s->a, 0, 5, "one");
	put_deletion(&s->a.cs, s->a.published, "skill/i1");
	rig_publish(&s->a, 0, 0, "one");
	old = mem_strdup(publisher_generation(s->a.pub));
	expect(s, "HSET " P "head rev 4 batch lost/1 batch_base 3", "0");
	rig_cut(&s->a);
	rig_connect(&s->a);
	rig_until(&s->a, PUBLISHER_READY);
	assert_string_not_equal(publisher_generation(s->a.pub), old);
	assert_int_equal(s->a.n_reset, 2);
	assert_int_equal(publisher_rev(s->a.pub), 0);
	assert_int_equal(published_items(s->a.published), 0);
	rig_turn(&s->a);
	free(old);
	old = server_dump(s->server, P);
	/* Nothing of the old life is left: head, heartbeat and lease are all there is. */
	assert_null(strstr(old, P "item"));
	assert_null(strstr(old, P "index"));
	assert_null(strstr(old, P "history"));
	assert_null(strstr(old, P "deleted"));
	assert_null(strstr(old, P "problems"));
	assert_null(strstr(old, P "changes"));
	free(old);
	rig_publish(&s->a, 0, 2, "one");
	expect_stream(s, 2);
}

static void
stream_ahead_of_the_head_begins_a_new_life(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	rig_publish(&s->a, 0, 5, "one");
	expect(s, "XADD " P "changes 77-0 event x", "77-0");
	put_change(&s->a.cs, s->a.published, "skill", "x", "one");
	rig_submit(&s->a);
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_failed, 1);
	assert_int_equal(s->a.n_reset, 2);
	rig_publish(&s->a, 0, 2, "one");
	expect_stream(s, 2);
}

static void
head_that_somebody_damaged_begins_a_new_life(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	rig_publish(&s->a, 0, 5, "one");
	expect(s, "HSET " P "head rev many", "0");
	rig_cut(&s->a);
	rig_connect(&s->a);
	rig_until(&s->a, PUBLISHER_READY);
	assert_int_equal(s->a.n_reset, 2);
	rig_publish(&s->a, 0, 2, "one");
	expect_stream(s, 2);
}

static void
forgotten_scripts_are_loaded_again_and_the_call_sent_again(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	expect(s, "SCRIPT FLUSH", "OK");
	rig_publish(&s->a, 0, 5, "one");
	assert_int_equal(s->a.n_failed, 0);
	assert_int_equal(s->a.n_loaded, 1);
	expect_stream(s, 5);
}

static void
exhausted_memory_is_waited_for_and_told(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	expect(s, "CONFIG SET maxmemory 1", "OK");
	put_change(&s->a.cs, s->a.published, "skill", "x", "one");
	rig_submit(&s->a);
	rig_until(&s->a, PUBLISHER_WAIT);
	assert_non_null(strstr(publisher_condition(s->a.pub), "redis refuses: OOM"));
	expect(s, "CONFIG SET maxmemory 0", "OK");
	rig_until(&s->a, PUBLISHER_READY);
	assert_string_equal(publisher_condition(s->a.pub), "");
	assert_int_equal(s->a.n_done, 1);
	assert_int_equal(s->a.n_failed, 0);
	expect_stream(s, 1);
}

static void
key_of_a_wrong_type_is_named_in_the_condition(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	expect(s, "SET " P "head x", "OK");
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_WAIT);
	assert_string_equal(publisher_condition(s->a.pub), "redis refuses: TYPE " P "head is a string");
}

static void
sync_records_and_release_leave_only_the_log(void **state)
{
	static const char *const record[] = {"trigger", "start", "status", "ok", NULL};
	struct stage *s = *state;
	char *log;

	NEEDS_SERVER(s);
	rig_start(&s->a, s->server, "h/1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	rig_until(&s->a, PUBLISHER_READY);
	publisher_sync_record(s->a.pub, record);
	publisher_release(s->a.pub);
	rig_flush(&s->a);
	log = server_ask(s->server, "XRANGE " P "syncs - +");
	assert_non_null(strstr(log, "[trigger start status ok]"));
	free(log);
	expect(s, "EXISTS " P "lease " P "heartbeat", "0");
	assert_false(publisher_idle(s->a.pub));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(first_start_mints_a_generation_and_shows_its_heartbeat),
	    STAGED(large_sets_that_more_follow_are_one_batch_without_gaps),
	    STAGED(next_process_loads_exactly_what_was_published),
	    STAGED(damaged_item_counts_as_not_published),
	    STAGED(call_whose_reply_was_lost_is_applied_once),
	    STAGED(call_that_never_arrived_is_sent_again),
	    STAGED(sets_cut_off_at_random_moments_are_published_once),
	    STAGED(restart_of_redis_goes_by_without_a_trace),
	    STAGED(second_agent_stands_by_until_the_lease_is_handed_back),
	    STAGED(lease_of_a_dead_process_is_taken_at_once),
	    STAGED(overtaken_agent_is_fenced_and_gives_its_set_back),
	    STAGED(emptied_redis_gets_a_new_generation_announced_before_its_events),
	    STAGED(redis_that_went_back_in_time_begins_a_new_life),
	    STAGED(stream_ahead_of_the_head_begins_a_new_life),
	    STAGED(head_that_somebody_damaged_begins_a_new_life),
	    STAGED(forgotten_scripts_are_loaded_again_and_the_call_sent_again),
	    STAGED(exhausted_memory_is_waited_for_and_told),
	    STAGED(key_of_a_wrong_type_is_named_in_the_condition),
	    STAGED(sync_records_and_release_leave_only_the_log),
	};

	return cmocka_run_group_tests_name("publisher live", tests, start_server, stop_server);
}
