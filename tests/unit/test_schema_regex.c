#include "parsing.h"

#include "manifest/schema_regex.h"

#define STEPS 1000000

static int
matches(const char *pattern, const char *s, size_t n, int64_t *steps)
{
	struct regex_run run = {.steps = steps};
	struct regex *re;
	struct err e;
	int result;

	re = regex_compile(pattern, strlen(pattern), &e);
	if (re == NULL)
		fail_msg("%s: %s", pattern, e.msg);
	result = regex_match(re, &run, s, n);
	regex_run_end(&run);
	regex_free(re);
	return result;
}

/* ECMA-262, 22.2; what PCRE2 would do otherwise by itself is marked. */
static void
patterns_mean_what_ecma_262_says(void **state)
{
	static const struct {
		const char *pattern, *text;
		int matches;
	} cases[] = {
	    {"b", "abc", 1},
	    {"^b", "a\nb", 0},
	    {"a$", "a\n", 0}, /* PCRE2 */
	    {"^.$", "\r", 0}, /* PCRE2 */
	    {"^.$", "\xe2\x80\xa8", 0}, /* PCRE2: U+2028 */
	    {"^.$", "\xc2\x85", 1},
	    {"^.$", "\xf0\x9f\x90\xb2", 1},
	    {"^\\s+$", " \t\v\f\xc2\xa0\xef\xbb\xbf\xe2\x80\x83", 1}, /* PCRE2 */
	    {"^\\S$", "\xc2\xa0", 0}, /* PCRE2 */
	    {"^[\\s]$", "\xe3\x80\x80", 1}, /* PCRE2 */
	    {"^[\\S]$", "\xe3\x80\x80", 0}, /* PCRE2 */
	    {"^[^\\S]$", "\xe3\x80\x80", 1}, /* PCRE2 */
	    {"^[\\S]$", "x", 1},
	    {"^\\d$", "\xd9\xa1", 0}, /* U+0661 */
	    {"^\\w$", "\xc3\xa4", 0},
	    {"^[\\w-]+$", "a-b", 1},
	    {"^[a\\-z]+$", "b", 0},
	    {"^[]$", "]", 0}, /* PCRE2: a class without an end */
	    {"^[^]$", "\n", 1},
	    {"^[[:alpha:]]$", "a]", 1}, /* PCRE2: a POSIX class */
	    {"^[\\b]$", "\b", 1},
	    {"\\bfoo\\b", "a foo.", 1},
	    {"^\\cJ$", "\n", 1},
	    {"^\\u0041\\x42\\u{43}\\0?$", "ABC", 1}, /* PCRE2 */
	    {"^\\ud83d\\udc32$", "\xf0\x9f\x90\xb2", 1}, /* PCRE2: no surrogates in UTF-8 */
	    {"^[\\ud83d\\udc32-\\ud83d\\udc40]$", "\xf0\x9f\x90\xb3", 1},
	    {"^[\\ud800-\\udfff]?[]*\\udc00?$", "", 1}, /* PCRE2: what never matches can not be repeated */
	    {"^[\\u0000-\\uffff]$", "\xef\xbf\xbf", 1},
	    {"\\ud800", "a", 0},
	    {"^\\p{Letter}\\P{Lu}\\p{Script=Greek}\\p{gc=Nd}$",
		"Aa\xce\xb1"
		"1",
		1}, /* PCRE2 */
	    {"^[\\p{Uppercase_Letter}_]+$", "A_\xc3\x84", 1},
	    {"^(a)?\\1b$", "b", 1}, /* PCRE2: an unset group fails */
	    {"^\\2(a)(b)$", "ab", 1},
	    {"^(?<year>\\d{4})-\\k<year>$", "2026-2026", 1},
	    {"^(?:ab){2,3}?$", "ababab", 1},
	    {"^a{,2}$", "a{,2}", 1},
	    {"^a{x}]}$", "a{x}]}", 1},
	    {"a(?=b)(?!bc)", "abd", 1},
	    {"(?<=a)b(?<!ab)", "ab", 0},
	    {"^\\/\\-\\.\\@$", "/-.@", 1},
	    {"^# x$", "# x", 1},
	    {"", "", 1},
	    {"(|a)+", "", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t steps = STEPS;

		if (matches(cases[i].pattern, cases[i].text, strlen(cases[i].text), &steps) != cases[i].matches)
			fail_msg("/%s/ on \"%s\"", cases[i].pattern, cases[i].text);
	}
}

static void
a_nul_is_a_character(void **state)
{
	int64_t steps = STEPS;

	(void)state;
	assert_int_equal(matches("^a\\0b$", "a\0b", 3, &steps), 1);
	assert_int_equal(matches("^a$", "a\0b", 3, &steps), 0);
}

static void
what_ecma_262_does_not_know_is_refused(void **state)
{
	static const char *const patterns[] = {"\\a", "\\A", "\\Z", "\\z", "\\h", "\\Q.\\E", "\\_a\\G", "(", ")", "a)",
	    "(?", "(?i)a", "(?>a)", "(?P<a>b)", "(?#c)", "(*ACCEPT)", "[", "[a", "[b-a]", "*", "+a", "?", "a**", "a*+",
	    "a{2}{3}", "^*", "\\b+", "a{3,2}", "\\", "\\u12", "\\u{110000}", "\\u{}", "\\x4", "\\c", "\\c1", "\\1",
	    "(a)\\2", "\\p", "\\p{}", "\\pL", "\\00", "(?<>a)", "(?<1a>b)", "[\\d-\\", "(?=a)*"};

	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct err e;
		struct regex *re = regex_compile(patterns[i], strlen(patterns[i]), &e);

		if (re != NULL || regex_valid(patterns[i], strlen(patterns[i])))
			fail_msg("/%s/ is accepted", patterns[i]);
	}
}

