#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "manifest/check.h"
#include "manifest/codes.h"
#include "manifest/yaml.h"
#include "with_collections.h"

static void
check_text(const struct collection *c, const char *path, const char *yaml, struct problems *ps)
{
	const struct manifest_source src = {
	    .collection = c, .path = path, .id = "x", .entry = kind_entry_rank(c, strrchr(path, '/') + 1) >= 0};
	struct document *d = document_new();
	const struct value *root = yaml_parse(d, yaml, strlen(yaml), 2, ps);

	assert_non_null(root);
	check_document(&src, root, true, ps);
	problems_sort(ps);
	document_free(d);
}

/* The codes found, joined by blanks. */
static void
assert_codes(const struct collection *c, const char *path, const char *yaml, const char *want)
{
	struct problems ps = {0};
	struct buf have = {0};

	check_text(c, path, yaml, &ps);
	for (size_t i = 0; i < ps.n; i++)
		buf_addf(&have, "%s%s", i > 0 ? " " : "", ps.v[i].code);
	assert_string_equal(buf_str(&have), want);
	buf_free(&have);
	problems_free(&ps);
}

/* A text in which every @ of the pattern stands for n times 'a'. */
static char *
with_run(const char *pattern, size_t n, const char *unit)
{
	struct buf b = {0};

	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '@')
			buf_addch(&b, *pattern);
		for (size_t i = 0; *pattern == '@' && i < n; i++)
			buf_addstr(&b, unit);
	}
	return buf_steal(&b);
}

static void
assert_run(
    const struct collection *c, const char *path, const char *pattern, size_t n, const char *unit, const char *want)
{
	char *yaml = with_run(pattern, n, unit);

	assert_codes(c, path, yaml, want);
	free(yaml);
}

#define PDF "skills/pdf/SKILL.md"

static void
a_good_skill_has_no_problem(void **state)
{
	const struct collections *cs = *state;

	assert_codes(&cs->v[SKILL], PDF,
	    "name: pdf\ndescription: fill forms\nlicense: MIT\ncompatibility: python\nmetadata: {a: 1}\nallowed-tools: "
	    "Read\n",
	    "");
	assert_codes(&cs->v[SKILL], "skills/a/b/SKILL.md", "name: b\ndescription: d\n", "");
}

static void
a_skill_name_has_lower_case_letters_digits_and_single_hyphens(void **state)
{
	static const char *const bad[] = {"PDF", "a_b", "-a", "a-", "a--b", "a b", "\xc3\xa4", "a.b", NULL};
	static const char *const good[] = {"a", "a-b-c", "1", "a1-2", NULL};
	const struct collections *cs = *state;

	for (size_t i = 0; bad[i] != NULL; i++) {
		char *path = mem_printf("skills/%s/SKILL.md", bad[i]);
		char *yaml = mem_printf("name: \"%s\"\ndescription: d\n", bad[i]);

		assert_codes(&cs->v[SKILL], path, yaml, "skill-name-format");
		free(path);
		free(yaml);
	}
	for (size_t i = 0; good[i] != NULL; i++) {
		char *path = mem_printf("skills/%s/SKILL.md", good[i]);
		char *yaml = mem_printf("name: \"%s\"\ndescription: d\n", good[i]);

		assert_codes(&cs->v[SKILL], path, yaml, "");
		free(path);
		free(yaml);
	}
}

static void
a_skill_name_has_1_to_64_characters(void **state)
{
	const struct collections *cs = *state;
	char *path64 = with_run("skills/@/SKILL.md", 64, "a"), *path65 = with_run("skills/@/SKILL.md", 65, "a");

	assert_run(&cs->v[SKILL], path64, "name: @\ndescription: d\n", 64, "a", "");
	assert_run(&cs->v[SKILL], path65, "name: @\ndescription: d\n", 65, "a", "skill-name-length");
	assert_codes(&cs->v[SKILL], PDF, "name: ''\ndescription: d\n", "skill-name-length");
	free(path64);
	free(path65);
}

