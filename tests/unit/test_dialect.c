#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "manifest/dialect.h"

static struct dialects *
complete(const char *const names[], const char *const texts[])
{
	struct dialects *d = dialects_new();
	struct err e;

	for (size_t i = 0; names[i] != NULL; i++)
		if (dialects_add(d, names[i], FORMAT_JSON, texts[i], strlen(texts[i]), &e) != 0)
			fail_msg("%s: %s", names[i], e.msg);
	if (dialects_complete(d, &e) != 0)
		fail_msg("%s", e.msg);
	return d;
}

static const char *const nothing[] = {NULL};

static void
what_comes_with_shelfd_is_known_and_compiles(void **state)
{
	static const char *const with[] = {
	    "agent", "capability", "catalog-item", "docker-server", "git-skill", "mcp", "mcp-server", NULL};
	static const char *const without[] = {"skill", "tool", NULL};
	struct dialects *d = complete(nothing, nothing);
	const struct schema *schema;
	struct err e;

	(void)state;
	for (size_t i = 0; with[i] != NULL; i++) {
		if (dialects_find(d, with[i], &schema, &e) != 0)
			fail_msg("%s", e.msg);
		assert_non_null(schema);
	}
	for (size_t i = 0; without[i] != NULL; i++) {
		assert_int_equal(dialects_find(d, without[i], &schema, &e), 0);
		assert_null(schema);
	}
	dialects_free(d);
}

static void
an_unknown_name_is_told_with_what_is_near(void **state)
{
	static const char *const names[] = {"prompt", NULL}, *const texts[] = {"{}", NULL};
	struct dialects *d = complete(names, texts);
	const struct schema *schema = NULL;
	struct err e;

	(void)state;
	assert_int_equal(dialects_find(d, "skil", &schema, &e), -1);
	assert_string_equal(e.msg, "no schema has the name skil; did you mean skill?");
	assert_int_equal(dialects_find(d, "promt", &schema, &e), -1);
	assert_string_equal(e.msg, "no schema has the name promt; did you mean prompt?");
	assert_int_equal(dialects_find(d, "zzzzzzzz", &schema, &e), -1);
	assert_string_equal(e.msg, "no schema has the name zzzzzzzz");
	assert_null(schema);
	dialects_free(d);
}

static void
one_of_ours_that_needs_what_was_replaced_is_told_when_it_is_asked_for(void **state)
{
	static const char *const names[] = {"mcp", NULL}, *const texts[] = {"{\"type\": \"object\"}", NULL};
	struct dialects *d = complete(names, texts);
	const struct schema *schema;
	struct err e;

	(void)state;
	assert_int_equal(dialects_find(d, "mcp", &schema, &e), 0);
	assert_int_equal(dialects_find(d, "mcp-server", &schema, &e), -1);
	assert_non_null(strstr(e.msg, "mcp-server: "));
	dialects_free(d);
}

static void
a_declared_schema_is_found_by_its_id_and_only_there(void **state)
{
	static const char *const names[] = {"one", "two", NULL};
	static const char *const texts[] = {
	    "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"$id\": \"https://example.org/one#\"}",
	    "{\"$id\": \"https://example.org/two\"}", NULL};
	struct dialects *d = complete(names, texts);
	const struct schema *one, *two;
	struct err e;

	(void)state;
	assert_int_equal(dialects_find(d, "one", &one, &e), 0);
	assert_int_equal(dialects_find(d, "two", &two, &e), 0);
	assert_ptr_equal(dialects_declared(d, "https://example.org/one"), one);
	assert_ptr_equal(dialects_declared(d, "https://example.org/one#"), one);
	assert_ptr_equal(dialects_declared(d, "https://example.org/two"), two);
	assert_null(dialects_declared(d, "https://example.org/on"));
	assert_null(dialects_declared(d, "https://example.org/one/x"));
	assert_null(dialects_declared(d, "https://json-schema.org/draft/2020-12/schema"));
	assert_null(dialects_declared(d, ""));
	dialects_free(d);
}

static void
what_can_not_be_added_leaves_nothing_behind(void **state)
{
	static const struct {
		const char *name, *text, *words;
	} rows[] = {{"one", "{}", "another schema has the name one"}, {"a", "{", "1:2: "}, {"b", "\xff", "1:1: "},
	    {"c", "{\"$id\": \"https://example.org/one\"}", "https://example.org/one"}};
	struct dialects *d = dialects_new();
	static const char first[] = "{\"$id\": \"https://example.org/one\"}";
	const struct schema *schema;
	struct err e;

	(void)state;
	assert_int_equal(dialects_add(d, "one", FORMAT_JSON, first, strlen(first), &e), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(
		    dialects_add(d, rows[i].name, FORMAT_JSON, rows[i].text, strlen(rows[i].text), &e), -1);
		if (strstr(e.msg, rows[i].words) == NULL)
			fail_msg("%s: \"%s\" has no \"%s\"", rows[i].name, e.msg, rows[i].words);
	}
	assert_int_equal(dialects_add(d, "y", FORMAT_YAML, "type: object\n", strlen("type: object\n"), &e), 0);
	assert_int_equal(dialects_complete(d, &e), 0);
	assert_int_equal(dialects_find(d, "y", &schema, &e), 0);
	assert_non_null(schema);
	assert_int_equal(dialects_find(d, "c", &schema, &e), -1);
	dialects_free(d);
}

static void
one_that_can_not_be_compiled_is_told_by_its_name(void **state)
{
	static const char text[] = "{\n  \"$ref\": \"missing.json\"\n}";
	struct dialects *d = dialects_new();
	struct err e;

	(void)state;
	assert_int_equal(dialects_add(d, "team/one", FORMAT_JSON, text, strlen(text), &e), 0);
	assert_int_equal(dialects_complete(d, &e), -1);
	assert_non_null(strstr(e.msg, "team/one: 2:"));
	assert_non_null(strstr(e.msg, "missing.json"));
	dialects_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_comes_with_shelfd_is_known_and_compiles),
	    cmocka_unit_test(an_unknown_name_is_told_with_what_is_near),
	    cmocka_unit_test(one_of_ours_that_needs_what_was_replaced_is_told_when_it_is_asked_for),
	    cmocka_unit_test(a_declared_schema_is_found_by_its_id_and_only_there),
	    cmocka_unit_test(what_can_not_be_added_leaves_nothing_behind),
	    cmocka_unit_test(one_that_can_not_be_compiled_is_told_by_its_name),
	};

	return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
