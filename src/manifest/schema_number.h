/*
 * Numbers as they are written: exact, of any size. A double can not tell 0.3 from
 * 3 * 0.1, nor one integer above 2^53 from the next.
 */
#ifndef MANIFEST_SCHEMA_NUMBER_H
#define MANIFEST_SCHEMA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifest/value.h"

#define NUMBER_SMALL 40

/* (-1)^negative * digits * 10^exponent; digits neither begin nor end with a zero, and are none for 0. */
struct number {
	bool negative;
	int64_t exponent;
	size_t n; /* digits */
	char small[NUMBER_SMALL];
	char *large; /* where small has no room; or NULL */
};

/* Is v a number that JSON can write? .nan and .inf of YAML are none. */
bool number_is(const struct value *v);

/* The number that v is (number_is). number_free frees what it holds. */
void number_read(struct number *x, const struct value *v);
void number_free(struct number *x);

/* Move what x holds into the arena of d: no number_free then. */
void number_keep(struct number *x, struct document *d);

const char *number_digits(const struct number *x);
bool number_is_integer(const struct number *x);

/* x as a size; SIZE_MAX when it is larger. x is an integer and not negative. */
size_t number_to_size(const struct number *x);

/* Negative, 0 or positive as a is smaller, equal or larger. */
int number_compare(const struct number *a, const struct number *b);

/* Is a an integer times b? b is above 0. Takes about number_multiple_cost steps. */
bool number_is_multiple(const struct number *a, const struct number *b);
uint64_t number_multiple_cost(const struct number *a, const struct number *b);

#endif
