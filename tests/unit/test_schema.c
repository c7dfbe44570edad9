#include "parsing.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "manifest/json.h"
#include "manifest/schema.h"
#include "manifest/yaml.h"

static const struct value *
parse(struct document *d, parse_function *by, const char *text)
{
	struct problems ps = {0};
	const struct value *v = by(d, text, strlen(text), &ps);

	if (v == NULL)
		fail_msg("%s: %s", text, ps.v[0].message);
	problems_free(&ps);
	return v;
}

static struct value *
parse_yaml(struct document *d, const char *s, size_t n, struct problems *ps)
{
	return yaml_parse(d, s, n, 1, ps);
}

static void
add(struct schemas *s, const char *uri, const char *text)
{
	struct document *d = document_new();
	struct schema_report r = {0};

	if (schemas_add(s, uri, d, parse(d, json_parse, text), &r) != 0)
		fail_msg("%s: %s", text, r.v[0].message);
}

/* "pointer keyword line:column" for each, one a line. */
static char *
written(const struct schema_report *r)
{
	struct buf b = {0};

	for (size_t i = 0; i < r->n; i++)
		buf_addf(&b, "%s %s %d:%d\n", r->v[i].pointer, r->v[i].keyword, r->v[i].line, r->v[i].column);
	return buf_steal(&b);
}

/* What is wrong with a document by a schema, as written. */
static char *
violations(const char *schema, parse_function *by, const char *text)
{
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	struct schema_report r = {0};
	const struct schema *compiled;
	char *result;

	add(s, "", schema);
	compiled = schemas_compile(s, "", SCHEMA_FORMATS, &r);
	if (compiled == NULL)
		fail_msg("%s: %s", schema, r.v[0].message);
	(void)schema_validate(compiled, parse(d, by, text), &r);
	result = written(&r);
	schema_report_free(&r);
	schemas_free(s);
	document_free(d);
	return result;
}

struct example {
	const char *schema, *document, *want;
};

static void
check_examples(parse_function *by, const struct example *examples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *got = violations(examples[i].schema, by, examples[i].document);

		if (strcmp(got, examples[i].want) != 0)
			fail_msg(
			    "%s by %s:\n%swanted\n%s", examples[i].document, examples[i].schema, got, examples[i].want);
		free(got);
	}
}

static void
every_violation_is_told_with_its_pointer_and_place(void **state)
{
	static const struct example examples[] = {
	    {"{\"type\":\"string\"}", "\n 1", " type 2:2\n"},
	    {"{\"properties\":{\"a\":{\"maximum\":1},\"b\":{\"maxLength\":1}}}", "{\"a\":2,\n\"b\":\"xx\"}",
		"/a maximum 1:6\n/b maxLength 2:5\n"},
	    {"{\"required\":[\"a\",\"b\"]}", "[{}]", ""},
	    {"{\"items\":{\"required\":[\"a\",\"b\"]}}", "[{},\n {\"a\":1}]",
		"/0 required 1:2\n/0 required 1:2\n/1 required 2:2\n"},
	    {"{\"additionalProperties\":false,\"properties\":{\"a\":true}}", "{\"a\":1,\n  \"b/~\":2}",
		"/b~1~0 additionalProperties 2:3\n"},
	    {"{\"properties\":{\"a\":false}}", "{\"a\":\n1}", "/a properties 1:2\n"},
	    {"{\"propertyNames\":{\"maxLength\":1}}", "{\"a\":1,\n\"bb\":2}", "/bb maxLength 2:1\n"},
	    {"{\"prefixItems\":[true,false]}", "[1,\n2]", "/1 prefixItems 2:1\n"},
	    {"{\"uniqueItems\":true}", "[1,{\"a\":1,\"b\":2},\n1.0,{\"b\":2,\"a\":1}]",
		"/2 uniqueItems 2:1\n/3 uniqueItems 2:5\n"},
	    {"{\"contains\":{\"const\":1},\"minContains\":2}", "\n[1]", " contains 2:1\n"},
	    {"{\"not\":{\"type\":\"null\"}}", "null", " not 1:1\n"},
	    {"{\"if\":{\"minimum\":5},\"then\":{\"multipleOf\":5},\"else\":{\"const\":0}}", "6", " multipleOf 1:1\n"},
	    {"{\"dependentRequired\":{\"a\":[\"b\",\"c\"]}}", "{\"a\":1,\"c\":1}", " dependentRequired 1:1\n"},
	    {"{\"allOf\":[{\"properties\":{\"a\":true}}],\"unevaluatedProperties\":false}", "{\"a\":1,\"b\":1}",
		"/b unevaluatedProperties 1:8\n"},
	    {"{\"format\":\"date\"}", "\"2026-02-29\"", " format 1:1\n"},
	    {"false", "{}", "  1:1\n"},
	};

	(void)state;
	check_examples(json_parse, examples, sizeof examples / sizeof *examples);
}

