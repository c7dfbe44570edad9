#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/follow.h"

/* As after a head: in the stream of generation g behind rev. */
static struct follow
at(uint64_t rev)
{
	struct follow f;

	follow_init(&f);
	follow_head(&f, "g", rev);
	assert_int_equal(f.want, FOLLOW_WAIT);
	return f;
}

/* A whole answer of entries first to last. Returns how many were taken. */
static size_t
answer(struct follow *f, const char *generation, uint64_t first, uint64_t last)
{
	size_t taken = 0;

	for (uint64_t rev = first; rev <= last; rev++)
		taken += follow_entry(f, generation, rev);
	follow_entries_end(f, last - first + 1);
	return taken;
}

static void
it_begins_with_the_head_and_from_now_on(void **state)
{
	struct follow f;

	(void)state;
	follow_init(&f);
	assert_int_equal(f.want, FOLLOW_HEAD);
	follow_head(&f, "g", 7);
	assert_int_equal(f.want, FOLLOW_WAIT);
	assert_int_equal(f.rev, 7);
}

static void
the_next_revision_is_taken_and_each_only_once(void **state)
{
	struct follow f = at(7);

	(void)state;
	assert_true(follow_entry(&f, "g", 8));
	assert_false(follow_entry(&f, "g", 8));
	assert_false(follow_entry(&f, "g", 1));
	assert_true(follow_entry(&f, "g", 9));
	follow_entries_end(&f, 4);
	assert_int_equal(f.want, FOLLOW_WAIT);
	assert_int_equal(f.rev, 9);
}

static void
a_revision_that_is_left_out_is_a_gap_and_what_is_behind_it_is_passed_over(void **state)
{
	struct follow f = at(7);

	(void)state;
	assert_int_equal(answer(&f, "g", 9, 12), 0);
	assert_int_equal(f.want, FOLLOW_BETWEEN);
	assert_int_equal(f.rev, 7);
	assert_true(follow_read(&f, "g", 14, 0));
	assert_int_equal(f.want, FOLLOW_WAIT);
	assert_int_equal(answer(&f, "g", 13, 15), 1);
	assert_int_equal(f.rev, 15);
}

static void
an_entry_that_names_no_generation_counts_by_its_revision(void **state)
{
	struct follow f = at(7);

	(void)state;
	assert_true(follow_entry(&f, NULL, 8));
	assert_false(follow_entry(&f, NULL, 10));
	assert_int_equal(f.want, FOLLOW_BETWEEN);
}

static void
another_generation_starts_over_even_where_its_revision_would_fit(void **state)
{
	static const uint64_t revs[] = {3, 7, 8, 9};

	(void)state;
	for (size_t i = 0; i < sizeof revs / sizeof *revs; i++) {
		struct follow f = at(7);

		assert_int_equal(answer(&f, "h", revs[i], revs[i]), 0);
		assert_int_equal(f.want, FOLLOW_ALL);
		assert_true(follow_read(&f, "h", 9, 0));
		assert_true(follow_entry(&f, "h", 10));
	}
}

static void
when_nothing_comes_the_head_is_read_again(void **state)
{
	struct follow f = at(7);

	(void)state;
	follow_entries_end(&f, 0);
	assert_int_equal(f.want, FOLLOW_HEAD);
	follow_head(&f, "g", 7);
	assert_int_equal(f.want, FOLLOW_WAIT);
}

static void
a_head_of_another_generation_or_one_that_went_back_starts_over(void **state)
{
	struct follow f = at(7);

	(void)state;
	follow_head(&f, "h", 7);
	assert_int_equal(f.want, FOLLOW_ALL);
	f = at(7);
	follow_head(&f, "g", 6);
	assert_int_equal(f.want, FOLLOW_ALL);
	assert_true(follow_read(&f, "g", 6, 0));
	assert_int_equal(f.rev, 6);
}

static void
a_head_that_is_ahead_is_a_gap_only_if_the_stream_has_nothing(void **state)
{
	struct follow f = at(7);

	(void)state;
	follow_head(&f, "g", 9);
	assert_int_equal(f.want, FOLLOW_PEEK);
	assert_int_equal(answer(&f, "g", 8, 9), 2);
	assert_int_equal(f.want, FOLLOW_WAIT);
	follow_head(&f, "g", 11);
	follow_entries_end(&f, 0);
	assert_int_equal(f.want, FOLLOW_BETWEEN);
}

