#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "git/rules.h"

static enum verdict
ask(const char *file, const char *path, bool directory)
{
	struct rules *r = rules_parse(file, strlen(file));
	enum verdict v = rules_match(r, path, directory);

	rules_free(r);
	return v;
}

static void
comments_blanks_and_empty_rules_are_no_rules(void **state)
{
	static const char file[] = "# x\n\n   \n!\n/\n";

	(void)state;
	assert_null(rules_parse(file, sizeof file - 1));
	assert_null(rules_parse("", 0));
}

static void
a_rule_without_slash_matches_the_last_part_at_any_depth(void **state)
{
	(void)state;
	assert_int_equal(ask("*.log\n", "a/b/c.log", false), VERDICT_IGNORE);
	assert_int_equal(ask("b\n", "a/b", false), VERDICT_IGNORE);
	assert_int_equal(ask("b\n", "a/bb", false), VERDICT_NONE);
}

static void
a_rule_with_slash_matches_from_the_files_folder(void **state)
{
	(void)state;
	assert_int_equal(ask("/b\n", "b", false), VERDICT_IGNORE);
	assert_int_equal(ask("/b\n", "a/b", false), VERDICT_NONE);
	assert_int_equal(ask("a/*.c\n", "a/x.c", false), VERDICT_IGNORE);
	assert_int_equal(ask("a/*.c\n", "a/x/y.c", false), VERDICT_NONE);
	assert_int_equal(ask("a/*.c\n", "d/a/x.c", false), VERDICT_NONE);
}

static void
a_trailing_slash_means_folders_only(void **state)
{
	(void)state;
	assert_int_equal(ask("b/\n", "a/b", true), VERDICT_IGNORE);
	assert_int_equal(ask("b/\n", "a/b", false), VERDICT_NONE);
}

static void
the_last_rule_that_matches_wins(void **state)
{
	(void)state;
	assert_int_equal(ask("*.c\n!x.c\n", "x.c", false), VERDICT_KEEP);
	assert_int_equal(ask("!x.c\n*.c\n", "x.c", false), VERDICT_IGNORE);
}

static void
lines_may_end_with_crlf_and_blanks_and_the_file_begin_with_a_bom(void **state)
{
	(void)state;
	assert_int_equal(ask("\xef\xbb\xbf"
			     "a\r\nb  \r\nc\\ \r\nd",
			     "a", false),
	    VERDICT_IGNORE);
	assert_int_equal(ask("a\r\nb  \r\n", "b", false), VERDICT_IGNORE);
	assert_int_equal(ask("c\\ \n", "c ", false), VERDICT_IGNORE);
	assert_int_equal(ask("c\\ \n", "c", false), VERDICT_NONE);
	assert_int_equal(ask("d", "d", false), VERDICT_IGNORE);
}

static void
a_backslash_guards_the_first_character(void **state)
{
	(void)state;
	assert_int_equal(ask("\\#x\n", "#x", false), VERDICT_IGNORE);
	assert_int_equal(ask("\\!x\n", "!x", false), VERDICT_IGNORE);
}

static void
two_stars_span_folders(void **state)
{
	(void)state;
	assert_true(rules_wildmatch("**/b", "b"));
	assert_true(rules_wildmatch("**/b", "a/c/b"));
	assert_true(rules_wildmatch("a/**/b", "a/b"));
	assert_true(rules_wildmatch("a/**/b", "a/c/d/b"));
	assert_true(rules_wildmatch("a/**", "a/c/d"));
	assert_false(rules_wildmatch("a/**", "a"));
	assert_false(rules_wildmatch("a**b", "a/b"));
	assert_true(rules_wildmatch("**/x*y/**/z", "x/xy/xay/q/z"));
}

static void
brackets_take_ranges_classes_and_negation(void **state)
{
	(void)state;
	assert_true(rules_wildmatch("[a-c]x", "bx"));
	assert_false(rules_wildmatch("[!a-c]x", "bx"));
	assert_true(rules_wildmatch("[^a-c]x", "dx"));
	assert_true(rules_wildmatch("[]-]", "]"));
	assert_true(rules_wildmatch("[[:digit:]_]", "7"));
	assert_true(rules_wildmatch("[[:digit:]_]", "_"));
	assert_false(rules_wildmatch("[[:nonsense:]]", "n"));
	assert_false(rules_wildmatch("[ab", "a"));
	assert_false(rules_wildmatch("a[!x]b", "a/b"));
	assert_true(rules_wildmatch("a[\\]]", "a]"));
}

static void
many_stars_take_no_exponential_time(void **state)
{
	char pattern[401], text[4001];

	(void)state;
	for (size_t i = 0; i < 400; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[399] = 'b';
	pattern[400] = '\0';
	memset(text, 'a', 4000);
	text[4000] = '\0';
	assert_false(rules_wildmatch(pattern, text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comments_blanks_and_empty_rules_are_no_rules),
	    cmocka_unit_test(a_rule_without_slash_matches_the_last_part_at_any_depth),
	    cmocka_unit_test(a_rule_with_slash_matches_from_the_files_folder),
	    cmocka_unit_test(a_trailing_slash_means_folders_only),
	    cmocka_unit_test(the_last_rule_that_matches_wins),
	    cmocka_unit_test(lines_may_end_with_crlf_and_blanks_and_the_file_begin_with_a_bom),
	    cmocka_unit_test(a_backslash_guards_the_first_character),
	    cmocka_unit_test(two_stars_span_folders),
	    cmocka_unit_test(brackets_take_ranges_classes_and_negation),
	    cmocka_unit_test(many_stars_take_no_exponential_time),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
