#include "manifest/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
one_of(const char *s, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && memcmp(s, *words, n) == 0)
			return true;
	return false;
}

static bool
is_null(const char *s, size_t n)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

	return one_of(s, n, words);
}

static bool
is_true(const char *s, size_t n)
{
	static const char *const words[] = {"true", "True", "TRUE", NULL};

	return one_of(s, n, words);
}

static bool
is_false(const char *s, size_t n)
{
	static const char *const words[] = {"false", "False", "FALSE", NULL};

	return one_of(s, n, words);
}

static bool
is_infinity(const char *s, size_t n)
{
	static const char *const words[] = {".inf", ".Inf", ".INF", NULL};
	size_t sign = n > 0 && (s[0] == '+' || s[0] == '-');

	return one_of(s + sign, n - sign, words);
}

static bool
is_nan(const char *s, size_t n)
{
	static const char *const words[] = {".nan", ".NaN", ".NAN", NULL};

	return one_of(s, n, words);
}

static bool
is_digits_of(const char *s, size_t n, const char *digits)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\0' || strchr(digits, s[i]) == NULL)
			return false;
	return n > 0;
}

/* 'o', 'x' or 0 for decimal. */
static char
base_letter(const char *s, size_t n)
{
	return n > 2 && s[0] == '0' && (s[1] == 'o' || s[1] == 'x') ? s[1] : '\0';
}

static size_t
digit_run(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

static enum value_type
decimal_type(const char *s, size_t n)
{
	size_t i = n > 0 && (s[0] == '+' || s[0] == '-'), whole = digit_run(s + i, n - i), part = 0;

	i += whole;
	if (i == n)
		return whole > 0 ? VALUE_INT : VALUE_STRING;
	if (s[i] == '.') {
		part = digit_run(s + i + 1, n - i - 1);
		i += 1 + part;
	}
	if (whole == 0 && part == 0)
		return VALUE_STRING;
	if (i < n && (s[i] == 'e' || s[i] == 'E')) {
		size_t exponent;

		i++;
		if (i < n && (s[i] == '+' || s[i] == '-'))
			i++;
		exponent = digit_run(s + i, n - i);
		if (exponent == 0)
			return VALUE_STRING;
		i += exponent;
	}
	return i == n ? VALUE_FLOAT : VALUE_STRING;
}

enum value_type
scalar_type(const char *s, size_t n)
{
	char base = base_letter(s, n);

	if (is_null(s, n))
		return VALUE_NULL;
	if (is_true(s, n) || is_false(s, n))
		return VALUE_BOOL;
	if (is_infinity(s, n) || is_nan(s, n))
		return VALUE_FLOAT;
	if (base == 'o' && is_digits_of(s + 2, n - 2, "01234567"))
		return VALUE_INT;
	if (base == 'x' && is_digits_of(s + 2, n - 2, "0123456789abcdefABCDEF"))
		return VALUE_INT;
	return decimal_type(s, n);
}

static double
octal_number(const char *digits)
{
	double v = 0;

	for (; *digits != '\0'; digits++)
		v = v * 8 + (*digits - '0');
	return v;
}

static double
float_number(const char *s, size_t n)
{
	if (is_nan(s, n))
		return (double)NAN;
	if (is_infinity(s, n))
		return s[0] == '-' ? -HUGE_VAL : HUGE_VAL;
	return base_letter(s, n) == 'o' ? octal_number(s + 2) : strtod(s, NULL);
}

static void
set_float(struct value *v)
{
	double number = float_number(v->text, v->text_len);

	v->type = VALUE_STRING;
	if (isinf(number) && !is_infinity(v->text, v->text_len))
		return;
	v->type = VALUE_FLOAT;
	v->number = number;
}

static void
set_int(struct value *v)
{
	char base = base_letter(v->text, v->text_len);
	const char *digits = base != '\0' ? v->text + 2 : v->text;

	errno = 0;
	v->integer = strtoll(digits, NULL, base == 'o' ? 8 : base == 'x' ? 16 : 10);
	if (errno == ERANGE)
		set_float(v);
	else
		v->type = VALUE_INT;
}

void
scalar_set(struct value *v, enum value_type type)
{
	switch (type) {
	case VALUE_INT:
		set_int(v);
		return;
	case VALUE_FLOAT:
		set_float(v);
		return;
	case VALUE_BOOL:
		v->boolean = is_true(v->text, v->text_len);
		break;
	default:
		break;
	}
	v->type = type;
}
