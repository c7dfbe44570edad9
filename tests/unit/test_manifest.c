#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "manifest/manifest.h"
#include "with_collections.h"

static struct manifest *
parse_bytes(const struct collection *c, const char *path, const void *bytes, size_t n)
{
	bool entry = kind_entry_rank(c, strrchr(path, '/') + 1) >= 0;
	struct manifest_source src = {.collection = c, .path = path, .entry = entry};
	struct manifest *m;
	struct buf id = {0};

	if (entry)
		kind_entry_id(c, path, &id);
	else
		kind_flat_id(c, path, &id);
	src.id = buf_str(&id);
	m = manifest_parse(&src, bytes, n);
	buf_free(&id);
	return m;
}

static struct manifest *
parse(const struct collection *c, const char *path, const char *text)
{
	return parse_bytes(c, path, text, strlen(text));
}

static void
assert_describes(const struct manifest *m, const char *text)
{
	assert_int_equal(m->description.n, strlen(text));
	assert_memory_equal(m->description.p, text, m->description.n);
}

static const struct problem *
first_error(const struct manifest *m)
{
	for (size_t i = 0; i < m->problems.n; i++)
		if (m->problems.v[i].severity == SEVERITY_ERROR)
			return &m->problems.v[i];
	return NULL;
}

static void
assert_refused_bytes(
    const struct collection *c, const char *path, const void *bytes, size_t n, const char *code, int line, int column)
{
	struct manifest *m = parse_bytes(c, path, bytes, n);
	const struct problem *p = first_error(m);

	assert_false(m->ok);
	assert_non_null(p);
	assert_string_equal(p->code, code);
	assert_int_equal(p->line, line);
	assert_int_equal(p->column, column);
	assert_non_null(p->hint);
	assert_null(m->id);
	assert_null(m->metadata);
	assert_int_equal(m->size, n);
	manifest_unref(m);
}

static void
assert_refused(const struct collection *c, const char *path, const char *text, const char *code, int line, int column)
{
	assert_refused_bytes(c, path, text, strlen(text), code, line, column);
}

static void
assert_hex(const uint8_t *bytes, size_t n, const char *want)
{
	struct buf b = {0};

	text_hex(&b, bytes, n);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
a_skill_gives_its_fields_and_metadata(void **state)
{
	const struct collections *cs = *state;
	struct manifest *m = parse(&cs->v[SKILL], "skills/team/pdf/SKILL.md",
	    "---\nname: pdf\ndescription: fill forms\nmetadata:\n  version: 1.0\n  tags: [b, a]\nauthor: Ada\n---\n# "
	    "PDF\n");

	assert_true(m->ok);
	assert_string_equal(m->id, "team/pdf");
	assert_string_equal(m->name, "pdf");
	assert_describes(m, "fill forms");
	assert_string_equal(m->version, "1.0");
	assert_string_equal(m->tags, "[\"b\",\"a\"]");
	assert_string_equal(m->owner, "Ada");
	assert_string_equal(m->status, "published");
	assert_null(m->dependencies);
	assert_string_equal(m->metadata,
	    "{\"author\":\"Ada\",\"description\":\"fill forms\",\"metadata\":{\"tags\":[\"b\",\"a\"],\"version\":1},"
	    "\"name\":\"pdf\"}");
	manifest_unref(m);
}

/* The digests were made with sha256sum and git hash-object. */
static void
digests_are_of_the_raw_bytes_and_of_the_canonical_metadata(void **state)
{
	const struct collections *cs = *state;
	struct manifest *m =
	    parse(&cs->v[TOOL], "tools/a.json", "\xef\xbb\xbf{\"name\": \"a\",\r\n \"description\": \"d\"}");

	assert_true(m->ok);
	assert_int_equal(m->size, 38);
	assert_hex(m->sha256, sizeof m->sha256, "0c18b22e469c8f973bdee591a77adefd90b2081ace560085a62de8f26ece4f84");
	assert_hex(m->git_blob, sizeof m->git_blob, "ca5f7687ebdf53196b0a63d86dfc8b5b48526b31");
	assert_string_equal(m->metadata, "{\"description\":\"d\",\"name\":\"a\"}");
	assert_hex(m->metadata_sha256, sizeof m->metadata_sha256,
	    "4dd41c51f8f073fe16440f8bbe9497dfdfd96f8b317e8e61089a00ff40b3ccd0");
	assert_int_equal(m->problems.n, 1);
	assert_string_equal(m->problems.v[0].code, "bom");
	assert_int_equal(m->problems.v[0].severity, SEVERITY_NOTE);
	manifest_unref(m);
	m = parse(&cs->v[TOOL], "tools/a.json", "{");
	assert_false(m->ok);
	assert_hex(m->sha256, sizeof m->sha256, "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96");
	assert_hex(m->git_blob, sizeof m->git_blob, "81750b96f9d83b395f285233d54ec0c9df9ab93d");
	manifest_unref(m);
}

/* It is what most of the memory would go to. */
static void
a_description_that_metadata_has_as_it_is_is_kept_once(void **state)
{
	static const struct {
		const char *text;
		bool once;
	} cases[] = {{"fill forms", true}, {"fill \\ forms", false}, {"f", true}};
	const struct collections *cs = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *text = mem_printf("name: a\ndescription: %s\n", cases[i].text);
		struct manifest *m = parse(&cs->v[TOOL], "tools/a.yaml", text);

		assert_true(m->ok);
		assert_describes(m, cases[i].text);
		assert_int_equal(m->description.p > m->metadata && m->description.p < m->metadata + strlen(m->metadata),
		    cases[i].once);
		manifest_unref(m);
		free(text);
	}
}

