/* No schema and no document of 1 MiB may keep the engine busy: the worst that is known, as in test_parse_time.c. */
#include "parsing.h"

#include <stdio.h>

#include "base/limits.h"
#include "manifest/json.h"
#include "manifest/schema.h"
#include "processor_time.h"

static const struct value *
parse(struct document *d, const char *text)
{
	struct problems ps = {0};
	const struct value *v = json_parse(d, text, strlen(text), &ps);

	if (v == NULL)
		fail_msg("%.60s: %s", text, ps.v[0].message);
	return v;
}

/* What is compiled and what is validated, each for itself. */
static void
time_of(const struct schemas *base, const struct value *schema, const struct value *v, double ret_ms[2])
{
	struct schemas *s = schemas_new(base, SCHEMA_2020_12);
	struct schema_report r = {0};
	const struct schema *compiled = NULL;
	double begin = cpu_ms(), middle;

	if (schemas_add(s, "", NULL, schema, &r) == 0)
		compiled = schemas_compile(s, "", SCHEMA_FORMATS, &r);
	schema_report_free(&r);
	middle = cpu_ms();
	if (compiled != NULL)
		(void)schema_validate(compiled, v, &r);
	ret_ms[0] = middle - begin;
	ret_ms[1] = cpu_ms() - middle;
	schema_report_free(&r);
	schemas_free(s);
}

static double
worse(const double ms[2])
{
	return ms[0] > ms[1] ? ms[0] : ms[1];
}

/* Both texts are freed. */
static void
check(const char *name, char *schema, char *document)
{
	struct schemas *base = schemas_new(NULL, SCHEMA_2020_12);
	struct document *d = document_new();
	const struct value *s = parse(d, schema), *v = parse(d, document);
	double best[2], again[2];

	time_of(base, s, v, best);
	for (int i = 1; i < TRIES && worse(best) > BOUND_MS * SLOWNESS; i++) {
		time_of(base, s, v, again);
		if (worse(again) < worse(best))
			memcpy(best, again, sizeof best);
	}
	print_message("%7.2f ms, %7.2f ms  %s\n", best[0], best[1], name);
	if (worse(best) > BOUND_MS * SLOWNESS)
		fail_msg("%s takes %.0f ms", name, worse(best));
	document_free(d);
	schemas_free(base);
	free(schema);
	free(document);
}

/* n times prefix, a number that counts up, suffix, between commas. */
static char *
counted(const char *before, const char *prefix, const char *suffix, int n, const char *after)
{
	struct buf b = {0};

	buf_addstr(&b, before);
	for (int i = 0; i < n; i++)
		buf_addf(&b, "%s%s%d%s", i > 0 ? "," : "", prefix, i, suffix);
	buf_addstr(&b, after);
	return buf_steal(&b);
}

static char *
text(const char *s)
{
	return repeated(s, "", 0, "");
}

