#include "parsing.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "manifest/frontmatter.h"
#include "manifest/mend.h"
#include "manifest/parse.h"
#include "manifest/rawtext.h"
#include "random.h"

/* want NULL: it can not be mended; the text itself: there is nothing to mend. */
struct mending {
	const char *text, *want;
};

static void
check_mending(enum format format, const struct mending *m)
{
	struct mended got = {0};
	enum mend result = mend_text(format, m->text, strlen(m->text), &got);

	if (m->want == NULL) {
		if (result != MEND_IMPOSSIBLE)
			fail_msg("%s: got %s", m->text, buf_str(&got.text));
	} else if (strcmp(m->want, m->text) == 0) {
		if (result != MEND_NOTHING)
			fail_msg("%s: got %s", m->text, buf_str(&got.text));
	} else if (result != MEND_DONE || strcmp(buf_str(&got.text), m->want) != 0) {
		fail_msg("%s: got %s, wanted %s", m->text, buf_str(&got.text), m->want);
	}
	buf_free(&got.text);
}

#define CHECK_ALL(format, cases)                                     \
	for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++) \
	check_mending((format), &(cases)[i])

static void
a_value_with_a_colon_is_quoted(void **state)
{
	static const struct mending cases[] = {
	    {"a: b: c\n", "a: \"b: c\"\n"},
	    {"a: b: c", "a: \"b: c\""},
	    {"x: 1\na:   b: c  \ny: 2\n", "x: 1\na:   \"b: c\"  \ny: 2\n"},
	    {"a: say \"b: c\"\n", "a: 'say \"b: c\"'\n"},
	    {"a: it's a \"b\": c\n", "a: 'it''s a \"b\": c'\n"},
	    {"a: C:\\x: y\n", "a: 'C:\\x: y'\n"},
	    {"a: it's b: c\n", "a: \"it's b: c\"\n"},
	    {"a: b:\n", "a: \"b:\"\n"},
	    {"a: \xc3\xa4\xe2\x82\xac: c\n", "a: \"\xc3\xa4\xe2\x82\xac: c\"\n"},
	    {"- a: b: c\n  d: e: f\n", "- a: \"b: c\"\n  d: \"e: f\"\n"},
	    {"m:\n  a: b: c\n", "m:\n  a: \"b: c\"\n"},
	    {"a: b: c\n  and more\n\n  of it\nd: 1\n", "a: \"b: c\n  and more\n\n  of it\"\nd: 1\n"},
	    {"a: b\n  and when: c\nd: 1\n", "a: \"b\n  and when: c\"\nd: 1\n"},
	    {"a: b\n  and when: c: d\n", "a: \"b\n  and when: c: d\"\n"},
	    /* A comment behind it, or text with a number sign? */
	    {"a: see b: c # d\n", NULL},
	    {"a: see b: c\n  # d\n", NULL},
	    /* A key that is indented too far, or more of the value? */
	    {"a: b\n  c: d\n", NULL},
	    {"a: b: c\n  d: e\n", NULL},
	    {"a: b: c\n  - d\n", NULL},
	    /* What is no plain value was not meant as text. */
	    {"a: [b]: c\n", NULL},
	    {"a: \"b\": c\n", NULL},
	    {"a: *b: c: d\n", NULL},
	    /* Something else is wrong too. */
	    {"a: b: c\nd: [\n", NULL},
	    {"a: b: c\nd: @\n", NULL},
	};

	(void)state;
	CHECK_ALL(FORMAT_YAML, cases);
}

static void
tabs_become_blanks_where_the_width_does_not_matter(void **state)
{
	static const struct mending cases[] = {
	    {"a:\n\tb: 1\n\tc: 2\n", "a:\n  b: 1\n  c: 2\n"},
	    {"a:\n\tb:\n\t\tc: 2\n\td: 1\n", "a:\n  b:\n    c: 2\n  d: 1\n"},
	    {"a:\n\t- b\n\t- c\n", "a:\n  - b\n  - c\n"},
	    {"a: b\n\tc\n", "a: b\n  c\n"},
	    {"a:\n\tb: 1\n    c: 2\n", "a:\n    b: 1\n    c: 2\n"},
	    {"a:\n  \tb: 1\n", "a:\n    b: 1\n"},
	    {"a: |\n  b\n  \tc\n", "a: |\n  b\n  \tc\n"},
	    {"a:\n\tb: |\n\t  c\n", "a:\n  b: |\n    c\n"},
	    /* Two blanks make c a neighbour of b, more make it a part. */
	    {"a:\n  b:\n\tc: 1\n", NULL},
	    {"a:\n  b:\n    c: 1\n\td: 1\n", NULL},
	    {"a: 1\n\tb: 2\n", NULL},
	    {"a:\t1\n", "a:\t1\n"},
	};

	(void)state;
	CHECK_ALL(FORMAT_YAML, cases);
}