static void
a_mistake_is_told_with_its_place(void **state)
{
	struct err e;

	(void)state;
	assert_null(regex_compile("ab[c", 4, &e));
	assert_string_equal(e.msg, "a '[' is not closed at byte 3 of the pattern");
	assert_null(regex_compile("a{70000}", 8, &e));
	assert_non_null(strstr(e.msg, "65535"));
}

static void
long_and_deep_patterns_are_refused(void **state)
{
	char *half = repeated("", "ab", REGEX_LENGTH / 4, ""), *longer = repeated("", "a", REGEX_LENGTH + 1, "");
	char *deep = repeated("", "(", 101, ")");
	struct err e;
	struct regex *re;

	(void)state;
	re = regex_compile(half, REGEX_LENGTH / 2, &e);
	assert_non_null(re);
	regex_free(re);
	assert_null(regex_compile(longer, REGEX_LENGTH + 1, &e));
	assert_null(regex_compile(deep, strlen(deep), &e));
	assert_non_null(strstr(e.msg, "too deep"));
	free(half);
	free(longer);
	free(deep);
}

/* Each of these would take minutes or years. */
static void
backtracking_ends_with_the_budget(void **state)
{
	static const struct {
		const char *pattern, *before, *what, *after;
		size_t n;
	} cases[] = {
	    {"^(a+)+$", "", "a", "!", 60},
	    {"^(a|aa)+$", "", "a", "!", 200},
	    {"(x+x+)+[yz]", "", "x", "", 5000},
	    {"^(([a-z])+.)+[A-Z]([a-z])+$", "", "a", "", 100000},
	    {"\\s+$", "", " ", "x", 500000},
	    {"a+[bc]", "", "a", "", 500000},
	    {"(.*)*[^a]", "", "a", "", 3000},
	    {"(?<=[ab]{60000}a)b", "", "b", "", 500000},
	    {"[ab]{60000}c", "c", "b", "c", 500000},
	    {"^(?:.|\\n)*$", "", "ab", "", 500000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = repeated(cases[i].before, cases[i].what, cases[i].n, cases[i].after);
		int64_t steps = STEPS;

		if (matches(cases[i].pattern, text, strlen(text), &steps) != -1)
			fail_msg("/%s/ is decided", cases[i].pattern);
		free(text);
	}
}

static void
ordinary_patterns_on_long_texts_need_little(void **state)
{
	static const char *const patterns[] = {
	    "^[a-z ]+$", "^.*$", "^\\S.*d$", "word", "^(?!x)[\\s\\S]{1,65535}", "d$"};
	char *text = repeated("", "word ", 12000, "end");

	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		int64_t steps = STEPS;

		assert_int_equal(matches(patterns[i], text, strlen(text), &steps), 1);
		if (STEPS - steps > STEPS / 10)
			fail_msg("/%s/ needs %lld steps", patterns[i], (long long)(STEPS - steps));
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(patterns_mean_what_ecma_262_says),
	    cmocka_unit_test(a_nul_is_a_character),
	    cmocka_unit_test(what_ecma_262_does_not_know_is_refused),
	    cmocka_unit_test(a_mistake_is_told_with_its_place),
	    cmocka_unit_test(long_and_deep_patterns_are_refused),
	    cmocka_unit_test(backtracking_ends_with_the_budget),
	    cmocka_unit_test(ordinary_patterns_on_long_texts_need_little),
	};

	return cmocka_run_group_tests_name("schema_regex", tests, NULL, NULL);
}
