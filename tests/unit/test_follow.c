#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/follow.h"

static struct follow
at(const char *generation, uint64_t rev)
{
	struct follow f;

	follow_begin(&f, generation, rev);
	return f;
}

static void
the_next_revision_is_taken_and_each_only_once(void **state)
{
	struct follow f = at("g", 7);

	(void)state;
	assert_int_equal(follow_event(&f, "g", 8), FOLLOW_NEXT);
	follow_take(&f, 8);
	assert_int_equal(follow_event(&f, "g", 8), FOLLOW_OLD);
	assert_int_equal(follow_event(&f, "g", 1), FOLLOW_OLD);
	assert_int_equal(follow_event(&f, "g", 9), FOLLOW_NEXT);
}

static void
a_revision_that_is_left_out_is_a_gap(void **state)
{
	struct follow f = at("g", 7);

	(void)state;
	assert_int_equal(follow_event(&f, "g", 9), FOLLOW_GAP);
	assert_int_equal(follow_event(&f, NULL, 9), FOLLOW_GAP);
	assert_int_equal(follow_event(&f, NULL, 8), FOLLOW_NEXT);
}

static void
another_generation_starts_over_even_where_its_revision_would_fit(void **state)
{
	struct follow f = at("g", 7);

	(void)state;
	assert_int_equal(follow_event(&f, "h", 8), FOLLOW_RESET);
	assert_int_equal(follow_event(&f, "h", 3), FOLLOW_RESET);
	assert_int_equal(follow_event(&f, "", 8), FOLLOW_RESET);
}

static void
a_head_is_new_old_or_of_another_life(void **state)
{
	struct follow f = at("g", 7);

	(void)state;
	assert_int_equal(follow_head(&f, "g", 7), FOLLOW_OLD);
	assert_int_equal(follow_head(&f, "g", 8), FOLLOW_GAP);
	assert_int_equal(follow_head(&f, "g", 6), FOLLOW_RESET);
	assert_int_equal(follow_head(&f, "h", 7), FOLLOW_RESET);
}

static void
a_gap_can_be_filled_as_long_as_its_deletions_are_kept(void **state)
{
	struct follow f = at("g", 7);

	(void)state;
	assert_int_equal(follow_gap(&f, 0), FOLLOW_GAP);
	assert_int_equal(follow_gap(&f, 7), FOLLOW_GAP);
	assert_int_equal(follow_gap(&f, 8), FOLLOW_GAP);
	assert_int_equal(follow_gap(&f, 9), FOLLOW_RESET);
}

static void
a_place_is_a_revision_or_the_id_of_an_event(void **state)
{
	struct follow f = {.rev = 1};

	(void)state;
	assert_true(follow_parse("17", &f));
	assert_string_equal(f.generation, "");
	assert_int_equal(f.rev, 17);
	assert_true(follow_parse("00ff.18446744073709551615", &f));
	assert_string_equal(f.generation, "00ff");
	assert_true(f.rev == UINT64_MAX);
	assert_false(follow_parse("", &f));
	assert_false(follow_parse("x", &f));
	assert_false(follow_parse("-1", &f));
	assert_false(follow_parse("1x", &f));
	assert_false(follow_parse(".1", &f));
	assert_false(follow_parse("g.", &f));
	assert_false(follow_parse("18446744073709551616", &f));
	assert_false(follow_parse("0000000000000000000000000000000000000000000000000000000000000000.1", &f));
}

static void
a_generation_that_is_too_long_is_cut_and_so_another_one(void **state)
{
	static const char longer[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct follow f = at(longer, 7);

	(void)state;
	assert_int_equal(follow_event(&f, longer, 8), FOLLOW_RESET);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_next_revision_is_taken_and_each_only_once),
	    cmocka_unit_test(a_revision_that_is_left_out_is_a_gap),
	    cmocka_unit_test(another_generation_starts_over_even_where_its_revision_would_fit),
	    cmocka_unit_test(a_head_is_new_old_or_of_another_life),
	    cmocka_unit_test(a_gap_can_be_filled_as_long_as_its_deletions_are_kept),
	    cmocka_unit_test(a_place_is_a_revision_or_the_id_of_an_event),
	    cmocka_unit_test(a_generation_that_is_too_long_is_cut_and_so_another_one),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
