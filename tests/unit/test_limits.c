#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/limits.h"

static struct strings
limits(const char *const *words)
{
	struct strings s = {0};

	for (; *words != NULL; words++)
		strings_add(&s, *words);
	strings_sort(&s);
	return s;
}

static void
a_path_is_asked_for_when_it_or_a_folder_above_it_is(void **state)
{
	static const char *const words[] = {"tools/js.yaml", "skills/a", "mcps", NULL};
	struct strings s = limits(words), all = {0}, root = {0};

	(void)state;
	assert_true(limits_hold(&s, "skills/a"));
	assert_true(limits_hold(&s, "skills/a/b/SKILL.md"));
	assert_true(limits_hold(&s, "mcps/x"));
	assert_false(limits_hold(&s, "skills/ab"));
	assert_false(limits_hold(&s, "skills"));
	assert_false(limits_hold(&s, ""));
	assert_false(limits_hold(&s, "tools/js"));
	assert_true(limits_hold(&all, "any/thing"));
	strings_add(&root, "");
	assert_true(limits_hold(&root, "any/thing"));
	assert_true(limits_hold(&root, ""));
	strings_free(&s);
	strings_free(&root);
}

static void
a_folder_matters_when_something_below_it_is_asked_for(void **state)
{
	/* "skills-b" and "skills.c" come between "skills" and "skills/a" by bytes, or before it. */
	static const char *const words[] = {"skills-b", "skills.c", "skills/a/SKILL.md", "tools", NULL};
	struct strings s = limits(words), all = {0};

	(void)state;
	assert_true(limits_below(&s, "skills"));
	assert_true(limits_below(&s, "skills/a"));
	assert_true(limits_below(&s, "tools"));
	assert_true(limits_below(&s, ""));
	assert_false(limits_below(&s, "skills/b"));
	assert_false(limits_below(&s, "skill"));
	assert_false(limits_below(&s, "tools/x"));
	assert_true(limits_below(&all, "any"));
	strings_free(&s);
}

static void
a_folder_may_hold_a_rival_of_a_file_with_its_name(void **state)
{
	static const char *const words[] = {"tools/a.b.yaml", "tools/js.yaml", "tools/ts.x/y.json", NULL};
	struct strings s = limits(words);

	(void)state;
	assert_true(limits_twin(&s, "tools/js"));
	assert_true(limits_twin(&s, "tools/a.b"));
	assert_false(limits_twin(&s, "tools/a"));
	assert_false(limits_twin(&s, "tools/ts"));
	assert_false(limits_twin(&s, "tools/j"));
	strings_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_is_asked_for_when_it_or_a_folder_above_it_is),
	    cmocka_unit_test(a_folder_matters_when_something_below_it_is_asked_for),
	    cmocka_unit_test(a_folder_may_hold_a_rival_of_a_file_with_its_name),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
