/*
 * The public JSON-Schema-Test-Suite: every required test of both drafts, and the
 * tests of the formats that are asserted. Each group is a schema with values of
 * which the suite says whether they are valid.
 */
#include "parsing.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/mem.h"
#include "manifest/json.h"
#include "manifest/schema.h"

#define REMOTE "http://localhost:1234/"

struct suite {
	char root[4096];
	const char *draft;
	struct schemas *remotes;
	unsigned flags;
	enum schema_draft without; /* a $schema */
	int tests, right;
	int told; /* wrong ones that were printed */
};

static char *
read_text(const char *path, size_t *ret_n)
{
	struct buf b = {0};
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	buf_commit(&b, fread(buf_reserve(&b, LIMIT_FILE), 1, LIMIT_FILE, f));
	(void)fclose(f);
	*ret_n = b.n;
	return buf_steal(&b);
}

static const struct value *
read_json(const char *path, struct document **ret)
{
	struct document *d = document_new();
	struct problems ps = {0};
	size_t n;
	char *text = read_text(path, &n);
	const struct value *v = json_parse(d, text, n, &ps);

	if (v == NULL)
		fail_msg("%s: %s", path, ps.v[0].message);
	free(text);
	*ret = d;
	return v;
}

static void
wrong(struct suite *s, const char *file, const struct value *group, const struct value *test, const char *what)
{
	if (s->told++ < 60)
		print_message("%s/%s: %s: %s: %s\n", s->draft, file, value_get(group, "description")->text,
		    test != NULL ? value_get(test, "description")->text : "schema", what);
}

static const struct schema *
compile_group(struct suite *s, struct schemas *set, const struct value *group, char *why, size_t size)
{
	struct schema_report report = {0};
	const struct schema *schema = NULL;

	if (schemas_add(set, "", NULL, value_get(group, "schema"), &report) == 0)
		schema = schemas_compile(set, "", s->flags, &report);
	if (schema == NULL)
		(void)snprintf(why, size, "%s: %s", report.v[0].pointer, report.v[0].message);
	schema_report_free(&report);
	return schema;
}

/* With a report and without one: rules end early then, and must come to the same. */
static bool
is_right(const struct schema *schema, const struct value *test)
{
	struct schema_report report = {0};
	enum schema_result want = value_get(test, "valid")->boolean ? SCHEMA_VALID : SCHEMA_INVALID;
	const struct value *v = value_get(test, "data");
	enum schema_result got = schema_validate(schema, v, &report), quiet = schema_validate(schema, v, NULL);
	bool told = (report.n > 0) == (got != SCHEMA_VALID);

	schema_report_free(&report);
	return got == want && quiet == want && told;
}

static void
run_group(struct suite *s, const char *file, const struct value *group)
{
	struct schemas *set = schemas_new(s->remotes, s->without);
	const struct value *tests = value_get(group, "tests");
	char why[1024] = "";
	const struct schema *schema = compile_group(s, set, group, why, sizeof why);

	if (schema == NULL)
		wrong(s, file, group, NULL, why);
	for (size_t i = 0; i < tests->array.len; i++) {
		s->tests++;
		if (schema == NULL)
			continue;
		if (is_right(schema, tests->array.items[i]))
			s->right++;
		else
			wrong(s, file, group, tests->array.items[i], "decided wrongly");
	}
	schemas_free(set);
}

static void
run_file(struct suite *s, const char *folder, const char *file)
{
	char path[8192];
	struct document *d;
	const struct value *groups;

	(void)snprintf(path, sizeof path, "%s/tests/%s/%s%s", s->root, s->draft, folder, file);
	groups = read_json(path, &d);
	for (size_t i = 0; i < groups->array.len; i++)
		run_group(s, file, groups->array.items[i]);
	document_free(d);
}

static void
run_folder(struct suite *s)
{
	char path[8192];
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, sizeof path, "%s/tests/%s", s->root, s->draft);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL)
		if (strstr(e->d_name, ".json") != NULL)
			run_file(s, "", e->d_name);
	(void)closedir(dir);
}

