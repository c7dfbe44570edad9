/* The publisher's states, driven with made-up time and made-up replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "publisher_stage.h"

static void
it_says_nothing_and_waits_for_nothing_while_offline(void **state)
{
	struct stage *s = *state;
	static const char *const record[] = {"a", "b", NULL};

	assert_int_equal(publisher_state(s->p), PUBLISHER_OFFLINE);
	assert_true(publisher_deadline(s->p) == USEC_NEVER);
	publisher_sync_record(s->p, record);
	tick(s, 3600 * SEC);
	assert_requests(s, "");
	assert_false(publisher_idle(s->p));
}

static void
ready_comes_after_scripts_permission_lease_and_load(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	assert_true(publisher_idle(s->p));
	assert_string_equal(publisher_generation(s->p), GENERATION);
	assert_int_equal(publisher_rev(s->p), 5);
	assert_string_equal(publisher_condition(s->p), "");
}

static void
published_advances_only_on_ok(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	assert_int_equal(publisher_state(s->p), PUBLISHER_APPLY);
	assert_requests(s, "apply");
	assert_int_equal(published_items(s->published), 0);
	assert_int_equal(publisher_rev(s->p), 5);
	reply_ok(s, 5, 6);
	assert_log(s, "skill/0@6 done ");
	assert_int_equal(published_items(s->published), 1);
	assert_int_equal(publisher_rev(s->p), 6);
	assert_int_equal(published_type_rev(s->published, "skill"), 6);
	assert_string_equal(published_get(s->published, "skill/0")->created_at, "2026-01-31T23:59:59.123Z");
	assert_true(publisher_idle(s->p));
}

static void
duplicate_counts_as_ok(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	reply(s, "*3\r\n$3\r\nDUP\r\n$1\r\n5\r\n$1\r\n6\r\n");
	assert_log(s, "skill/0@6 done ");
}

static void
lease_and_heartbeat_are_renewed_in_one_wake_up_every_five_seconds(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	assert_true(publisher_deadline(s->p) == s->now + 5 * SEC);
	tick(s, 5 * SEC - 1);
	assert_requests(s, "");
	tick(s, 1);
	assert_requests(s, "renew");
	reply(s, RENEWED);
	assert_true(publisher_deadline(s->p) == s->now + 5 * SEC);
}

static void
lost_lease_is_fought_for_anew(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	tick(s, 5 * SEC);
	assert_requests(s, "renew");
	reply(s, "*1\r\n$4\r\nLOST\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_LEASE);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 5, 4, "old/1", 4);
	assert_requests(s, "renew");
	assert_int_equal(publisher_state(s->p), PUBLISHER_READY);
	assert_log(s, ""); /* nobody has published meanwhile */
}

static void
standby_looks_every_second_and_names_the_holder(void **state)
{
	struct stage *s = *state;

	go_online(s);
	assert_requests(s, "take");
	reply(s, "*2\r\n$4\r\nHELD\r\n$9\r\nh/\x1b[1 abc\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_STANDBY);
	assert_string_equal(publisher_condition(s->p), "held by h/\\x1B[1");
	assert_true(publisher_deadline(s->p) == s->now + SEC);
	tick(s, SEC - 1);
	assert_requests(s, "");
	tick(s, 1);
	assert_requests(s, "take");
	reply(s, "*2\r\n$4\r\nHELD\r\n$8\r\nh/2 next\r\n");
	assert_string_equal(publisher_condition(s->p), "held by h/2");
}

static void
lease_of_a_dead_holder_is_asked_for_at_once(void **state)
{
	struct stage *s = *state;

	go_online(s);
	assert_requests(s, "take");
	reply(s, "*2\r\n$4\r\nHELD\r\n$10\r\nh/dead abc\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_LEASE);
	assert_non_null(strstr(publisher_output(s->p)->p, "h/dead abc"));
	assert_requests(s, "take");
}

static void
silence_of_five_seconds_ends_the_connection(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	tick(s, 5 * SEC - 1);
	assert_log(s, "");
	tick(s, 1);
	assert_log(s, "reconnect ");
}

static void
replies_that_keep_coming_are_no_silence(void **state)
{
	struct stage *s = *state;

	publisher_online(s->p, s->now);
	tick(s, 4 * SEC);
	reply(s, SHA);
	tick(s, 4 * SEC);
	assert_log(s, "");
	tick(s, 1 * SEC);
	assert_log(s, "reconnect ");
}

static void
set_that_was_cut_off_goes_on_where_it_was(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 100);
	assert_requests(s, "apply");
	reply_ok(s, 5, 69);
	buf_clear(&s->log);
	assert_requests(s, "apply");
	publisher_offline(s->p, s->now);
	assert_int_equal(publisher_state(s->p), PUBLISHER_OFFLINE);
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 69, 3, "aaaaaaaaaaaaaaaa-1/1", 5);
	assert_int_equal(publisher_state(s->p), PUBLISHER_APPLY);
	assert_non_null(strstr(publisher_output(s->p)->p, "aaaaaaaaaaaaaaaa-1/2"));
	assert_requests(s, "renew apply");
	reply(s, RENEWED);
	reply_ok(s, 69, 105);
	assert_int_equal(published_items(s->published), 100);
	assert_int_equal(publisher_rev(s->p), 105);
}