static void
front_matter_is_closed_where_it_can_only_end_there(void **state)
{
	static const struct mending cases[] = {
	    {"---\nname: a\n", "---\nname: a\n---\n"},
	    {"---\nname: a", "---\nname: a\n---\n"},
	    {"---\nname: a\n\n# A\n\ntext\n", "---\nname: a\n---\n\n# A\n\ntext\n"},
	    {"---\nname: a\n# A\n\ntext\n", "---\nname: a\n---\n# A\n\ntext\n"},
	    {"---\nname: a\n\n## A\ntext\n", "---\nname: a\n---\n\n## A\ntext\n"},
	    {"---\n# why\nname: a\ntags:\n- b\n\ntext\n", "---\n# why\nname: a\ntags:\n- b\n---\n\ntext\n"},
	    {"---\nname: a\ndescription: |\n  b\n\n  c\n\ntext\n",
		"---\nname: a\ndescription: |\n  b\n\n  c\n---\n\ntext\n"},
	    {"---\nname: a\n--\ntext\n", "---\nname: a\n---\ntext\n"},
	    {"---\nname: a\n ---\ntext\n", "---\nname: a\n---\ntext\n"},
	    {"---\nname: a\n\n----\ntext\n", "---\nname: a\n\n---\ntext\n"},
	    {"---\nname: a\n\xe2\x80\x94\ntext\n", "---\nname: a\n---\ntext\n"},
	    {"---\nname: a\n\nTitle\n----\ntext\n", "---\nname: a\n---\n\nTitle\n----\ntext\n"},
	    {"---\ndescription: a: b\n", "---\ndescription: \"a: b\"\n---\n"},
	    {"---\nname: a\nmetadata:\n\tb: c\n", "---\nname: a\nmetadata:\n  b: c\n---\n"},
	    /* More keys, or text? */
	    {"---\nname: a\n\ndescription: b\n", NULL},
	    {"---\nname: a\n# A\nNote: text\n", NULL},
	    {"---\nname: a\n\n# A\n\nNote: text\n", NULL},
	    {"---\nname: a\ntext\n", NULL},
	    /* A rule at the beginning of a text. */
	    {"---\ntext\n", NULL},
	    {"---\nNote: text\n", NULL},
	    {"---\n\nname: a\n", NULL},
	};

	(void)state;
	CHECK_ALL(FORMAT_MARKDOWN, cases);
}

static void
marks_and_ends_of_lines_go(void **state)
{
	static const struct mending markdown[] = {
	    {"\xef\xbb\xbf---\nname: a\n---\n", "---\nname: a\n---\n"},
	    {"---\r\nname: a\r\n---\r\ntext\r\n", "---\nname: a\n---\ntext\n"},
	    {"\xef\xbb\xbf# A\r\ntext\n", "# A\ntext\n"},
	    {"---\r\nname: a: b\r\n---\r\n", "---\nname: \"a: b\"\n---\n"},
	    {"---\r\nname: a\r\n", "---\nname: a\n---\n"},
	    {"---\nname: a\n---\na\rb\r\n", "---\nname: a\n---\na\rb\r\n"}, /* a lone CR is something else */
	};
	static const struct mending json[] = {
	    {"\xef\xbb\xbf{}", "{}"},
	    {"{\r\n\"a\": \"\\r\\n\"}\r\n", "{\n\"a\": \"\\r\\n\"}\n"},
	    {"{\r\n", NULL},
	    {"{}", "{}"},
	};

	(void)state;
	CHECK_ALL(FORMAT_MARKDOWN, markdown);
	CHECK_ALL(FORMAT_JSON, json);
}

static void
what_is_no_text_or_in_conflict_stays_as_it_is(void **state)
{
	static const struct mending cases[] = {
	    {"a: b: \xff\n", NULL},
	    {"a: b: c\n<<<<<<< HEAD\n", NULL},
	    {"\xff\xfe", NULL},
	};
	struct mended got = {0};
	char *large = mem_zalloc(LIMIT_FILE + 1);

	(void)state;
	CHECK_ALL(FORMAT_YAML, cases);
	assert_true(mend_text(FORMAT_YAML, large, LIMIT_FILE + 1, &got) == MEND_IMPOSSIBLE);
	assert_true(mend_text(FORMAT_YAML, "a: b: \0c", 8, &got) == MEND_IMPOSSIBLE);
	free(large);
}

/* What a text says; false: it does not parse. */
static bool
meaning(enum format format, const char *s, size_t n, struct buf *out)
{
	struct document *d = document_new();
	struct problems ps = {0};
	const struct value *root = NULL;
	enum parsed_as as = PARSED_BAD;
	char *text;

	if (rawtext_check(&s, &n, true, &ps) == 0)
		as = parse_document(format, s, n, d, &root, &ps);
	if (as == PARSED_DOCUMENT)
		value_canonical(root, out);
	if (as == PARSED_PLAIN) {
		text = frontmatter_describe(s, n);
		buf_addstr(out, text != NULL ? text : "");
		free(text);
	}
	problems_free(&ps);
	document_free(d);
	return as != PARSED_BAD;
}