static void
a_skill_name_equals_its_folder_when_it_has_one(void **state)
{
	const struct collections *cs = *state;

	assert_codes(&cs->v[SKILL], PDF, "name: pd\ndescription: d\n", "skill-name-folder");
	assert_codes(&cs->v[SKILL], PDF, "name: pdff\ndescription: d\n", "skill-name-folder");
	assert_codes(&cs->v[SKILL], "skills/pdf/x/SKILL.md", "name: pdf\ndescription: d\n", "skill-name-folder");
	assert_codes(&cs->v[SKILL], "skills/commit.md", "name: other\ndescription: d\n", "");
	assert_codes(&cs->v[SKILL], "skills/pdf/commit.md", "name: other\ndescription: d\n", "");
	assert_codes(&cs->v[SKILL], "skills/SKILL.md", "name: other\ndescription: d\n", "");
}

static void
a_skill_description_has_1_to_1024_code_points(void **state)
{
	const struct collections *cs = *state;

	assert_run(&cs->v[SKILL], PDF, "name: pdf\ndescription: @\n", 1024, "\xf0\x9f\x93\x9a", "");
	assert_run(&cs->v[SKILL], PDF, "name: pdf\ndescription: @\n", 1025, "a", "skill-description-length");
	assert_codes(&cs->v[SKILL], PDF, "name: pdf\ndescription: ''\n", "skill-description-length");
	assert_codes(&cs->v[SKILL], PDF, "name: pdf\ndescription: \" \\n\\t\"\n", "skill-description-length");
}

static void
skill_compatibility_has_at_most_500_code_points(void **state)
{
	const struct collections *cs = *state;

	assert_run(&cs->v[SKILL], PDF, "name: pdf\ndescription: d\ncompatibility: @\n", 500, "\xc3\xa4", "");
	assert_run(&cs->v[SKILL], PDF, "name: pdf\ndescription: d\ncompatibility: @\n", 501, "a",
	    "skill-compatibility-length");
	assert_codes(
	    &cs->v[SKILL], PDF, "name: pdf\ndescription: d\ncompatibility: [a]\n", "skill-compatibility-length");
}

static void
an_unknown_skill_key_is_shown_at_its_place_with_the_nearest_known_one(void **state)
{
	const struct collections *cs = *state;
	struct problems ps = {0};

	check_text(&cs->v[SKILL], PDF, "name: pdf\ndescription: d\nlicence: MIT\na/b~c: 1\nmodel: opus\n", &ps);
	assert_int_equal(ps.n, 3);
	assert_string_equal(ps.v[0].code, "skill-unknown-key");
	assert_int_equal(ps.v[0].severity, SEVERITY_WARNING);
	assert_int_equal(ps.v[0].line, 4);
	assert_int_equal(ps.v[0].column, 1);
	assert_string_equal(ps.v[0].pointer, "/licence");
	assert_non_null(strstr(ps.v[0].message, "'licence'"));
	assert_non_null(strstr(ps.v[0].message, "did you mean 'license'?"));
	assert_non_null(ps.v[0].hint);
	assert_string_equal(ps.v[1].pointer, "/a~1b~0c");
	assert_null(strstr(ps.v[1].message, "did you mean"));
	assert_string_equal(ps.v[2].pointer, "/model");
	problems_free(&ps);
}

static void
a_name_or_description_of_the_wrong_type_is_an_error_at_its_value(void **state)
{
	static const char *const paths[] = {"skills/a.md", "mcps/a.yaml", "tools/a.yaml"};
	const struct collections *cs = *state;
	struct problems ps = {0};

	for (int i = SKILL; i <= TOOL; i++) {
		check_text(&cs->v[i], paths[i], "name: 2024\ndescription: [a]\n", &ps);
		assert_int_equal(ps.n, 2);
		assert_string_equal(ps.v[0].code, "name-type");
		assert_int_equal(ps.v[0].severity, SEVERITY_ERROR);
		assert_int_equal(ps.v[0].line, 2);
		assert_int_equal(ps.v[0].column, 7);
		assert_string_equal(ps.v[0].pointer, "/name");
		assert_non_null(strstr(ps.v[0].message, "integer"));
		assert_string_equal(ps.v[1].code, "description-type");
		assert_int_equal(ps.v[1].line, 3);
		assert_int_equal(ps.v[1].column, 14);
		problems_free(&ps);
	}
	assert_codes(&cs->v[TOOL], "tools/x.yaml", "name: true\ndescription: {a: b}\n", "name-type description-type");
	check_text(&cs->v[TOOL], "tools/x.yaml", "name: x\ndescription: \"a\\0b\"\n", &ps);
	assert_int_equal(ps.n, 1);
	assert_string_equal(ps.v[0].code, "description-type");
	assert_non_null(strstr(ps.v[0].message, "NUL"));
	problems_free(&ps);
}

