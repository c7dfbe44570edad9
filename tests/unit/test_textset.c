/* A set of strings in byte order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/textset.h"

static void
join(void *arg, const char *text)
{
	buf_addstr(arg, text);
	buf_addch(arg, ' ');
}

static void
each_string_is_there_once_and_in_byte_order(void **state)
{
	struct textset s = {0};
	struct buf out = {0};

	(void)state;
	assert_true(textset_add(&s, "b"));
	assert_true(textset_add(&s, "a/x"));
	assert_true(textset_add(&s, "a"));
	assert_true(textset_add(&s, ""));
	assert_false(textset_add(&s, "b"));
	assert_int_equal(s.n, 4);
	assert_true(textset_has(&s, "a"));
	assert_false(textset_has(&s, "a/"));
	textset_each(&s, join, &out);
	assert_string_equal(out.p, " a a/x b ");
	textset_clear(&s);
	assert_int_equal(s.n, 0);
	assert_false(textset_has(&s, "a"));
	buf_free(&out);
}

static void
the_first_is_taken_until_none_is_left(void **state)
{
	struct textset s = {0};
	struct buf out = {0};

	(void)state;
	assert_false(textset_take(&s, &out));
	(void)textset_add(&s, "two");
	(void)textset_add(&s, "one");
	assert_true(textset_take(&s, &out));
	assert_string_equal(out.p, "one");
	assert_true(textset_take(&s, &out));
	assert_string_equal(out.p, "two");
	assert_false(textset_take(&s, &out));
	assert_string_equal(out.p, "two");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_string_is_there_once_and_in_byte_order),
	    cmocka_unit_test(the_first_is_taken_until_none_is_left),
	};

	return cmocka_run_group_tests_name("textset", tests, NULL, NULL);
}
