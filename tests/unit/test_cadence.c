#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "watch/audit.h"
#include "watch/cadence.h"

#define START (100 * USEC_PER_SEC)

static void
short_work_is_done_at_its_interval(void **state)
{
	struct cadence c;

	(void)state;
	cadence_init(&c, 2 * USEC_PER_SEC, START);
	assert_false(cadence_due(&c, START + 2 * USEC_PER_SEC - 1));
	assert_true(cadence_due(&c, START + 2 * USEC_PER_SEC));
	cadence_begin(&c, START + 2 * USEC_PER_SEC);
	assert_false(cadence_due(&c, START * 2));
	assert_true(cadence_deadline(&c) == USEC_NEVER);
	cadence_end(&c, START + 2 * USEC_PER_SEC + 1000);
	assert_true(cadence_deadline(&c) == START + 4 * USEC_PER_SEC + 1000);
	cadence_end(&c, START + 3 * USEC_PER_SEC);
	assert_true(cadence_deadline(&c) == START + 4 * USEC_PER_SEC + 1000);
}

static void
long_work_takes_a_tenth_of_the_time(void **state)
{
	struct cadence c;

	(void)state;
	cadence_init(&c, 2 * USEC_PER_SEC, START);
	cadence_begin(&c, START);
	cadence_end(&c, START + 5 * USEC_PER_SEC);
	assert_true(cadence_deadline(&c) == START + 50 * USEC_PER_SEC);
}

static void
note(void *arg, const char *path)
{
	buf_addf(arg, "%s\n", path);
}

/* What is left of the audit, a line each; it ends here. */
static void
assert_left(struct audit *a, usec_t now, const char *lines)
{
	struct buf left = {0};
	size_t n = 99, expected = 0;

	for (const char *p = lines; *p != '\0'; p++)
		expected += *p == '\n';
	assert_true(audit_over(a, now, note, &left, &n));
	assert_string_equal(buf_str(&left), lines);
	assert_int_equal(n, expected);
	assert_false(audit_running(a));
	buf_free(&left);
}

static void
a_suspect_that_nobody_heard_of_is_left_after_the_grace(void **state)
{
	struct audit *a = audit_new();
	size_t n = 99;

	(void)state;
	audit_suspect(a, "before any audit");
	audit_begin(a);
	audit_suspect(a, "skills/a/SKILL.md");
	audit_suspect(a, "skills/a/SKILL.md");
	assert_false(audit_over(a, START, note, NULL, &n));
	audit_read(a, START);
	assert_true(audit_deadline(a) == START + AUDIT_GRACE);
	assert_false(audit_over(a, START + AUDIT_GRACE - 1, note, NULL, &n));
	assert_left(a, START + AUDIT_GRACE, "skills/a/SKILL.md\n");
	assert_false(audit_over(a, START + 2 * AUDIT_GRACE, note, NULL, &n));
	assert_true(audit_deadline(a) == USEC_NEVER);
	audit_free(a);
}

static void
an_event_of_a_folder_clears_what_lies_below_it_and_nothing_beside_it(void **state)
{
	struct audit *a = audit_new();

	(void)state;
	audit_begin(a);
	audit_suspect(a, "skills/foo");
	audit_suspect(a, "skills/foo-bar/x");
	audit_suspect(a, "skills/foo/a/b");
	audit_heard(a, "skills/foo");
	audit_heard(a, "elsewhere");
	audit_suspect(a, "skills/foo/found/later");
	audit_suspect(a, "skills/foobar/x");
	audit_read(a, START);
	assert_left(a, START + AUDIT_GRACE, "skills/foo-bar/x\nskills/foobar/x\n");
	audit_begin(a);
	audit_suspect(a, "skills/foo");
	audit_read(a, START);
	assert_left(a, START + AUDIT_GRACE, "skills/foo\n");
	audit_free(a);
}

static void
an_audit_that_is_cancelled_says_nothing(void **state)
{
	struct audit *a = audit_new();
	size_t n = 99;

	(void)state;
	audit_begin(a);
	audit_suspect(a, "x");
	audit_cancel(a);
	audit_read(a, START);
	assert_false(audit_over(a, START * 2, note, NULL, &n));
	audit_begin(a);
	audit_read(a, START);
	assert_left(a, START * 2, "");
	audit_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(short_work_is_done_at_its_interval),
	    cmocka_unit_test(long_work_takes_a_tenth_of_the_time),
	    cmocka_unit_test(a_suspect_that_nobody_heard_of_is_left_after_the_grace),
	    cmocka_unit_test(an_event_of_a_folder_clears_what_lies_below_it_and_nothing_beside_it),
	    cmocka_unit_test(an_audit_that_is_cancelled_says_nothing),
	};

	return cmocka_run_group_tests_name("cadence and audit", tests, NULL, NULL);
}
