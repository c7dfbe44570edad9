/* The journal of what Redis has confirmed: what is taken for a loss, and what is not. */
#include "state_fixture.h"

#include <errno.h>

#include "state/journal.h"

#define BOOT "11111111-boot"
#define LIFE "aaaa"
#define US "owner-1"
#define NEXT "owner-2" /* a later process of ours, or another agent */

static struct journal *
open_on(void **state, const char *boot)
{
	struct err e;
	struct journal *j = journal_open(*state, boot, &e);

	if (j == NULL)
		fail_msg("%s", e.msg);
	return j;
}

static void
reach(struct journal *j, const char *generation, const char *owner, uint64_t rev, uint64_t epoch, const char *batch)
{
	const struct journal_point at = {generation, batch, owner, rev, epoch};
	struct err e;

	if (journal_reached(j, &at, &e) != 0)
		fail_msg("%s", e.msg);
}

/* "" when nothing is lost, else why. */
static const char *
lost(struct journal *j, const char *generation, const char *owner, uint64_t rev, uint64_t epoch, const char *batch)
{
	const struct journal_point head = {generation, batch, owner, rev, epoch};
	static char why[200];

	return journal_behind(j, &head, why, sizeof why) ? why : "";
}

static void
assert_lost(const char *why, const char *words)
{
	if (strstr(why, words) == NULL)
		fail_msg("'%s' does not have '%s'", why, words);
}

/* A life that came to revision 100 in epoch 5 by call b/7, and a clean end. */
static struct journal *
after_a_life(void **state)
{
	struct journal *j = open_on(state, BOOT);

	assert_false(journal_any(j));
	reach(j, LIFE, US, 98, 5, "b/6");
	reach(j, LIFE, US, 100, 5, "b/7");
	journal_close(j);
	j = open_on(state, BOOT);
	assert_true(journal_any(j));
	return j;
}

static void
a_catalog_where_it_was_left_has_lost_nothing(void **state)
{
	struct journal *j = after_a_life(state);

	assert_string_equal(lost(j, LIFE, NEXT, 100, 6, "b/7"), "");
	journal_close(j);
}

static void
a_lower_revision_was_lost(void **state)
{
	struct journal *j = after_a_life(state);

	assert_lost(lost(j, LIFE, NEXT, 99, 6, "b/6"), "at revision 99 of 100");
	assert_lost(lost(j, LIFE, NEXT, 0, 6, ""), "at revision 0 of 100");
	journal_close(j);
}

static void
the_same_revision_of_another_call_is_another_change(void **state)
{
	struct journal *j = after_a_life(state);

	assert_lost(lost(j, LIFE, NEXT, 100, 7, "c/1"), "another change as revision 100");
	/* Which call made it is not known when one with problems only came after it. */
	assert_string_equal(lost(j, LIFE, NEXT, 100, 7, ""), "");
	journal_close(j);
}

static void
what_others_published_since_is_no_loss(void **state)
{
	struct journal *j = after_a_life(state);

	assert_string_equal(lost(j, LIFE, NEXT, 130, 9, "c/4"), "");
	/* Nor is the call that was applied when we were killed before we could write it down. */
	assert_string_equal(lost(j, LIFE, NEXT, 104, 6, "b/8"), "");
	journal_close(j);
}

static void
an_epoch_that_is_given_out_twice_tells_that_redis_went_back(void **state)
{
	struct journal *j = after_a_life(state);

	assert_lost(lost(j, LIFE, NEXT, 130, 5, "c/4"), "epoch 5");
	assert_lost(lost(j, LIFE, NEXT, 130, 4, "c/4"), "epoch 5");
	/* The same process takes the lease again in its own epoch. */
	assert_string_equal(lost(j, LIFE, US, 130, 5, "b/9"), "");
	journal_close(j);
}

/* "" when there is nothing to compare, else revision and call. */
static const char *
witness(struct journal *j, const char *generation, uint64_t rev, const char *batch)
{
	const struct journal_point head = {generation, batch, NEXT, rev, 9};
	static char text[200];
	char maker[64];
	uint64_t at;

	if (!journal_witness(j, &head, &at, maker, sizeof maker))
		return "";
	(void)snprintf(text, sizeof text, "%llu %s", (unsigned long long)at, maker);
	return text;
}

static void
what_others_went_on_from_is_to_be_compared(void **state)
{
	struct journal *j = after_a_life(state);

	assert_string_equal(witness(j, LIFE, 130, "c/4"), "100 b/7");
	assert_string_equal(witness(j, LIFE, 130, ""), "100 b/7");
	assert_string_equal(witness(j, LIFE, 100, ""), "100 b/7");
	assert_string_equal(witness(j, LIFE, 100, "b/7"), "");
	assert_string_equal(witness(j, "bbbb", 130, "c/4"), "");
	reach(j, LIFE, NEXT, 131, 9, "");
	assert_string_equal(witness(j, LIFE, 132, "c/5"), "");
	journal_close(j);
}

static void
an_unknown_generation_is_somebody_elses(void **state)
{
	struct journal *j = after_a_life(state);

	assert_string_equal(lost(j, "bbbb", NEXT, 3, 1, "c/1"), "");
	journal_close(j);
}