static void
without_front_matter_name_and_description_are_derived(void **state)
{
	const struct collections *cs = *state;
	struct manifest *m =
	    parse(&cs->v[SKILL], "skills/team/50% off/SKILL.md", "# Title\n\nSome \"text\"\nhere.\n\nMore.\n");

	assert_true(m->ok);
	assert_string_equal(m->id, "team/50%25 off");
	assert_string_equal(m->name, "50% off");
	assert_describes(m, "Some \"text\" here.");
	assert_string_equal(m->metadata, "{\"description\":\"Some \\\"text\\\" here.\",\"name\":\"50% off\"}");
	assert_string_equal(m->status, "published");
	assert_int_equal(m->problems.n, 1);
	assert_string_equal(m->problems.v[0].code, "frontmatter-missing");
	assert_int_equal(m->problems.v[0].severity, SEVERITY_WARNING);
	manifest_unref(m);
	m = parse(&cs->v[SKILL], "skills/a\xff/SKILL.md", "");
	assert_true(m->ok);
	assert_string_equal(m->id, "a%FF");
	assert_string_equal(m->name, "a%FF");
	assert_null(m->description.p);
	assert_string_equal(m->metadata, "{\"name\":\"a%FF\"}");
	assert_int_equal(m->problems.n, 2);
	assert_string_equal(m->problems.v[0].code, "description-missing");
	manifest_unref(m);
}

static void
without_front_matter_the_strict_profile_refuses(void **state)
{
	struct collections *cs = *state;

	cs->v[SKILL].profile = PROFILE_STRICT;
	assert_refused(&cs->v[SKILL], "skills/a/SKILL.md", "# A\n\nText.\n", "frontmatter-missing", 1, 1);
}

static void
text_that_is_not_utf8_is_refused_at_its_place(void **state)
{
	const struct collections *cs = *state;
	const struct collection *c = &cs->v[TOOL];

	assert_refused_bytes(c, "tools/a.yaml", "name: a\n\xc3\xa4\xff\n", 12, "not-utf8", 2, 2);
	assert_refused_bytes(c, "tools/a.yaml", "name: a\nb: c\0d\n", 15, "nul-byte", 2, 5);
	assert_refused_bytes(c, "tools/a.yaml", "\xff\xfen\0a\0m\0e\0", 10, "utf16", 1, 1);
	assert_refused_bytes(c, "tools/a.yaml", "\xfe\xff\0n\0a\0m\0e", 10, "utf16", 1, 1);
	assert_refused_bytes(c, "tools/a.yaml", "n\0a\0m\0e\0:\0 \0a\0\n\0", 16, "utf16", 1, 1);
	assert_refused_bytes(c, "tools/a.yaml", "\0n\0a\0m\0e\0:\0 \0a\0\n", 16, "utf16", 1, 1);
	assert_refused_bytes(c, "tools/a.yaml", "\0\0\0\0\0\0\0\0", 8, "nul-byte", 1, 1);
}

