#include "parsing.h"

#include "base/limits.h"
#include "base/text.h"
#include "manifest/frontmatter.h"

static void
front_matter_stands_between_two_lines(void **state)
{
	static const struct {
		const char *text, *yaml, *body;
	} cases[] = {
	    {"---\nname: x\n---\n# Title\n", "name: x\n", "# Title\n"},
	    {"---\r\nname: x\r\n---\r\nbody", "name: x\r\n", "body"},
	    {"---\n---\n", "", ""},
	    {"---\na: b\n---", "a: b\n", ""},
	    {"---  \t\na: b\n--- \t\r\nx", "a: b\n", "x"},
	    {"---\na: b\n---\t", "a: b\n", ""},
	    {"---\na: |\n  ---\n ---\n----\n--- x\n---\n---\n", "a: |\n  ---\n ---\n----\n--- x\n", "---\n"},
	    {"---\n\n---\n\n---\n", "\n", "\n---\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *s = cases[i].text, *yaml = NULL;
		struct problems ps = {0};
		size_t n = 0, body = 0;
		int line = 0;

		assert_int_equal(frontmatter_find(s, strlen(s), &yaml, &n, &line, &body, &ps), FRONTMATTER_FOUND);
		assert_int_equal(ps.n, 0);
		assert_int_equal(line, 2);
		assert_int_equal(n, strlen(cases[i].yaml));
		assert_memory_equal(yaml, cases[i].yaml, n);
		assert_string_equal(s + body, cases[i].body);
	}
}

static void
other_beginnings_are_no_front_matter(void **state)
{
	static const char *const cases[] = {"", "-", "---", "# Title\n---\na: b\n---\n", "\n---\na: b\n---\n",
	    "--- a: b\n---\n", " ---\na: b\n---\n", "----\na: b\n----\n", "--\n", "---\rname: x\r---\r",
	    "+++\na = 1\n+++\n", "---x\n---\n"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *yaml = NULL;
		struct problems ps = {0};
		size_t n = 7, body = 7;
		int line = 7;

		assert_int_equal(
		    frontmatter_find(cases[i], strlen(cases[i]), &yaml, &n, &line, &body, &ps), FRONTMATTER_NONE);
		assert_int_equal(ps.n, 0);
		assert_true(yaml == NULL && n == 7 && body == 7 && line == 7);
	}
}

static void
check_broken(const char *s, const char *code, int line, const char *words)
{
	const char *yaml = NULL;
	struct problems ps = {0};
	size_t n = 7, body = 7;
	int first = 7;

	assert_int_equal(frontmatter_find(s, strlen(s), &yaml, &n, &first, &body, &ps), FRONTMATTER_BAD);
	assert_int_equal(ps.n, 1);
	assert_string_equal(ps.v[0].code, code);
	assert_int_equal(ps.v[0].line, line);
	assert_int_equal(ps.v[0].column, 1);
	assert_non_null(strstr(ps.v[0].message, words));
	assert_true(yaml == NULL && n == 7 && body == 7 && first == 7);
	problems_free(&ps);
}

static void
front_matter_that_is_not_closed_is_an_error(void **state)
{
	(void)state;
	check_broken("---\nname: x\n", "frontmatter-not-closed", 1, "not closed");
	check_broken("---\n", "frontmatter-not-closed", 1, "not closed");
	check_broken("---\nname: x\n ---\n# Title\n", "frontmatter-not-closed", 3, "not exactly");
	check_broken("---\nname: x\n-----\n# Title\n", "frontmatter-not-closed", 3, "not exactly");
	check_broken("---\nname: x\n\xe2\x80\x94\n# Title\n", "frontmatter-not-closed", 3, "not exactly");
	check_broken("---\nname: x\n--- # end\n", "frontmatter-not-closed", 1, "not closed");
}

static void
what_was_meant_to_open_it_is_told(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *words;
	} cases[] = {
	    {"", 1, "a first line '---' is expected"},
	    {"# Title\n---\na: b\n---\n", 1, "a first line '---' is expected"},
	    {"---", 1, "a first line '---' is expected"},
	    {"----\n\nText\n", 1, "a first line '---' is expected"},
	    {"\n  \n---\na: b\n---\n", 3, "must be the first line, at the left margin"},
	    {"\t---\r\na: b\r\n---\r\n", 1, "must be the first line, at the left margin"},
	    {"----\na: b\n----\n", 1, "must be exactly '---'"},
	    {"--- # x\na: b\n---\n", 1, "must be exactly '---'"},
	    {"---\rname: x\r---\r", 1, "the lines end with CR alone"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct problems ps = {0};

		frontmatter_missing(cases[i].text, strlen(cases[i].text), SEVERITY_WARNING, &ps);
		assert_int_equal(ps.n, 1);
		assert_string_equal(ps.v[0].code, "frontmatter-missing");
		assert_int_equal(ps.v[0].severity, SEVERITY_WARNING);
		assert_int_equal(ps.v[0].line, cases[i].line);
		if (strstr(ps.v[0].message, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].text, ps.v[0].message);
		problems_free(&ps);
	}
}

static void
front_matter_has_a_limit(void **state)
{
	char *fits = repeated("---\n", "# 34567\n", LIMIT_FRONTMATTER / 8, "---\n");
	char *over = repeated("---\n", "# 34567\n", LIMIT_FRONTMATTER / 8, "\n---\n");
	struct problems ps = {0};
	const char *yaml;
	size_t n, body;
	int line;

	(void)state;
	assert_int_equal(frontmatter_find(fits, strlen(fits), &yaml, &n, &line, &body, &ps), FRONTMATTER_FOUND);
	assert_int_equal(n, LIMIT_FRONTMATTER);
	check_broken(over, "frontmatter-too-large", 1, "65537 bytes");
	free(fits);
	free(over);
}

static void
a_text_describes_itself(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL for nothing */
	} cases[] = {
	    {"# Title\n\nFirst  paragraph\nof two lines.\n\nSecond.\n", "First paragraph of two lines."},
	    {"Intro.\n\n# Title\n\nAfter.\n", "After."},
	    {"# Title\nAt once.\n", "At once."},
	    {"# Title\n## Sub\n\ntext", "text"},
	    {"# Only a title\n", "Only a title"},
	    {"Intro.\n\n# Title\n", "Title"},
	    {"Just text.\r\nMore.\r\n\r\nLast.\r\n", "Just text. More."},
	    {"", NULL},
	    {"\n \n\t\n", NULL},
	    {"#\n", NULL},
	    {"#\n\ntext", "text"},
	    {"## Closed ##  \n", "Closed"},
	    {"# C#\n", "C#"},
	    {"#hashtag is text\n", "#hashtag is text"},
	    {"####### seven is text", "####### seven is text"},
	    {"    # indented is text", "# indented is text"},
	    {"   # Title\n\ntext", "text"},
	    {"```\n# no title\n\nno text\n```\n# Title\n\ntext", "text"},
	    {"~~~~\n~~~\n```\n# no\n~~~~\n\ntext", "text"},
	    {"# Title\n```sh\ncode\n```\ntext", "text"},
	    {"# Title\n```\nnever closed\n\ntext", "Title"},
	    {"``` not ` a fence\n", "``` not ` a fence"},
	    {"Title\n=====\n\ntext", "text"},
	    {"Title\n---\n", "Title"},
	    {"# Title\n\n---\n\n***\n\n_ _ _\n\ntext", "text"},
	    {"# Title\n\n--\n", "--"},
	    {"# Title\n\n<!-- a comment\n\nof lines -->\n\ntext", "text"},
	    {"# Title\n\n<!-- one -->\ntext", "text"},
	    {"# Title\n\n- a list\n- counts as text\n", "- a list - counts as text"},
	    {"# T\n\n\xc3\xa4\xf0\x9f\x98\x80\t \xc3\xb6\n", "\xc3\xa4\xf0\x9f\x98\x80 \xc3\xb6"},
	    {"# **Bold** `code`\n", "**Bold** `code`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *got = frontmatter_describe(cases[i].text, strlen(cases[i].text));

		if (cases[i].want == NULL)
			assert_null(got);
		else if (got == NULL || strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s", cases[i].text, got != NULL ? got : "nothing");
		free(got);
	}
}

static void
a_description_ends_after_1024_code_points(void **state)
{
	char *text = repeated("", "\xc3\xa4", 1024, "");
	char *words = repeated("", "\xc3\xa4 ", 1024, "");
	char *got = frontmatter_describe(text, strlen(text));

	(void)state;
	assert_string_equal(got, text);
	free(got);
	got = frontmatter_describe(words, strlen(words));
	assert_int_equal(utf8_length(got, strlen(got)), 1023); /* no blank at the end */
	assert_int_equal(got[strlen(got) - 1] & 0xff, 0xa4);
	free(got);
	free(text);
	free(words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(front_matter_stands_between_two_lines),
	    cmocka_unit_test(other_beginnings_are_no_front_matter),
	    cmocka_unit_test(front_matter_that_is_not_closed_is_an_error),
	    cmocka_unit_test(what_was_meant_to_open_it_is_told),
	    cmocka_unit_test(front_matter_has_a_limit),
	    cmocka_unit_test(a_text_describes_itself),
	    cmocka_unit_test(a_description_ends_after_1024_code_points),
	};

	return cmocka_run_group_tests_name("frontmatter", tests, NULL, NULL);
}