static void
a_gap_can_be_filled_as_long_as_its_deletions_are_kept(void **state)
{
	static const struct {
		uint64_t floor;
		bool enough;
	} rows[] = {{0, true}, {7, true}, {8, true}, {9, false}, {20, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct follow f = at(7);

		(void)answer(&f, "g", 20, 20);
		assert_int_equal(follow_read(&f, "g", 20, rows[i].floor), rows[i].enough);
		assert_int_equal(f.want, rows[i].enough ? FOLLOW_WAIT : FOLLOW_ALL);
		assert_int_equal(f.rev, rows[i].enough ? 20 : 7);
	}
}

static void
a_life_that_ends_while_a_gap_is_filled_starts_over(void **state)
{
	struct follow f = at(7);

	(void)state;
	(void)answer(&f, "g", 9, 9);
	assert_false(follow_read(&f, "h", 20, 0));
	assert_int_equal(f.want, FOLLOW_ALL);
	f = at(7);
	(void)answer(&f, "g", 9, 9);
	assert_false(follow_read(&f, "g", 6, 0));
	assert_int_equal(f.want, FOLLOW_ALL);
	assert_false(follow_read(&f, NULL, 0, 0));
	assert_int_equal(f.want, FOLLOW_HEAD);
}

static void
entries_that_can_never_be_taken_are_not_asked_for_again_at_once(void **state)
{
	struct follow f = at(7);

	(void)state;
	(void)answer(&f, NULL, 7, 7); /* 7-1, which is behind 7-0 */
	assert_int_equal(f.want, FOLLOW_REST);
	follow_rested(&f);
	assert_int_equal(f.want, FOLLOW_HEAD);
	follow_head(&f, "g", 7);
	(void)answer(&f, NULL, 99, 99);
	assert_int_equal(f.want, FOLLOW_BETWEEN);
	assert_true(follow_read(&f, "g", 7, 0));
	assert_int_equal(f.want, FOLLOW_REST);
}

static void
after_a_lost_connection_the_head_is_read_whatever_was_under_way(void **state)
{
	struct follow f = at(7);

	(void)state;
	(void)answer(&f, "g", 9, 9);
	follow_lost(&f);
	assert_int_equal(f.want, FOLLOW_HEAD);
	follow_head(&f, "g", 9);
	assert_int_equal(f.want, FOLLOW_PEEK);
	assert_int_equal(f.rev, 7);
}

static void
what_comes_to_be_while_it_waits_for_a_catalog_is_all_new(void **state)
{
	struct follow f;

	(void)state;
	follow_init(&f);
	follow_head(&f, NULL, 0);
	assert_int_equal(f.want, FOLLOW_BIRTH);
	follow_entries_end(&f, 0);
	assert_int_equal(f.want, FOLLOW_HEAD);
	follow_head(&f, "g", 2);
	assert_int_equal(f.want, FOLLOW_PEEK);
	assert_int_equal(answer(&f, "g", 1, 2), 2);
	follow_head(&f, NULL, 0);
	assert_int_equal(f.want, FOLLOW_BIRTH);
	follow_head(&f, "h", 2);
	assert_int_equal(f.want, FOLLOW_ALL);
}

static void
a_snapshot_comes_first_and_only_once(void **state)
{
	struct follow f;

	(void)state;
	follow_init_snapshot(&f);
	follow_head(&f, "g", 7);
	assert_int_equal(f.want, FOLLOW_ALL);
	follow_lost(&f);
	follow_head(&f, "g", 8);
	assert_int_equal(f.want, FOLLOW_ALL);
	assert_true(follow_read(&f, "g", 9, 5));
	assert_true(follow_entry(&f, "g", 10));
	follow_head(&f, "g", 10);
	assert_int_equal(f.want, FOLLOW_WAIT);
}

static void
a_place_is_a_revision_or_the_id_of_an_event(void **state)
{
	struct follow f;

	(void)state;
	assert_true(follow_init_since(&f, "17"));
	follow_head(&f, "g", 19);
	assert_int_equal(f.want, FOLLOW_PEEK);
	assert_int_equal(answer(&f, "g", 18, 19), 2);
	assert_true(follow_init_since(&f, "g.17"));
	follow_head(&f, "g", 17);
	assert_int_equal(f.want, FOLLOW_WAIT);
	assert_true(follow_init_since(&f, "g.17"));
	follow_head(&f, "h", 17);
	assert_int_equal(f.want, FOLLOW_ALL);
	assert_true(follow_init_since(&f, "18"));
	follow_head(&f, "g", 17);
	assert_int_equal(f.want, FOLLOW_ALL);
	assert_true(follow_init_since(&f, "00ff.18446744073709551615"));
	assert_string_equal(f.generation, "00ff");
	assert_true(f.rev == UINT64_MAX);
}

static void
what_is_no_place_is_refused(void **state)
{
	static const char *const bad[] = {"", "x", "-1", "1x", ".1", "g.", "18446744073709551616",
	    "0000000000000000000000000000000000000000000000000000000000000000.1"};
	struct follow f;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(follow_init_since(&f, bad[i]));
}

static void
a_generation_that_is_too_long_is_cut_and_so_another_one(void **state)
{
	static const char longer[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct follow f;

	(void)state;
	follow_init(&f);
	follow_head(&f, longer, 7);
	assert_int_equal(f.want, FOLLOW_ALL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_begins_with_the_head_and_from_now_on),
	    cmocka_unit_test(the_next_revision_is_taken_and_each_only_once),
	    cmocka_unit_test(a_revision_that_is_left_out_is_a_gap_and_what_is_behind_it_is_passed_over),
	    cmocka_unit_test(an_entry_that_names_no_generation_counts_by_its_revision),
	    cmocka_unit_test(another_generation_starts_over_even_where_its_revision_would_fit),
	    cmocka_unit_test(when_nothing_comes_the_head_is_read_again),
	    cmocka_unit_test(a_head_of_another_generation_or_one_that_went_back_starts_over),
	    cmocka_unit_test(a_head_that_is_ahead_is_a_gap_only_if_the_stream_has_nothing),
	    cmocka_unit_test(a_gap_can_be_filled_as_long_as_its_deletions_are_kept),
	    cmocka_unit_test(a_life_that_ends_while_a_gap_is_filled_starts_over),
	    cmocka_unit_test(entries_that_can_never_be_taken_are_not_asked_for_again_at_once),
	    cmocka_unit_test(after_a_lost_connection_the_head_is_read_whatever_was_under_way),
	    cmocka_unit_test(what_comes_to_be_while_it_waits_for_a_catalog_is_all_new),
	    cmocka_unit_test(a_snapshot_comes_first_and_only_once),
	    cmocka_unit_test(a_place_is_a_revision_or_the_id_of_an_event),
	    cmocka_unit_test(what_is_no_place_is_refused),
	    cmocka_unit_test(a_generation_that_is_too_long_is_cut_and_so_another_one),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
