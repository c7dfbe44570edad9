#include "parsing.h"

#include <stdio.h>

#include "base/text.h"
#include "manifest/json.h"
#include "manifest/schema_number.h"
#include "manifest/yaml.h"
#include "random.h"

/* The number that a text is; number_free frees. */
static struct number
number(const char *text)
{
	struct document *d = document_new();
	struct problems ps = {0};
	const struct value *v = json_parse(d, text, strlen(text), &ps);
	struct number x;

	if (v == NULL)
		fail_msg("%s: %s", text, ps.v[0].message);
	assert_true(number_is(v));
	number_read(&x, v);
	document_free(d);
	return x;
}

static int
sign(int v)
{
	return (v > 0) - (v < 0);
}

static int
order(const char *a, const char *b)
{
	struct number x = number(a), y = number(b);
	int c = number_compare(&x, &y);

	assert_int_equal(sign(number_compare(&y, &x)), -sign(c));
	number_free(&x);
	number_free(&y);
	return sign(c);
}

static bool
multiple(const char *a, const char *b)
{
	struct number x = number(a), y = number(b);
	bool result = number_is_multiple(&x, &y);

	number_free(&x);
	number_free(&y);
	return result;
}

static void
numbers_compare_by_their_value_and_not_by_their_form(void **state)
{
	(void)state;
	assert_int_equal(order("1", "1.0"), 0);
	assert_int_equal(order("100", "1e2"), 0);
	assert_int_equal(order("-0.0", "0"), 0);
	assert_int_equal(order("0e99", "-0"), 0);
	assert_int_equal(order("12.50", "125e-1"), 0);
	assert_int_equal(order("9007199254740993", "9007199254740992"), 1);
	assert_int_equal(order("9007199254740993.0", "9007199254740992.0"), 1);
	assert_int_equal(order("100000000000000000000000001", "100000000000000000000000000"), 1);
	assert_int_equal(order("0.1", "0.10000000000000000000000000000001"), -1);
	assert_int_equal(order("-2", "-1"), -1);
	assert_int_equal(order("-1", "0"), -1);
	assert_int_equal(order("-1e300", "1e-300"), -1);
	assert_int_equal(order("1e-400", "0"), 1);
	assert_int_equal(order("99", "100"), -1);
}

static void
multiples_are_exact(void **state)
{
	(void)state;
	assert_true(multiple("0.3", "0.1"));
	assert_true(multiple("0.0075", "0.0001"));
	assert_false(multiple("0.00751", "0.0001"));
	assert_true(multiple("4.5", "1.5"));
	assert_false(multiple("35", "1.5"));
	assert_true(multiple("0", "7"));
	assert_true(multiple("-21", "7"));
	assert_true(multiple("1e308", "0.5"));
	assert_false(multiple("1e308", "0.123456789"));
	assert_true(multiple("9007199254740993", "3"));
	assert_false(multiple("9007199254740992", "3"));
	assert_true(multiple("12345678901234567890123456789000", "1000"));
	/* A divisor of more than 18 digits, times 987654321012. */
	assert_true(multiple("121932631126310013580521261998926116750468", "1234567890123456789011234567890e-1"));
	assert_false(multiple("121932631126310013580521261998926116750469", "1234567890123456789011234567890e-1"));
	assert_true(multiple("12193263112631001358052126199892611675046.8", "12345678901234567890.1123456789"));
}

static void
what_is_an_integer_is_told_by_the_value(void **state)
{
	static const struct {
		const char *text;
		bool integer;
	} cases[] = {{"1", true}, {"1.0", true}, {"1.5e1", true}, {"1.5", false}, {"1e-1", false}, {"0.0", true},
	    {"1e300", true}, {"123456789012345678901234567890", true}, {"1234567890123456789012345678.9", false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct number x = number(cases[i].text);

		if (number_is_integer(&x) != cases[i].integer)
			fail_msg("%s", cases[i].text);
		number_free(&x);
	}
}

static void
sizes_do_not_overflow(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} cases[] = {{"0", 0}, {"2.0", 2}, {"12e1", 120}, {"100000000000000000", 100000000000000000},
	    {"1e30", SIZE_MAX}, {"123456789012345678901234567890", SIZE_MAX}, {"1e300", SIZE_MAX}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct number x = number(cases[i].text);

		assert_true(number_to_size(&x) == cases[i].size);
		number_free(&x);
	}
}

static void
numbers_of_yaml_are_read_in_all_their_forms(void **state)
{
	static const struct {
		const char *yaml, *same; /* NULL: no number of JSON */
	} cases[] = {{"0x1f", "31"}, {"0o17", "15"}, {"+12", "12"}, {".5", "0.5"}, {"5.", "5"}, {"+.5e1", "5"},
	    {"0x8000000000000000", "9223372036854775808"}, {".inf", NULL}, {"-.INF", NULL}, {".nan", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct document *d = document_new();
		struct problems ps = {0};
		const struct value *v = yaml_parse(d, cases[i].yaml, strlen(cases[i].yaml), 1, &ps);
		struct number x, y;

		assert_non_null(v);
		assert_int_equal(number_is(v), cases[i].same != NULL);
		if (cases[i].same != NULL) {
			number_read(&x, v);
			y = number(cases[i].same);
			if (number_compare(&x, &y) != 0)
				fail_msg("%s is not %s", cases[i].yaml, cases[i].same);
			number_free(&x);
			number_free(&y);
		}
		document_free(d);
	}
}

/* v / 10^places, in one of several forms. */
static void
write_form(struct random *r, long v, unsigned places, char *out, size_t size)
{
	long divisor = 1;

	for (unsigned i = 0; i < places; i++)
		divisor *= 10;
	switch (random_below(r, 3)) {
	case 0:
		(void)snprintf(out, size, "%lde-%u", v, places);
		break;
	case 1:
		(void)snprintf(out, size, v != 0 ? "%ld000e-%u" : "%lde-%u", v, places + 3);
		break;
	default:
		(void)snprintf(out, size, "%s%ld.%0*ld0", v < 0 ? "-" : "", labs(v) / divisor,
		    (int)(places > 0 ? places : 1), places > 0 ? labs(v) % divisor : 0);
	}
}

/* Against the arithmetic of the machine, on numbers that it can hold. */
static void
random_numbers_agree_with_integers(void **state)
{
	struct random r = random_seeded("schema_number");

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned places = random_below(&r, 5);
		long a = (long)random_below(&r, 200001) - 100000, b = (long)random_below(&r, 300) + 1;
		char x[64], y[64];

		write_form(&r, a, places, x, sizeof x);
		write_form(&r, b, places, y, sizeof y);
		if (order(x, y) != (a > b) - (a < b) || multiple(x, y) != (a % b == 0))
			fail_msg("%s and %s", x, y);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_compare_by_their_value_and_not_by_their_form),
	    cmocka_unit_test(multiples_are_exact),
	    cmocka_unit_test(what_is_an_integer_is_told_by_the_value),
	    cmocka_unit_test(sizes_do_not_overflow),
	    cmocka_unit_test(numbers_of_yaml_are_read_in_all_their_forms),
	    cmocka_unit_test(random_numbers_agree_with_integers),
	};

	return cmocka_run_group_tests_name("schema_number", tests, NULL, NULL);
}
