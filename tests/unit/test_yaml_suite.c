/*
 * The public YAML test suite, decided by its own JSON. Deviations are listed
 * with their reason: what this project refuses on purpose is told by the code of
 * the problem, what libyaml does differently from YAML 1.2 by the case's name.
 */
#include "parsing.h"

#include <dirent.h>
#include <stdio.h>

#include "base/limits.h"
#include "manifest/json.h"
#include "manifest/yaml.h"

/* libyaml refuses what YAML 1.2 allows. */
static const char *const refused[] = {
    "2JQS:0", "NHX8:0", "NKF9:0", "S3PD:0", "SM9W:1", "UKK6:0", "CFD4:0", "6M2F:0", /* no key before ':' */
    "2LFX:0", "6LVF:0", "BEC7:0", "ZYU8:0", "ZYU8:1", "ZYU8:2", "ZYU8:3", "MUS6:5", "MUS6:6", /* unknown directives */
    "4MUZ:0", "4MUZ:1", "4MUZ:2", "5MUD:0", "9SA2:0", "K3WX:0", "NJ66:0", "VJP3:1",
    "UT92:0", /* a flow key on two lines */
    "4ABK:0", "58MP:0", "5T43:0", "DBG4:0", "HM87:0", "FRK4:0", /* ':' in a plain flow scalar */
    "6BCT:0", "6CA3:0", "96NN:0", "96NN:1", "A2M4:0", "DK95:0", "DK95:3", "DK95:4", "Q5MG:0", "R4YG:0", "Y79Y:1",
    "Y79Y:10", /* tabs as separation */
    "2SXE:0", "8XYN:0", "W5VH:0", /* anchors of other than ASCII letters */
    "DK3J:0", "FP8R:0", /* a block scalar at the margin */
    "HWV9:0", "QT73:0", "7Z25:0", "M7A3:0", "W4TN:0", /* documents that end with "..." */
};

/* libyaml accepts what YAML 1.2 forbids. */
static const char *const accepted[] = {
    "9C9N:0", "DK95:1", "QB6E:0", "Y79Y:3", /* flow text that is not indented */
    "S98Z:0", /* blank lines that are indented too far */
};

/* libyaml, or the core schema here, gives another value. */
static const char *const different[] = {
    "652Z:0", "HM87:1", /* "?x" in flow is a key indicator for libyaml */
    "JEF9:2", "L24T:1", /* blanks at the end of the file without a line end */
    "Y2GN:0", /* an anchor ends at ':' for libyaml */
    "UKK6:2", /* "!" makes an empty scalar a string */
};

/* Codes of what is refused on purpose. */
static const char *const on_purpose[] = {"yaml-tag", "yaml-documents", "yaml-key"};

static bool
listed(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], s) == 0)
			return true;
	return false;
}

#define LISTED(list, s) listed(list, sizeof(list) / sizeof *(list), s)

static bool
starts(const char *s, const char *end, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(end - s) >= n && memcmp(s, with, n) == 0;
}

/* The suite writes blanks, tabs and ends of lines so that they can be seen. */
static void
unmark(const struct value *v, struct buf *out)
{
	static const struct {
		const char *mark, *meant;
	} marks[] = {{"\xe2\x90\xa3", " "}, {"\xc2\xbb", "\t"}, {"\xe2\x80\x94", ""}, {"\xe2\x86\xb5", ""},
	    {"\xe2\x88\x8e\n", ""}, {"\xe2\x86\x90", "\r"}, {"\xe2\x87\x94", "\xef\xbb\xbf"}};
	const char *p = v->text, *end = v->text + v->text_len;

	while (p < end) {
		size_t i = 0, n = sizeof marks / sizeof *marks;

		while (i < n && !starts(p, end, marks[i].mark))
			i++;
		if (i < n) {
			buf_addstr(out, marks[i].meant);
			p += strlen(marks[i].mark);
		} else {
			buf_addch(out, *p++);
		}
	}
}

/* What the suite wants, as canonical JSON; false when it is no single JSON text. */
static bool
wanted(const struct value *json, struct buf *out)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct value *v = json_parse(d, json->text, json->text_len, &ps);

	if (v != NULL)
		value_canonical(v, out);
	problems_free(&ps);
	document_free(d);
	return v != NULL;
}

static void
check_value(const char *name, const struct value *v, const struct value *json)
{
	struct buf got = {0}, want = {0};

	if (json != NULL && wanted(json, &want)) {
		value_canonical(v, &got);
		if ((strcmp(buf_str(&got), buf_str(&want)) != 0) != LISTED(different, name))
			fail_msg("%s: got %s, the suite has %s", name, buf_str(&got), buf_str(&want));
	}
	buf_free(&got);
	buf_free(&want);
}

static void
check_case(const char *name, const struct value *yaml, const struct value *json, bool must_fail)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct buf text = {0};
	const struct value *v;

	unmark(yaml, &text);
	v = yaml_parse(d, buf_str(&text), text.n, 1, &ps);
	assert_true((v == NULL) == problems_have_errors(&ps));
	if (must_fail && (v != NULL) != LISTED(accepted, name))
		fail_msg("%s: the suite forbids it", name);
	if (!must_fail && v == NULL && !LISTED(refused, name) && !LISTED(on_purpose, ps.v[0].code))
		fail_msg("%s: refused: %s", name, ps.v[0].message);
	if (!must_fail && v != NULL && LISTED(refused, name))
		fail_msg("%s: is not refused any more", name);
	if (!must_fail && v != NULL)
		check_value(name, v, json);
	buf_free(&text);
	problems_free(&ps);
	document_free(d);
}

/* A case takes over what it does not say from the one before, but "fail". */
static int
check_file(const char *path, const char *name)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct buf b = {0};
	const struct value *cases, *yaml = NULL, *json = NULL;
	FILE *f = fopen(path, "rb");
	int n;

	assert_non_null(f);
	buf_commit(&b, fread(buf_reserve(&b, LIMIT_FILE), 1, LIMIT_FILE, f));
	(void)fclose(f);
	cases = yaml_parse(d, buf_str(&b), b.n, 1, &ps);
	if (cases == NULL)
		fail_msg("%s: %s", path, ps.v[0].message);
	n = (int)cases->array.len;
	for (int i = 0; i < n; i++) {
		const struct value *c = cases->array.items[i], *fail = value_get(c, "fail");
		char id[32];

		yaml = value_get(c, "yaml") != NULL ? value_get(c, "yaml") : yaml;
		json = value_get(c, "json") != NULL ? value_get(c, "json") : json;
		(void)snprintf(id, sizeof id, "%.4s:%d", name, i);
		check_case(id, yaml, json, fail != NULL && fail->boolean);
	}
	buf_free(&b);
	document_free(d);
	return n;
}

static void
the_public_suite_is_decided_as_it_says(void **state)
{
	char folder[4096], path[8192];
	struct dirent *e;
	int seen = 0;
	DIR *dir;

	(void)state;
	dir = opendir(corpus_folder("suites/yaml-test-suite/src", folder, sizeof folder));
	if (dir == NULL) {
		print_message("no %s: skipped\n", folder);
		skip();
	}
	while ((e = readdir(dir)) != NULL) {
		if (strstr(e->d_name, ".yaml") == NULL)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		seen += check_file(path, e->d_name);
	}
	(void)closedir(dir);
	assert_true(seen >= 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_public_suite_is_decided_as_it_says),
	};

	return cmocka_run_group_tests_name("yaml_suite", tests, NULL, NULL);
}
