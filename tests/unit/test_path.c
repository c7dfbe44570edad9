#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/path.h"

static void
assert_text(char *have, const char *want)
{
	assert_string_equal(have, want);
	free(have);
}

static void
a_clean_path_has_no_superfluous_parts(void **state)
{
	(void)state;
	assert_text(path_clean("a/./b//c/"), "a/b/c");
	assert_text(path_clean("./a"), "a");
	assert_text(path_clean("a/b/../c"), "a/c");
	assert_text(path_clean("a/.."), "");
	assert_text(path_clean("."), "");
	assert_text(path_clean(""), "");
	assert_text(path_clean("../a/../../b"), "../../b");
	assert_text(path_clean("/"), "/");
	assert_text(path_clean("//a//"), "/a");
	assert_text(path_clean("/../a/../../b"), "/b");
	assert_text(path_clean("..a/...//b"), "..a/.../b");
}

static void
a_folder_holds_itself_and_what_is_below_it_only(void **state)
{
	(void)state;
	assert_true(path_within("foo", "foo"));
	assert_true(path_within("foo/bar", "foo"));
	assert_false(path_within("foobar", "foo"));
	assert_false(path_within("foo", "foo/bar"));
	assert_true(path_within("foo", ""));
	assert_true(path_within("/foo", "/"));
	assert_string_equal(path_below("foo/bar/x", "foo"), "bar/x");
	assert_string_equal(path_below("foo", "foo"), "");
	assert_string_equal(path_below("foo", ""), "foo");
	assert_string_equal(path_below("/foo", "/"), "foo");
}

static void
joining_and_parting_are_each_others_reverse(void **state)
{
	(void)state;
	assert_text(path_join("/a", "b/c"), "/a/b/c");
	assert_text(path_join("/", "b"), "/b");
	assert_text(path_join("", "b"), "b");
	assert_text(path_join("/a", ""), "/a");
	assert_text(path_parent("/a/b"), "/a");
	assert_text(path_parent("/a"), "/");
	assert_text(path_parent("/"), "/");
}

static void
the_current_folder_completes_and_shortens(void **state)
{
	char *cwd = getcwd(NULL, 0), *inside = path_join(cwd, "x/y");

	(void)state;
	assert_text(path_absolute("z/../x/y"), inside);
	assert_text(path_absolute("/p/./q"), "/p/q");
	assert_text(path_shown(inside), "x/y");
	assert_text(path_shown(cwd), ".");
	assert_text(path_shown("/elsewhere/y"), "/elsewhere/y");
	free(inside);
	free(cwd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_clean_path_has_no_superfluous_parts),
	    cmocka_unit_test(a_folder_holds_itself_and_what_is_below_it_only),
	    cmocka_unit_test(joining_and_parting_are_each_others_reverse),
	    cmocka_unit_test(the_current_folder_completes_and_shortens),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