static void
one_byte_over_the_limit_is_refused(void **state)
{
	const struct collections *cs = *state;
	char *bytes = mem_alloc(LIMIT_FILE + 1);
	struct manifest *m;

	memset(bytes, ' ', LIMIT_FILE + 1);
	memcpy(bytes, "---\nname: a\ndescription: d\n---\n", 31);
	m = parse_bytes(&cs->v[SKILL], "skills/a/SKILL.md", bytes, LIMIT_FILE);
	assert_true(m->ok);
	manifest_unref(m);
	assert_refused_bytes(&cs->v[SKILL], "skills/a/SKILL.md", bytes, LIMIT_FILE + 1, "too-large", 0, 0);
	free(bytes);
}

static void
what_is_no_mapping_is_refused(void **state)
{
	const struct collections *cs = *state;

	assert_refused(&cs->v[SKILL], "skills/a/SKILL.md", "---\njust text\n---\n", "not-a-mapping", 2, 1);
	assert_refused(&cs->v[TOOL], "tools/a.yaml", "- a\n", "not-a-mapping", 1, 1);
	assert_refused(&cs->v[TOOL], "tools/a.json", " [1]", "not-a-mapping", 1, 2);
	assert_refused(&cs->v[TOOL], "tools/a.json", "null", "not-a-mapping", 1, 1);
}

static void
an_empty_document_is_refused_and_said_to_be_empty(void **state)
{
	static const char *const texts[] = {"", "# only a comment\n", "---\n", NULL};
	const struct collections *cs = *state;
	struct manifest *m;

	for (size_t i = 0; texts[i] != NULL; i++) {
		m = parse(&cs->v[TOOL], "tools/a.yaml", texts[i]);
		assert_false(m->ok);
		assert_string_equal(first_error(m)->code, "not-a-mapping");
		assert_non_null(strstr(first_error(m)->message, "document is empty"));
		assert_non_null(first_error(m)->hint);
		manifest_unref(m);
	}
	m = parse(&cs->v[SKILL], "skills/a/SKILL.md", "---\n---\n# A\n");
	assert_false(m->ok);
	assert_string_equal(first_error(m)->code, "not-a-mapping");
	assert_non_null(strstr(first_error(m)->message, "front matter is empty"));
	manifest_unref(m);
}

static void
errors_of_the_parsers_refuse_at_the_line_of_the_file(void **state)
{
	const struct collections *cs = *state;
	struct manifest *m = parse(&cs->v[SKILL], "skills/a/SKILL.md", "---\nname: a\nname: b\n---\n");

	assert_false(m->ok);
	assert_string_equal(first_error(m)->code, "yaml-duplicate-key");
	assert_int_equal(first_error(m)->line, 3);
	manifest_unref(m);
	m = parse(&cs->v[SKILL], "skills/a/SKILL.md", "---\nname: a\n\n# A\n");
	assert_false(m->ok);
	assert_string_equal(first_error(m)->code, "frontmatter-not-closed");
	manifest_unref(m);
	m = parse(&cs->v[TOOL], "tools/a.json", "{\n  \"a\": }\n");
	assert_false(m->ok);
	assert_string_equal(first_error(m)->code, "json-syntax");
	assert_int_equal(first_error(m)->line, 2);
	manifest_unref(m);
}

static void
aliases_may_not_make_a_large_document_of_a_small_one(void **state)
{
	const struct collections *cs = *state;
	struct buf b = {0};
	struct timespec from, to;
	struct manifest *m;

	buf_addstr(&b, "name: a\ndescription: d\nlong: &long ");
	for (int i = 0; i < 60000; i++)
		buf_addch(&b, 'x');
	buf_addstr(&b, "\nlist:\n");
	for (int i = 0; i < 9000; i++)
		buf_addstr(&b, "- *long\n");
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	m = parse(&cs->v[TOOL], "tools/a.yaml", b.p);
	assert_false(m->ok);
	assert_string_equal(first_error(m)->code, "too-many-nodes");
	manifest_unref(m);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_true(to.tv_sec - from.tv_sec < 2);
	buf_free(&b);
}

