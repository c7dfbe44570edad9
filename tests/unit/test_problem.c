#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "manifest/codes.h"
#include "manifest/problem.h"

static size_t
count_of(const struct problems *ps, enum severity s)
{
	size_t n = 0;

	for (size_t i = 0; i < ps->n; i++)
		n += ps->v[i].severity == s;
	return n;
}

static void
every_code_is_found_and_the_table_is_in_order(void **state)
{
	size_t n;
	const struct code *rows = code_all(&n);

	(void)state;
	assert_true(n > 40);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			assert_true(strcmp(rows[i - 1].code, rows[i].code) < 0);
		assert_ptr_equal(code_find(rows[i].code), &rows[i]);
		assert_true(rows[i].strict <= rows[i].lenient);
		assert_true(rows[i].title[0] != '\0' && rows[i].text[0] != '\0');
		assert_true(rows[i].wrong[0] != '\0' && rows[i].right[0] != '\0');
		assert_string_not_equal(rows[i].wrong, rows[i].right);
		assert_int_equal(strspn(rows[i].code, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(rows[i].code));
	}
	assert_null(code_find("no-such-code"));
	assert_null(code_find(""));
}

static void
json_leaves_absent_values_out(void **state)
{
	struct problems ps = {0};
	struct buf b = {0};

	(void)state;
	problems_json(&ps, &b);
	assert_string_equal(buf_str(&b), "[]");
	buf_clear(&b);
	problems_add(&ps, "name-type", SEVERITY_ERROR, 2, 7, "/name", "name is an \"integer\"", "quote it");
	problems_addf(&ps, "bom", SEVERITY_NOTE, 0, 0, NULL, "%d bytes", 3);
	problems_json(&ps, &b);
	assert_string_equal(buf_str(&b),
	    "[{\"code\":\"name-type\",\"severity\":\"error\",\"line\":2,\"column\":7,\"pointer\":\"/name\","
	    "\"message\":\"name is an \\\"integer\\\"\",\"hint\":\"quote it\"},"
	    "{\"code\":\"bom\",\"severity\":\"note\",\"message\":\"3 bytes\"}]");
	buf_free(&b);
	problems_free(&ps);
}

static void
sorting_is_by_place_then_severity_then_code_and_stable(void **state)
{
	static const char *const want[] = {
	    "whole", "1:9", "2:1 error", "2:1 warning", "2:2 bom", "2:2 yaml a", "2:2 yaml b", "2:3 error", NULL};
	struct problems ps = {0};

	(void)state;
	problems_add(&ps, "yaml-syntax", SEVERITY_ERROR, 2, 3, NULL, "2:3 error", NULL);
	problems_add(&ps, "yaml-merge-key", SEVERITY_NOTE, 2, 2, NULL, "2:2 yaml a", NULL);
	problems_add(&ps, "yaml-merge-key", SEVERITY_NOTE, 2, 2, NULL, "2:2 yaml b", NULL);
	problems_add(&ps, "bom", SEVERITY_NOTE, 2, 2, NULL, "2:2 bom", NULL);
	problems_add(&ps, "name-missing", SEVERITY_WARNING, 2, 1, NULL, "2:1 warning", NULL);
	problems_add(&ps, "yaml-syntax", SEVERITY_ERROR, 2, 1, NULL, "2:1 error", NULL);
	problems_add(&ps, "name-missing", SEVERITY_WARNING, 1, 9, NULL, "1:9", NULL);
	problems_add(&ps, "frontmatter-missing", SEVERITY_WARNING, 0, 0, NULL, "whole", NULL);
	problems_sort(&ps);
	for (size_t i = 0; want[i] != NULL; i++)
		assert_string_equal(ps.v[i].message, want[i]);
	problems_free(&ps);
}

static void
a_full_list_gives_up_the_least_severe_and_never_an_error_for_a_warning(void **state)
{
	struct problems ps = {0};

	(void)state;
	for (int i = 0; i < LIMIT_PROBLEMS; i++)
		problems_add(&ps, "name-missing", i % 2 != 0 ? SEVERITY_WARNING : SEVERITY_NOTE, i, 1, NULL, "m", NULL);
	assert_false(ps.truncated);
	assert_false(problems_have_errors(&ps));
	problems_add(&ps, "bom", SEVERITY_NOTE, 900, 1, "/x", "left out", "h");
	assert_true(ps.truncated);
	for (size_t i = 0; i < ps.n; i++)
		assert_string_equal(ps.v[i].message, "m");
	problems_add(&ps, "name-type", SEVERITY_ERROR, 901, 1, "/name", "kept", "h");
	assert_true(problems_have_errors(&ps));
	assert_int_equal(ps.n, LIMIT_PROBLEMS);
	assert_int_equal(count_of(&ps, SEVERITY_ERROR), 1);
	assert_int_equal(count_of(&ps, SEVERITY_WARNING), LIMIT_PROBLEMS / 2);
	for (int i = 0; i < 3 * LIMIT_PROBLEMS; i++)
		problems_add(&ps, "name-type", SEVERITY_ERROR, i, 1, NULL, "error", NULL);
	problems_add(&ps, "name-missing", SEVERITY_WARNING, 1, 1, NULL, "left out", NULL);
	assert_int_equal(ps.n, LIMIT_PROBLEMS);
	assert_int_equal(count_of(&ps, SEVERITY_ERROR), LIMIT_PROBLEMS);
	problems_free(&ps);
}

static void
a_copy_shares_nothing(void **state)
{
	struct problems ps = {0}, copy;

	(void)state;
	problems_add(&ps, "id-type", SEVERITY_ERROR, 3, 4, "/id", "m", "h");
	ps.truncated = true;
	problems_copy(&copy, &ps);
	problems_free(&ps);
	assert_int_equal(ps.n, 0);
	assert_int_equal(copy.n, 1);
	assert_true(copy.truncated);
	assert_string_equal(copy.v[0].code, "id-type");
	assert_int_equal(copy.v[0].line, 3);
	assert_int_equal(copy.v[0].column, 4);
	assert_string_equal(copy.v[0].pointer, "/id");
	assert_string_equal(copy.v[0].message, "m");
	assert_string_equal(copy.v[0].hint, "h");
	problems_free(&copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_is_found_and_the_table_is_in_order),
	    cmocka_unit_test(json_leaves_absent_values_out),
	    cmocka_unit_test(sorting_is_by_place_then_severity_then_code_and_stable),
	    cmocka_unit_test(a_full_list_gives_up_the_least_severe_and_never_an_error_for_a_warning),
	    cmocka_unit_test(a_copy_shares_nothing),
	};

	return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