static void
places_in_yaml_are_those_of_the_source(void **state)
{
	static const struct example examples[] = {
	    {"{\"properties\":{\"gr\xc3\xb6\xc3\x9f"
	     "e\":{\"type\":\"string\"}}}",
		"# \xe6\x97\xa5\r\ngr\xc3\xb6\xc3\x9f"
		"e: [1]\r\n",
		"/gr\xc3\xb6\xc3\x9f"
		"e type 2:8\n"},
	    {"{\"properties\":{\"a\":{\"items\":{\"enum\":[1]}}}}", "a:\n  - 1\n  - \"\xc3\xa4\xc3\xa4\"\n",
		"/a/1 enum 3:5\n"},
	    {"{\"additionalProperties\":{\"type\":\"integer\"}}", "a: &x 1\nb: *x\nc: ! 2\n", ""},
	    {"{\"type\":[\"number\",\"null\"]}", ".inf", " type 1:1\n"},
	};

	(void)state;
	check_examples(parse_yaml, examples, 2);
	check_examples(parse_yaml, examples + 3, 1);
}

static void
of_alternatives_the_nearest_is_told_too(void **state)
{
#define BRANCH(name, key)                                           \
	"{\"properties\":{\"kind\":{\"const\":\"" name "\"},\"" key \
	"\":{\"type\":\"string\"}},\"required\":[\"kind\",\"" key "\"]}"
#define CHOICE "{\"oneOf\":[" BRANCH("mail", "address") "," BRANCH("phone", "number") "]}"
	static const struct example examples[] = {
	    {CHOICE, "{\"kind\":\"phone\",\"number\":5}", " oneOf 1:1\n/number type 1:26\n"},
	    {CHOICE, "{\"kind\":\"mail\"}", " oneOf 1:1\n required 1:1\n"},
	    {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\"}]}", "1", " anyOf 1:1\n"},
	    {"{\"anyOf\":[{\"enum\":[\"a\"]},{\"type\":\"array\"}]}", "\"b\"", " anyOf 1:1\n enum 1:1\n"},
	    {"{\"oneOf\":[{\"minimum\":1},{\"maximum\":5}]}", "3", " oneOf 1:1\n"},
	    {"{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", "{}", " anyOf 1:1\n"},
	};

	(void)state;
	check_examples(json_parse, examples, sizeof examples / sizeof *examples);
}

static void
a_rule_is_named_by_document_and_pointer(void **state)
{
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	struct schema_report r = {0};
	const struct schema *schema;

	(void)state;
	add(s, "file:///s/a.json", "{\"$id\":\"https://x/a\",\"properties\":{\"n/m\":{\"$ref\":\"b#/$defs/c\"}}}");
	add(s, "file:///s/b.json", "{\"$id\":\"https://x/b\",\"$defs\":{\"c\":{\"allOf\":[true,{\"minLength\":3}]}}}");
	schema = schemas_compile(s, "https://x/a", 0, &r);
	assert_non_null(schema);
	assert_int_equal(schema_validate(schema, parse(d, json_parse, "{\"n/m\":\"x\"}"), &r), SCHEMA_INVALID);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.v[0].schema, "file:///s/b.json#/$defs/c/allOf/1/minLength");
	assert_string_equal(r.v[0].pointer, "/n~1m");
	assert_string_equal(r.v[0].message, "has 1 character; at least 3 must be there");
	schema_report_free(&r);
	document_free(d);
	schemas_free(s);
}

/* What is wrong with a schema: "pointer keyword line:column" of each. */
static char *
refusal(const char *schema)
{
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	struct schema_report r = {0};
	char *result;

	if (schemas_add(s, "", d, parse(d, json_parse, schema), &r) == 0 && schemas_compile(s, "", 0, &r) != NULL)
		fail_msg("%s is accepted", schema);
	result = written(&r);
	schema_report_free(&r);
	schemas_free(s);
	return result;
}

