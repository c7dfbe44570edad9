/* RFC 3339 of the wall clock. What is expected was computed with Python's datetime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void
time_is_written_in_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {951868799999, "2000-02-29T23:59:59.999Z"},
	    {1709251199999, "2024-02-29T23:59:59.999Z"},
	    {1709251200000, "2024-03-01T00:00:00.000Z"},
	    {1769903999123, "2026-01-31T23:59:59.123Z"},
	    {4102444800001, "2100-01-01T00:00:00.001Z"},
	};
	char got[CLOCK_RFC3339_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clock_rfc3339(cases[i].ms, got);
		assert_string_equal(got, cases[i].text);
	}
}

static void
date_moves_with_the_day_and_back(void **state)
{
	char got[CLOCK_RFC3339_SIZE];

	(void)state;
	clock_rfc3339(1709251200000, got);
	clock_rfc3339(1709251200000 - 1, got);
	assert_string_equal(got, "2024-02-29T23:59:59.999Z");
	clock_rfc3339(1709251200000 + 86399999, got);
	assert_string_equal(got, "2024-03-01T23:59:59.999Z");
	clock_rfc3339(1709251200000 + 86400000, got);
	assert_string_equal(got, "2024-03-02T00:00:00.000Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(time_is_written_in_utc_with_milliseconds),
	    cmocka_unit_test(date_moves_with_the_day_and_back),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
