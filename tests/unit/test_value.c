#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "manifest/json.h"
#include "manifest/value.h"

static void
the_arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	struct document *d = document_new();
	static const size_t sizes[] = {1, 3, 16, 100, 5000, 70000, 7, 200000, 4096, 1};
	static const char zero[200000];

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			void *p = document_alloc(d, sizes[i]);

			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			assert_memory_equal(p, zero, sizes[i]);
			memset(p, 0xaa, sizes[i]);
		}
	}
	document_free(d);
	document_free(NULL);
}

static void
strndup_ends_with_nul_and_keeps_inner_nul(void **state)
{
	struct document *d = document_new();

	(void)state;
	assert_string_equal(document_strndup(d, "hello", 4), "hell");
	assert_string_equal(document_strndup(d, NULL, 0), "");
	assert_memory_equal(document_strndup(d, "a\0b", 3), "a\0b", 4);
	document_free(d);
}

static struct value *
parse(struct document *d, const char *json)
{
	struct problems ps = {0};
	struct value *v = json_parse(d, json, strlen(json), &ps);

	assert_int_equal(ps.n, 0);
	assert_non_null(v);
	return v;
}

static void
members_are_found_by_their_whole_key(void **state)
{
	struct document *d = document_new();
	struct value *v = parse(d, "{\"a\":1,\"ab\":2,\"a\\u0000\":3,\"\":4}");

	(void)state;
	assert_int_equal(value_get(v, "a")->integer, 1);
	assert_int_equal(value_get(v, "ab")->integer, 2);
	assert_int_equal(value_get(v, "")->integer, 4);
	assert_null(value_get(v, "b"));
	assert_null(value_get(value_get(v, "a"), "a"));
	assert_null(value_get(NULL, "a"));
	assert_int_equal(value_member(v, "ab")->column, 8);
	document_free(d);
}

/* The document and the pointers of RFC 6901, section 5, and what must not be found. */
static void
pointers_follow_rfc_6901(void **state)
{
	static const char doc[] =
	    "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
	    "\"k\\\"l\":6,\" \":7,\"m~n\":8}";
	static const struct {
		const char *pointer;
		const char *want; /* text; NULL for nothing there */
	} cases[] = {
	    {"/foo/0", "bar"},
	    {"/foo/1", "baz"},
	    {"/", "0"},
	    {"/a~1b", "1"},
	    {"/c%d", "2"},
	    {"/e^f", "3"},
	    {"/g|h", "4"},
	    {"/i\\j", "5"},
	    {"/k\"l", "6"},
	    {"/ ", "7"},
	    {"/m~0n", "8"},
	    {"foo", NULL},
	    {"/foo/2", NULL},
	    {"/foo/-", NULL},
	    {"/foo/00", NULL},
	    {"/foo/01", NULL},
	    {"/foo/+1", NULL},
	    {"/foo/", NULL},
	    {"/foo/99999999999999999999999999", NULL},
	    {"/foo/0/bar", NULL},
	    {"/m~n", NULL},
	    {"/m~", NULL},
	    {"/m~2n", NULL},
	    {"/nothing/here", NULL},
	};
	struct document *d = document_new();
	struct value *v = parse(d, doc);

	(void)state;
	assert_ptr_equal(value_at(v, ""), v);
	assert_null(value_at(parse(d, "{\"a\":[1,2],\"next\":3}"), "/a/2"));
	assert_int_equal(value_at(v, "/foo")->type, VALUE_ARRAY);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct value *got = value_at(v, cases[i].pointer);

		if (cases[i].want == NULL) {
			assert_null(got);
			continue;
		}
		assert_non_null(got);
		assert_string_equal(got->text, cases[i].want);
	}
	document_free(d);
}

static double
from_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

