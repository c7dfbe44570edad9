/* What the publisher does when Redis refuses, or says what no Redis says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "publisher_stage.h"
#include "redis/refusal.h"
#include "redis/reply.h"

/* The next heartbeat is on its way, and says this. */
static void
assert_told(struct stage *s, const char *condition)
{
	char *want = mem_printf("\"condition\":\"%s", condition);

	if (strstr(buf_str(publisher_output(s->p)), want) == NULL)
		fail_msg("no heartbeat says %s", want);
	free(want);
}

static void
waits_double_up_to_five_seconds_with_jitter(void **state)
{
	struct stage *s = *state;
	usec_t full = 50 * MS;

	go_ready(s);
	submit(s, 1);
	for (int i = 0; i < 12; i++) {
		usec_t wait;

		look(s);
		reply(s, "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
		assert_int_equal(publisher_state(s->p), PUBLISHER_WAIT);
		assert_string_equal(publisher_condition(s->p),
		    "redis refuses: OOM command not allowed when used memory > 'maxmemory'.");
		if (i == 0) {
			tick(s, 0);
			assert_told(s, "redis refuses: OOM");
			assert_requests(s, "renew");
			reply(s, RENEWED);
		}
		wait = publisher_deadline(s->p) - s->now;
		assert_true(wait <= full);
		assert_true(wait >= full / 2 || wait == 5 * SEC - full);
		full = usec_min(full * 2, 5 * SEC);
		s->now += wait;
		publisher_tick(s->p, s->now, WALL);
		look(s);
		if (publisher_state(s->p) != PUBLISHER_LEASE)
			fail_msg("%s", publisher_state_word(publisher_state(s->p)));
		reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
		assert_int_equal(publisher_state(s->p), PUBLISHER_APPLY);
		assert_requests(s, "renew apply");
		reply(s, RENEWED);
	}
	reply_ok(s, 5, 6);
	assert_log(s, "skill/0@6 done ");
	assert_string_equal(publisher_condition(s->p), "");
	tick(s, 0);
	assert_requests(s, "renew");
}

static void
denied_permission_waits_long_and_says_so(void **state)
{
	struct stage *s = *state;

	publisher_online(s->p, s->now);
	reply(s, SHA SHA "-NOPERM this user has no permissions to access one of the channels\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_WAIT);
	assert_non_null(strstr(publisher_condition(s->p), "NOPERM"));
	assert_true(publisher_deadline(s->p) - s->now >= 5 * SEC / 2);
}

static void
denied_write_is_found_before_the_lease_is_taken(void **state)
{
	struct stage *s = *state;

	publisher_online(s->p, s->now);
	look(s);
	reply(s, SHA SHA ":0\r\n");
	assert_requests(s, "check");
	reply(s, "-NOPERM ZADD shelf:{t}:deleted: NOPERM no\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_WAIT);
	assert_non_null(strstr(publisher_condition(s->p), "NOPERM ZADD shelf:{t}:deleted"));
	tick(s, publisher_deadline(s->p) - s->now);
	assert_requests(s, "SCRIPT SCRIPT PUBLISH"); /* and nothing is taken before it is permitted */
	assert_int_equal(publisher_state(s->p), PUBLISHER_SCRIPT);
}

static void
ok_of_another_call_is_not_taken_for_this_one(void **state)
{
	static const char *const wrong[] = {"*3\r\n$2\r\nOK\r\n$1\r\n4\r\n$1\r\n5\r\n",
	    "*3\r\n$2\r\nOK\r\n$1\r\n5\r\n$1\r\n7\r\n", "*3\r\n$2\r\nOK\r\n:5\r\n:6\r\n", "*1\r\n$2\r\nOK\r\n",
	    "*3\r\n$2\r\nNO\r\n$1\r\n5\r\n$1\r\n6\r\n", "$2\r\nOK\r\n", "*0\r\n", "*-1\r\n", "$-1\r\n"};
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		look(s);
		reply(s, wrong[i]);
		assert_log(s, "reconnect ");
		assert_int_equal(publisher_rev(s->p), 5);
		publisher_offline(s->p, s->now);
		go_online(s);
		reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
		look(s);
		reply(s, RENEWED);
	}
	reply_ok(s, 5, 6);
	assert_log(s, "skill/0@6 done ");
}

static void
trouble_that_comes_back_after_each_start_is_waited_for_longer_and_longer(void **state)
{
	struct stage *s = *state;
	usec_t wait = 0;

	go_ready(s);
	for (int i = 0; i < 8; i++) {
		submit(s, 1);
		look(s);
		reply(s, "-BASE rev is 8\r\n");
		if (publisher_state(s->p) == PUBLISHER_WAIT) {
			wait = publisher_deadline(s->p) - s->now;
			s->now += wait;
			publisher_tick(s->p, s->now, WALL);
			look(s);
			if (s->n_requests == 2)
				reply(s, RENEWED); /* of the heartbeat that told it */
		}
		look(s);
		reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
		look(s);
		reply(s, "*2\r\n$1\r\n0\r\n*0\r\n" RENEWED);
		look(s);
		assert_log(s, "given-up loaded ");
		tick(s, SEC);
		look(s);
		if (s->n_requests == 1)
			reply(s, RENEWED);
	}
	assert_true(wait > SEC);
}

static void
refused_record_of_a_sync_is_told_while_publishing_goes_on(void **state)
{
	struct stage *s = *state;
	static const char *const record[] = {"a", "b", NULL};

	go_ready(s);
	publisher_sync_record(s->p, record);
	assert_requests(s, "XADD");
	reply(s, "-WRONGTYPE Operation against a key\r\n");
	assert_string_equal(
	    publisher_condition(s->p), "redis refuses the record of a sync: WRONGTYPE Operation against a key");
	assert_true(publisher_idle(s->p));
	submit(s, 1);
	assert_requests(s, "apply");
	reply_ok(s, 5, 6);
	assert_non_null(strstr(publisher_condition(s->p), "WRONGTYPE"));
	publisher_sync_record(s->p, record);
	look(s);
	reply(s, "$3\r\n1-0\r\n");
	assert_string_equal(publisher_condition(s->p), "");
}

static void
read_only_server_is_left_after_the_wait(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	reply(s, "-READONLY You can't write against a read only replica.\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_WAIT);
	tick(s, publisher_deadline(s->p) - s->now);
	assert_log(s, "reconnect ");
}

static void
error_inside_a_script_is_found_where_an_old_redis_hides_it(void **state)
{
	/*
	 * As Redis 6.2 words what a command was refused before it ran, what it gave, a mistake in the script itself, and what
	 * a script handed on.
	 */
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"ERR Error running script (call to f_05ab): @user_script:12: @user_script: 12: -READONLY no writes here.",
		"READONLY no writes here."},
	    {"ERR Error running script (call to f_05ab): @user_script:12: WRONGTYPE of a key", "WRONGTYPE of a key"},
	    {"@user_script: 12: -OOM command not allowed.", "OOM command not allowed."},
	    {"@user_script: of somebody", "@user_script: of somebody"},
	    {"ERR Error running script (call to f_05ab): @user_script:12: user_script:12: attempt to index nil",
		"ERR Error running script (call to f_05ab): @user_script:12: user_script:12: attempt to index nil"},
	    {"ERR Error running script", "ERR Error running script"},
	    {"READONLY no writes here. script: 05ab, on @user_script:12.",
		"READONLY no writes here. script: 05ab, on @user_script:12."},
	};
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = mem_strdup(cases[i].text);

		assert_string_equal(
		    reply_error(&(redisReply){.type = REDIS_REPLY_ERROR, .str = text, .len = strlen(text)}),
		    cases[i].want);
		free(text);
	}
	go_ready(s);
	submit(s, 1);
	reply(s,
	    "-ERR Error running script (call to f_05ab): @user_script:12: @user_script: 12: -READONLY no writes.\r\n");
	assert_string_equal(publisher_condition(s->p), "redis refuses: READONLY no writes.");
	tick(s, publisher_deadline(s->p) - s->now);
	assert_log(s, "reconnect ");
}

