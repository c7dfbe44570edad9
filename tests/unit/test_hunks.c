#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/hunks.h"

static void
check(const char *from, const char *to, const char *want)
{
	const struct out o = {.width = 0};
	struct buf b = {0};

	hunks_add(&o, &b, from, strlen(from), to, strlen(to));
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
changed_and_added_lines_are_shown_with_three_around_them(void **state)
{
	(void)state;
	check("a\nb\n", "a\nb\n", "");
	check("a\r\nb\r\n", "a\nb\n", "");
	check("a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n");
	check("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	    "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
	check("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
	    "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
	check("---\na\n\nb\n", "---\na\n---\n\nb\n", "@@ -1,4 +1,5 @@\n ---\n a\n+---\n \n b\n");
	check("---\na", "---\na\n---\n", "@@ -1,2 +1,3 @@\n ---\n a\n+---\n");
	check("---\nx\n\nb\n", "---\ny\n---\n\nb\n", "@@ -1,4 +1,5 @@\n ---\n-x\n+y\n+---\n \n b\n");
	check("", "a\n", "@@ -1,0 +1,1 @@\n+a\n");
}

static void
what_is_not_printable_is_escaped(void **state)
{
	(void)state;
	check("\ta\x1b\n", "  a\x1b\n", "@@ -1,1 +1,1 @@\n-\\x09a\\x1B\n+  a\\x1B\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changed_and_added_lines_are_shown_with_three_around_them),
	    cmocka_unit_test(what_is_not_printable_is_escaped),
	};

	return cmocka_run_group_tests_name("hunks", tests, NULL, NULL);
}
