#include "manifest/schema_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define EXPONENT_MAX INT64_C(1000000000000) /* no file is long enough to write more digits */
#define NATIVE_DIGITS 18 /* so many and one more fit into 64 bits */

bool
number_is(const struct value *v)
{
	return v->type == VALUE_INT || (v->type == VALUE_FLOAT && isfinite(v->number));
}

static int64_t
read_exponent(const char *s, const char *end)
{
	bool negative = s < end && *s == '-';
	int64_t e = 0;

	if (s < end && (*s == '-' || *s == '+'))
		s++;
	for (; s < end && e < EXPONENT_MAX; s++)
		e = e * 10 + (*s - '0');
	return negative ? -e : e;
}

/* [sign] digits [. digits] [e exponent], as JSON and YAML write it. */
static void
read_decimal(struct number *x, const char *s, size_t n)
{
	const char *end = s + n, *p;
	bool fraction = false;
	size_t zeros = 0; /* not written yet */
	char *out = x->small;

	*x = (struct number){0};
	if (n > NUMBER_SMALL)
		out = x->large = mem_alloc(n);
	if (s < end && (*s == '-' || *s == '+'))
		x->negative = *s++ == '-';
	for (p = s; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		x->exponent -= fraction;
		if (*p == '0') {
			zeros++;
			continue;
		}
		for (; x->n > 0 && zeros > 0; zeros--)
			out[x->n++] = '0';
		zeros = 0;
		out[x->n++] = *p;
	}
	x->exponent += (int64_t)zeros;
	if (p < end)
		x->exponent += read_exponent(p + 1, end);
	if (x->n == 0)
		x->exponent = 0, x->negative = false;
}

void
number_read(struct number *x, const struct value *v)
{
	char text[400]; /* DBL_MAX has 309 digits */
	int n;

	if (v->type == VALUE_INT)
		n = snprintf(text, sizeof text, "%lld", (long long)v->integer);
	else if (v->text_len > 1 && (v->text[1] == 'x' || v->text[1] == 'o'))
		n = snprintf(text, sizeof text, "%.0f", v->number);
	else {
		read_decimal(x, v->text, v->text_len);
		return;
	}
	read_decimal(x, text, (size_t)n);
}

void
number_free(struct number *x)
{
	free(x->large);
	x->large = NULL;
}

void
number_keep(struct number *x, struct document *d)
{
	char *kept;

	if (x->large == NULL)
		return;
	kept = document_strndup(d, x->large, x->n);
	free(x->large);
	x->large = kept;
}

const char *
number_digits(const struct number *x)
{
	return x->large != NULL ? x->large : x->small;
}

bool
number_is_integer(const struct number *x)
{
	return x->exponent >= 0;
}

size_t
number_to_size(const struct number *x)
{
	const char *digits = number_digits(x);
	size_t v = 0;

	if (x->n + (uint64_t)x->exponent > 18)
		return SIZE_MAX;
	for (size_t i = 0; i < x->n; i++)
		v = v * 10 + (size_t)(digits[i] - '0');
	for (int64_t i = 0; i < x->exponent; i++)
		v *= 10;
	return v;
}

/* Without the signs. */
static int
compare_magnitude(const struct number *a, const struct number *b)
{
	int64_t x = a->exponent + (int64_t)a->n, y = b->exponent + (int64_t)b->n; /* where the first digit stands */
	size_t n = a->n < b->n ? a->n : b->n;
	int c;

	if (a->n == 0 || b->n == 0)
		return (a->n > 0) - (b->n > 0);
	if (x != y)
		return x < y ? -1 : 1;
	c = memcmp(number_digits(a), number_digits(b), n);
	return c != 0 ? c : (a->n > b->n) - (a->n < b->n);
}

int
number_compare(const struct number *a, const struct number *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	return a->negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
}

/* The digit of a * 10^e at position i. */
static unsigned
digit_at(const struct number *a, size_t i)
{
	return i < a->n ? (unsigned)(number_digits(a)[i] - '0') : 0;
}

static bool
native_multiple(const struct number *a, const struct number *b, size_t digits)
{
	uint64_t divisor = 0, rest = 0;

	for (size_t i = 0; i < b->n; i++)
		divisor = divisor * 10 + digit_at(b, i);
	for (size_t i = 0; i < digits; i++)
		rest = (rest * 10 + digit_at(a, i)) % divisor;
	return rest == 0;
}

/* rest (n + 1 digits, the first one on top) less b as often as it goes. */
static void
reduce(unsigned char *rest, const struct number *b)
{
	const char *d = number_digits(b);

	for (;;) {
		size_t i = 0;
		int borrow = 0;

		if (rest[0] == 0) {
			while (i < b->n && rest[i + 1] == (unsigned)(d[i] - '0'))
				i++;
			if (i < b->n && rest[i + 1] < (unsigned)(d[i] - '0'))
				return;
		}
		for (i = b->n; i > 0; i--) {
			int v = rest[i] - (d[i - 1] - '0') - borrow;

			borrow = v < 0;
			rest[i] = (unsigned char)(v + 10 * borrow);
		}
		rest[0] = (unsigned char)(rest[0] - borrow);
	}
}

/* Long division as on paper. */
static bool
long_multiple(const struct number *a, const struct number *b, size_t digits)
{
	unsigned char *rest = mem_zalloc(b->n + 1);
	bool zero = true;

	for (size_t i = 0; i < digits; i++) {
		memmove(rest, rest + 1, b->n);
		rest[b->n] = (unsigned char)digit_at(a, i);
		reduce(rest, b);
	}
	for (size_t i = 0; i <= b->n; i++)
		zero = zero && rest[i] == 0;
	free(rest);
	return zero;
}

bool
number_is_multiple(const struct number *a, const struct number *b)
{
	int64_t shift = a->exponent - b->exponent;
	size_t digits;

	if (a->n == 0)
		return true;
	if (shift < 0)
		return false; /* a's last digit is not 0 and stands to the right of b's */
	digits = a->n + (size_t)shift;
	return b->n <= NATIVE_DIGITS ? native_multiple(a, b, digits) : long_multiple(a, b, digits);
}

uint64_t
number_multiple_cost(const struct number *a, const struct number *b)
{
	int64_t shift = a->exponent - b->exponent;

	if (a->n == 0 || shift < 0)
		return 1;
	return (a->n + (uint64_t)shift) * (b->n <= NATIVE_DIGITS ? 1 : b->n * 10);
}
