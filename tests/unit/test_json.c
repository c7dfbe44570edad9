#include "parsing.h"

#include <dirent.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "manifest/json.h"

static void
valid_json_becomes_values(void **state)
{
	static const struct good cases[] = {
	    {"null", "null"},
	    {" true\r\n", "true"},
	    {"\t[ ]", "[]"},
	    {"{ }", "{}"},
	    {"\"\"", "\"\""},
	    {"[[],{},[[{}]]]", "[[],{},[[{}]]]"},
	    {"{\"a\":{\"b\":[1,{\"c\":false}]},\"d\":null}", "{\"a\":{\"b\":[1,{\"c\":false}]},\"d\":null}"},
	    {"0", "0"},
	    {"-0", "0"},
	    {"-12", "-12"},
	    {"1.50", "1.5"},
	    {"1e2", "100"},
	    {"1E+2", "100"},
	    {"25e-1", "2.5"},
	    {"1e-400", "0"},
	    {"9007199254740992", "9007199254740992"},
	    {"-9223372036854775808", "-9223372036854776000"},
	    {"9223372036854775808", "9223372036854776000"},
	    {"100000000000000000000000", "1e+23"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
	    {"\"\\u0041\\u00e4\\u20AC\"", "\"A\xc3\xa4\xe2\x82\xac\""},
	    {"\"\\uD83D\\ude00\"", "\"\xf0\x9f\x98\x80\""},
	    {"\"a\\u0000b\"", "\"a\\u0000b\""},
	    {"\"\x7f\xc2\x85\xe2\x80\xa8\"", "\"\x7f\xc2\x85\xe2\x80\xa8\""},
	    {"\"\\\\\"", "\"\\\\\""},
	    {"[\"//\",\"#\"]", "[\"//\",\"#\"]"},
	    {"{\"a\":1,\"A\":2,\"a\\u0000\":3}", "{\"A\":2,\"a\":1,\"a\\u0000\":3}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_good(json_parse, &cases[i]);
}

static void
wrong_json_is_told_with_place_and_remedy(void **state)
{
	static const struct bad cases[] = {
	    {"", "json-syntax", 1, 1, "the end of the file"},
	    {" \n\n", "json-syntax", 3, 1, "the end of the file"},
	    {"[1,]", "json-syntax", 1, 4, "remove the comma"},
	    {"{\"a\":1,}", "json-syntax", 1, 8, "remove the comma"},
	    {"[1 2]", "json-syntax", 1, 4, "expected ',' or ']'"},
	    {"{\"a\":1 \"b\":2}", "json-syntax", 1, 8, "a comma is missing"},
	    {"{\n  \"a\": [1,\n    2\n}", "json-syntax", 4, 1, "the array begins on line 2"},
	    {"{\"a\" 1}", "json-syntax", 1, 6, "expected ':'"},
	    {"{\"a\":}", "json-syntax", 1, 6, "expected a value, but found '}'"},
	    {"{a:1}", "json-syntax", 1, 2, "a key needs double quotes"},
	    {"{'a':1}", "json-syntax", 1, 2, "double quotes"},
	    {"{1:1}", "json-syntax", 1, 2, "a key needs double quotes"},
	    {"['a']", "json-syntax", 1, 2, "text needs double quotes"},
	    {"[1] // no", "json-syntax", 1, 5, "after the end of the value"},
	    {"// no\n[1]", "json-syntax", 1, 1, "JSON has no comments"},
	    {"{ # no\n}", "json-syntax", 1, 3, "JSON has no comments"},
	    {"[True]", "json-syntax", 1, 2, "but found True"},
	    {"[nullx]", "json-syntax", 1, 2, "but found nullx"},
	    {"[NaN]", "json-syntax", 1, 2, "but found NaN"},
	    {"[Infinity]", "json-syntax", 1, 2, "but found Infinity"},
	    {"[-Infinity]", "json-syntax", 1, 3, "expected a digit"},
	    {"[+1]", "json-syntax", 1, 2, "but found '+'"},
	    {"[.5]", "json-syntax", 1, 2, "but found '.'"},
	    {"[5.]", "json-syntax", 1, 4, "after the decimal point"},
	    {"[1e]", "json-syntax", 1, 4, "in the exponent"},
	    {"[1e+]", "json-syntax", 1, 5, "in the exponent"},
	    {"[012]", "json-syntax", 1, 2, "can not begin with a zero"},
	    {"[-00]", "json-syntax", 1, 3, "can not begin with a zero"},
	    {"[0x10]", "json-syntax", 1, 3, "expected ',' or ']'"},
	    {"[1e400]", "json-syntax", 1, 2, "too large"},
	    {"\"abc", "json-syntax", 1, 1, "not closed"},
	    {"[\"abc\ndef\"]", "json-syntax", 1, 2, "not closed"},
	    {"\"\xc3\xa4\xf0\x9f\x98\x80\t\"", "json-syntax", 1, 4, "control character"},
	    {"\"\\x41\"", "json-syntax", 1, 2, "a backslash can not stand before 'x'"},
	    {"\"\\", "json-syntax", 1, 2, "a backslash can not stand before the end"},
	    {"\"\\u12g4\"", "json-syntax", 1, 6, "four hexadecimal digits"},
	    {"\"\\ud800\"", "json-syntax", 1, 2, "half of a surrogate pair"},
	    {"\"\\udc00\"", "json-syntax", 1, 2, "half of a surrogate pair"},
	    {"\"\\ud800\\u0041\"", "json-syntax", 1, 2, "second half"},
	    {"\"\\ud800\\n\"", "json-syntax", 1, 2, "half of a surrogate pair"},
	    {"\"\xc3\xa4\"\r\n x", "json-syntax", 2, 2, "after the end"},
	    {"]", "json-syntax", 1, 1, "but found ']'"},
	    {"[1\r,\r  x]", "json-syntax", 3, 3, "but found x"},
	    {"\x01", "json-syntax", 1, 1, "\\x01"},
	    {"{\"a\":1,\n \"b\":2,\n \"a\":3}", "json-duplicate-key", 3, 2, "\"a\" is already used on line 1"},
	    {"{\"a\":1,\"\\u0061\":2}", "json-duplicate-key", 1, 8, "already used"},
	    {"[{\"x\":{\"\":1,\"\":2}}]", "json-duplicate-key", 1, 13, "already used"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_bad(json_parse, &cases[i]);
}

static void
every_value_and_key_knows_its_place(void **state)
{
	static const char doc[] = "{\n  \"\xc3\xa4\": [1,\r\n    \"\xf0\x9f\x98\x80\", true],\n\"b\":\t{}\n}";
	static const struct {
		const char *pointer;
		int line, column;
	} cases[] = {{"", 1, 1}, {"/\xc3\xa4", 2, 8}, {"/\xc3\xa4/0", 2, 9}, {"/\xc3\xa4/1", 3, 5},
	    {"/\xc3\xa4/2", 3, 10}, {"/b", 4, 6}};
	struct document *d = document_new();
	struct problems ps = {0};
	struct value *v = json_parse(d, doc, strlen(doc), &ps);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct value *at = value_at(v, cases[i].pointer);

		assert_non_null(at);
		assert_int_equal(at->line, cases[i].line);
		assert_int_equal(at->column, cases[i].column);
	}
	assert_int_equal(value_member(v, "\xc3\xa4")->line, 2);
	assert_int_equal(value_member(v, "\xc3\xa4")->column, 3);
	assert_int_equal(value_member(v, "b")->column, 1);
	document_free(d);
}

static void
scalars_keep_the_text_that_was_written(void **state)
{
	static const char doc[] = "[1.0, -0, 1E5, null, \"a\\u0000b\"]";
	static const char *const want[] = {"1.0", "-0", "1E5", "null"};
	struct document *d = document_new();
	struct problems ps = {0};
	struct value *v = json_parse(d, doc, strlen(doc), &ps);

	(void)state;
	assert_non_null(v);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_string_equal(v->array.items[i]->text, want[i]);
		assert_int_equal(v->array.items[i]->text_len, strlen(want[i]));
	}
	assert_int_equal(v->array.items[4]->text_len, 3);
	assert_memory_equal(v->array.items[4]->text, "a\0b", 4);
	document_free(d);
}

static void
integers_are_exact_as_far_as_64_bits_go(void **state)
{
	static const char doc[] = "[9223372036854775807, -9223372036854775808, 9223372036854775808]";
	struct document *d = document_new();
	struct problems ps = {0};
	struct value *v = json_parse(d, doc, strlen(doc), &ps);

	(void)state;
	assert_non_null(v);
	assert_int_equal(v->array.items[0]->type, VALUE_INT);
	assert_true(v->array.items[0]->integer == INT64_MAX);
	assert_true(v->array.items[1]->integer == INT64_MIN);
	assert_int_equal(v->array.items[2]->type, VALUE_FLOAT);
	document_free(d);
}

static void
all_duplicate_keys_are_told(void **state)
{
	static const char doc[] = "{\"a\":{\"x\":1,\"x\":2,\"x\":3},\"b\":1,\"a\":2}";
	struct document *d = document_new();
	struct problems ps = {0};

	(void)state;
	assert_null(json_parse(d, doc, strlen(doc), &ps));
	assert_int_equal(ps.n, 3);
	problems_free(&ps);
	document_free(d);
}

static void
each_limit_has_its_code_and_its_edge(void **state)
{
	char *deep = repeated("", "[", LIMIT_DEPTH, "");
	char key[LIMIT_KEY + 1];

	(void)state;
	assert_null(error_of(json_parse, repeated(deep, "]", LIMIT_DEPTH, "")));
	free(deep);
	assert_string_equal(error_of(json_parse, repeated("", "[", LIMIT_DEPTH + 1, "")), "too-deep");
	assert_string_equal(error_of(json_parse, repeated("", "[", 100000, "")), "too-deep");
	assert_string_equal(error_of(json_parse, repeated("", "{\"a\":", 10000, "")), "too-deep");
	assert_null(error_of(json_parse, repeated("[", "1,", LIMIT_NODES - 2, "1]")));
	assert_string_equal(error_of(json_parse, repeated("[", "1,", LIMIT_NODES - 1, "1]")), "too-many-nodes");
	assert_string_equal(error_of(json_parse, repeated("[", "[],", LIMIT_NODES - 1, "[]]")), "too-many-nodes");
	memset(key, 'k', sizeof key);
	key[LIMIT_KEY] = '\0';
	assert_null(error_of(json_parse, repeated("{\"", key, 1, "\":1}")));
	assert_string_equal(error_of(json_parse, repeated("{\"", key, 1, "k\":1}")), "key-too-long");
	assert_null(error_of(json_parse, repeated("\"", "long string ", 80000, "\"")));
}

/* The bytes of a file; at most LIMIT_FILE. */
static void
slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(buf_reserve(out, LIMIT_FILE), 1, LIMIT_FILE, f);
	buf_commit(out, n);
	(void)fclose(f);
}

/* As a manifest is read: bytes that are no UTF-8 or have a NUL never reach the parser. */
static bool
accepts(const struct buf *b, bool *ret_duplicate)
{
	struct document *d = document_new();
	struct problems ps = {0};
	bool ok = false;

	*ret_duplicate = false;
	if (b->n == 0 || (utf8_valid_prefix(b->p, b->n) == b->n && memchr(b->p, '\0', b->n) == NULL)) {
		ok = json_parse(d, buf_str(b), b->n, &ps) != NULL;
		*ret_duplicate = ps.n > 0 && strcmp(ps.v[0].code, "json-duplicate-key") == 0;
		assert_true(ok == (ps.n == 0));
	}
	problems_free(&ps);
	document_free(d);
	return ok;
}

static void
the_public_suite_is_decided_as_it_says(void **state)
{
	char folder[4096], path[8192];
	int seen[256] = {0}, twice = 0;
	struct dirent *e;
	DIR *dir;

	(void)state;
	dir = opendir(corpus_folder("suites/JSONTestSuite/test_parsing", folder, sizeof folder));
	if (dir == NULL) {
		print_message("no %s: skipped\n", folder);
		skip();
	}
	while ((e = readdir(dir)) != NULL) {
		struct buf b = {0};
		bool ok, duplicate;

		if (strchr("yni", e->d_name[0]) == NULL)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		slurp(path, &b);
		ok = accepts(&b, &duplicate);
		if (e->d_name[0] == 'y' && !ok && !duplicate)
			fail_msg("%s: refused", e->d_name);
		if (e->d_name[0] == 'n' && ok)
			fail_msg("%s: accepted", e->d_name);
		seen[(unsigned char)e->d_name[0]]++;
		twice += e->d_name[0] == 'y' && duplicate;
		buf_free(&b);
	}
	(void)closedir(dir);
	assert_true(seen['y'] >= 95 && seen['n'] >= 188);
	assert_int_equal(twice, 2); /* refused by a rule of ours */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(valid_json_becomes_values),
	    cmocka_unit_test(wrong_json_is_told_with_place_and_remedy),
	    cmocka_unit_test(every_value_and_key_knows_its_place),
	    cmocka_unit_test(scalars_keep_the_text_that_was_written),
	    cmocka_unit_test(integers_are_exact_as_far_as_64_bits_go),
	    cmocka_unit_test(all_duplicate_keys_are_told),
	    cmocka_unit_test(each_limit_has_its_code_and_its_edge),
	    cmocka_unit_test(the_public_suite_is_decided_as_it_says),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
