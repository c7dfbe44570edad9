#include "parsing.h"

#include "manifest/yaml.h"

static struct value *
parse(struct document *d, const char *s, size_t n, struct problems *ps)
{
	return yaml_parse(d, s, n, 1, ps);
}

static void
check_all(const struct bad *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_bad(parse, &cases[i]);
}

#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof *(cases))

static void
an_unquoted_colon_is_shown_where_it_stands(void **state)
{
	static const struct bad cases[] = {
	    {"description: Use when: the user asks", "yaml-unquoted-colon", 1, 22,
		"not in quotes: description: Use when: the user asks"},
	    {"name: x\ndescription: Use when: the user asks\nb: c\n", "yaml-unquoted-colon", 2, 22, "key: \"value\""},
	    {"- a: b: c", "yaml-unquoted-colon", 1, 7, "not in quotes"},
	    {"a:\n  b: \xc3\xa4\xf0\x9f\x98\x80: c", "yaml-unquoted-colon", 2, 8, "not in quotes"},
	    {"a: Examples:\n", "yaml-unquoted-colon", 1, 12, "not in quotes"},
	    {"a: some text\n  that goes on: here", "yaml-unquoted-colon", 2, 15, "continues the unquoted value"},
	    {"a: some text\n  in\n  three: lines", "yaml-unquoted-colon", 3, 8, "continues the unquoted value"},
	    {"a: b\n  c: d", "yaml-unquoted-colon", 2, 4, "indent it like the key above"},
	    {"a: x \x7f: y", "yaml-syntax", 1, 6, "U+007F"},
	    {"a: \"x\": y", "yaml-syntax", 1, 7, "behind its closing quote"},
	    {"foo\nbar: x", "yaml-syntax", 2, 4, "no key with a value"},
	    {"a:b\nc: d", "yaml-syntax", 2, 2, "a blank after the colon"},
	};

	(void)state;
	CHECK_ALL(cases);
}

static void
a_long_line_is_shown_around_the_colon(void **state)
{
	char *text = repeated("description: ", "Words \xc3\xa4\xe2\x80\xae ", 200, "Examples: one and two");
	struct document *d = document_new();
	struct problems ps = {0};

	(void)state;
	assert_null(parse(d, text, strlen(text), &ps));
	assert_string_equal(ps.v[0].code, "yaml-unquoted-colon");
	assert_int_equal(ps.v[0].column, 13 + 200 * 9 + 9);
	assert_non_null(strstr(ps.v[0].message, "Examples: one and two"));
	assert_non_null(strstr(ps.v[0].message, "\\xE2\\x80\\xAE"));
	assert_true(strlen(ps.v[0].message) < 200);
	problems_free(&ps);
	document_free(d);
	free(text);
}

static void
a_value_that_begins_with_an_indicator_needs_quotes(void **state)
{
	static const struct bad cases[] = {
	    {"a: @foo", "yaml-syntax", 1, 4, "can not begin with '@'"},
	    {"- \r\xf0\x9f\x98\x80 a: [b", "yaml-syntax", 2, 1, "but found '\xf0\x9f\x98\x80': "},
	    {"a: `ls`", "yaml-syntax", 1, 4, "can not begin with '`'"},
	    {"a: %s", "yaml-syntax", 1, 4, "can not begin with '%'"},
	    {"a: *.md", "yaml-syntax", 1, 4, "can not begin with '*'"},
	    {"a: * b", "yaml-syntax", 1, 4, "put the value in quotes"},
	    {"a: **bold**", "yaml-syntax", 1, 4, "can not begin with '*'"},
	    {"a: *bold* text", "yaml-syntax", 1, 4, "can not begin with '*'"},
	    {"a: *bold text", "yaml-alias", 1, 4, "no anchor \"&bold\""},
	    {"a: & b", "yaml-syntax", 1, 4, "can not begin with '&'"},
	    {"a: !foo!bar x", "yaml-tag", 1, 4, "begins with '!'"},
	    {"a: !<b", "yaml-tag", 1, 4, "begins with '!'"},
	    {"a: ? b", "yaml-syntax", 1, 4, "\"? \""},
	    {"a: - b", "yaml-syntax", 1, 4, "a list can not begin"},
	    {"a: | b", "yaml-syntax", 1, 6, "nothing but a comment"},
	    {"a: >0\n b", "yaml-syntax", 1, 5, "must be 1 to 9"},
	    {"a: }", "yaml-syntax", 1, 4, "found '}'"},
	    {"a: ]", "yaml-syntax", 1, 4, "found ']'"},
	    {"a: , b", "yaml-syntax", 1, 4, "found ','"},
	};

	(void)state;
	CHECK_ALL(cases);
}