/* What must hold of any text at all. Returns what became of it. */
static enum mend
check_properties(enum format format, const char *s, size_t n)
{
	struct mended got = {0}, again = {0};
	struct buf before = {0}, after = {0};
	bool parsed = meaning(format, s, n, &before);
	enum mend result = mend_text(format, s, n, &got);

	assert_true(parsed != (result == MEND_IMPOSSIBLE) || (!parsed && result == MEND_DONE));
	if (result == MEND_DONE) {
		assert_true(meaning(format, buf_str(&got.text), got.text.n, &after));
		assert_true(got.text.n != n || memcmp(got.text.p, s, n) != 0);
		if (mend_text(format, buf_str(&got.text), got.text.n, &again) != MEND_NOTHING)
			fail_msg("%.*s: mended once: %s; and again: %s", (int)n, s, got.text.p, buf_str(&again.text));
	}
	if (parsed && result == MEND_DONE)
		assert_string_equal(buf_str(&after), buf_str(&before));
	buf_free(&got.text);
	buf_free(&before);
	buf_free(&after);
	return result;
}

static void
a_text_that_parsed_keeps_its_meaning_and_a_mended_one_parses(void **state)
{
	static const char *const parts[] = {"---\n", "--\n", "name: a\n", "description: b: c\n", "description: b",
	    "a: |\n", "\n", "\r\n", "\r", "\t", "  ", "- ", "# x\n", "text\n", "k: v\n", "k:\n", ": ", "\"", "'", "[",
	    "{", "x", "\xc3\xa4", "\xe2\x80\x94\n", " #", "&a ", "*a", "\\", "\xef\xbb\xbf", "\xe2\x80\xa8", "\xff"};
	static const enum format formats[] = {FORMAT_MARKDOWN, FORMAT_MARKDOWN, FORMAT_YAML, FORMAT_JSON};
	struct random r = random_seeded("mend");
	size_t seen[3] = {0};

	(void)state;
	for (int i = 0; i < 30000; i++) {
		struct buf b = {0};
		enum format format = formats[random_below(&r, 4)];

		if (random_below(&r, 8) == 0)
			buf_addstr(&b, "\xef\xbb\xbf");
		if (format == FORMAT_MARKDOWN)
			buf_addstr(&b, "---\nname: x\n");
		for (size_t k = random_below(&r, 12); k > 0; k--)
			buf_addstr(&b, parts[random_below(&r, (unsigned)(sizeof parts / sizeof *parts))]);
		seen[check_properties(format, buf_str(&b), b.n)]++;
		buf_free(&b);
	}
	assert_true(seen[MEND_NOTHING] > 100 && seen[MEND_DONE] > 100 && seen[MEND_IMPOSSIBLE] > 100);
}

static size_t corpus_seen;

static int
check_real(const char *path, const struct stat *st, int type, struct FTW *at)
{
	struct buf b = {0};
	enum format format = kind_format(path);
	FILE *f;

	(void)at;
	if (type != FTW_F || st->st_size > LIMIT_FILE)
		return 0;
	if (format == FORMAT_MARKDOWN && strstr(path, ".md") == NULL)
		return 0;
	f = fopen(path, "rb");
	assert_non_null(f);
	buf_commit(&b, fread(buf_reserve(&b, (size_t)st->st_size), 1, (size_t)st->st_size, f));
	(void)fclose(f);
	(void)check_properties(format, buf_str(&b), b.n);
	corpus_seen++;
	buf_free(&b);
	return 0;
}

static void
real_manifests_keep_their_meaning(void **state)
{
	char folder[4096];

	(void)state;
	corpus_seen = 0;
	if (nftw(corpus_folder("", folder, sizeof folder), check_real, 16, FTW_PHYS) != 0) {
		print_message("no %s: skipped\n", folder);
		skip();
	}
	assert_true(corpus_seen > 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_with_a_colon_is_quoted),
	    cmocka_unit_test(tabs_become_blanks_where_the_width_does_not_matter),
	    cmocka_unit_test(front_matter_is_closed_where_it_can_only_end_there),
	    cmocka_unit_test(marks_and_ends_of_lines_go),
	    cmocka_unit_test(what_is_no_text_or_in_conflict_stays_as_it_is),
	    cmocka_unit_test(a_text_that_parsed_keeps_its_meaning_and_a_mended_one_parses),
	    cmocka_unit_test(real_manifests_keep_their_meaning),
	};

	return cmocka_run_group_tests_name("mend", tests, NULL, NULL);
}
