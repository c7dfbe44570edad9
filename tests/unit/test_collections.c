#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config_fixture.h"

static void
every_key_of_a_collection_is_taken(void **state)
{
	struct settings s;
	const struct collection *c;
	char out[256];

	(void)state;
	parse_good(&s,
	    "collections:\n"
	    "  - type: capability-2\n"
	    "    path: a/b/\n"
	    "    entry: [X.md, Y.md]\n"
	    "    flat: ['**/*.yaml', '*.md']\n"
	    "    ignore: [drafts/**]\n"
	    "    id_from: /metadata/dc~1id\n"
	    "    fields: {name: /n, version: [/v, /w], description: /d, dependencies: /e, tags: /t, owner: /o, "
	    "status: /s}\n"
	    "    schema: tool\n"
	    "    profile: strict\n"
	    "    on_invalid: withdraw\n");
	assert_int_equal(s.collections.n, 1);
	c = &s.collections.v[0];
	assert_string_equal(c->type, "capability-2");
	assert_string_equal(c->path, "a/b");
	assert_string_equal(words_of(c->entry, out, sizeof out), "X.md Y.md ");
	assert_string_equal(words_of(c->flat, out, sizeof out), "**/*.yaml *.md ");
	assert_string_equal(words_of(c->ignore, out, sizeof out), "drafts/** ");
	assert_string_equal(words_of(c->id_from, out, sizeof out), "/metadata/dc~1id ");
	assert_string_equal(words_of(c->fields.name, out, sizeof out), "/n ");
	assert_string_equal(words_of(c->fields.version, out, sizeof out), "/v /w ");
	assert_string_equal(words_of(c->fields.description, out, sizeof out), "/d ");
	assert_string_equal(words_of(c->fields.dependencies, out, sizeof out), "/e ");
	assert_string_equal(words_of(c->fields.tags, out, sizeof out), "/t ");
	assert_string_equal(words_of(c->fields.owner, out, sizeof out), "/o ");
	assert_string_equal(words_of(c->fields.status, out, sizeof out), "/s ");
	assert_string_equal(c->schema, "tool");
	assert_int_equal(c->profile, PROFILE_STRICT);
	assert_int_equal(c->on_invalid, ON_INVALID_WITHDRAW);
	settings_free(&s);
}

static void
what_a_collection_leaves_out_has_its_default(void **state)
{
	struct settings s;
	const struct collection *c;
	char out[256];

	(void)state;
	parse_good(&s, "collections: [{type: x, path: ., flat: '*.md'}]\n");
	c = &s.collections.v[0];
	assert_string_equal(c->path, "");
	assert_string_equal(words_of(c->entry, out, sizeof out), "");
	assert_string_equal(words_of(c->flat, out, sizeof out), "*.md ");
	assert_string_equal(words_of(c->ignore, out, sizeof out), "");
	assert_null(c->id_from);
	assert_null(c->schema);
	assert_string_equal(words_of(c->fields.version, out, sizeof out), "/version /metadata/version ");
	assert_int_equal(c->profile, PROFILE_LENIENT);
	assert_int_equal(c->on_invalid, ON_INVALID_KEEP);
	settings_free(&s);
}

static void
profile_on_invalid_and_ignore_reach_every_collection_wherever_they_stand(void **state)
{
	struct settings s;
	char out[256];

	(void)state;
	parse_good(&s, "profile: strict\nignore: ['*.bak']\n");
	assert_int_equal(s.collections.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(s.collections.v[i].profile, PROFILE_STRICT);
		assert_string_equal(words_of(s.collections.v[i].ignore, out, sizeof out), "*.bak ");
	}
	settings_free(&s);
	parse_good(&s,
	    "collections:\n  - {type: a, path: a, flat: ['*'], ignore: [x], profile: lenient}\n"
	    "  - {type: b, path: b, flat: ['*']}\nprofile: strict\non_invalid: withdraw\nignore: [y]\n");
	assert_int_equal(s.collections.v[0].profile, PROFILE_LENIENT);
	assert_int_equal(s.collections.v[1].profile, PROFILE_STRICT);
	assert_int_equal(s.collections.v[0].on_invalid, ON_INVALID_WITHDRAW);
	assert_string_equal(words_of(s.collections.v[0].ignore, out, sizeof out), "x y ");
	assert_string_equal(words_of(s.collections.v[1].ignore, out, sizeof out), "y ");
	settings_free(&s);
}