static void
set_is_given_up_when_another_agent_published_meanwhile(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	publisher_offline(s->p, s->now);
	buf_clear(publisher_output(s->p));
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 9, 5, "other/1", 5);
	assert_int_equal(publisher_state(s->p), PUBLISHER_LOAD);
	assert_log(s, "given-up ");
	assert_requests(s, "HSCAN");
	reply(s, "*2\r\n$1\r\n0\r\n*0\r\n");
	assert_log(s, "loaded ");
	assert_int_equal(publisher_rev(s->p), 9);
}

static void
revision_that_went_back_means_a_new_generation(void **state)
{
	struct stage *s = *state;
	char minted[40];

	go_ready(s);
	publisher_offline(s->p, s->now);
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 4, 4, "older/1", 3);
	assert_requests(s, "mint");
	assert_int_equal(publisher_state(s->p), PUBLISHER_LEASE);
	reply_head(s, "NEW", OTHER_GENERATION, 0, 4, "", 0);
	assert_log(s, "reset ");
	assert_int_equal(publisher_rev(s->p), 0);
	(void)snprintf(minted, sizeof minted, "%s", publisher_generation(s->p));
	assert_string_not_equal(minted, GENERATION);
	assert_int_equal(strspn(minted, "0123456789abcdef"), 32);
}

static void
generation_of_somebody_else_is_read_and_counts_as_a_reset(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	look(s);
	reply(s, "-GENERATION is " OTHER_GENERATION "\r\n");
	assert_requests(s, "take");
	reply_head(s, "TAKEN", OTHER_GENERATION, 2, 9, "other/1", 1);
	assert_log(s, "given-up ");
	assert_requests(s, "HSCAN");
	reply(s, "*2\r\n$1\r\n0\r\n*0\r\n");
	assert_log(s, "reset ");
	assert_string_equal(publisher_generation(s->p), OTHER_GENERATION);
}

static void
replies_to_a_state_that_is_over_are_passed_over(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	tick(s, 5 * SEC);
	assert_requests(s, "renew");
	submit(s, 1);
	assert_requests(s, "apply");
	reply(s, "*1\r\n$4\r\nLOST\r\n");
	assert_requests(s, "take");
	reply_ok(s, 5, 6); /* of the call: whether it was applied is now a question to the head */
	assert_log(s, "");
	reply_head(s, "TAKEN", GENERATION, 6, 3, "aaaaaaaaaaaaaaaa-1/1", 5);
	assert_requests(s, "renew apply");
	reply(s, RENEWED "*3\r\n$3\r\nDUP\r\n$1\r\n5\r\n$1\r\n6\r\n");
	assert_log(s, "skill/0@6 done ");
}

static size_t
changes_of_next_call(struct stage *s, uint64_t *rev, usec_t took)
{
	uint64_t before = *rev, base = before;
	const char *p;

	/* The fifth and sixth argument behind the head key: base and rev. */
	p = strstr(publisher_output(s->p)->p, "aaaaaaaaaaaaaaaa-1/");
	assert_non_null(p);
	p = strchr(p, '\n') + 1; /* $n of base */
	p = strchr(p, '\n') + 1;
	base = strtoull(p, NULL, 10);
	p = strchr(p, '\n') + 1;
	p = strchr(p, '\n') + 1;
	*rev = strtoull(p, NULL, 10);
	assert_int_equal(base, before);
	look(s);
	s->now += took;
	reply_ok(s, (int)base, (int)*rev);
	return *rev - base;
}

static void
calls_grow_while_they_are_fast_and_shrink_when_slow(void **state)
{
	struct stage *s = *state;
	uint64_t rev = 5;

	go_ready(s);
	submit(s, 2000);
	assert_int_equal(changes_of_next_call(s, &rev, 1 * MS), 64);
	assert_int_equal(changes_of_next_call(s, &rev, 3 * MS), 128);
	assert_int_equal(changes_of_next_call(s, &rev, 1 * MS), 128);
	/* As many as the bytes of one call allow now, whatever its number of changes. */
	assert_in_range(changes_of_next_call(s, &rev, 1 * MS), 129, 256);
	assert_in_range(changes_of_next_call(s, &rev, 20 * MS), 129, 256);
	assert_int_equal(changes_of_next_call(s, &rev, 20 * MS), 128);
	assert_int_equal(changes_of_next_call(s, &rev, 4 * MS), 64);
	assert_int_equal(changes_of_next_call(s, &rev, 4 * MS), 64);
}

static void
sync_record_waits_for_ready(void **state)
{
	struct stage *s = *state;
	static const char *const record[] = {"trigger", "start", NULL};

	go_online(s);
	publisher_sync_record(s->p, record);
	assert_requests(s, "take");
	reply_head(s, "NEW", GENERATION, 0, 1, "", 0);
	assert_requests(s, "renew XADD");
}

