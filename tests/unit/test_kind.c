#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "manifest/dialect.h"
#include "manifest/kind.h"
#include "with_collections.h"

static void
assert_words(char *const *have, const char *const *want)
{
	size_t i = 0;

	for (; want[i] != NULL; i++) {
		assert_non_null(have[i]);
		assert_string_equal(have[i], want[i]);
	}
	assert_null(have[i]);
}

#define assert_list(have, ...) assert_words((have), (const char *const[]){__VA_ARGS__, NULL})

static void
the_default_three_are_those_of_the_documentation(void **state)
{
	const struct collections *cs = *state;

	assert_int_equal(cs->n, 3);
	assert_string_equal(cs->v[0].type, "skill");
	assert_string_equal(cs->v[0].path, "skills");
	assert_list(cs->v[0].entry, "SKILL.md");
	assert_list(cs->v[0].flat, "*.md");
	assert_string_equal(cs->v[0].schema, "skill");
	assert_string_equal(cs->v[1].type, "mcp");
	assert_string_equal(cs->v[1].path, "mcps");
	assert_list(cs->v[1].entry, "server.json", "server.yaml", "server.yml");
	assert_list(cs->v[1].flat, "**/*.json", "**/*.yaml", "**/*.yml", "**/*.md");
	assert_string_equal(cs->v[1].schema, "mcp");
	assert_string_equal(cs->v[2].type, "tool");
	assert_string_equal(cs->v[2].path, "tools");
	assert_list(cs->v[2].entry, "tool.yaml", "tool.yml", "tool.json");
	assert_list(cs->v[2].flat, "**/*.yaml", "**/*.yml", "**/*.json", "**/*.md");
	assert_string_equal(cs->v[2].schema, "tool");
	for (size_t i = 0; i < cs->n; i++) {
		const struct collection *c = &cs->v[i];

		assert_null(c->ignore[0]);
		assert_null(c->id_from);
		assert_int_equal(c->profile, PROFILE_LENIENT);
		assert_int_equal(c->on_invalid, ON_INVALID_KEEP);
		assert_list(c->fields.name, "/name");
		assert_list(c->fields.version, "/version", "/metadata/version");
		assert_list(c->fields.description, "/description");
		assert_list(c->fields.dependencies, "/dependencies");
		assert_list(c->fields.tags, "/tags", "/metadata/tags");
		assert_list(c->fields.owner, "/owner", "/author");
		assert_list(c->fields.status, "/status");
	}
}

static const char *
type_of(const struct collections *cs, const char *path)
{
	const struct collection *c = collections_find(cs, path);

	return c != NULL ? c->type : "none";
}

static void
a_path_belongs_to_the_innermost_collection(void **state)
{
	struct collections *cs = *state;

	assert_string_equal(type_of(cs, "skills"), "skill");
	assert_string_equal(type_of(cs, "skills/a/b"), "skill");
	assert_string_equal(type_of(cs, "skillset/a"), "none");
	assert_string_equal(type_of(cs, "skill"), "none");
	assert_string_equal(type_of(cs, ""), "none");
	assert_string_equal(type_of(cs, "a/skills/b"), "none");
	collection_free(&cs->v[2]);
	collection_init(&cs->v[2], "inner", "skills/inner");
	assert_string_equal(type_of(cs, "skills/inner/x"), "inner");
	assert_string_equal(type_of(cs, "skills/inne"), "skill");
	collection_free(&cs->v[1]);
	collection_init(&cs->v[1], "all", "");
	assert_string_equal(type_of(cs, "skills/x"), "skill");
	assert_string_equal(type_of(cs, ""), "all");
	assert_string_equal(type_of(cs, "x/y"), "all");
}