static void
the_types_are_checked_where_the_collection_says_and_without_a_schema_too(void **state)
{
	struct collection c;

	(void)state;
	collection_init(&c, "capability", "capabilities");
	kind_words_free(c.fields.name);
	c.fields.name = kind_words((const char *const[]){"/title", "/metadata/dc_title", NULL});
	assert_codes(&c, "capabilities/a.yaml", "name: 3\nmetadata: {dc_title: 4}\n", "name-type");
	assert_codes(&c, "capabilities/a.yaml", "title: a\nname: 3\nmetadata: {dc_title: 4}\n", "");
	assert_codes(&c, "capabilities/a.yaml", "title:\nmetadata: {dc_title: a}\n", "");
	assert_codes(&c, "capabilities/a.yaml", "a: 1\n", "");
	collection_free(&c);
}

static void
what_is_missing_or_null_is_warned_of_in_every_dialect(void **state)
{
	static const char *const paths[] = {PDF, "mcps/a.yaml", "tools/a.yaml"};
	const struct collections *cs = *state;

	for (int i = SKILL; i <= TOOL; i++) {
		assert_codes(&cs->v[i], paths[i], "license: MIT\n", "description-missing name-missing");
		assert_codes(&cs->v[i], paths[i], "name:\ndescription: ~\n", "description-missing name-missing");
	}
}

static void
a_tool_name_has_1_to_128_of_the_allowed_characters(void **state)
{
	const struct collections *cs = *state;
	const struct collection *c = &cs->v[TOOL];

	assert_codes(c, "tools/a.yaml", "name: Aa0_.-\ndescription: d\n", "");
	assert_run(c, "tools/a.yaml", "name: @\ndescription: d\n", 128, "a", "");
	assert_run(c, "tools/a.yaml", "name: @\ndescription: d\n", 129, "a", "tool-name-format");
	assert_codes(c, "tools/a.yaml", "name: ''\ndescription: d\n", "tool-name-format");
	assert_codes(c, "tools/a.yaml", "name: a b\ndescription: d\n", "tool-name-format");
	assert_codes(c, "tools/a.yaml", "name: \xc3\xa4\ndescription: d\n", "tool-name-format");
	assert_codes(c, "tools/a.yaml", "name: a/b\ndescription: d\n", "tool-name-format");
}

static void
a_tool_input_schema_is_the_schema_of_an_object(void **state)
{
	static const char *const keys[] = {"inputSchema", "input_schema", "parameters", NULL};
	static const struct {
		const char *value, *want;
	} rows[] = {
	    {"{type: object, properties: {a: {type: string}}}", ""},
	    {"{properties: {}}", ""},
	    {"{}", ""},
	    {"{type: string}", "tool-input-schema"},
	    {"{type: [object]}", "tool-input-schema"},
	    {"[a]", "tool-input-schema"},
	    {"text", "tool-input-schema"},
	    {"~", "tool-input-schema"},
	};
	const struct collections *cs = *state;

	for (size_t k = 0; keys[k] != NULL; k++) {
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			char *yaml = mem_printf("name: a\ndescription: d\n%s: %s\n", keys[k], rows[i].value);

			assert_codes(&cs->v[TOOL], "tools/a.yaml", yaml, rows[i].want);
			free(yaml);
		}
	}
}

#define OFFICIAL \
	"$schema: https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\ndescription: d\n"

static void
a_server_of_the_registry_has_a_namespaced_name(void **state)
{
	static const char *const good[] = {"io.github.user/weather", "a/b", "A-1.x/y_z.0-1", NULL};
	static const char *const bad[] = {"weather", "a/b/c", "/bcd", "abc/", "a_b/c", "a b/c", "\xc3\xa4/b", "", NULL};
	const struct collections *cs = *state;

	for (size_t i = 0; good[i] != NULL; i++) {
		char *yaml = mem_printf(OFFICIAL "version: 1.0.2\nname: '%s'\n", good[i]);

		assert_codes(&cs->v[MCP], "mcps/a/server.yaml", yaml, "");
		free(yaml);
	}
	for (size_t i = 0; bad[i] != NULL; i++) {
		char *yaml = mem_printf(OFFICIAL "version: 1.0.2\nname: '%s'\n", bad[i]);

		assert_codes(&cs->v[MCP], "mcps/a/server.yaml", yaml, "mcp-name-format");
		free(yaml);
	}
	assert_run(&cs->v[MCP], "mcps/a.yaml", OFFICIAL "version: 1.0.2\nname: a/@\n", 198, "b", "");
	assert_run(&cs->v[MCP], "mcps/a.yaml", OFFICIAL "version: 1.0.2\nname: a/@\n", 199, "b", "mcp-name-format");
}