static void
brackets_and_quotes_must_close(void **state)
{
	static const struct bad cases[] = {
	    {"a: [x\nb: c\n", "yaml-syntax", 1, 4, "the list that begins here with '[' is not closed"},
	    {"a: {x\nb: c\n", "yaml-syntax", 1, 4, "the mapping that begins here with '{' is not closed"},
	    {"a: [x", "yaml-syntax", 1, 6, "expected ',' or ']'"},
	    {"a: [\"x\" \"y\"]", "yaml-syntax", 1, 9, "expected ',' or ']'"},
	    {"{a: [b}", "yaml-syntax", 1, 7, "expected ',' or ']'"},
	    {"a: [optional] text", "yaml-syntax", 1, 15, "put the whole value in quotes"},
	    {"a: {x} y", "yaml-syntax", 1, 8, "put the whole value in quotes"},
	    {"a: [,]", "yaml-syntax", 1, 5, "found ','"},
	    {"a: 'b\nc: d", "yaml-syntax", 1, 4, "never closed"},
	    {"a: 1\nb: \"c\n", "yaml-syntax", 2, 4, "never closed"},
	    {"a: 'b\n---\nc: d", "yaml-syntax", 1, 4, "not closed before"},
	    {"a: 'it's'", "yaml-syntax", 1, 8, "the value ends before this: s'"},
	    {"a: \"b\" c", "yaml-syntax", 1, 8, "the value ends before this: c"},
	    {"a: \"\\q\"", "yaml-syntax", 1, 5, "write \\\\ for a backslash"},
	    {"a: \"C:\\Users\"", "yaml-syntax", 1, 9, "write \\\\ for a backslash"},
	    {"a: \"\\ud800\"", "yaml-syntax", 1, 7, "no character"},
	};

	(void)state;
	CHECK_ALL(cases);
}

static void
wrong_indentation_is_told(void **state)
{
	static const struct bad cases[] = {
	    {"a:\n\tb: c", "yaml-syntax", 2, 1, "indented with a tab"},
	    {"a:\n  \tb: c", "yaml-syntax", 2, 3, "indented with a tab"},
	    {"\ta: b", "yaml-syntax", 1, 1, "indented with a tab"},
	    {"a: b\n\tc: d", "yaml-syntax", 2, 1, "indented with a tab"},
	    {"a:\n  - b\n\t- c", "yaml-syntax", 3, 1, "indented with a tab"},
	    {"a: |\n\tb", "yaml-syntax", 2, 1, "indented with a tab"},
	    {"a:\n  b: c\n d: e\n", "yaml-syntax", 3, 2, "expected a key in column 1, as on line 1"},
	    {"a: b\nfoo\nc: d", "yaml-syntax", 2, 1, "neither a key nor part"},
	    {"- a\nb: c", "yaml-syntax", 2, 1, "expected a further \"- \""},
	    {"a: b\n- c", "yaml-syntax", 2, 1, "expected a key"},
	    {"a: b\n: c", "yaml-syntax", 2, 1, "no key before this colon"},
	    {"a: |\n  x\n y\nb: c", "yaml-syntax", 3, 2, "expected a key in column 1"},
	};

	(void)state;
	CHECK_ALL(cases);
}

