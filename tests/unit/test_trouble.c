/* When to tell of a trouble, and how long to wait before the next try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/backoff.h"
#include "base/trouble.h"

#define SEC USEC_PER_SEC

static void
what_lasts_is_told_once_a_minute_and_its_end_once(void **state)
{
	struct trouble t = {0};

	(void)state;
	assert_false(trouble_end(&t, 1 * SEC));
	assert_true(trouble_set(&t, "gone", 100 * SEC));
	for (int i = 1; i < 60; i++)
		assert_false(trouble_set(&t, "gone", (100 + i) * SEC));
	assert_true(trouble_set(&t, "gone", 160 * SEC));
	assert_string_equal(t.text, "gone");
	assert_true(trouble_end(&t, 161 * SEC));
	assert_string_equal(t.text, "");
	assert_false(trouble_end(&t, 162 * SEC));
}

static void
another_thing_is_told_at_once_but_not_each_time_that_they_take_turns(void **state)
{
	struct trouble t = {0};

	(void)state;
	assert_true(trouble_set(&t, "OOM", 100 * SEC));
	assert_true(trouble_set(&t, "gone", 101 * SEC));
	assert_false(trouble_set(&t, "OOM", 102 * SEC));
	assert_string_equal(t.text, "OOM");
	assert_false(trouble_set(&t, "gone", 103 * SEC));
	assert_true(trouble_set(&t, "OOM", 160 * SEC));
}

static void
numbers_make_no_other_thing(void **state)
{
	struct trouble t = {0};

	(void)state;
	assert_true(trouble_set(&t, "BASE rev is 8", 100 * SEC));
	assert_false(trouble_set(&t, "BASE rev is 1234", 101 * SEC));
	assert_string_equal(t.text, "BASE rev is 1234");
	assert_true(trouble_set(&t, "BASE rev is 8!", 102 * SEC));
	assert_true(trouble_set(&t, "BASE rev is", 103 * SEC));
}

static void
a_flood_of_different_things_is_told_in_part(void **state)
{
	struct trouble t = {0};
	char text[8] = "x";
	int told = 0;

	(void)state;
	for (char c = 'a'; c <= 'z'; c++) {
		text[1] = c;
		told += trouble_set(&t, text, 100 * SEC);
	}
	assert_int_equal(told, TROUBLE_KINDS);
	assert_string_equal(t.text, "xz");
	assert_true(trouble_set(&t, "xz", 160 * SEC));
}

static void
what_comes_again_at_once_never_ended(void **state)
{
	struct trouble t = {0};

	(void)state;
	assert_true(trouble_set(&t, "gone", 100 * SEC));
	assert_true(trouble_end(&t, 101 * SEC));
	assert_false(trouble_set(&t, "gone", 102 * SEC));
	assert_false(trouble_end(&t, 103 * SEC));
	assert_true(trouble_set(&t, "gone", 113 * SEC)); /* after ten seconds without it */
	assert_true(trouble_end(&t, 114 * SEC));
}

static void
waits_double_up_to_the_longest_and_begin_anew_after_success(void **state)
{
	struct backoff b;
	usec_t full = BACKOFF_FIRST;

	(void)state;
	backoff_init(&b, 0);
	for (int i = 0; i < 20; i++) {
		usec_t wait = backoff_next(&b);

		assert_in_range(wait, full / 2, full);
		full = usec_min(full * 2, BACKOFF_MAX);
	}
	backoff_reset(&b);
	assert_in_range(backoff_next(&b), BACKOFF_FIRST / 2, BACKOFF_FIRST);
	assert_in_range(backoff_longest(&b), BACKOFF_MAX / 2, BACKOFF_MAX);
}

static void
two_with_other_seeds_do_not_keep_step(void **state)
{
	struct backoff a, b;
	int same = 0;

	(void)state;
	backoff_init(&a, 1000);
	backoff_init(&b, 2000);
	for (int i = 0; i < 20; i++)
		same += backoff_next(&a) == backoff_next(&b);
	assert_in_range(same, 0, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_lasts_is_told_once_a_minute_and_its_end_once),
	    cmocka_unit_test(another_thing_is_told_at_once_but_not_each_time_that_they_take_turns),
	    cmocka_unit_test(numbers_make_no_other_thing),
	    cmocka_unit_test(a_flood_of_different_things_is_told_in_part),
	    cmocka_unit_test(what_comes_again_at_once_never_ended),
	    cmocka_unit_test(waits_double_up_to_the_longest_and_begin_anew_after_success),
	    cmocka_unit_test(two_with_other_seeds_do_not_keep_step),
	};

	return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