static void
an_id_may_come_from_the_document(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {{"chora.search", "chora.search"}, {"a/b", "a/b"}, {"1.10", "1.10"}, {"42", "42"},
	    {"'50%'", "50%25"}, {"\"a\\nb\"", "a%0Ab"}, {"\xc3\xa4", "\xc3\xa4"}};
	struct collections *cs = *state;
	struct collection *c = &cs->v[TOOL];

	c->id_from = kind_words((const char *const[]){"/metadata/dc_identifier", NULL});
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = mem_printf("name: a\ndescription: d\nmetadata:\n  dc_identifier: %s\n", rows[i].value);
		struct manifest *m = parse(c, "tools/file.yaml", text);

		assert_true(m->ok);
		assert_string_equal(m->id, rows[i].want);
		manifest_unref(m);
		free(text);
	}
}

static void
an_id_that_can_not_be_used_is_refused(void **state)
{
	static const char *const empty[] = {"''", "/a", "a/", "a//b", "/", NULL};
	static const char *const type[] = {"true", "[a]", "{a: b}", NULL};
	struct collections *cs = *state;
	struct collection *c = &cs->v[TOOL];
	struct buf b = {0};

	assert_refused(c, "tools/tool.yaml", "name: a\ndescription: d\n", "id-empty", 0, 0);
	c->id_from = kind_words((const char *const[]){"/id", NULL});
	for (size_t i = 0; empty[i] != NULL; i++) {
		buf_clear(&b);
		buf_addf(&b, "name: a\ndescription: d\nid: %s\n", empty[i]);
		assert_refused(c, "tools/a.yaml", b.p, "id-empty", 3, 5);
	}
	for (size_t i = 0; type[i] != NULL; i++) {
		buf_clear(&b);
		buf_addf(&b, "name: a\ndescription: d\nid: %s\n", type[i]);
		assert_refused(c, "tools/a.yaml", b.p, "id-type", 3, 5);
	}
	assert_refused(c, "tools/a.yaml", "name: a\ndescription: d\n", "id-missing", 1, 1);
	assert_refused(c, "tools/a.yaml", "name: a\ndescription: d\nid:\n", "id-missing", 1, 1);
	assert_refused(c, "tools/a.md", "# A\n\nText.\n", "id-missing", 0, 0);
	buf_free(&b);
}

static void
an_id_is_the_first_that_is_found(void **state)
{
	struct collections *cs = *state;
	struct collection *c = &cs->v[TOOL];
	static const struct {
		const char *text, *want;
	} rows[] = {{"name: a\n", "a"}, {"name: a\nheader: {id: b}\n", "b"}, {"header: {id: null}\nname: a\n", "a"},
	    {"metadata: {id: c}\nheader: {id: b}\nname: a\n", "c"}};
	struct manifest *m;

	c->id_from = kind_words((const char *const[]){"/metadata/id", "/header/id", "/name", NULL});
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		m = parse(c, "tools/x.yaml", rows[i].text);
		assert_string_equal(m->id, rows[i].want);
		manifest_unref(m);
	}
	m = parse(c, "tools/x.yaml", "title: a\n");
	assert_string_equal(m->problems.v[0].code, "id-missing");
	assert_non_null(strstr(m->problems.v[0].message, "at /metadata/id, /header/id or /name,"));
	manifest_unref(m);
	m = parse(c, "tools/x.yaml", "name: a\ndescription: d\nheader: {id: [b]}\n");
	assert_string_equal(m->problems.v[0].code, "id-type");
	assert_string_equal(m->problems.v[0].pointer, "/header/id");
	manifest_unref(m);
}

static void
an_id_has_at_most_512_bytes_encoded(void **state)
{
	struct collections *cs = *state;
	struct collection *c = &cs->v[TOOL];
	struct buf b = {0};
	struct manifest *m;

	c->id_from = kind_words((const char *const[]){"/id", NULL});
	buf_addstr(&b, "description: d\nname: a\nid: '");
	for (int i = 0; i < 170; i++)
		buf_addch(&b, '%');
	buf_addstr(&b, "ab'\n");
	m = parse(c, "tools/a.yaml", b.p);
	assert_true(m->ok);
	assert_int_equal(strlen(m->id), 512);
	manifest_unref(m);
	b.n -= 2;
	buf_addstr(&b, "c'\n");
	assert_refused(c, "tools/a.yaml", b.p, "id-too-long", 3, 5);
	buf_free(&b);
}