/* All documents below a folder, by the address that the suite gives them. Those of other drafts are left out. */
static void
add_remotes(struct suite *s, const char *below)
{
	char path[8192], at[8192], uri[8192];
	struct dirent *e;
	struct stat st;
	DIR *dir;

	(void)snprintf(path, sizeof path, "%s/remotes/%s", s->root, below);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		struct schema_report report = {0};
		struct document *d;
		const struct value *v;

		if (e->d_name[0] == '.' || (strncmp(e->d_name, "draft", 5) == 0 && strcmp(e->d_name, s->draft) != 0))
			continue;
		(void)snprintf(at, sizeof at, "%.4000s/%.255s", path, e->d_name);
		assert_int_equal(stat(at, &st), 0);
		(void)snprintf(uri, sizeof uri, "%.4000s%.255s", below, e->d_name);
		if (S_ISDIR(st.st_mode)) {
			size_t n = strlen(uri);

			if (strcmp(e->d_name, "v1") == 0)
				continue;
			uri[n] = '/';
			uri[n + 1] = '\0';
			add_remotes(s, uri);
			continue;
		}
		(void)snprintf(at, sizeof at, "%.4000s/%.255s", path, e->d_name);
		v = read_json(at, &d);
		(void)snprintf(at, sizeof at, "%s%.4000s", REMOTE, uri);
		if (schemas_add(s->remotes, at, d, v, &report) != 0)
			fail_msg("%s: %s", at, report.v[0].message);
	}
	(void)closedir(dir);
}

static void
suite_open(struct suite *s, const char *draft, enum schema_draft without)
{
	DIR *dir;

	*s = (struct suite){.draft = draft, .without = without};
	dir = opendir(corpus_folder("suites/JSON-Schema-Test-Suite", s->root, sizeof s->root));
	if (dir == NULL) {
		print_message("no %s: skipped\n", s->root);
		skip();
	}
	(void)closedir(dir);
	s->remotes = schemas_new(NULL, without);
	add_remotes(s, "");
}

static void
suite_close(struct suite *s, const char *what)
{
	print_message("%s: %d of %d %s tests are decided as the suite says\n", s->draft, s->right, s->tests, what);
	schemas_free(s->remotes);
}

static void
all_required_tests(const char *draft, enum schema_draft without, int count)
{
	struct suite s;

	suite_open(&s, draft, without);
	run_folder(&s);
	suite_close(&s, "required");
	assert_int_equal(s.right, s.tests);
	assert_true(s.tests >= count);
}

static void
every_required_test_of_2020_12_is_decided_as_the_suite_says(void **state)
{
	(void)state;
	all_required_tests("draft2020-12", SCHEMA_2020_12, 1299);
}

static void
every_required_test_of_draft_7_is_decided_as_the_suite_says(void **state)
{
	(void)state;
	all_required_tests("draft7", SCHEMA_DRAFT_7, 927);
}

static void
format_tests(const char *draft, enum schema_draft without)
{
	static const char *const formats[] = {"date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri",
	    "uri-reference", "uuid", "regex", "json-pointer"};
	struct suite s;

	suite_open(&s, draft, without);
	s.flags = SCHEMA_FORMATS;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		char file[64];

		if (without == SCHEMA_DRAFT_7 && strcmp(formats[i], "uuid") == 0)
			continue; /* a format since 2019-09 */
		(void)snprintf(file, sizeof file, "%s.json", formats[i]);
		run_file(&s, "optional/format/", file);
	}
	run_file(&s, "optional/format/", "ecmascript-regex.json");
	suite_close(&s, "format");
	assert_true(s.right * 100 >= s.tests * 95);
}

static void
formats_of_2020_12_are_asserted_on_request(void **state)
{
	(void)state;
	format_tests("draft2020-12", SCHEMA_2020_12);
}

static void
formats_of_draft_7_are_asserted_on_request(void **state)
{
	(void)state;
	format_tests("draft7", SCHEMA_DRAFT_7);
}

static void
patterns_are_those_of_ecma_262(void **state)
{
	static const char *const drafts[] = {"draft2020-12", "draft7"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct suite s;

		suite_open(&s, drafts[i], i == 0 ? SCHEMA_2020_12 : SCHEMA_DRAFT_7);
		run_file(&s, "optional/", "ecmascript-regex.json");
		run_file(&s, "optional/", "non-bmp-regex.json");
		run_file(&s, "optional/", "bignum.json");
		run_file(&s, "optional/", "float-overflow.json");
		suite_close(&s, "optional (regex, numbers)");
		assert_int_equal(s.right, s.tests);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_required_test_of_2020_12_is_decided_as_the_suite_says),
	    cmocka_unit_test(every_required_test_of_draft_7_is_decided_as_the_suite_says),
	    cmocka_unit_test(formats_of_2020_12_are_asserted_on_request),
	    cmocka_unit_test(formats_of_draft_7_are_asserted_on_request),
	    cmocka_unit_test(patterns_are_those_of_ecma_262),
	};

	return cmocka_run_group_tests_name("schema_suite", tests, NULL, NULL);
}