static void
an_id_may_stand_in_one_of_several_places(void **state)
{
	struct settings s;
	char out[64];

	(void)state;
	parse_good(&s,
	    "collections:\n  - {type: a, path: a, flat: '*', id_from: [/metadata/id, /name]}\n"
	    "  - {type: b, path: b, flat: '*', id_from: []}\n");
	assert_string_equal(words_of(s.collections.v[0].id_from, out, sizeof out), "/metadata/id /name ");
	assert_null(s.collections.v[1].id_from);
	settings_free(&s);
}

static void
assert_level(const struct collection *c, const char *code, int want)
{
	enum level level;

	if (levels_get(&c->levels, code, &level) != (want >= 0) || (want >= 0 && level != (enum level)want))
		fail_msg("%s of the collection %s is not at level %d", code, c->type, want);
}

static void
rules_of_a_collection_win_over_those_of_all(void **state)
{
	struct settings s;

	(void)state;
	parse_good(&s,
	    "collections:\n  - {type: a, path: a, flat: ['*'], rules: {bom: error, skill-name-folder: off}}\n"
	    "  - {type: b, path: b, flat: ['*']}\nrules: {bom: off, status-unknown: note, skill-name-format: "
	    "warning}\n");
	assert_level(&s.collections.v[0], "bom", LEVEL_ERROR);
	assert_level(&s.collections.v[0], "skill-name-folder", LEVEL_OFF);
	assert_level(&s.collections.v[0], "status-unknown", LEVEL_NOTE);
	assert_level(&s.collections.v[1], "bom", LEVEL_OFF);
	assert_level(&s.collections.v[1], "skill-name-folder", -1);
	assert_level(&s.collections.v[1], "skill-name-format", LEVEL_WARNING);
	settings_free(&s);
	parse_good(&s, "rules: {bom: off}\n");
	for (size_t i = 0; i < 3; i++)
		assert_level(&s.collections.v[i], "bom", LEVEL_OFF);
	settings_free(&s);
}

/* One collection with one line that is wrong; the line is the third. */
static void
assert_refused(const char *line, const char *want)
{
	char text[256];

	(void)snprintf(text, sizeof text, "collections:\n  - {type: x, path: x, entry: [a],\n     %s}\n", line);
	parse_bad(text, want);
}

static void
a_wrong_value_is_told_where_it_stands(void **state)
{
	(void)state;
	assert_refused("flat: [ok, 'a[']", "3:17 config-value a[; expected a pattern");
	assert_refused("flat: 7", "3:12 config-value 7");
	assert_refused("flat: [{}]", "3:13 config-value flat");
	assert_refused("ignore: ['a[']", "3:15 config-value a[");
	assert_refused("id_from: metadata/id", "3:15 config-value metadata/id; expected a JSON pointer");
	assert_refused("id_from: /a~2", "3:15 config-value /a~2");
	assert_refused("fields: {version: [/a, b]}", "3:29 config-value b; expected a JSON pointer");
	assert_refused("fields: {title: /a}", "3:15 config-unknown-key title in fields");
	assert_refused("fields: /a", "3:14 config-value a mapping");
	assert_refused("schema: 7", "3:14 config-value 7; expected a text");
	assert_refused("profile: strikt", "3:15 config-value strikt");
	assert_refused("on_invalid: ''", "3:18 config-value on_invalid");
	assert_refused("rules: [bom]", "3:13 config-value rules; expected a mapping");
	assert_refused("rules: {bom: no}", "3:19 config-value no; expected off, note, warning or error");
	assert_refused("rules: {bon: off}", "3:14 config-unknown-key did you mean bom?");
	assert_refused("rules: {yaml-syntax: off}", "3:14 config-value yaml-syntax is an error in every profile");
	assert_refused("entyr: [a]", "3:6 config-unknown-key did you mean entry?");
	parse_bad(
	    "collections: [{type: x, path: x, entry: [ok, a/b]}]\n", "1:46 config-value a/b; expected a file name");
}