static void
a_server_of_the_registry_has_one_exact_version(void **state)
{
	static const char *const good[] = {"1.0.2", "2.1.0-alpha", "2024-11-05", "1.0.0+x1", "v1", NULL};
	static const char *const bad[] = {"^1.2.3", "~1.2.3", ">=1.2.3", "<2", "=1.0", "1.x", "1.*", "*", "1.2.X",
	    "1 || 2", "1.0 - 2.0", "latest", NULL};
	const struct collections *cs = *state;

	for (size_t i = 0; good[i] != NULL; i++) {
		char *yaml = mem_printf(OFFICIAL "name: a/b\nversion: '%s'\n", good[i]);

		assert_codes(&cs->v[MCP], "mcps/a/server.yaml", yaml, "");
		free(yaml);
	}
	for (size_t i = 0; bad[i] != NULL; i++) {
		char *yaml = mem_printf(OFFICIAL "name: a/b\nversion: '%s'\n", bad[i]);

		assert_codes(&cs->v[MCP], "mcps/a/server.yaml", yaml, "mcp-version-range");
		free(yaml);
	}
	assert_codes(&cs->v[MCP], "mcps/a.yaml", OFFICIAL "name: a/b\n", "mcp-version-missing");
	assert_codes(&cs->v[MCP], "mcps/a.yaml", OFFICIAL "name: a/b\nversion: 1.0\n", "mcp-version-missing");
}

static void
a_server_of_the_registry_has_a_short_description(void **state)
{
	const struct collections *cs = *state;
	const struct collection *c = &cs->v[MCP];

	assert_run(c, "mcps/a.yaml", "packages: []\nname: a/b\nversion: '1'\ndescription: @\n", 100, "\xc3\xa4", "");
	assert_run(c, "mcps/a.yaml", "remotes: []\nname: a/b\nversion: '1'\ndescription: @\n", 101, "a",
	    "mcp-description-length");
	assert_codes(
	    c, "mcps/a.yaml", "packages: []\nname: a/b\nversion: '1'\ndescription: ''\n", "mcp-description-length");
	assert_codes(
	    c, "mcps/a.yaml", "remotes: []\nname: a/b\nversion: '1'\ndescription: ''\n", "mcp-description-length");
}

static void
other_dialects_of_mcp_servers_are_left_alone(void **state)
{
	const struct collections *cs = *state;

	assert_run(&cs->v[MCP], "mcps/a/server.yaml", "name: wiki\nimage: mcp/wiki\ndescription: @\n", 300, "a", "");
	assert_codes(
	    &cs->v[MCP], "mcps/a/server.yaml", "name: wiki\n$schema: https://example.org/x\ndescription: d\n", "");
}

static void
json_with_nothing_but_the_keys_of_a_server_json_is_one(void **state)
{
	const struct collections *cs = *state;

	assert_codes(&cs->v[MCP], "mcps/a.json", "{name: wiki, description: d, version: '1'}\n", "mcp-name-format");
	assert_codes(&cs->v[MCP], "mcps/a.yaml", "{name: wiki, description: d, version: '1'}\n", "");
	assert_codes(&cs->v[MCP], "mcps/a.json", "{name: wiki, description: d}\n", "");
	assert_codes(&cs->v[MCP], "mcps/a.json", "{name: wiki, description: d, version: '1', command: x}\n", "");
	assert_codes(&cs->v[MCP], "mcps/a.json", "{$schema: x, name: wiki, description: d, version: '1'}\n", "");
}