static void
a_broken_schema_is_refused_with_places(void **state)
{
	static const struct {
		const char *schema, *want;
	} cases[] = {
	    {"1", " type 1:1\n"},
	    {"{\"type\":\"strin\"}", "/type anyOf 1:9\n/type enum 1:9\n"},
	    {"{\"properties\":{\"a\":1}}", "/properties/a type 1:20\n"},
	    {"{\"minLength\":-1}", "/minLength minimum 1:14\n"},
	    {"{\"required\":[\"a\",\"a\"]}", "/required/1 uniqueItems 1:18\n"},
	    {"{\"pattern\":\"(\"}", "/pattern  1:12\n"},
	    {"{\"patternProperties\":{\"[\":true}}", "/patternProperties/[  1:23\n"},
	    {"{\"multipleOf\":0}", "/multipleOf exclusiveMinimum 1:15\n"},
	    {"{\"$ref\":\"#/no\"}", "/$ref $ref 1:9\n"},
	    {"{\"$ref\":\"#/allOf/1\",\"allOf\":[true]}", "/$ref $ref 1:9\n"},
	    {"{\"$ref\":\"#/allOf/00\",\"allOf\":[true]}", "/$ref $ref 1:9\n"},
	    {"{\"$ref\":\"#no\"}", "/$ref $ref 1:9\n"},
	    {"{\"$ref\":\"http://x/y\"}", "/$ref $ref 1:9\n"},
	    {"{\"$ref\":\"#/%zz\"}", "/$ref $ref 1:9\n"},
	    {"{\"$ref\":\"#/const\",\"const\":5}", "/const  1:27\n"},
	    {"{\"$id\":\"http://x/y#z\"}", "/$id $id 1:8\n"},
	    {"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\n\"b\":{\"$anchor\":\"x\"}}}", "/$defs/b/$anchor $anchor 2:16\n"},
	    {"{\"$defs\":{\"a\":{\"$id\":\"http://x\"},\n\"b\":{\"$id\":\"http://x\"}}}", "/$defs/b/$id $id 2:12\n"},
	    {"{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}", "/$schema $schema 1:12\n"},
	    {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"items\":[],\"exclusiveMinimum\":true}",
		"/items anyOf 1:62\n/items minItems 1:62\n/exclusiveMinimum type 1:84\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *got = refusal(cases[i].schema);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s:\n%swanted\n%s", cases[i].schema, got, cases[i].want);
		free(got);
	}
}

static void
after_ten_bad_patterns_no_more_are_looked_at(void **state)
{
	char *text = repeated("{\"allOf\":[true", ",{\"pattern\":\"(\"}", 30, "]}");
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct schema_report r = {0};

	(void)state;
	add(s, "", text);
	assert_null(schemas_compile(s, "", 0, &r));
	assert_int_equal(r.n, 10);
	assert_true(r.truncated);
	schema_report_free(&r);
	schemas_free(s);
	free(text);
}

/* YAML's aliases make one schema stand in two places. */
static void
an_alias_is_no_second_schema_of_the_same_id(void **state)
{
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	struct schema_report r = {0};

	(void)state;
	if (schemas_add(s, "", NULL,
		parse(d, parse_yaml,
		    "properties: {a: &x {$id: 'http://x/a', $anchor: b}, c: *x, d: {$ref: 'http://x/a#b'}}\n"),
		&r) != 0)
		fail_msg("%s", r.v[0].message);
	assert_non_null(schemas_compile(s, "", 0, &r));
	schemas_free(s);
	document_free(d);
}

static void
a_compilation_that_fails_leaves_nothing_behind(void **state)
{
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	struct schema_report r = {0};
	const struct schema *schema;

	(void)state;
	add(s, "file:///a", "{\"$ref\":\"b\",\"$defs\":{\"n\":{\"type\":\"number\"}}}");
	assert_null(schemas_compile(s, "file:///a", 0, &r));
	assert_int_equal(r.n, 1);
	schema_report_free(&r);
	assert_false(schemas_have(s, "file:///b"));
	add(s, "file:///b", "{\"$ref\":\"a#/$defs/n\"}");
	assert_true(schemas_have(s, "file:///b#"));
	schema = schemas_compile(s, "file:///a", 0, &r);
	assert_non_null(schema);
	assert_int_equal(schema_validate(schema, parse(d, json_parse, "true"), NULL), SCHEMA_INVALID);
	assert_int_equal(schema_validate(schema, parse(d, json_parse, "1.5"), NULL), SCHEMA_VALID);
	document_free(d);
	schemas_free(s);
}