static void
types_are_short_lower_case_words(void **state)
{
	static const char *const wrong[] = {
	    "Skill", "1a", "-a", "a_b", "a/b", "\"\"", "\xc3\xa4", "abcdefghijklmnopqrstuvwxyz0123456"};
	struct settings s;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		(void)snprintf(text, sizeof text, "collections: [{type: %s, path: x, entry: [a]}]\n", wrong[i]);
		parse_bad(text, "1:22 config-value type");
	}
	parse_good(&s, "collections: [{type: abcdefghijklmnopqrstuvwxyz012345, path: x, entry: [a]}]\n");
	settings_free(&s);
}

static void
paths_stay_below_the_root(void **state)
{
	static const char *const wrong[] = {"/x", "..", "../x", "x/../y", "x/..", "./x", "x/./y", "x//y", "/", "//"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		(void)snprintf(text, sizeof text, "collections: [{type: x, path: %s, entry: [a]}]\n", wrong[i]);
		parse_bad(text, "1:31 config-value path");
	}
}

static void
type_path_and_a_kind_of_manifest_are_required(void **state)
{
	(void)state;
	parse_bad("collections:\n  - {path: x, entry: [a]}\n", "2:5 config-value needs a type");
	parse_bad("collections:\n  - {type: x, entry: [a]}\n", "2:5 config-value needs a path");
	parse_bad("collections:\n  - {type: x, path: x}\n", "2:5 config-value needs entry or flat");
	parse_bad(
	    "collections:\n  - {type: x, path: x, entry: [], flat: []}\n", "2:5 config-value needs entry or flat");
	parse_bad("collections:\n  - text\n", "2:5 config-value a collection is a mapping");
	parse_bad("collections: []\n", "1:14 config-value collections; expected a list");
	parse_bad("collections: {}\n", "1:14 config-value collections; expected a list");
	parse_bad("collections:\n", "1:13 config-value collections; expected a list");
}

static void
types_are_different_and_paths_apart(void **state)
{
	struct settings s;

	(void)state;
	parse_bad("collections:\n  - {type: x, path: a, entry: [m]}\n  - {type: x, path: b, entry: [m]}\n",
	    "3:12 config-value another collection has the type x");
	parse_bad("collections:\n  - {type: x, path: a, entry: [m]}\n  - {type: y, path: a/, entry: [m]}\n",
	    "3:21 config-value the collection x");
	parse_bad("collections:\n  - {type: x, path: a, entry: [m]}\n  - {type: y, path: a/b, entry: [m]}\n",
	    "3:21 config-value the collection x");
	parse_bad("collections:\n  - {type: x, path: a/b, entry: [m]}\n  - {type: y, path: a, entry: [m]}\n",
	    "3:21 config-value the collection x");
	parse_bad("collections:\n  - {type: x, path: ., entry: [m]}\n  - {type: y, path: a, entry: [m]}\n",
	    "3:21 config-value the collection x");
	parse_good(&s, "collections:\n  - {type: x, path: a, entry: [m]}\n  - {type: y, path: ab, entry: [m]}\n");
	settings_free(&s);
}

static void
there_are_at_most_a_hundred_collections(void **state)
{
	struct settings s;
	struct buf b = {0};

	(void)state;
	buf_addstr(&b, "collections:\n");
	for (int i = 0; i < 100; i++)
		buf_addf(&b, "  - {type: t%d, path: p%d, entry: [m]}\n", i, i);
	parse_good(&s, buf_str(&b));
	assert_int_equal(s.collections.n, 100);
	settings_free(&s);
	buf_addstr(&b, "  - {type: x, path: y, entry: [m]}\n");
	parse_bad(buf_str(&b), "2:3 config-value at most 100 collections");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_of_a_collection_is_taken),
	    cmocka_unit_test(what_a_collection_leaves_out_has_its_default),
	    cmocka_unit_test(profile_on_invalid_and_ignore_reach_every_collection_wherever_they_stand),
	    cmocka_unit_test(an_id_may_stand_in_one_of_several_places),
	    cmocka_unit_test(rules_of_a_collection_win_over_those_of_all),
	    cmocka_unit_test(a_wrong_value_is_told_where_it_stands),
	    cmocka_unit_test(types_are_short_lower_case_words),
	    cmocka_unit_test(paths_stay_below_the_root),
	    cmocka_unit_test(type_path_and_a_kind_of_manifest_are_required),
	    cmocka_unit_test(types_are_different_and_paths_apart),
	    cmocka_unit_test(there_are_at_most_a_hundred_collections),
	};

	return cmocka_run_group_tests_name("collections", tests, NULL, NULL);
}