static void
an_unknown_status_is_a_warning_in_both_profiles(void **state)
{
	struct collections *cs = *state;
	struct problems ps = {0};

	cs->v[MCP].profile = PROFILE_STRICT;
	check_text(&cs->v[MCP], "mcps/a.yaml", "name: a\ndescription: d\nstatus: publishd\n", &ps);
	assert_int_equal(ps.n, 1);
	assert_string_equal(ps.v[0].code, "status-unknown");
	assert_int_equal(ps.v[0].severity, SEVERITY_WARNING);
	assert_int_equal(ps.v[0].line, 4);
	assert_int_equal(ps.v[0].column, 9);
	assert_non_null(strstr(ps.v[0].message, "did you mean 'published'?"));
	problems_free(&ps);
	assert_codes(&cs->v[MCP], "mcps/a.yaml", "name: a\ndescription: d\nstatus: [draft]\n", "status-unknown");
	assert_codes(&cs->v[MCP], "mcps/a.yaml", "name: a\ndescription: d\nstatus: in_review\n", "");
	assert_codes(&cs->v[MCP], "mcps/a.yaml", "name: a\ndescription: d\nstatus:\n", "");
}

static void
the_profile_decides_whether_a_rule_is_a_warning_or_an_error(void **state)
{
	static const char *const errors[] = {"name-type", "description-type", "not-a-mapping", "yaml-duplicate-key",
	    "frontmatter-not-closed", "too-large", "not-utf8", "id-empty", "unreadable", "yaml-syntax", "json-syntax",
	    NULL};
	static const char *const rules[] = {"skill-name-format", "skill-name-length", "skill-name-folder",
	    "skill-description-length", "skill-compatibility-length", "skill-unknown-key", "tool-name-format",
	    "tool-input-schema", "frontmatter-missing", "description-missing", "name-missing", "mcp-name-format", NULL};
	struct collections *cs = *state;
	struct problems ps = {0};

	for (size_t i = 0; errors[i] != NULL; i++) {
		assert_int_equal(check_severity(errors[i], PROFILE_LENIENT), SEVERITY_ERROR);
		assert_int_equal(check_severity(errors[i], PROFILE_STRICT), SEVERITY_ERROR);
	}
	for (size_t i = 0; rules[i] != NULL; i++) {
		assert_int_equal(check_severity(rules[i], PROFILE_LENIENT), SEVERITY_WARNING);
		assert_int_equal(check_severity(rules[i], PROFILE_STRICT), SEVERITY_ERROR);
	}
	assert_int_equal(check_severity("bom", PROFILE_STRICT), SEVERITY_NOTE);
	check_text(&cs->v[SKILL], PDF, "name: PDF\ndescription: d\n", &ps);
	assert_false(problems_have_errors(&ps));
	problems_free(&ps);
	cs->v[SKILL].profile = PROFILE_STRICT;
	check_text(&cs->v[SKILL], PDF, "name: PDF\ndescription: d\n", &ps);
	assert_true(problems_have_errors(&ps));
	problems_free(&ps);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_COLLECTIONS(a_good_skill_has_no_problem),
	    WITH_COLLECTIONS(a_skill_name_has_lower_case_letters_digits_and_single_hyphens),
	    WITH_COLLECTIONS(a_skill_name_has_1_to_64_characters),
	    WITH_COLLECTIONS(a_skill_name_equals_its_folder_when_it_has_one),
	    WITH_COLLECTIONS(a_skill_description_has_1_to_1024_code_points),
	    WITH_COLLECTIONS(skill_compatibility_has_at_most_500_code_points),
	    WITH_COLLECTIONS(an_unknown_skill_key_is_shown_at_its_place_with_the_nearest_known_one),
	    WITH_COLLECTIONS(a_name_or_description_of_the_wrong_type_is_an_error_at_its_value),
	    WITH_COLLECTIONS(the_types_are_checked_where_the_collection_says_and_without_a_schema_too),
	    WITH_COLLECTIONS(what_is_missing_or_null_is_warned_of_in_every_dialect),
	    WITH_COLLECTIONS(a_tool_name_has_1_to_128_of_the_allowed_characters),
	    WITH_COLLECTIONS(a_tool_input_schema_is_the_schema_of_an_object),
	    WITH_COLLECTIONS(a_server_of_the_registry_has_a_namespaced_name),
	    WITH_COLLECTIONS(a_server_of_the_registry_has_one_exact_version),
	    WITH_COLLECTIONS(a_server_of_the_registry_has_a_short_description),
	    WITH_COLLECTIONS(other_dialects_of_mcp_servers_are_left_alone),
	    WITH_COLLECTIONS(json_with_nothing_but_the_keys_of_a_server_json_is_one),
	    WITH_COLLECTIONS(an_unknown_status_is_a_warning_in_both_profiles),
	    WITH_COLLECTIONS(the_profile_decides_whether_a_rule_is_a_warning_or_an_error),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