static void
folders_that_lead_to_a_collection_are_its_proper_ancestors(void **state)
{
	struct collections *cs = *state;

	assert_true(collections_leads_to(cs, ""));
	assert_false(collections_leads_to(cs, "skills"));
	assert_false(collections_leads_to(cs, "other"));
	collection_free(&cs->v[2]);
	collection_init(&cs->v[2], "deep", "a/b/c");
	assert_true(collections_leads_to(cs, "a"));
	assert_true(collections_leads_to(cs, "a/b"));
	assert_false(collections_leads_to(cs, "a/b/c"));
	assert_false(collections_leads_to(cs, "a/bb"));
	collection_free(&cs->v[1]);
	collection_init(&cs->v[1], "all", "");
	assert_false(collections_leads_to(cs, ""));
	assert_true(collections_leads_to(cs, "a"));
}

static void
relative_paths_begin_below_the_collection(void **state)
{
	const struct collections *cs = *state;
	struct collection root;

	assert_string_equal(collection_relative(&cs->v[0], "skills"), "");
	assert_string_equal(collection_relative(&cs->v[0], "skills/a/b.md"), "a/b.md");
	collection_init(&root, "all", "");
	assert_string_equal(collection_relative(&root, "a/b.md"), "a/b.md");
	assert_string_equal(collection_relative(&root, ""), "");
	collection_free(&root);
}

static void
temporary_and_dot_names_are_ignored_wherever_they_stand(void **state)
{
	static const char *const ignored[] = {"skills/.git", "skills/a/.x.md", "skills/.a/SKILL.md", "skills/a.md~",
	    "skills/.#a.md", "skills/#a.md#", "skills/.a.md.swp", "skills/a.swp", "skills/a.swx", "skills/a.tmp",
	    "skills/4913", "skills/a/4913", "skills/.goutputstream-AB12", "skills/x.tmp/SKILL.md", NULL};
	static const char *const kept[] = {"skills", "skills/a", "skills/a.md", "skills/a~b.md", "skills/#a.md",
	    "skills/#", "skills/49130", "skills/tmp", "skills/a.tmpl", "skills/README.md", "skills/a#", NULL};
	const struct collections *cs = *state;

	for (size_t i = 0; ignored[i] != NULL; i++)
		assert_true(kind_ignored(&cs->v[0], ignored[i]));
	for (size_t i = 0; kept[i] != NULL; i++)
		assert_false(kind_ignored(&cs->v[0], kept[i]));
}

static void
a_dot_folder_as_the_collection_itself_is_not_ignored(void **state)
{
	struct collection c;

	(void)state;
	collection_init(&c, "skill", ".claude/skills");
	assert_false(kind_ignored(&c, ".claude/skills/a/SKILL.md"));
	assert_false(kind_ignored(&c, ".claude/skills"));
	assert_true(kind_ignored(&c, ".claude/skills/.a/SKILL.md"));
	collection_free(&c);
}

static void
ignore_patterns_cover_what_is_below_a_folder(void **state)
{
	struct collections *cs = *state;
	struct collection *c = &cs->v[0];

	kind_words_free(c->ignore);
	c->ignore = kind_words((const char *const[]){"drafts", "**/test-*", "old/**", NULL});
	assert_true(kind_ignored(c, "skills/drafts"));
	assert_true(kind_ignored(c, "skills/drafts/a/SKILL.md"));
	assert_true(kind_ignored(c, "skills/a/test-b/SKILL.md"));
	assert_true(kind_ignored(c, "skills/old/a.md"));
	assert_false(kind_ignored(c, "skills/old"));
	assert_false(kind_ignored(c, "skills/a/drafts"));
	assert_false(kind_ignored(c, "skills/draft"));
	assert_false(kind_ignored(c, "skills"));
}

static void
documents_are_never_flat_manifests(void **state)
{
	static const char *const names[] = {"README.md", "LICENSE", "LICENSE.md", "LICENSE-MIT", "CHANGELOG.md",
	    "CONTRIBUTING.md", "CLAUDE.md", "AGENTS.md", "index.md", NULL};
	const struct collections *cs = *state;

	for (size_t i = 0; names[i] != NULL; i++)
		assert_true(kind_document(names[i]));
	assert_false(kind_document("README"));
	assert_false(kind_document("readme.md"));
	assert_false(kind_document("MYLICENSE"));
	assert_false(kind_document("index.md.md"));
	assert_int_equal(kind_flat_rank(&cs->v[0], "skills/README.md"), -1);
	assert_int_equal(kind_flat_rank(&cs->v[1], "mcps/a/LICENSE.json"), -1);
}