static void
assert_field(const struct collection *c, const char *line, size_t member, const char *want)
{
	char *text = mem_printf("name: a\ndescription: d\n%s\n", line), *have;
	struct manifest *m = parse(c, "tools/a.yaml", text);

	assert_true(m->ok);
	memcpy(&have, (char *)m + member, sizeof have);
	if (want == NULL)
		assert_null(have);
	else
		assert_string_equal(have, want);
	manifest_unref(m);
	free(text);
}

#define FIELD(line, member, want) assert_field(c, (line), offsetof(struct manifest, member), (want))

static void
fields_take_what_is_usable_and_leave_the_rest(void **state)
{
	const struct collections *cs = *state;
	const struct collection *c = &cs->v[TOOL];

	FIELD("version: 1.0", version, "1.0");
	FIELD("version: 1.10", version, "1.10");
	FIELD("version: 0x10", version, "0x10");
	FIELD("version: '2.0'", version, "2.0");
	FIELD("version: 3", version, "3");
	FIELD("version: true", version, NULL);
	FIELD("version: [1]\nmetadata: {version: 7}", version, "7");
	FIELD("version:\nmetadata: {version: 7}", version, "7");
	FIELD("a: 1", version, NULL);
	FIELD("owner: Ada", owner, "Ada");
	FIELD("author: Ada", owner, "Ada");
	FIELD("author: {name: Ada}", owner, NULL);
	FIELD("owner: {name: Ada}\nauthor: Bob", owner, "Bob");
	FIELD("owner: 3", owner, NULL);
	FIELD("tags: one", tags, "[\"one\"]");
	FIELD("tags: [b, 1.50, {z: 1, a: 2}]", tags, "[\"b\",1.5,{\"a\":2,\"z\":1}]");
	FIELD("tags: []", tags, "[]");
	FIELD("tags: {a: b}", tags, NULL);
	FIELD("tags: 3\nmetadata: {tags: [x]}", tags, "[\"x\"]");
	FIELD("dependencies: 'a \"b\"'", dependencies, "[\"a \\\"b\\\"\"]");
	FIELD("dependencies: [x, y]", dependencies, "[\"x\",\"y\"]");
	FIELD("dependencies: {x: 1}", dependencies, NULL);
	FIELD("a: 1", status, "published");
	FIELD("status: draft", status, "draft");
	FIELD("status: in_review", status, "in_review");
	FIELD("status: published", status, "published");
	FIELD("status: archived", status, "archived");
	FIELD("status: Draft", status, "published");
	FIELD("status: drafts", status, "published");
	FIELD("status: 1", status, "published");
	FIELD("status:", status, "published");
}

static void
fields_are_found_where_the_collection_says(void **state)
{
	struct collections *cs = *state;
	struct collection *c = &cs->v[TOOL];

	kind_words_free(c->fields.version);
	c->fields.version = kind_words((const char *const[]){"/x/dc_hasVersion", NULL});
	kind_words_free(c->fields.dependencies);
	c->fields.dependencies = kind_words((const char *const[]){"/dc_relation/requires", NULL});
	FIELD("version: 9\nx: {dc_hasVersion: 1.2.3}", version, "1.2.3");
	FIELD("version: 9", version, NULL);
	FIELD("dc_relation: {requires: [a, b]}", dependencies, "[\"a\",\"b\"]");
}