static void
duplicate_keys_name_the_first(void **state)
{
	static const struct bad cases[] = {
	    {"a: 1\nb: 2\na: 3", "yaml-duplicate-key", 3, 1, "\"a\" is already used on line 1"},
	    {"{a: 1, 'a': 2}", "yaml-duplicate-key", 1, 8, "already used"},
	    {"x:\n  - k: 1\n    k: 2\n", "yaml-duplicate-key", 3, 5, "line 2"},
	    {"1: a\n'1': b", "yaml-duplicate-key", 2, 1, "\"1\""},
	    {"<<: 1\n<<: 2", "yaml-merge-key", 1, 1, "ordinary key"},
	    {"\"a\\e\": 1\n\"a\\e\": 2", "yaml-duplicate-key", 2, 1, "a\\x1B"},
	};

	(void)state;
	CHECK_ALL(cases);
}

static void
what_only_yaml_can_do_is_refused(void **state)
{
	static const struct bad cases[] = {
	    {"a: !local x", "yaml-tag", 1, 4, "\"!local\" is not one of the core tags"},
	    {"!!set {a, b}", "yaml-tag", 1, 1, "does not fit"},
	    {"!!binary aGk=", "yaml-tag", 1, 1, "not one of the core tags"},
	    {"!!timestamp 2001-01-01", "yaml-tag", 1, 1, "not one of the core tags"},
	    {"!!int x", "yaml-tag", 1, 1, "does not fit the value"},
	    {"!!int 1.5", "yaml-tag", 1, 1, "does not fit the value"},
	    {"!!bool yes", "yaml-tag", 1, 1, "does not fit the value"},
	    {"!!null x", "yaml-tag", 1, 1, "does not fit the value"},
	    {"!!float x", "yaml-tag", 1, 1, "does not fit the value"},
	    {"!!map x", "yaml-tag", 1, 1, "not one of the core tags"},
	    {"!!str [x]", "yaml-tag", 1, 1, "does not fit"},
	    {"!!seq {x: y}", "yaml-tag", 1, 1, "does not fit"},
	    {"a: *nowhere", "yaml-alias", 1, 4, "no anchor \"&nowhere\""},
	    {"a: *x\nb: &x 1", "yaml-alias", 1, 4, "no anchor"},
	    {"&x [1, *x]", "yaml-alias", 1, 8, "inside the value of its own anchor on line 1"},
	    {"a: &x\n  b: {c: *x}", "yaml-alias", 2, 10, "own anchor on line 1"},
	    {"a: 1\n---\nb: 2", "yaml-documents", 2, 1, "second document"},
	    {"a: 1\n---\n", "yaml-documents", 2, 1, "second document"},
	    {"a: 1\n...\n---\n", "yaml-documents", 3, 1, "second document"},
	    {"[a]: b", "yaml-key", 1, 1, "can not be a key"},
	    {"{{{name}}}: b", "yaml-key", 1, 1, "can not be a key"},
	    {"a: {{ name }}", "yaml-key", 1, 5, "put text that begins with { or [ in quotes"},
	    {"? - a\n: b", "yaml-key", 1, 3, "can not be a key"},
	    {"- &x [1]\n- *x : b", "yaml-key", 2, 3, "can not be a key"},
	    {"a: !!float 1e999", "yaml-tag", 1, 4, "does not fit a number as large as this"},
	    {"%FOO bar\n---\na: b", "yaml-syntax", 1, 1, "directive"},
	    {"%YAML 3.0\n---\na: b", "yaml-syntax", 1, 1, "version"},
	    {"---\na: b\n...\nfoo", "yaml-syntax", 4, 1, "text after the end"},
	    {"a: x\x01", "yaml-syntax", 1, 5, "U+0001"},
	    {"\xc3\xa4: \xf0\x9f\x98\x80\x1b", "yaml-syntax", 1, 5, "U+001B"},
	};

	(void)state;
	CHECK_ALL(cases);
}