static void
ranks_follow_the_order_listed(void **state)
{
	const struct collections *cs = *state;

	assert_int_equal(kind_entry_rank(&cs->v[1], "server.json"), 0);
	assert_int_equal(kind_entry_rank(&cs->v[1], "server.yml"), 2);
	assert_int_equal(kind_entry_rank(&cs->v[1], "Server.yml"), -1);
	assert_int_equal(kind_flat_rank(&cs->v[0], "skills/a.md"), 0);
	assert_int_equal(kind_flat_rank(&cs->v[0], "skills/a/b.md"), -1);
	assert_int_equal(kind_flat_rank(&cs->v[2], "tools/a.yaml"), 0);
	assert_int_equal(kind_flat_rank(&cs->v[2], "tools/a/b/c.md"), 3);
	assert_int_equal(kind_flat_rank(&cs->v[2], "tools/a.toml"), -1);
	assert_int_equal(kind_flat_rank(&cs->v[2], "tools"), -1);
}

static void
assert_ids(const struct collection *c, const char *path, const char *entry, const char *flat)
{
	struct buf b = {0};

	kind_entry_id(c, path, &b);
	assert_string_equal(buf_str(&b), entry);
	buf_clear(&b);
	kind_flat_id(c, path, &b);
	assert_string_equal(buf_str(&b), flat);
	buf_free(&b);
}

static void
ids_come_from_the_path_below_the_collection(void **state)
{
	const struct collections *cs = *state;

	assert_ids(&cs->v[0], "skills/team/pdf/SKILL.md", "team/pdf", "team/pdf/SKILL");
	assert_ids(&cs->v[0], "skills/SKILL.md", "", "SKILL");
	assert_ids(&cs->v[2], "tools/format/js.yaml", "format", "format/js");
	assert_ids(&cs->v[2], "tools/v1.2/js.min.yaml", "v1.2", "v1.2/js.min");
	assert_ids(&cs->v[2], "tools/v1.2/js", "v1.2", "v1.2/js");
	assert_ids(&cs->v[2], "tools/50%/a\xff\n.yaml", "50%25", "50%25/a%FF%0A");
	assert_ids(&cs->v[2], "tools/\xc3\xa4 b/x.yaml", "\xc3\xa4 b", "\xc3\xa4 b/x");
	assert_ids(&cs->v[2], "tools/.yaml", "", ".yaml");
}

static void
the_extension_tells_the_format(void **state)
{
	(void)state;
	assert_int_equal(kind_format("a/b.json"), FORMAT_JSON);
	assert_int_equal(kind_format("a/b.yaml"), FORMAT_YAML);
	assert_int_equal(kind_format("b.YML"), FORMAT_YAML);
	assert_int_equal(kind_format("a.json/b.md"), FORMAT_MARKDOWN);
	assert_int_equal(kind_format("a.json/b"), FORMAT_MARKDOWN);
	assert_int_equal(kind_format("b.txt"), FORMAT_MARKDOWN);
}