static void
a_file_in_conflict_is_refused_only_when_git_says_so(void **state)
{
	static const char text[] = "name: a\ndescription: |\n  d\n<<<<<<< HEAD\nx: 1\n=======\nx: 2\n>>>>>>> b\n";
	static const char marked[] = "---\nname: a\ndescription: d\n---\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> b\n";
	static const char left[] = "---\nname: a\ndescription: d\n---\n\nx\n=======\ny\n>>>>>>> b\n";
	static const char heading[] = "---\nname: a\ndescription: d\n---\n\nx\n=======\n\n    <<<<<<< HEAD\n";
	const struct collections *cs = *state;
	struct manifest_source src = {.collection = &cs->v[TOOL], .path = "tools/a.md", .id = "a", .conflicted = true};
	struct manifest *m = manifest_parse(&src, marked, strlen(marked));

	assert_false(m->ok);
	assert_int_equal(m->problems.n, 1);
	assert_string_equal(m->problems.v[0].code, "conflict-markers");
	assert_int_equal(m->problems.v[0].line, 5);
	assert_int_equal(m->problems.v[0].column, 1);
	manifest_unref(m);
	m = manifest_parse(&src, left, strlen(left));
	assert_false(m->ok);
	assert_int_equal(m->problems.v[0].line, 9);
	manifest_unref(m);
	m = manifest_parse(&src, heading, strlen(heading));
	assert_true(m->ok);
	manifest_unref(m);
	src.conflicted = false;
	m = manifest_parse(&src, marked, strlen(marked));
	assert_true(m->ok);
	manifest_unref(m);
	src.conflicted = true;
	src.path = "tools/a.yaml";
	m = manifest_parse(&src, text, strlen(text));
	assert_int_equal(m->problems.n, 1);
	assert_string_equal(m->problems.v[0].code, "conflict-markers");
	assert_int_equal(m->problems.v[0].line, 4);
	manifest_unref(m);
}

static void
problems_come_sorted_and_warnings_do_not_refuse(void **state)
{
	const struct collections *cs = *state;
	struct manifest *m = parse(
	    &cs->v[SKILL], "skills/pdf/SKILL.md", "---\nauthor: A\nname: PDF\ncolour: red\ndescription: d\n---\n");

	assert_true(m->ok);
	assert_int_equal(m->problems.n, 4);
	assert_int_equal(m->problems.v[0].line, 2);
	assert_string_equal(m->problems.v[1].code, "skill-name-folder");
	assert_string_equal(m->problems.v[2].code, "skill-name-format");
	assert_int_equal(m->problems.v[3].line, 4);
	manifest_unref(m);
}

static void
a_manifest_lives_as_long_as_its_last_reference(void **state)
{
	struct manifest *m = manifest_unreadable("symlink", "the file is a symbolic link", "put the file itself here"),
			*n;

	(void)state;
	assert_false(m->ok);
	assert_int_equal(m->problems.n, 1);
	assert_string_equal(m->problems.v[0].code, "symlink");
	assert_string_equal(m->problems.v[0].hint, "put the file itself here");
	n = manifest_ref(m);
	assert_ptr_equal(n, m);
	manifest_unref(m);
	assert_string_equal(n->problems.v[0].message, "the file is a symbolic link");
	manifest_unref(n);
	manifest_unref(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_COLLECTIONS(a_skill_gives_its_fields_and_metadata),
	    WITH_COLLECTIONS(digests_are_of_the_raw_bytes_and_of_the_canonical_metadata),
	    WITH_COLLECTIONS(a_description_that_metadata_has_as_it_is_is_kept_once),
	    WITH_COLLECTIONS(without_front_matter_name_and_description_are_derived),
	    WITH_COLLECTIONS(without_front_matter_the_strict_profile_refuses),
	    WITH_COLLECTIONS(text_that_is_not_utf8_is_refused_at_its_place),
	    WITH_COLLECTIONS(one_byte_over_the_limit_is_refused),
	    WITH_COLLECTIONS(what_is_no_mapping_is_refused),
	    WITH_COLLECTIONS(an_empty_document_is_refused_and_said_to_be_empty),
	    WITH_COLLECTIONS(errors_of_the_parsers_refuse_at_the_line_of_the_file),
	    WITH_COLLECTIONS(aliases_may_not_make_a_large_document_of_a_small_one),
	    WITH_COLLECTIONS(an_id_may_come_from_the_document),
	    WITH_COLLECTIONS(an_id_that_can_not_be_used_is_refused),
	    WITH_COLLECTIONS(an_id_is_the_first_that_is_found),
	    WITH_COLLECTIONS(an_id_has_at_most_512_bytes_encoded),
	    WITH_COLLECTIONS(fields_take_what_is_usable_and_leave_the_rest),
	    WITH_COLLECTIONS(fields_are_found_where_the_collection_says),
	    WITH_COLLECTIONS(a_file_in_conflict_is_refused_only_when_git_says_so),
	    WITH_COLLECTIONS(problems_come_sorted_and_warnings_do_not_refuse),
	    cmocka_unit_test(a_manifest_lives_as_long_as_its_last_reference),
	};

	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
