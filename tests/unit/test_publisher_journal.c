/* What the publisher tells of what Redis has confirmed, and what it makes of the answer that something was lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "publisher_stage.h"

static void
assert_buf(struct buf *b, const char *want)
{
	assert_string_equal(buf_str(b), want);
	buf_clear(b);
}

static void
a_head_that_nothing_is_known_against_is_gone_on_with(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	assert_buf(&s->asked, "5 old/1 3;");
	assert_buf(&s->reached, "5 old/1 3;"); /* what was seen must not be lost either */
	assert_string_equal(publisher_reset_reason(s->p), "");
}

static void
a_head_that_has_lost_something_ends_its_generation(void **state)
{
	struct stage *s = *state;

	s->behind = "it is older than it was";
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
	assert_requests(s, "mint");
	assert_buf(&s->reached, "");
	reply_head(s, "NEW", OTHER_GENERATION, 0, 3, "", 0);
	assert_log(s, "reset ");
	assert_buf(&s->reached, "0  3;");
	assert_string_equal(publisher_reset_reason(s->p), "it is older than it was");
	assert_string_not_equal(publisher_generation(s->p), GENERATION);
}

static void
each_call_that_is_confirmed_is_told_once(void **state)
{
	struct stage *s = *state;
	char want[64];

	go_ready(s);
	buf_clear(&s->reached);
	submit(s, 1);
	look(s);
	assert_buf(&s->reached, ""); /* not before the answer */
	reply_ok(s, 5, 6);
	(void)snprintf(want, sizeof want, "6 %.16s-1/1 3;", OWNER);
	assert_buf(&s->reached, want);
}

/* They make no revision, so whoever finds another call as the last one cannot tell whose the revision is. */
static void
a_call_of_problems_only_is_not_told(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	buf_clear(&s->reached);
	put_problem(&s->cs, "skills/a.md", "[]");
	publisher_submit(s->p, &s->cs, NULL, NULL, s->now, WALL);
	look(s);
	reply_ok(s, 5, 5);
	assert_log(s, "done ");
	assert_buf(&s->reached, "");
}

static void
the_maker_of_a_revision_is_not_known_behind_a_call_of_problems(void **state)
{
	struct stage *s = *state;

	go_online(s);
	reply_head(s, "TAKEN", GENERATION, 5, 3, "old/2", 5);
	assert_buf(&s->asked, "5  3;");
}

static void
a_catalog_that_is_gone_is_named_so(void **state)
{
	struct stage *s = *state;

	s->behind = "not to be asked";
	go_online(s);
	reply_head(s, "NEW", OTHER_GENERATION, 0, 1, "", 0);
	assert_log(s, "reset ");
	assert_buf(&s->asked, "");
	assert_string_equal(publisher_reset_reason(s->p), "redis does not have the catalog any more");
}

/* Others went on from revision 4; is it the one that was confirmed? */
static void
ask_witness(struct stage *s)
{
	s->witness = "mine-2/7";
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
	assert_requests(s, "XRANGE");
}

#define ENTRY(event) "*1\r\n*2\r\n$3\r\n4-0\r\n*2\r\n$5\r\nevent\r\n" event

static void
assert_goes_on(struct stage *s)
{
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
	assert_int_equal(publisher_state(s->p), PUBLISHER_LOAD);
	assert_log(s, "");
}

static void
a_stream_that_has_the_confirmed_change_is_gone_on_with(void **state)
{
	struct stage *s = *state;

	ask_witness(s);
	reply(s, ENTRY("$35\r\n{\"rev\":4,\"batch\":\"mine-2\",\"id\":\"x\"}\r\n"));
	assert_goes_on(s);
}

static void
a_stream_that_has_dropped_it_says_nothing(void **state)
{
	struct stage *s = *state;

	ask_witness(s);
	reply(s, "*0\r\n");
	assert_goes_on(s);
}

static void
a_stream_that_may_not_be_read_says_nothing(void **state)
{
	struct stage *s = *state;

	ask_witness(s);
	reply(s, "-NOPERM this user has no permissions to run the 'xrange' command\r\n");
	assert_goes_on(s);
}

static void
a_stream_with_another_change_in_its_place_ends_the_generation(void **state)
{
	struct stage *s = *state;

	ask_witness(s);
	reply(s, ENTRY("$36\r\n{\"rev\":4,\"batch\":\"mine-21\",\"id\":\"x\"}\r\n"));
	assert_requests(s, "mint");
	reply_head(s, "NEW", OTHER_GENERATION, 0, 3, "", 0);
	assert_log(s, "reset ");
	assert_string_equal(
	    publisher_reset_reason(s->p), "redis has another change as revision 4 than it had confirmed");
}

/* What this process knows by itself goes before what was written down. */
static void
a_catalog_where_this_process_left_it_is_not_asked_about(void **state)
{
	struct stage *s = *state;

	go_ready(s);
	buf_clear(&s->asked);
	s->behind = "not to be asked";
	publisher_offline(s->p, s->now);
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 5, 3, "old/1", 4);
	assert_requests(s, "renew");
	assert_buf(&s->asked, "");
	publisher_offline(s->p, s->now);
	go_online(s);
	assert_requests(s, "take");
	reply_head(s, "TAKEN", GENERATION, 4, 3, "older/1", 3);
	assert_requests(s, "mint");
	assert_buf(&s->asked, "");
	reply_head(s, "NEW", OTHER_GENERATION, 0, 3, "", 0);
	assert_string_equal(publisher_reset_reason(s->p), "redis is at revision 4, and had confirmed 5");
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, publisher_setup, publisher_teardown)
	const struct CMUnitTest tests[] = {
	    STAGED(a_head_that_nothing_is_known_against_is_gone_on_with),
	    STAGED(a_head_that_has_lost_something_ends_its_generation),
	    STAGED(each_call_that_is_confirmed_is_told_once),
	    STAGED(a_call_of_problems_only_is_not_told),
	    STAGED(the_maker_of_a_revision_is_not_known_behind_a_call_of_problems),
	    STAGED(a_catalog_that_is_gone_is_named_so),
	    STAGED(a_stream_that_has_the_confirmed_change_is_gone_on_with),
	    STAGED(a_stream_that_has_dropped_it_says_nothing),
	    STAGED(a_stream_that_may_not_be_read_says_nothing),
	    STAGED(a_stream_with_another_change_in_its_place_ends_the_generation),
	    STAGED(a_catalog_where_this_process_left_it_is_not_asked_about),
	};

	return cmocka_run_group_tests_name("publisher_journal", tests, NULL, NULL);
}