static void
places_count_from_the_line_where_the_front_matter_begins(void **state)
{
	struct document *d = document_new();
	struct problems ps = {0};

	(void)state;
	assert_null(yaml_parse(d, "a: b: c\n", 8, 2, &ps));
	assert_int_equal(ps.v[0].line, 2);
	problems_free(&ps);
	assert_null(yaml_parse(d, "x: 1\na: *b\n", 11, 2, &ps));
	assert_int_equal(ps.v[0].line, 3);
	problems_free(&ps);
	document_free(d);
}

static void
a_comment_needs_a_blank_before_it(void **state)
{
	static const struct bad cases[] = {
	    {"a: \"b\"# c\n", "yaml-syntax", 1, 7, "needs a blank"},
	    {"\xc3\xa4: '\xf0\x9f\x98\x80'# c\n", "yaml-syntax", 1, 7, "needs a blank"},
	    {"a: [b,# c\n  d]\n", "yaml-syntax", 1, 7, "needs a blank"},
	    {"a: [b]# c\n", "yaml-syntax", 1, 7, "needs a blank"},
	    {"x: 1\na: {b: c}# d\n", "yaml-syntax", 2, 10, "needs a blank"},
	    {"a: ># b\n  c\n", "yaml-syntax", 1, 5, "needs a blank"},
	    {"a: &x |-# b\n  c\n", "yaml-syntax", 1, 9, "needs a blank"},
	    {"%YAML 1.1# a\n---\na: b\n", "yaml-syntax", 1, 10, "needs a blank"},
	    {"a: !!str\r\n  |2# b\r\n  c\r\n", "yaml-syntax", 2, 5, "needs a blank"},
	};
	static const struct good fine[] = {
	    {"%YAML 1.1 # a\n%TAG !e! tag:e\n---\na: b\n", "{\"a\":\"b\"}"},
	    {"a: \"b\" # c\n", "{\"a\":\"b\"}"},
	    {"a: \"b\"\t# c\n# d\n#e\n", "{\"a\":\"b\"}"},
	    {"a: b#c\n", "{\"a\":\"b#c\"}"},
	    {"a: \"b#c\"\n", "{\"a\":\"b#c\"}"},
	    {"#a#b\n  # c ## d\na: 1\n", "{\"a\":1}"},
	    {"a: | # b#c\n  #d\n  e#\n", "{\"a\":\"#d\\ne#\\n\"}"},
	    {"a: &x # b|#\n  |\n  #c\n", "{\"a\":\"#c\\n\"}"},
	    {"a: [b, # c\n  d] # e\n", "{\"a\":[\"b\",\"d\"]}"},
	    {"--- # a\n{a: b} # c\n... # d\n", "{\"a\":\"b\"}"},
	    {"a: &x b\n\n#c\nd: *x #e\n", "{\"a\":\"b\",\"d\":\"b\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_bad(parse, &cases[i]);
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		check_good(parse, &fine[i]);
}

static void
a_hyphen_by_itself_is_no_value(void **state)
{
	static const struct bad cases[] = {
	    {"a: [-]", "yaml-syntax", 1, 5, "begins an item"},
	    {"a: [b, -, c]", "yaml-syntax", 1, 8, "begins an item"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_bad(parse, &cases[i]);
	check_good(parse, &(struct good){"a: [\"-\", -b, --]", "{\"a\":[\"-\",\"-b\",\"--\"]}"});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unquoted_colon_is_shown_where_it_stands),
	    cmocka_unit_test(a_long_line_is_shown_around_the_colon),
	    cmocka_unit_test(a_value_that_begins_with_an_indicator_needs_quotes),
	    cmocka_unit_test(brackets_and_quotes_must_close),
	    cmocka_unit_test(wrong_indentation_is_told),
	    cmocka_unit_test(duplicate_keys_name_the_first),
	    cmocka_unit_test(what_only_yaml_can_do_is_refused),
	    cmocka_unit_test(places_count_from_the_line_where_the_front_matter_begins),
	    cmocka_unit_test(a_comment_needs_a_blank_before_it),
	    cmocka_unit_test(a_hyphen_by_itself_is_no_value),
	};

	return cmocka_run_group_tests_name("yaml_error", tests, NULL, NULL);
}