static void
no_structure_takes_long(void **state)
{
	(void)state;
	check("a tree of references",
	    repeated("{\"$defs\":{\"a\":{\"allOf\":[true", ",{\"items\":{\"$ref\":\"#/$defs/a\"}}", 50,
		"]}},\"$ref\":\"#/$defs/a\"}"),
	    repeated("[[[[[[[[[[[[[[[", "[", 15, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"));
	check("a chain of references",
	    counted("{\"$ref\":\"#/$defs/k0\",\"$defs\":{", "\"k", "\":{\"$ref\":\"#/$defs/k4000\"}", 4800, "}}"),
	    text("1"));
	check("many anchors", counted("{\"allOf\":[", "{\"$anchor\":\"a", "\"}", 4900, "]}"), text("1"));
	check("many keys, many rules",
	    repeated("{\"allOf\":[{\"minProperties\":1}", ",{\"properties\":{\"k1\":true}}", 2000,
		"],\"unevaluatedProperties\":false}"),
	    counted("{", "\"k", "\":1", 9000, "}"));
	check("many required keys", counted("{\"required\":[", "\"k", "\"", 9000, "]}"),
	    counted("{", "\"k", "\":1", 9000, "}"));
	check("a large enum", counted("{\"items\":{\"enum\":[", "\"v", "\"", 9000, "]}}"),
	    counted("[", "\"v", "\"", 9000, "]"));
	check("unique objects", text("{\"uniqueItems\":true}"), counted("[", "{\"a\":1,\"b\":", "}", 3000, "]"));
	check("many alternatives",
	    counted("{\"items\":{\"anyOf\":[", "{\"required\":[\"z\"],\"properties\":{\"k\":{\"const\":", "}}}", 200,
		"]}}"),
	    counted("[", "{\"k\":", "}", 3000, "]"));
	check("a large schema",
	    counted("{\"properties\":{", "\"k", "\":{\"type\":\"string\",\"minLength\":1}", 3000, "}}"),
	    counted("{", "\"k", "\":\"\"", 3000, "}"));
}

/* A hundred and fifty alternatives, each with a list of names that are nearly the right ones. */
static char *
alternatives(const char *before, const char *after)
{
	struct buf b = {0};

	buf_addstr(&b, "{\"items\":{\"anyOf\":[false");
	for (int i = 0; i < 150; i++) {
		buf_addf(&b, ",%s", before);
		for (int k = 0; k < 60; k++)
			buf_addf(&b, "%s\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz%d.%d\"%s",
			    k > 0 ? "," : "", i, k, *after == '}' ? ":true" : "");
		buf_addstr(&b, after);
	}
	buf_addstr(&b, "]}}");
	return buf_steal(&b);
}

static void
no_advice_takes_long(void **state)
{
	(void)state;
	check("a value that is nearly one of many", alternatives("{\"enum\":[", "]}"),
	    counted("[", "\"zbcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "\"", 90, "]"));
	check("keys that are nearly one of many",
	    alternatives("{\"additionalProperties\":false,\"properties\":{", "}}"),
	    repeated("[{}", ",{\"zbcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz1\":1}", 3000, "]"));
}

static void
no_format_takes_long(void **state)
{
	static const char *const formats[][2] = {
	    {"hostname", ",\"xn--nxasmq6b.xn--nxasmq6b.xn--nxasmq6b.xn--nxasmq6b.a\""},
	    {"regex", ",\"[a-z]+(b|c)*[a-z]+(b|c)*[a-z]+(b|c)*[a-z]+(b|c)*\""},
	    {"regex", ",\"\\\\S\\\\S\\\\S\\\\S\\\\S\\\\S\\\\S\\\\S[^\\\\s\\\\S]\\\\S\\\\S\\\\S\\\\S\""},
	    {"email", ",\"a@b.b.b.b.b.b.b.b.b.b.b.c\""},
	    {"uri", ",\"http://example.org/cccccccccccccccccccccccccccccccccccc\""},
	    {"date-time", ",\"2020-01-01T00:00:00Z\""}};

	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		char unit[64];

		(void)snprintf(unit, sizeof unit, ",{\"items\":{\"format\":\"%s\"}}", formats[i][0]);
		check(formats[i][0], repeated("{\"allOf\":[true", unit, 2000, "]}"),
		    repeated("[\"\"", formats[i][1], 300, "]"));
	}
}

static void
no_number_takes_long(void **state)
{
	(void)state;
	check("many bounds of a long number", repeated("{\"allOf\":[true", ",{\"maximum\":5}", 4000, "]}"),
	    repeated("2.", "2", 1000000, ""));
	check("a long divisor", repeated("{\"multipleOf\":1.", "1", 400000, "}"), repeated("2.", "2", 900000, ""));
	check("a tiny divisor", text("{\"multipleOf\":1e-99999999}"), text("1"));
}

static void
no_pattern_takes_long(void **state)
{
	(void)state;
	check("nested repetitions", text("{\"pattern\":\"^(([a-z])+.)+[A-Z]([a-z])+$\"}"),
	    repeated("\"", "a", 900000, "\""));
	check("every start anew", text("{\"pattern\":\"\\\\s+$\"}"), repeated("\"", " ", 900000, "x\""));
	check("a repetition that fails late", text("{\"pattern\":\"[ab]{60000}c\"}"),
	    repeated("\"c", "b", 900000, "c\""));
	check("a look behind", text("{\"pattern\":\"(?<=[ab]{60000}a)b\"}"), repeated("\"", "b", 900000, "\""));
	check("many texts", text("{\"items\":{\"pattern\":\"(?=.*a)(?=.*b)(?=.*c).{8,}$\"}}"),
	    repeated("[\"\"", ",\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", 9000, "]"));
	check("many patterns", counted("{\"patternProperties\":{", "\"^a", ".*b$\":true", 900, "}}"),
	    counted("{", "\"a", "\":1", 9000, "}"));
	check("patterns that are too large",
	    repeated("{\"allOf\":[true", ",{\"pattern\":\"((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}\"}", 4000,
		"]}"),
	    text("\"a\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_structure_takes_long),
	    cmocka_unit_test(no_advice_takes_long),
	    cmocka_unit_test(no_format_takes_long),
	    cmocka_unit_test(no_number_takes_long),
	    cmocka_unit_test(no_pattern_takes_long),
	};

	return cmocka_run_group_tests_name("schema_time", tests, NULL, NULL);
}
