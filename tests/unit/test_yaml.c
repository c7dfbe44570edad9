#include "parsing.h"

#include <math.h>

#include "base/limits.h"
#include "manifest/yaml.h"

static struct value *
parse(struct document *d, const char *s, size_t n, struct problems *ps)
{
	return yaml_parse(d, s, n, 1, ps);
}

static void
plain_scalars_resolve_by_the_core_schema(void **state)
{
	static const struct {
		const char *text;
		enum value_type type;
		const char *want; /* canonical JSON */
	} cases[] = {
	    {"", VALUE_NULL, "null"},
	    {"~", VALUE_NULL, "null"},
	    {"null", VALUE_NULL, "null"},
	    {"Null", VALUE_NULL, "null"},
	    {"NULL", VALUE_NULL, "null"},
	    {"nULL", VALUE_STRING, "\"nULL\""},
	    {"true", VALUE_BOOL, "true"},
	    {"True", VALUE_BOOL, "true"},
	    {"TRUE", VALUE_BOOL, "true"},
	    {"false", VALUE_BOOL, "false"},
	    {"False", VALUE_BOOL, "false"},
	    {"FALSE", VALUE_BOOL, "false"},
	    {"tRUE", VALUE_STRING, "\"tRUE\""},
	    {"no", VALUE_STRING, "\"no\""},
	    {"yes", VALUE_STRING, "\"yes\""},
	    {"on", VALUE_STRING, "\"on\""},
	    {"Off", VALUE_STRING, "\"Off\""},
	    {"y", VALUE_STRING, "\"y\""},
	    {"=", VALUE_STRING, "\"=\""},
	    {"0", VALUE_INT, "0"},
	    {"-0", VALUE_INT, "0"},
	    {"+12", VALUE_INT, "12"},
	    {"-12", VALUE_INT, "-12"},
	    {"0123", VALUE_INT, "123"},
	    {"0o17", VALUE_INT, "15"},
	    {"0o18", VALUE_STRING, "\"0o18\""},
	    {"0o", VALUE_STRING, "\"0o\""},
	    {"0x1F", VALUE_INT, "31"},
	    {"0xfg", VALUE_STRING, "\"0xfg\""},
	    {"-0x1F", VALUE_STRING, "\"-0x1F\""},
	    {"0b11", VALUE_STRING, "\"0b11\""},
	    {"1_000", VALUE_STRING, "\"1_000\""},
	    {"190:20:30", VALUE_STRING, "\"190:20:30\""},
	    {"9223372036854775807", VALUE_INT, "9223372036854776000"},
	    {"-9223372036854775808", VALUE_INT, "-9223372036854776000"},
	    {"9223372036854775808", VALUE_FLOAT, "9223372036854776000"},
	    {"0x8000000000000000", VALUE_FLOAT, "9223372036854776000"},
	    {"0o1000000000000000000000", VALUE_FLOAT, "9223372036854776000"},
	    {"1.0", VALUE_FLOAT, "1"},
	    {"-1.50", VALUE_FLOAT, "-1.5"},
	    {".5", VALUE_FLOAT, "0.5"},
	    {"5.", VALUE_FLOAT, "5"},
	    {"+.5e1", VALUE_FLOAT, "5"},
	    {"1e3", VALUE_FLOAT, "1000"},
	    {"12E-1", VALUE_FLOAT, "1.2"},
	    {"1e", VALUE_STRING, "\"1e\""},
	    {"e3", VALUE_STRING, "\"e3\""},
	    {".", VALUE_STRING, "\".\""},
	    {"-", VALUE_ARRAY, "[null]"},
	    {"+", VALUE_STRING, "\"+\""},
	    {"1.2.3", VALUE_STRING, "\"1.2.3\""},
	    {".e1", VALUE_STRING, "\".e1\""},
	    {"1.5x", VALUE_STRING, "\"1.5x\""},
	    {".inf", VALUE_FLOAT, "\".inf\""},
	    {"!!int 9223372036854775808", VALUE_FLOAT, "9223372036854776000"},
	    {"1e999", VALUE_STRING, "\"1e999\""},
	    {"-12e3456", VALUE_STRING, "\"-12e3456\""},
	    {"-.Inf", VALUE_FLOAT, "\"-.inf\""},
	    {"+.INF", VALUE_FLOAT, "\".inf\""},
	    {".nan", VALUE_FLOAT, "\".nan\""},
	    {".NaN", VALUE_FLOAT, "\".nan\""},
	    {"-.nan", VALUE_STRING, "\"-.nan\""},
	    {"inf", VALUE_STRING, "\"inf\""},
	    {"nan", VALUE_STRING, "\"nan\""},
	    {"0x1p3", VALUE_STRING, "\"0x1p3\""},
	    {"infinity", VALUE_STRING, "\"infinity\""},
	    {"2024-01-31", VALUE_STRING, "\"2024-01-31\""},
	    {"2001-12-14t21:59:43.10-05:00", VALUE_STRING, "\"2001-12-14t21:59:43.10-05:00\""},
	    {"'12'", VALUE_STRING, "\"12\""},
	    {"\"true\"", VALUE_STRING, "\"true\""},
	    {"|\n  12\n", VALUE_STRING, "\"12\\n\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct good g = {cases[i].text, cases[i].want};
		struct document *d = document_new();
		struct problems ps = {0};
		const struct value *v = parse(d, g.text, strlen(g.text), &ps);

		check_good(parse, &g);
		if (v->type != cases[i].type)
			fail_msg("%s: is of type %s", g.text, value_type_word(v->type));
		document_free(d);
	}
}

static void
documents_become_values(void **state)
{
	static const struct good cases[] = {
	    {"# nothing\n", "null"},
	    {"---\n", "null"},
	    {"%YAML 1.2\n---\na: 1\n...\n", "{\"a\":1}"},
	    {"\xef\xbb\xbf"
	     "a: 1",
		"{\"a\":1}"},
	    {"a: 1\r\nb:\r\n- x\r\n- y\r\n", "{\"a\":1,\"b\":[\"x\",\"y\"]}"},
	    {"a:\n  b:\n    - 1\n    - c: 2\n      d: 3\n", "{\"a\":{\"b\":[1,{\"c\":2,\"d\":3}]}}"},
	    {"{a: [1, {b: c}], \"d\":e}", "{\"a\":[1,{\"b\":\"c\"}],\"d\":\"e\"}"},
	    {"[a, b: c]", "[\"a\",{\"b\":\"c\"}]"},
	    {"[]", "[]"},
	    {"{}", "{}"},
	    {"a: >-\n  one\n  two\n\n  three\nb: |\n  x\n   y\n", "{\"a\":\"one two\\nthree\",\"b\":\"x\\n y\\n\"}"},
	    {"a: one\n  two", "{\"a\":\"one two\"}"},
	    {"\"\\x41\\u00e4\\U0001F600\\n\\0\"", "\"A\xc3\xa4\xf0\x9f\x98\x80\\n\\u0000\""},
	    {"'it''s'", "\"it's\""},
	    {"1: a\ntrue: b\n~: c\n\"\": d\n1.50: e\n",
		"{\"\":\"d\",\"1\":\"a\",\"1.50\":\"e\",\"true\":\"b\",\"~\":\"c\"}"},
	    {"? a\n: b\n? c\n", "{\"a\":\"b\",\"c\":null}"},
	    {"a: b # comment\n# another\nc: d#e", "{\"a\":\"b\",\"c\":\"d#e\"}"},
	    {"url: http://example.org:80/x", "{\"url\":\"http://example.org:80/x\"}"},
	    {"<<: {a: 1}", "{\"<<\":{\"a\":1}}"},
	    {"'<<': 1", "{\"<<\":1}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_good(parse, &cases[i]);
}

static void
core_tags_decide_the_type(void **state)
{
	static const struct good cases[] = {
	    {"!!str 12", "\"12\""},
	    {"!!str", "\"\""},
	    {"! 12", "\"12\""},
	    {"!!int \"12\"", "12"},
	    {"!!float 1", "1"},
	    {"!!float '1.5'", "1.5"},
	    {"!!bool 'true'", "true"},
	    {"!!null ''", "null"},
	    {"!!map {a: !!seq [1]}", "{\"a\":[1]}"},
	    {"!<tag:yaml.org,2002:str> 1", "\"1\""},
	    {"%TAG !y! tag:yaml.org,2002:\n---\n!y!str 1", "\"1\""},
	    {"!!str a: !!int 1", "{\"a\":1}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_good(parse, &cases[i]);
}

static void
aliases_stand_for_the_latest_anchor(void **state)
{
	static const struct good cases[] = {
	    {"a: &x 1\nb: *x", "{\"a\":1,\"b\":1}"},
	    {"a: &x {k: [1]}\nb: *x\nc: [*x, *x]",
		"{\"a\":{\"k\":[1]},\"b\":{\"k\":[1]},\"c\":[{\"k\":[1]},{\"k\":[1]}]}"},
	    {"- &x 1\n- *x\n- &x 2\n- *x", "[1,1,2,2]"},
	    {"- &x [&x 1]\n- *x", "[[1],1]"},
	    {"- &x {k: &y v}\n- *y : *x", "[{\"k\":\"v\"},{\"v\":{\"k\":\"v\"}}]"},
	    {"&k key: *k", "{\"key\":\"key\"}"},
	    {"- &x\n- *x", "[null,null]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_good(parse, &cases[i]);
}

static void
a_merge_key_is_noted_and_nothing_is_merged(void **state)
{
	static const char doc[] = "a: &x {b: 1}\nc:\n  <<: *x\nd:\n  '<<': 1\n";
	struct document *d = document_new();
	struct problems ps = {0};

	(void)state;
	assert_non_null(yaml_parse(d, doc, strlen(doc), 1, &ps));
	assert_int_equal(ps.n, 1);
	assert_string_equal(ps.v[0].code, "yaml-merge-key");
	assert_int_equal(ps.v[0].severity, SEVERITY_NOTE);
	assert_int_equal(ps.v[0].line, 3);
	assert_int_equal(ps.v[0].column, 3);
	problems_free(&ps);
	document_free(d);
}

static void
every_value_and_key_knows_its_place(void **state)
{
	static const char doc[] = "\xc3\xa4\xf0\x9f\x98\x80: [1, x]\r\nb:\r\n  - \"\xc3\xa4\"\n  - c: |\n      t\nd:\n";
	static const struct {
		const char *pointer;
		int line, column;
	} cases[] = {{"", 7, 1}, {"/\xc3\xa4\xf0\x9f\x98\x80", 7, 5}, {"/\xc3\xa4\xf0\x9f\x98\x80/0", 7, 6},
	    {"/\xc3\xa4\xf0\x9f\x98\x80/1", 7, 9}, {"/b", 9, 3}, {"/b/0", 9, 5}, {"/b/1", 10, 5}, {"/b/1/c", 10, 8}};
	struct document *d = document_new();
	struct problems ps = {0};
	struct value *v = yaml_parse(d, doc, strlen(doc), 7, &ps);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct value *at = value_at(v, cases[i].pointer);

		assert_non_null(at);
		if (at->line != cases[i].line || at->column != cases[i].column)
			fail_msg("\"%s\" is at %d:%d", cases[i].pointer, at->line, at->column);
	}
	assert_int_equal(value_member(v, "d")->line, 12);
	assert_int_equal(value_member(v, "d")->column, 1);
	document_free(d);
}

static void
lines_are_those_of_an_editor_not_of_yaml_1_1(void **state)
{
	static const char doc[] = "a: \"x\xe2\x80\xa8y\xc2\x85z\"\nb: {c\n";
	static const struct bad want = {doc, "yaml-syntax", 2, 4, "not closed"};

	(void)state;
	check_bad(parse, &want);
}

static void
breaks_of_yaml_1_1_are_ordinary_characters(void **state)
{
	static const struct good cases[] = {
	    {"a: x\xe2\x80\xa8y\xc2\x85z\xe2\x80\xa9\nb: c",
		"{\"a\":\"x\xe2\x80\xa8y\xc2\x85z\xe2\x80\xa9\",\"b\":\"c\"}"},
	    {"k\xc2\x85: 'x \xe2\x80\xa8 y'", "{\"k\xc2\x85\":\"x \xe2\x80\xa8 y\"}"},
	    {"- |\n  x\xe2\x80\xa9y\n", "[\"x\xe2\x80\xa9y\\n\"]"},
	    /* the characters that would stand for them stay what they are */
	    {"[\xc2\x85\xdf\xbf\xdf\xbe, \xe2\x80\xa8\xef\xb7\xaf\xef\xb7\xae\xe2\x80\xa9]",
		"[\"\xc2\x85\xdf\xbf\xdf\xbe\",\"\xe2\x80\xa8\xef\xb7\xaf\xef\xb7\xae\xe2\x80\xa9\"]"},
	    {"\"\\N\\L\\P\xe2\x80\xa8\"", "\"\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa8\""},
	    {"\"\\u07ff\\U000007fe\\ufdef\\uFDEE\xe2\x80\xa8\xc2\x85\xe2\x80\xa9\"",
		"\"\xdf\xbf\xdf\xbe\xef\xb7\xaf\xef\xb7\xae\xe2\x80\xa8\xc2\x85\xe2\x80\xa9\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_good(parse, &cases[i]);
}

static void
scalars_keep_the_text_that_was_written(void **state)
{
	static const char doc[] = "[1.0, 0x1F, ~, True, '1.0']";
	static const char *const want[] = {"1.0", "0x1F", "~", "True", "1.0"};
	struct document *d = document_new();
	struct problems ps = {0};
	struct value *v = yaml_parse(d, doc, strlen(doc), 1, &ps);

	(void)state;
	assert_non_null(v);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_string_equal(v->array.items[i]->text, want[i]);
		assert_int_equal(v->array.items[i]->quoted, i == 4);
	}
	document_free(d);
}

static void
each_limit_has_its_code_and_its_edge(void **state)
{
	char *deep = repeated("", "[", LIMIT_DEPTH, "");
	char key[LIMIT_KEY + 1];

	(void)state;
	assert_null(error_of(parse, repeated(deep, "]", LIMIT_DEPTH, "")));
	assert_string_equal(error_of(parse, repeated("", "[", LIMIT_DEPTH + 1, "")), "too-deep");
	assert_string_equal(error_of(parse, repeated("", "[", 10000, "")), "too-deep");
	assert_string_equal(error_of(parse, repeated("", "- ", LIMIT_DEPTH + 1, "")), "too-deep");
	assert_null(error_of(parse, repeated("", "- ", LIMIT_DEPTH, "")));
	assert_null(error_of(parse, repeated("", "- a\n", LIMIT_NODES - 1, "")));
	assert_string_equal(error_of(parse, repeated("", "- a\n", LIMIT_NODES, "")), "too-many-nodes");
	memset(key, 'k', sizeof key);
	key[LIMIT_KEY] = '\0';
	assert_null(error_of(parse, repeated(key, ": v", 1, "")));
	assert_string_equal(error_of(parse, repeated(key, "k: v", 1, "")), "key-too-long");
	assert_null(error_of(parse, repeated("a: ", "x", LIMIT_SCALAR, "")));
	assert_string_equal(error_of(parse, repeated("a: ", "x", LIMIT_SCALAR + 1, "")), "scalar-too-long");
	free(deep);
}

static void
aliases_are_paid_for(void **state)
{
	char *bomb = repeated("", "", 0, "- &a0 [x, x]\n");
	char *list = repeated("- &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", "- *a\n", 998, "");
	char *over = repeated("- &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", "- *a\n", 999, "");
	char *text = repeated("- &a ", "x", LIMIT_SCALAR, "\n");
	char *deep = repeated("- &a ", "[", LIMIT_DEPTH - 1, "");

	(void)state;
	assert_null(error_of(parse, list)); /* 1 + 999 lists of 10 values are 9991 */
	assert_string_equal(error_of(parse, over), "too-many-nodes");
	for (int i = 1; i < 40; i++) {
		struct buf b = {0};

		buf_addf(&b, "%s- &a%d [*a%d, *a%d]\n", bomb, i, i - 1, i - 1);
		free(bomb);
		bomb = buf_steal(&b);
	}
	assert_string_equal(error_of(parse, bomb), "too-many-nodes");
	assert_null(error_of(parse, repeated(text, "- *a\n", LIMIT_FILE / LIMIT_SCALAR, "")));
	assert_string_equal(
	    error_of(parse, repeated(text, "- *a\n", LIMIT_FILE / LIMIT_SCALAR + 1, "")), "too-many-nodes");
	free(text);
	text = repeated(deep, "]", LIMIT_DEPTH - 1, "\n");
	assert_null(error_of(parse, repeated(text, "- *a\n", 1, "")));
	assert_string_equal(error_of(parse, repeated(text, "- [*a]\n", 1, "")), "too-deep");
	free(text);
	free(deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_scalars_resolve_by_the_core_schema),
	    cmocka_unit_test(documents_become_values),
	    cmocka_unit_test(core_tags_decide_the_type),
	    cmocka_unit_test(aliases_stand_for_the_latest_anchor),
	    cmocka_unit_test(a_merge_key_is_noted_and_nothing_is_merged),
	    cmocka_unit_test(every_value_and_key_knows_its_place),
	    cmocka_unit_test(lines_are_those_of_an_editor_not_of_yaml_1_1),
	    cmocka_unit_test(breaks_of_yaml_1_1_are_ordinary_characters),
	    cmocka_unit_test(scalars_keep_the_text_that_was_written),
	    cmocka_unit_test(each_limit_has_its_code_and_its_edge),
	    cmocka_unit_test(aliases_are_paid_for),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