static void
patterns_match_part_by_part(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool want;
	} rows[] = {
	    {"*.md", "a.md", true},
	    {"*.md", ".md", true},
	    {"*.md", "a/b.md", false},
	    {"*.md", "a.mdx", false},
	    {"a/*.md", "a/b.md", true},
	    {"a/*", "a/b/c", false},
	    {"**/*.md", "a.md", true},
	    {"**/*.md", "a/b/c.md", true},
	    {"**/*.md", "a/b/c.yaml", false},
	    {"a/**/b", "a/b", true},
	    {"a/**/b", "a/x/y/b", true},
	    {"a/**/b", "a/x/y/c", false},
	    {"a/**/b", "a", false},
	    {"a/**/b/**/c", "a/1/b/2/b/3/c", true},
	    {"a/**/b/*/c", "a/b/b/x/c", true},
	    {"a/**", "a/b/c", true},
	    {"a/**", "a", false},
	    {"**", "a/b", true},
	    {"**/a", "b/ba", false},
	    {"a**b", "axxb", true},
	    {"a**b", "a/b", false},
	    {"a?c", "abc", true},
	    {"a?c", "a/c", false},
	    {"a?c",
		"a\xc3\xa4"
		"c",
		true},
	    {"a?c",
		"a\xff"
		"c",
		true},
	    {"\xff", "\xff", true},
	    {"\xff", "\xfe", false},
	    {"[a-z]", "\xff", false},
	    {"a?", "a", false},
	    {"[a-c]x", "bx", true},
	    {"[a-c]x", "dx", false},
	    {"[!a-c]x", "dx", true},
	    {"[^a-c]x", "ax", false},
	    {"[]]x", "]x", true},
	    {"[a-]x", "-x", true},
	    {"[\\]a]x", "]x", true},
	    {"[\xc3\xa4-\xc3\xbc]", "\xc3\xb6", true},
	    {"[!a]", "\xc3\xa4", true},
	    {"[ab", "[ab", true},
	    {"\\*", "*", true},
	    {"\\*", "a", false},
	    {"*a*b*c", "xaxbxxc", true},
	    {"*a*b*c", "xaxcxxb", false},
	    {"*.tar.*", "a.tar.tar.gz", true},
	    {"", "", true},
	    {"", "a", false},
	    {"a", "", false},
	    {"*", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (kind_match(rows[i].pattern, rows[i].path) != rows[i].want)
			fail_msg("%s against %s: not %d", rows[i].pattern, rows[i].path, rows[i].want);
}

static double
seconds_to_match(const char *pattern, const char *path, bool want)
{
	struct timespec from, to;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(kind_match(pattern, path), want);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void
a_hostile_pattern_takes_no_exponential_time(void **state)
{
	struct buf pattern = {0}, path = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_addstr(&pattern, "*a");
	buf_addstr(&pattern, "b");
	for (int i = 0; i < 4000; i++)
		buf_addch(&path, 'a');
	assert_true(seconds_to_match(pattern.p, path.p, false) < 1.0);
	buf_clear(&pattern);
	buf_clear(&path);
	for (int i = 0; i < 100; i++)
		buf_addstr(&pattern, "**/a/");
	buf_addstr(&pattern, "b");
	for (int i = 0; i < 1000; i++)
		buf_addstr(&path, "a/");
	buf_addstr(&path, "a");
	assert_true(seconds_to_match(pattern.p, path.p, false) < 1.0);
	buf_free(&pattern);
	buf_free(&path);
}

static void
malformed_patterns_are_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {
	    "", "/a", "a/", "a//b", "../a", "./a", "a/..", "[a", "a/[!]", "a\\", "[[:alpha:]]", NULL};
	static const char *const good[] = {"a", "**/*.md", "a/[a-z]?", "\\*", "...", "a/**", NULL};
	struct err e;

	(void)state;
	for (size_t i = 0; bad[i] != NULL; i++) {
		e.msg[0] = '\0';
		assert_int_equal(kind_pattern_check(bad[i], &e), -1);
		assert_string_not_equal(e.msg, "");
	}
	for (size_t i = 0; good[i] != NULL; i++)
		assert_int_equal(kind_pattern_check(good[i], &e), 0);
}

static void
set_text(char **at, const char *text)
{
	free(*at);
	*at = mem_strdup(text);
}

static void
set_words(char ***at, const char *word)
{
	const char *const words[] = {word, NULL};

	kind_words_free(*at);
	*at = kind_words(words);
}

/* Change one thing of a collection; false when there is no k-th. */
static bool
change(struct collection *c, int k)
{
	char ***const lists[] = {&c->entry, &c->flat, &c->ignore, &c->id_from, &c->fields.name, &c->fields.version,
	    &c->fields.description, &c->fields.dependencies, &c->fields.tags, &c->fields.owner, &c->fields.status};
	char **const texts[] = {&c->type, &c->path, &c->schema};
	const int n_lists = sizeof lists / sizeof lists[0], n_texts = sizeof texts / sizeof texts[0];

	if (k < n_lists)
		set_words(lists[k], "/other");
	else if (k < n_lists + n_texts)
		set_text(texts[k - n_lists], "other");
	else if (k == n_lists + n_texts)
		c->profile = PROFILE_STRICT;
	else if (k == n_lists + n_texts + 1)
		c->on_invalid = ON_INVALID_WITHDRAW;
	else if (k == n_lists + n_texts + 2)
		levels_set(&c->levels, "name-missing", LEVEL_OFF);
	else
		return false;
	return true;
}

static void
whatever_is_changed_in_a_collection_changes_the_digest(void **state)
{
	uint8_t want[SHA256_SIZE], got[SHA256_SIZE];
	int k;

	collections_digest(*state, want);
	for (k = 0;; k++) {
		struct collections cs;
		bool more;

		collections_default(&cs);
		collections_digest(&cs, got);
		assert_memory_equal(got, want, SHA256_SIZE);
		more = change(&cs.v[1], k);
		collections_digest(&cs, got);
		collections_free(&cs);
		if (!more)
			break;
		if (memcmp(got, want, SHA256_SIZE) == 0)
			fail_msg("change %d is not in the digest", k);
	}
	assert_int_equal(k, 17);
}

/* The digest of the default collections with this schema of a user's, in one order or the other. */
static void
digest_with(const char *schema, bool other_first, uint8_t out[SHA256_SIZE])
{
	static const char other[] = "{\"type\": \"object\"}";
	struct dialects *d = dialects_new();
	struct collections cs;

	for (int i = 0; i < 2; i++) {
		bool now = (i == 0) == other_first;

		assert_int_equal(dialects_add(d, now ? "other" : "mine", FORMAT_JSON, now ? other : schema,
				     strlen(now ? other : schema), NULL),
		    0);
	}
	collections_default(&cs);
	cs.v[0].dialects = d;
	collections_digest(&cs, out);
	collections_free(&cs);
	dialects_free(d);
}

static void
what_a_schema_of_the_user_says_is_in_the_digest(void **state)
{
	uint8_t one[SHA256_SIZE], again[SHA256_SIZE], two[SHA256_SIZE];

	(void)state;
	digest_with("{\"maxProperties\": 1}", false, one);
	digest_with("{\"maxProperties\": 1}", true, again);
	digest_with("{\"maxProperties\": 2}", false, two);
	assert_memory_equal(one, again, SHA256_SIZE);
	assert_memory_not_equal(one, two, SHA256_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_schema_of_the_user_says_is_in_the_digest),
	    WITH_COLLECTIONS(whatever_is_changed_in_a_collection_changes_the_digest),
	    WITH_COLLECTIONS(the_default_three_are_those_of_the_documentation),
	    WITH_COLLECTIONS(a_path_belongs_to_the_innermost_collection),
	    WITH_COLLECTIONS(folders_that_lead_to_a_collection_are_its_proper_ancestors),
	    WITH_COLLECTIONS(relative_paths_begin_below_the_collection),
	    WITH_COLLECTIONS(temporary_and_dot_names_are_ignored_wherever_they_stand),
	    cmocka_unit_test(a_dot_folder_as_the_collection_itself_is_not_ignored),
	    WITH_COLLECTIONS(ignore_patterns_cover_what_is_below_a_folder),
	    WITH_COLLECTIONS(documents_are_never_flat_manifests),
	    WITH_COLLECTIONS(ranks_follow_the_order_listed),
	    WITH_COLLECTIONS(ids_come_from_the_path_below_the_collection),
	    cmocka_unit_test(the_extension_tells_the_format),
	    cmocka_unit_test(patterns_match_part_by_part),
	    cmocka_unit_test(a_hostile_pattern_takes_no_exponential_time),
	    cmocka_unit_test(malformed_patterns_are_refused_with_a_reason),
	};

	return cmocka_run_group_tests_name("kind", tests, NULL, NULL);
}