/* RFC 8785, appendix B; then powers of two, where the nearest short decimal is not the one that reads back. */
static void
numbers_take_the_form_of_rfc_8785(void **state)
{
	static const struct {
		uint64_t bits;
		const char *want;
	} cases[] = {
	    {0x0000000000000000, "0"},
	    {0x8000000000000000, "0"},
	    {0x0000000000000001, "5e-324"},
	    {0x8000000000000001, "-5e-324"},
	    {0x7fefffffffffffff, "1.7976931348623157e+308"},
	    {0xffefffffffffffff, "-1.7976931348623157e+308"},
	    {0x4340000000000000, "9007199254740992"},
	    {0xc340000000000000, "-9007199254740992"},
	    {0x4430000000000000, "295147905179352830000"},
	    {0x44b52d02c7e14af5, "9.999999999999997e+22"},
	    {0x44b52d02c7e14af6, "1e+23"},
	    {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
	    {0x444b1ae4d6e2ef4e, "999999999999999700000"},
	    {0x444b1ae4d6e2ef4f, "999999999999999900000"},
	    {0x444b1ae4d6e2ef50, "1e+21"},
	    {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
	    {0x3eb0c6f7a0b5ed8d, "0.000001"},
	    {0x41b3de4355555553, "333333333.3333332"},
	    {0x41b3de4355555554, "333333333.33333325"},
	    {0x41b3de4355555555, "333333333.3333333"},
	    {0x41b3de4355555556, "333333333.3333334"},
	    {0x41b3de4355555557, "333333333.33333343"},
	    {0xbecbf647612f3696, "-0.0000033333333333333333"},
	    {0x43143ff3c1cb0959, "1424953923781206.2"},
	    {0x3d30000000000000, "5.684341886080802e-14"}, /* 2^-44 */
	    {0x0010000000000000, "2.2250738585072014e-308"}, /* the least normal number */
	    {0x000fffffffffffff, "2.225073858507201e-308"}, /* the greatest subnormal one */
	    {0x0000000000000002, "1e-323"},
	    {0x430ba4c382580042, "972622997946376.2"}, /* ends in a tie: the even digit */
	    {0x3ff0000000000000, "1"},
	    {0xbff8000000000000, "-1.5"},
	    {0x3fb999999999999a, "0.1"},
	    {0x3fd3333333333334, "0.30000000000000004"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};

		value_number_text(from_bits(cases[i].bits), &b);
		assert_string_equal(buf_str(&b), cases[i].want);
		buf_free(&b);
	}
}

static void
the_number_form_reads_back_as_the_same_number(void **state)
{
	uint64_t x = 20260101;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)x);
	for (int i = 0; i < 20000; i++) {
		struct buf b = {0};
		double v, back;

		x = x * 6364136223846793005u + 1442695040888963407u;
		v = from_bits(x ^ x >> 29);
		if (!(v - v == 0))
			continue; /* infinite or not a number */
		value_number_text(v, &b);
		back = strtod(buf_str(&b), NULL);
		assert_true(back == v);
		buf_free(&b);
	}
}

static void
canonical_json_sorts_by_code_point_and_has_no_blanks(void **state)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
	    {" { \"b\" : [ 1 , 2.50 , -0 , -0.0 , 1E3 ] , \"a\" : null } ", "{\"a\":null,\"b\":[1,2.5,0,0,1000]}"},
	    /* U+FB33 sorts before U+1F600 by code point, though not by UTF-16 unit */
	    {"{\"\\ud83d\\ude00\":1,\"\\ufb33\":2,\"\\u00f6\":3,\"1\":4,\"\\r\":5,\"</script>\":6,\"\\u0080\":7}",
		"{\"\\r\":5,\"1\":4,\"</"
		"script>\":6,\"\xc2\x80\":7,\"\xc3\xb6\":3,\"\xef\xac\xb3\":2,\"\xf0\x9f\x98\x80\":1}"},
	    {"{\"ab\":1,\"a\":2,\"\":3,\"b\":4}", "{\"\":3,\"a\":2,\"ab\":1,\"b\":4}"},
	    {"[\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"]",
		"[\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"]"},
	    {"[true,false,{},[],\"\"]", "[true,false,{},[],\"\"]"},
	    /* the largest integers that a double has, then what a reader's double makes of others */
	    {"[9007199254740992,-9007199254740992,9007199254740993,-9223372036854775808,9223372036854775808]",
		"[9007199254740992,-9007199254740992,9007199254740992,-9223372036854776000,9223372036854776000]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct document *d = document_new();
		struct buf b = {0};

		value_canonical(parse(d, cases[i].json), &b);
		assert_string_equal(buf_str(&b), cases[i].want);
		buf_free(&b);
		document_free(d);
	}
}

static void
numbers_that_json_can_not_write_become_strings(void **state)
{
	static const struct {
		uint64_t bits;
		const char *want;
	} cases[] = {
	    {0x7ff0000000000000, "\".inf\""}, {0xfff0000000000000, "\"-.inf\""}, {0x7ff8000000000000, "\".nan\""}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct value v = {.type = VALUE_FLOAT};
		struct buf b = {0};

		v.number = from_bits(cases[i].bits);
		value_canonical(&v, &b);
		assert_string_equal(buf_str(&b), cases[i].want);
		buf_free(&b);
	}
}

static void
each_type_has_its_word(void **state)
{
	static const char *const words[] = {"null", "boolean", "integer", "number", "string", "array", "object"};

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_string_equal(value_type_word((enum value_type)i), words[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_arena_gives_zeroed_aligned_memory_of_any_size),
	    cmocka_unit_test(strndup_ends_with_nul_and_keeps_inner_nul),
	    cmocka_unit_test(members_are_found_by_their_whole_key),
	    cmocka_unit_test(pointers_follow_rfc_6901),
	    cmocka_unit_test(numbers_take_the_form_of_rfc_8785),
	    cmocka_unit_test(the_number_form_reads_back_as_the_same_number),
	    cmocka_unit_test(canonical_json_sorts_by_code_point_and_has_no_blanks),
	    cmocka_unit_test(numbers_that_json_can_not_write_become_strings),
	    cmocka_unit_test(each_type_has_its_word),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
