#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/excerpt.h"

/* What is printed for a place, on a terminal of that width; 0: none. */
static void
check_width(size_t width, const char *text, int line, int column, const char *want)
{
	const struct out o = {.width = width};
	struct buf b = {0};

	excerpt_add(&o, &b, STYLE_RED, text, strlen(text), line, column);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
check(const char *text, int line, int column, const char *want)
{
	check_width(0, text, line, column, want);
}

static void
the_caret_stands_below_the_character(void **state)
{
	(void)state;
	check("a: b: c\n", 1, 5, "    1 | a: b: c\n      |     ^\n");
	check("x\r\na: b\r\ny", 2, 1, "    2 | a: b\n      | ^\n");
	check("x\ra: b\r\ny", 2, 2, "    2 | a: b\n      |  ^\n");
	check("x\n\ny", 2, 1, "    2 | \n      | ^\n");
	check("x\nend", 2, 4, "    2 | end\n      |    ^\n");
	check("end\n", 2, 1, "    2 | \n      | ^\n");
}

static void
characters_have_the_widths_that_a_terminal_gives_them(void **state)
{
	(void)state;
	check("\xc3\xa4\xc3\xb6: x", 1, 5, "    1 | \xc3\xa4\xc3\xb6: x\n      |     ^\n");
	check("\xe7\x95\x8c\xe7\x95\x8c: x", 1, 3, "    1 | \xe7\x95\x8c\xe7\x95\x8c: x\n      |     ^\n");
	check("e\xcc\x81x", 1, 3, "    1 | e\xcc\x81x\n      |  ^\n");
	check("\xf0\x9f\x98\x80x", 1, 2, "    1 | \xf0\x9f\x98\x80x\n      |   ^\n");
	check("\ta", 1, 2, "    1 |         a\n      |         ^\n");
	check("ab\t\xe7\x95\x8c\tc", 1, 6, "    1 | ab      \xe7\x95\x8c      c\n      |                 ^\n");
	check("\t", 1, 1, "    1 |         \n      | ^\n");
	check("\xef\xbb\xbf"
	      "ab",
	    1, 2, "    1 | ab\n      |  ^\n");
}

static void
what_is_not_printable_is_escaped_and_counts_as_it_is_shown(void **state)
{
	(void)state;
	check("a\x1b[2Jb", 1, 6, "    1 | a\\x1B[2Jb\n      |         ^\n");
	check("\xffz", 1, 2, "    1 | \\xFFz\n      |     ^\n");
	check("\xe2\x80\xaez", 1, 2, "    1 | \\xE2\\x80\\xAEz\n      |             ^\n");
}

static void
a_long_line_is_cut_around_the_caret(void **state)
{
	static const char text[] =
	    "0123456789012345678901234567890123456789abcdefghij0123456789012345678901234567890123456789";

	(void)state;
	/* 50 columns are left beside the number of the line: 47 and the dots. */
	check_width(58, text, 1, 1, "    1 | 0123456789012345678901234567890123456789abcdefg...\n      | ^\n");
	/* Below the 'e'. */
	check_width(58, text, 1, 45,
	    "    1 | ...234567890123456789abcdefghij0123456789012345...\n      |                          ^\n");
	check_width(58, text, 1, 91, "    1 | ...8901234567890123456789\n      |                          ^\n");
}

static void
a_place_that_is_not_there_is_passed_over(void **state)
{
	(void)state;
	check("a\n", 0, 0, "");
	check("a\n", 4, 1, "");
	check("a\n", 1, 0, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_caret_stands_below_the_character),
	    cmocka_unit_test(characters_have_the_widths_that_a_terminal_gives_them),
	    cmocka_unit_test(what_is_not_printable_is_escaped_and_counts_as_it_is_shown),
	    cmocka_unit_test(a_long_line_is_cut_around_the_caret),
	    cmocka_unit_test(a_place_that_is_not_there_is_passed_over),
	};

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("excerpt", tests, NULL, NULL);
}