static void
an_earlier_generation_is_remembered(void **state)
{
	struct journal *j = after_a_life(state);

	reach(j, "bbbb", NEXT, 0, 6, "");
	reach(j, "bbbb", NEXT, 40, 6, "n/1");
	assert_lost(lost(j, LIFE, "owner-3", 50, 7, "b/3"), "at revision 50 of 100");
	assert_string_equal(lost(j, LIFE, "owner-3", 100, 7, "b/7"), "");
	assert_lost(lost(j, "bbbb", "owner-3", 39, 7, "n/1"), "at revision 39 of 40");
	journal_close(j);
}

static void
a_revision_that_was_confirmed_is_never_taken_back(void **state)
{
	struct journal *j = after_a_life(state);

	reach(j, LIFE, NEXT, 60, 6, "n/1");
	assert_lost(lost(j, LIFE, "owner-3", 60, 7, "n/1"), "at revision 60 of 100");
	journal_close(j);
}

static void
a_killed_process_leaves_what_was_confirmed(void **state)
{
	struct journal *first = open_on(state, BOOT), *second;

	reach(first, LIFE, US, 7, 1, "b/1");
	second = open_on(state, BOOT); /* without an end of the first */
	assert_string_equal(lost(second, LIFE, NEXT, 7, 2, "b/1"), "");
	assert_lost(lost(second, LIFE, NEXT, 6, 2, "b/0"), "at revision 6 of 7");
	journal_close(second);
	journal_close(first);
}

static void
after_a_crash_of_the_machine_no_number_is_trusted(void **state)
{
	struct journal *first = open_on(state, BOOT), *second;

	reach(first, LIFE, US, 7, 1, "b/1");
	second = open_on(state, "22222222-boot");
	assert_lost(lost(second, LIFE, NEXT, 7, 2, "b/1"), "the machine went down");
	assert_string_equal(lost(second, "bbbb", NEXT, 7, 2, "b/1"), ""); /* not ours */
	reach(second, "cccc", NEXT, 0, 2, "");
	assert_string_equal(lost(second, "cccc", NEXT, 0, 2, ""), ""); /* that is over */
	journal_close(second);
	journal_close(first);
}

static void
after_a_clean_end_and_a_boot_all_is_trusted(void **state)
{
	struct journal *j = after_a_life(state);

	journal_close(j);
	j = open_on(state, "22222222-boot");
	assert_string_equal(lost(j, LIFE, NEXT, 100, 6, "b/7"), "");
	journal_close(j);
}

static void
only_the_newest_hundred_generations_are_kept(void **state)
{
	struct journal *j = open_on(state, BOOT);
	char name[16];

	for (int i = 0; i < 120; i++) {
		(void)snprintf(name, sizeof name, "life-%03d", i);
		reach(j, name, US, 9, 1, "b/1");
		journal_close(j);
		run_sql(*state, "UPDATE life SET seen = seen - 1");
		j = open_on(state, BOOT);
	}
	assert_lost(lost(j, "life-119", NEXT, 8, 2, ""), "of 9");
	assert_string_equal(lost(j, "life-000", NEXT, 8, 2, ""), "");
	journal_close(j);
}

static void
a_file_that_is_no_journal_is_refused_and_can_be_made_anew(void **state)
{
	struct err e = {0};

	journal_close(after_a_life(state));
	spoil(*state, 0, 100);
	assert_null(journal_open(*state, BOOT, &e));
	assert_int_equal(e.sys, EILSEQ);
	assert_int_equal(journal_discard(*state, &e), 0);
	journal_close(after_a_life(state));
	run_sql(*state, "PRAGMA user_version = 99");
	assert_null(journal_open(*state, BOOT, &e));
	assert_int_equal(e.sys, EILSEQ);
}

static void
one_that_is_locked_is_a_failure_and_no_wait(void **state)
{
	struct journal *j = after_a_life(state);
	const struct journal_point at = {LIFE, "n/1", NEXT, 101, 6};
	sqlite3 *other;
	struct err e;

	assert_int_equal(sqlite3_open(*state, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(journal_reached(j, &at, &e), -1);
	assert_non_null(strstr(e.msg, "locked"));
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_int_equal(journal_reached(j, &at, &e), 0);
	assert_lost(lost(j, LIFE, "owner-3", 100, 7, "b/7"), "of 101");
	journal_close(j);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, state_setup, state_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_catalog_where_it_was_left_has_lost_nothing),
	    TEST(a_lower_revision_was_lost),
	    TEST(the_same_revision_of_another_call_is_another_change),
	    TEST(what_others_published_since_is_no_loss),
	    TEST(an_epoch_that_is_given_out_twice_tells_that_redis_went_back),
	    TEST(what_others_went_on_from_is_to_be_compared),
	    TEST(an_unknown_generation_is_somebody_elses),
	    TEST(an_earlier_generation_is_remembered),
	    TEST(a_revision_that_was_confirmed_is_never_taken_back),
	    TEST(a_killed_process_leaves_what_was_confirmed),
	    TEST(after_a_crash_of_the_machine_no_number_is_trusted),
	    TEST(after_a_clean_end_and_a_boot_all_is_trusted),
	    TEST(only_the_newest_hundred_generations_are_kept),
	    TEST(a_file_that_is_no_journal_is_refused_and_can_be_made_anew),
	    TEST(one_that_is_locked_is_a_failure_and_no_wait),
	};

	return cmocka_run_group_tests_name("state_journal", tests, NULL, NULL);
}