static void
what_is_said_of_a_script_is_told_without_its_hash_and_line(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	reply(s,
	    "-ERR ACL failure in script: User shelfd has no permissions to run the 'zadd' command script: "
	    "0c2dba92, on @user_script:12.\r\n");
	assert_string_equal(publisher_condition(s->p),
	    "redis refuses: ERR ACL failure in script: User shelfd has no permissions to run the 'zadd' command");
}

static void
contradiction_is_looked_at_at_once_but_not_in_a_loop(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	look(s);
	reply(s, "-BASE rev is 8\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_LEASE);
	assert_requests(s, "take");
	reply(s, "-BASE again\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_WAIT);
}

static void
reply_that_no_redis_gives_ends_the_connection(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	reply(s, ":1\r\n");
	assert_log(s, "reconnect ");
	reply(s, ":1\r\n");
	assert_log(s, "reconnect ");
}

static void
refused_notice_is_told_while_publishing_goes_on(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	reply(s, "*4\r\n$2\r\nOK\r\n$1\r\n5\r\n$1\r\n6\r\n$9\r\nNOPERM no\r\n");
	assert_log(s, "skill/0@6 done ");
	assert_string_equal(publisher_condition(s->p), "published, but redis refuses to notify: NOPERM no");
	assert_true(publisher_idle(s->p));
}

static void
errors_are_told_apart_by_their_first_word_only(void **state)
{
	static const struct {
		const char *word;
		enum refusal want;
	} cases[] = {{"OOM", REFUSAL_WAIT}, {"MISCONF", REFUSAL_WAIT}, {"LOADING", REFUSAL_WAIT},
	    {"BUSY", REFUSAL_WAIT}, {"NOREPLICAS", REFUSAL_WAIT}, {"CLUSTERDOWN", REFUSAL_MOVED},
	    {"TRYAGAIN", REFUSAL_WAIT}, {"ASK", REFUSAL_WAIT}, {"ERR", REFUSAL_WAIT}, {"", REFUSAL_WAIT},
	    {"TYPE", REFUSAL_WAIT}, {"READONLY", REFUSAL_MOVED}, {"MASTERDOWN", REFUSAL_MOVED},
	    {"MOVED", REFUSAL_MOVED}, {"NOAUTH", REFUSAL_DENIED}, {"WRONGPASS", REFUSAL_DENIED},
	    {"NOPERM", REFUSAL_DENIED}, {"NOSCRIPT", REFUSAL_SCRIPT}, {"FENCED", REFUSAL_FENCED},
	    {"GENERATION", REFUSAL_STATE}, {"NOSTATE", REFUSAL_STATE}, {"BASE", REFUSAL_STATE},
	    {"NOITEM", REFUSAL_STATE}, {"STREAM", REFUSAL_STREAM}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(refusal_of(cases[i].word), cases[i].want);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, publisher_setup, publisher_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(waits_double_up_to_five_seconds_with_jitter),
	    STAGED(denied_permission_waits_long_and_says_so),
	    STAGED(denied_write_is_found_before_the_lease_is_taken),
	    STAGED(ok_of_another_call_is_not_taken_for_this_one),
	    STAGED(trouble_that_comes_back_after_each_start_is_waited_for_longer_and_longer),
	    STAGED(refused_record_of_a_sync_is_told_while_publishing_goes_on),
	    STAGED(read_only_server_is_left_after_the_wait),
	    STAGED(error_inside_a_script_is_found_where_an_old_redis_hides_it),
	    STAGED(what_is_said_of_a_script_is_told_without_its_hash_and_line),
	    STAGED(contradiction_is_looked_at_at_once_but_not_in_a_loop),
	    STAGED(reply_that_no_redis_gives_ends_the_connection),
	    STAGED(refused_notice_is_told_while_publishing_goes_on),
	    cmocka_unit_test(errors_are_told_apart_by_their_first_word_only),
	};

	return cmocka_run_group_tests_name("publisher_refused", tests, NULL, NULL);
}
