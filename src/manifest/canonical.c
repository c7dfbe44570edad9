/* The writing half of value.h: canonical JSON and its numbers. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "manifest/value.h"

#define SOME 20 /* digits: more than any double needs */
#define MANY 60 /* enough to tell a number in the middle of two decimals from one beside it */
#define DOUBLE_EXACT (INT64_C(1) << DBL_MANT_DIG)

/* 0.d1d2d3... times ten to the power of point. */
struct decimal {
	char digits[MANY];
	int n;
	int point;
};

static double
decimal_value(const struct decimal *d)
{
	char s[MANY + 16];

	memcpy(s, d->digits, (size_t)d->n);
	(void)snprintf(s + d->n, 16, "e%d", d->point - d->n);
	return strtod(s, NULL);
}

/* v > 0 rounded to n digits. */
static void
decimal_print(struct decimal *d, double v, int n)
{
	char s[MANY + 16];
	char *e;

	(void)snprintf(s, sizeof s, "%.*e", n - 1, v);
	e = strchr(s, 'e');
	d->n = 0;
	for (const char *p = s; p < e; p++)
		if (*p >= '0' && *p <= '9')
			d->digits[d->n++] = *p;
	d->point = (int)strtol(e + 1, NULL, 10) + 1;
}

/* The next larger decimal of as many digits. */
static void
decimal_up(struct decimal *d)
{
	int i = d->n - 1;

	while (i >= 0 && d->digits[i] == '9')
		d->digits[i--] = '0';
	if (i >= 0) {
		d->digits[i]++;
		return;
	}
	d->digits[0] = '1';
	d->point++;
}

static bool
decimal_ends_in_tie(const struct decimal *d, int n)
{
	for (int i = n + 1; i < d->n; i++)
		if (d->digits[i] != '0')
			return false;
	return d->digits[n] == '5';
}

/*
 * Does the nearest decimal of n digits lie above v? long_form is v to more
 * digits, and gets many of them (which is slow) where few leave it open. Of two
 * that are equally near the even one counts.
 */
static bool
decimal_rounds_up(struct decimal *long_form, double v, int n)
{
	if (decimal_ends_in_tie(long_form, n))
		decimal_print(long_form, v, MANY);
	if (decimal_ends_in_tie(long_form, n))
		return (long_form->digits[n - 1] - '0') % 2 == 1;
	return long_form->digits[n] >= '5';
}

/*
 * Does v have a decimal of n digits that reads back as v? The one nearest to v
 * is tried first. Above a power of two the doubles lie twice as far apart as
 * below it, so there the next decimal may read back where the nearest does not.
 */
static bool
decimal_try(struct decimal *d, struct decimal *long_form, double v, int n)
{
	bool up = decimal_rounds_up(long_form, v, n);
	int exponent;

	*d = *long_form;
	d->n = n;
	if (up)
		decimal_up(d);
	if (n >= DBL_DECIMAL_DIG || decimal_value(d) == v)
		return true;
	if (up || frexp(v, &exponent) != 0.5)
		return false;
	decimal_up(d);
	return decimal_value(d) == v;
}

/*
 * A decimal of at most DBL_DIG digits survives the way to a double and back to
 * DBL_DIG digits, so one try at DBL_DIG finds every shorter form, padded with
 * zeros. This does not hold for subnormal numbers: there the length is found by
 * bisection, which works because they all lie equally far apart.
 */
static void
decimal_shortest(struct decimal *d, double v)
{
	struct decimal long_form;
	int low = v < DBL_MIN ? 1 : DBL_DIG, high = DBL_DECIMAL_DIG;

	decimal_print(&long_form, v, SOME);
	while (low < high) {
		int n = v < DBL_MIN ? (low + high) / 2 : low;

		if (decimal_try(d, &long_form, v, n))
			high = n;
		else
			low = n + 1;
	}
	(void)decimal_try(d, &long_form, v, low);
	while (d->n > 1 && d->digits[d->n - 1] == '0')
		d->n--;
}

