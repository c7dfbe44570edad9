#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/progress.h"

#define T0 (7 * USEC_PER_SEC)

static void
quick_work_shows_nothing(void **state)
{
	struct progress p;
	struct buf b = {0};

	(void)state;
	progress_begin(&p, 10, T0);
	progress_step(&p, 9, T0 + 499 * USEC_PER_MS, &b);
	progress_end(&p, &b);
	assert_string_equal(buf_str(&b), "");
}

static void
long_work_shows_how_far_it_is_and_wipes_it_at_the_end(void **state)
{
	struct progress p;
	struct buf b = {0};

	(void)state;
	progress_begin(&p, 200, T0);
	progress_step(&p, 50, T0 + 500 * USEC_PER_MS, &b);
	assert_string_equal(buf_str(&b), "\r[##########                              ] 50 of 200");
	buf_clear(&b);
	progress_step(&p, 51, T0 + 599 * USEC_PER_MS, &b);
	assert_string_equal(buf_str(&b), "");
	progress_step(&p, 200, T0 + 600 * USEC_PER_MS, &b);
	assert_string_equal(buf_str(&b), "\r[########################################] 200 of 200");
	buf_clear(&b);
	progress_end(&p, &b);
	assert_string_equal(buf_str(&b), "\r\033[K");
	buf_free(&b);
}

static void
more_than_was_expected_does_not_burst_the_bar(void **state)
{
	struct progress p;
	struct buf b = {0};

	(void)state;
	progress_begin(&p, 0, T0);
	progress_step(&p, 5, T0 + USEC_PER_SEC, &b);
	assert_string_equal(buf_str(&b), "\r[                                        ] 5 of 0");
	buf_clear(&b);
	progress_begin(&p, 2, T0);
	progress_step(&p, 5, T0 + USEC_PER_SEC, &b);
	assert_string_equal(buf_str(&b), "\r[########################################] 5 of 2");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quick_work_shows_nothing),
	    cmocka_unit_test(long_work_shows_how_far_it_is_and_wipes_it_at_the_end),
	    cmocka_unit_test(more_than_was_expected_does_not_burst_the_bar),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