static void
a_document_that_is_refused_is_not_known(void **state)
{
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	struct schema_report r = {0};

	(void)state;
	add(s, "file:///a", "{\"$id\":\"http://x/a\"}");
	assert_int_equal(schemas_add(s, "file:///b", d, parse(d, json_parse, "{\"$id\":\"http://x/a\"}"), &r), -1);
	assert_int_equal(r.n, 1);
	schema_report_free(&r);
	assert_false(schemas_have(s, "file:///b"));
	assert_true(schemas_have(s, "http://x/a"));
	schemas_free(s);
}

static void
a_set_sees_what_its_base_has_and_comes_first(void **state)
{
	struct schemas *base = schemas_new(NULL, SCHEMA_2020_12), *s = schemas_new(base, SCHEMA_2020_12);
	struct document *d = document_new();
	struct schema_report r = {0};
	const struct schema *below, *above;

	(void)state;
	add(base, "http://x/a", "{\"$ref\":\"b\"}");
	add(base, "http://x/b", "{\"type\":\"string\"}");
	add(s, "http://x/b", "{\"type\":\"number\"}");
	below = schemas_compile(base, "http://x/a", 0, &r);
	above = schemas_compile(s, "http://x/a", 0, &r);
	assert_int_equal(schema_validate(below, parse(d, json_parse, "\"x\""), NULL), SCHEMA_VALID);
	assert_int_equal(schema_validate(above, parse(d, json_parse, "\"x\""), NULL), SCHEMA_INVALID);
	assert_int_equal(schema_validate(above, parse(d, json_parse, "1"), NULL), SCHEMA_VALID);
	document_free(d);
	schemas_free(s);
	schemas_free(base);
}

/* In draft 7 what stands beside $ref does not count, and items may be a list. */
static void
the_draft_counts_where_the_schema_does_not_say(void **state)
{
	static const char text[] = "{\"items\":[{\"type\":\"string\"}],\"additionalItems\":false}";
	struct document *d = document_new();
	struct schemas *s = schemas_new(NULL, SCHEMA_DRAFT_7);
	struct schema_report r = {0};
	const struct schema *schema;

	(void)state;
	add(s, "", text);
	schema = schemas_compile(s, "", 0, &r);
	assert_non_null(schema);
	assert_int_equal(schema_validate(schema, parse(d, json_parse, "[\"a\"]"), NULL), SCHEMA_VALID);
	assert_int_equal(schema_validate(schema, parse(d, json_parse, "[\"a\",1]"), NULL), SCHEMA_INVALID);
	assert_int_equal(schema_check(NULL, SCHEMA_DRAFT_7, parse(d, json_parse, text), NULL), SCHEMA_VALID);
	assert_int_equal(schema_check(NULL, SCHEMA_2020_12, parse(d, json_parse, text), NULL), SCHEMA_INVALID);
	schemas_free(s);
	document_free(d);
}

static void
a_value_is_checked_for_being_a_schema(void **state)
{
	static const struct {
		const char *text;
		enum schema_result want;
	} cases[] = {
	    {"{}", SCHEMA_VALID},
	    {"true", SCHEMA_VALID},
	    {"[]", SCHEMA_INVALID},
	    {"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/a\"}},\"$defs\":{\"a\":{}}}",
		SCHEMA_VALID},
	    {"{\"properties\":{\"a\":{\"$ref\":\"#/$defs/a\"}}}", SCHEMA_INVALID},
	    {"{\"properties\":{\"a\":{\"type\":\"any\"}}}", SCHEMA_INVALID},
	    {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"items\":[true]}", SCHEMA_VALID},
	    {"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"items\":[true]}", SCHEMA_INVALID},
	    {"{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"minimum\":\"x\"}", SCHEMA_UNDECIDED},
	    {"{\"pattern\":\"(?<=a*)b\"}", SCHEMA_VALID}, /* by ECMA-262, whatever PCRE2 can not do */
	    {"{\"pattern\":\"(a\"}", SCHEMA_INVALID},
	    {"{\"$schema\":\"a:m\",\"title\":\"b\",\"$defs\":{\"m\":{\"$id\":\"a:m\","
	     "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
	     "\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/vocab/core\":true},"
	     "\"properties\":{\"title\":{\"pattern\":\"^a\"}}}}}",
		SCHEMA_INVALID},
	};
	struct schemas *base = schemas_new(NULL, SCHEMA_2020_12);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct document *d = document_new();
		struct schema_report r = {0};
		enum schema_result got = schema_check(base, SCHEMA_2020_12, parse(d, json_parse, cases[i].text), &r);

		if (got != cases[i].want || (r.n == 0) != (got == SCHEMA_VALID))
			fail_msg("%s: got %d", cases[i].text, got);
		schema_report_free(&r);
		document_free(d);
	}
	schemas_free(base);
}