static void
add_zeros(struct buf *out, int n)
{
	while (n-- > 0)
		buf_addch(out, '0');
}

/* ECMA-262, Number::toString: n and k of the standard are d.point and d.n here. */
void
value_number_text(double v, struct buf *out)
{
	struct decimal d;

	if (v == 0) {
		buf_addch(out, '0');
		return;
	}
	if (v < 0)
		buf_addch(out, '-');
	decimal_shortest(&d, fabs(v));
	if (d.point >= d.n && d.point <= 21) {
		buf_add(out, d.digits, (size_t)d.n);
		add_zeros(out, d.point - d.n);
	} else if (d.point > 0 && d.point <= 21) {
		buf_add(out, d.digits, (size_t)d.point);
		buf_addch(out, '.');
		buf_add(out, d.digits + d.point, (size_t)(d.n - d.point));
	} else if (d.point > -6 && d.point <= 0) {
		buf_addstr(out, "0.");
		add_zeros(out, -d.point);
		buf_add(out, d.digits, (size_t)d.n);
	} else {
		buf_addch(out, d.digits[0]);
		if (d.n > 1) {
			buf_addch(out, '.');
			buf_add(out, d.digits + 1, (size_t)(d.n - 1));
		}
		buf_addf(out, "e%+d", d.point - 1);
	}
}

static int
compare_keys(const void *a, const void *b)
{
	const struct member *x = *(const struct member *const *)a, *y = *(const struct member *const *)b;
	size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
	int c = memcmp(x->key, y->key, n);

	return c != 0 ? c : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

/* The order of UTF-8 bytes is the order of code points. */
static void
canonical_object(const struct value *v, struct buf *out)
{
	size_t n = v->object.len;
	const struct member **sorted = mem_alloc((n + 1) * sizeof *sorted);

	for (size_t i = 0; i < n; i++)
		sorted[i] = &v->object.members[i];
	qsort(sorted, n, sizeof *sorted, compare_keys);
	buf_addch(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addch(out, ',');
		jsonw_quote(out, sorted[i]->key, sorted[i]->key_len);
		buf_addch(out, ':');
		value_canonical(sorted[i]->value, out);
	}
	buf_addch(out, '}');
	free(sorted);
}

static void
canonical_array(const struct value *v, struct buf *out)
{
	buf_addch(out, '[');
	for (size_t i = 0; i < v->array.len; i++) {
		if (i > 0)
			buf_addch(out, ',');
		value_canonical(v->array.items[i], out);
	}
	buf_addch(out, ']');
}

static void
canonical_float(double v, struct buf *out)
{
	if (isnan(v))
		buf_addstr(out, "\".nan\"");
	else if (isinf(v))
		buf_addstr(out, v > 0 ? "\".inf\"" : "\"-.inf\"");
	else
		value_number_text(v, out);
}

void
value_canonical(const struct value *v, struct buf *out)
{
	switch (v->type) {
	case VALUE_NULL:
		buf_addstr(out, "null");
		break;
	case VALUE_BOOL:
		buf_addstr(out, v->boolean ? "true" : "false");
		break;
	case VALUE_INT:
		/* Beyond 2^53 a reader's double is another number: RFC 8785 writes what such a reader has. */
		if (v->integer >= -DOUBLE_EXACT && v->integer <= DOUBLE_EXACT)
			buf_addf(out, "%" PRId64, v->integer);
		else
			value_number_text((double)v->integer, out);
		break;
	case VALUE_FLOAT:
		canonical_float(v->number, out);
		break;
	case VALUE_STRING:
		jsonw_quote(out, v->text, v->text_len);
		break;
	case VALUE_ARRAY:
		canonical_array(v, out);
		break;
	case VALUE_OBJECT:
		canonical_object(v, out);
		break;
	}
}
