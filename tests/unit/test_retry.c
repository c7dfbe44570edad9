#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "watch/retry.h"

#define START (100 * USEC_PER_SEC)

static void
assert_next(struct retries *rs, usec_t now, const char *path)
{
	const char *got = retries_next(rs, now);

	if (path == NULL)
		assert_null(got);
	else
		assert_string_equal(got, path);
}

static void
a_path_is_tried_after_a_quarter_of_a_second_and_forgotten_once_it_does_not_fail(void **state)
{
	struct retries *rs = retries_new();

	(void)state;
	assert_true(retries_deadline(rs) == USEC_NEVER);
	assert_true(retries_add(rs, "a", START));
	assert_false(retries_add(rs, "a", START + 1));
	assert_true(retries_deadline(rs) == START + 250 * USEC_PER_MS);
	assert_next(rs, START + 249 * USEC_PER_MS, NULL);
	assert_next(rs, START + 250 * USEC_PER_MS, "a");
	assert_next(rs, START + 250 * USEC_PER_MS, NULL);
	assert_int_equal(retries_count(rs), 1);
	assert_next(rs, retries_deadline(rs), NULL);
	assert_int_equal(retries_count(rs), 0);
	assert_true(retries_deadline(rs) == USEC_NEVER);
	assert_true(retries_add(rs, "a", 2 * START));
	retries_free(rs);
}

static void
rounds_become_rarer_up_to_two_seconds_while_something_fails(void **state)
{
	static const usec_t delays[] = {250, 250, 500, 1000, 2000, 2000, 2000};
	struct retries *rs = retries_new();
	usec_t now = START;

	(void)state;
	(void)retries_add(rs, "a", now);
	for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		assert_true(retries_deadline(rs) - now == delays[i] * USEC_PER_MS);
		now = retries_deadline(rs);
		assert_next(rs, now, "a");
		assert_false(retries_add(rs, "a", now));
		assert_next(rs, now, NULL);
	}
	/* A new one does not wait for the others' turn. */
	assert_true(retries_add(rs, "b", now));
	assert_true(retries_deadline(rs) == now + 250 * USEC_PER_MS);
	retries_free(rs);
}

static void
a_round_hands_out_each_path_once_and_none_that_came_during_it(void **state)
{
	struct retries *rs = retries_new();
	char path[16];
	usec_t now;

	(void)state;
	for (int i = 0; i < 9; i += 2) {
		(void)snprintf(path, sizeof path, "p%d", i);
		assert_true(retries_add(rs, path, START));
	}
	now = retries_deadline(rs);
	for (int i = 0; i < 9; i += 2) {
		(void)snprintf(path, sizeof path, "p%d", i);
		assert_next(rs, now, path);
		assert_true(i != 0 || !retries_add(rs, "p0", now));
		(void)snprintf(path, sizeof path, "p%d", i + 1);
		assert_true(retries_add(rs, path, now));
	}
	assert_next(rs, now, NULL);
	/* p0 failed again, and the odd ones are new. */
	now = retries_deadline(rs);
	assert_next(rs, now, "p0");
	for (int i = 1; i <= 9; i += 2) {
		(void)snprintf(path, sizeof path, "p%d", i);
		assert_next(rs, now, path);
	}
	assert_next(rs, now, NULL);
	assert_int_equal(retries_count(rs), 6);
	retries_free(rs);
}

static void
what_fails_between_two_rounds_stays(void **state)
{
	struct retries *rs = retries_new();
	usec_t now;

	(void)state;
	(void)retries_add(rs, "read in the pool", START);
	now = retries_deadline(rs);
	assert_next(rs, now, "read in the pool");
	assert_next(rs, now, NULL);
	assert_false(retries_add(rs, "read in the pool", now + 10 * USEC_PER_MS));
	assert_next(rs, retries_deadline(rs), "read in the pool");
	retries_free(rs);
}

static void
what_lies_below_a_path_that_fails_is_covered_until_its_turn_came_and_it_did_not_fail_again(void **state)
{
	struct retries *rs = retries_new();
	uint64_t version;
	usec_t now;

	(void)state;
	assert_false(retries_cover(rs, "a/b"));
	(void)retries_add(rs, "a/b", START);
	(void)retries_add(rs, "c", START);
	assert_true(retries_cover(rs, "a/b"));
	assert_true(retries_cover(rs, "a/b/c/d"));
	assert_false(retries_cover(rs, "a"));
	assert_false(retries_cover(rs, "a/bc"));
	assert_false(retries_cover(rs, "d"));

	version = retries_version(rs);
	now = retries_deadline(rs);
	assert_next(rs, now, "a/b");
	assert_true(retries_cover(rs, "c/x")); /* its turn is still to come */
	assert_next(rs, now, "c");
	(void)retries_add(rs, "c", now);
	assert_next(rs, now, NULL);
	assert_false(retries_cover(rs, "a/b/c"));
	assert_true(retries_cover(rs, "c/x"));
	assert_true(retries_version(rs) != version);
	retries_free(rs);
}

static void
the_root_covers_everything_and_what_is_forgotten_nothing(void **state)
{
	struct retries *rs = retries_new();
	uint64_t version;

	(void)state;
	(void)retries_add(rs, "", START);
	assert_true(retries_cover(rs, "a/b"));
	assert_true(retries_cover(rs, ""));
	version = retries_version(rs);
	retries_forget(rs, "a");
	assert_true(retries_version(rs) == version);
	retries_forget(rs, "");
	assert_true(retries_version(rs) != version);
	assert_false(retries_cover(rs, "a/b"));
	assert_int_equal(retries_count(rs), 0);
	retries_free(rs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_is_tried_after_a_quarter_of_a_second_and_forgotten_once_it_does_not_fail),
	    cmocka_unit_test(rounds_become_rarer_up_to_two_seconds_while_something_fails),
	    cmocka_unit_test(a_round_hands_out_each_path_once_and_none_that_came_during_it),
	    cmocka_unit_test(what_fails_between_two_rounds_stays),
	    cmocka_unit_test(
		what_lies_below_a_path_that_fails_is_covered_until_its_turn_came_and_it_did_not_fail_again),
	    cmocka_unit_test(the_root_covers_everything_and_what_is_forgotten_nothing),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