static void
a_schema_inside_a_document_keeps_its_places(void **state)
{
	struct document *d = document_new();
	const struct value *v = parse(d, json_parse, "{\n  \"inputSchema\": {\"type\": \"objekt\"}}");
	struct schema_report r = {0};

	(void)state;
	assert_int_equal(schema_check(NULL, SCHEMA_2020_12, value_get(v, "inputSchema"), &r), SCHEMA_INVALID);
	assert_int_equal(r.v[0].line, 2);
	assert_int_equal(r.v[0].column, 27);
	assert_string_equal(r.v[0].pointer, "/type");
	schema_report_free(&r);
	document_free(d);
}

static enum schema_result
result_of(const char *schema, const char *document, struct schema_report *r)
{
	struct schemas *s = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	enum schema_result result;

	add(s, "", schema);
	result = schema_validate(schemas_compile(s, "", 0, r), parse(d, json_parse, document), r);
	document_free(d);
	schemas_free(s);
	return result;
}

static void
a_schema_without_an_end_is_undecided(void **state)
{
	static const char *const schemas[] = {"{\"$ref\":\"#\"}", "{\"allOf\":[{\"$ref\":\"#\"}]}",
	    "{\"not\":{\"$ref\":\"#\"}}", "{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}",
	    "{\"if\":{\"$ref\":\"#\"}}", "{\"$dynamicAnchor\":\"a\",\"$dynamicRef\":\"#a\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
		struct schema_report r = {0};

		if (i == 4)
			assert_int_equal(
			    result_of(schemas[i], "1", &r), SCHEMA_VALID); /* no then, no else: not looked at */
		else
			assert_int_equal(result_of(schemas[i], "1", &r), SCHEMA_UNDECIDED);
		assert_int_equal(r.n, i == 4 ? 0 : 1);
		schema_report_free(&r);
	}
}

static void
more_violations_than_are_kept_are_counted_as_truncated(void **state)
{
	char *many = repeated("[0", ",0", LIMIT_PROBLEMS, "]"), *few = repeated("[0", ",0", LIMIT_PROBLEMS - 1, "]");
	struct schema_report r = {0};

	(void)state;
	assert_int_equal(result_of("{\"items\":false}", many, &r), SCHEMA_INVALID);
	assert_int_equal(r.n, LIMIT_PROBLEMS);
	assert_true(r.truncated);
	schema_report_free(&r);
	assert_int_equal(result_of("{\"items\":false}", few, &r), SCHEMA_INVALID);
	assert_int_equal(r.n, LIMIT_PROBLEMS);
	assert_false(r.truncated);
	schema_report_free(&r);
	free(many);
	free(few);
}

static void
what_was_found_before_the_budget_was_spent_counts(void **state)
{
	struct schema_report r = {0};

	(void)state;
	assert_int_equal(
	    result_of("{\"type\":\"string\",\"allOf\":[{\"$ref\":\"#/allOf/0\"}]}", "1", &r), SCHEMA_INVALID);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.v[0].keyword, "type");
	assert_true(r.truncated);
	schema_report_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_violation_is_told_with_its_pointer_and_place),
	    cmocka_unit_test(places_in_yaml_are_those_of_the_source),
	    cmocka_unit_test(of_alternatives_the_nearest_is_told_too),
	    cmocka_unit_test(a_rule_is_named_by_document_and_pointer),
	    cmocka_unit_test(a_broken_schema_is_refused_with_places),
	    cmocka_unit_test(after_ten_bad_patterns_no_more_are_looked_at),
	    cmocka_unit_test(an_alias_is_no_second_schema_of_the_same_id),
	    cmocka_unit_test(a_compilation_that_fails_leaves_nothing_behind),
	    cmocka_unit_test(a_document_that_is_refused_is_not_known),
	    cmocka_unit_test(a_set_sees_what_its_base_has_and_comes_first),
	    cmocka_unit_test(the_draft_counts_where_the_schema_does_not_say),
	    cmocka_unit_test(a_value_is_checked_for_being_a_schema),
	    cmocka_unit_test(a_schema_inside_a_document_keeps_its_places),
	    cmocka_unit_test(a_schema_without_an_end_is_undecided),
	    cmocka_unit_test(more_violations_than_are_kept_are_counted_as_truncated),
	    cmocka_unit_test(what_was_found_before_the_budget_was_spent_counts),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