static void
sync_record_that_waits_is_dropped_with_the_connection(void **state)
{
	struct stage *s = *state;
	static const char *const record[] = {"trigger", "start", NULL};

	go_online(s);
	publisher_sync_record(s->p, record);
	publisher_offline(s->p, s->now);
	go_ready(s); /* which looks at all that it asks */
	submit(s, 1);
	reply_ok(s, 5, 6);
	assert_log(s, "skill/0@6 done ");
}

static void
release_ends_all_waiting(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	publisher_release(s->p);
	assert_requests(s, "release");
	reply(s, RENEWED);
	assert_true(publisher_deadline(s->p) == USEC_NEVER);
	assert_false(publisher_idle(s->p));
	tick(s, 3600 * SEC);
	assert_requests(s, "");
}

static void
set_that_is_left_at_the_end_is_given_back(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	publisher_free(s->p);
	s->p = NULL;
	assert_log(s, "given-up ");
}

static void
next_call_is_built_while_one_is_under_way(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 65);
	assert_true(publisher_deadline(s->p) > s->now); /* it is to be sent first */
	assert_requests(s, "apply");
	assert_true(publisher_deadline(s->p) <= s->now);
	tick(s, 0);
	assert_requests(s, ""); /* one call at a time */
	assert_true(publisher_deadline(s->p) > s->now);
	reply_ok(s, 5, 69);
	assert_non_null(strstr(publisher_output(s->p)->p, "\"type_rev_before\":69"));
	assert_requests(s, "apply");
	assert_true(publisher_deadline(s->p) > s->now); /* there is no further one */
	buf_clear(&s->log);
	reply_ok(s, 69, 70);
	assert_log(s, "skill/64@70 done ");
}

static void
set_is_given_up_when_another_agent_had_the_catalog(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	submit(s, 1);
	publisher_offline(s->p, s->now);
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 5, 5, "old/1", 4);
	assert_log(s, "given-up ");
	assert_int_equal(publisher_state(s->p), PUBLISHER_LOAD);
}

static void
redis_is_roused_only_when_it_was_not_asked_anything_lately(void **state)
{
	struct stage *s = *state;

	publisher_rouse(s->p, s->now);
	assert_requests(s, "");
	go_ready(s);
	publisher_rouse(s->p, s->now);
	assert_requests(s, "");
	s->now += 5 * MS;
	publisher_rouse(s->p, s->now);
	assert_requests(s, "rouse");
	publisher_rouse(s->p, s->now + 5 * MS);
	assert_requests(s, "");
	submit(s, 1);
	assert_requests(s, "apply");
	reply(s, "*1\r\n$2\r\nOK\r\n");
	assert_int_equal(publisher_state(s->p), PUBLISHER_APPLY);
	s->now += 5 * MS;
	publisher_rouse(s->p, s->now);
	assert_requests(s, "");
	reply_ok(s, 5, 6);
	assert_log(s, "skill/0@6 done ");
}

static void
what_redis_answers_when_it_is_roused_changes_nothing(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	s->now += SEC;
	publisher_rouse(s->p, s->now);
	assert_requests(s, "rouse");
	reply(s, "-NOSCRIPT No matching script\r\n");
	assert_true(publisher_idle(s->p));
	assert_string_equal(publisher_condition(s->p), "");
	assert_log(s, "");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, publisher_setup, publisher_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(it_says_nothing_and_waits_for_nothing_while_offline),
	    STAGED(ready_comes_after_scripts_permission_lease_and_load),
	    STAGED(published_advances_only_on_ok),
	    STAGED(duplicate_counts_as_ok),
	    STAGED(lease_and_heartbeat_are_renewed_in_one_wake_up_every_five_seconds),
	    STAGED(lost_lease_is_fought_for_anew),
	    STAGED(standby_looks_every_second_and_names_the_holder),
	    STAGED(lease_of_a_dead_holder_is_asked_for_at_once),
	    STAGED(silence_of_five_seconds_ends_the_connection),
	    STAGED(replies_that_keep_coming_are_no_silence),
	    STAGED(set_that_was_cut_off_goes_on_where_it_was),
	    STAGED(set_is_given_up_when_another_agent_published_meanwhile),
	    STAGED(revision_that_went_back_means_a_new_generation),
	    STAGED(generation_of_somebody_else_is_read_and_counts_as_a_reset),
	    STAGED(replies_to_a_state_that_is_over_are_passed_over),
	    STAGED(calls_grow_while_they_are_fast_and_shrink_when_slow),
	    STAGED(sync_record_waits_for_ready),
	    STAGED(sync_record_that_waits_is_dropped_with_the_connection),
	    STAGED(release_ends_all_waiting),
	    STAGED(set_that_is_left_at_the_end_is_given_back),
	    STAGED(next_call_is_built_while_one_is_under_way),
	    STAGED(set_is_given_up_when_another_agent_had_the_catalog),
	    STAGED(redis_is_roused_only_when_it_was_not_asked_anything_lately),
	    STAGED(what_redis_answers_when_it_is_roused_changes_nothing),
	};

	return cmocka_run_group_tests_name("publisher", tests, NULL, NULL);
}
