/*
 * Reading a mapping by a table of its keys: types, values and unknown keys are
 * checked in one way, and every error has its place.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "manifest/problem.h"
#include "manifest/value.h"

struct reader {
	struct problems *ps;
};

/* Stores the value of one key; `to` is the address that the table's offset gives. */
typedef void reader_set(struct reader *r, const struct member *m, void *to);

struct reader_key {
	const char *name;
	reader_set *set;
	size_t offset;
	const struct reader_key *keys; /* of a mapping inside, with offsets from this one's; then set is NULL */
};

/* Read m's mapping into base by a table that ends with a NULL name. where: "redis", "" at the top; for messages. */
void reader_object(
    struct reader *r, const struct value *v, const char *where, const struct reader_key *keys, void *base);

/* A value is wrong: code config-value at its place; a scalar is shown. */
void reader_wrong(struct reader *r, const struct member *m, const char *expected);

/* m is no key of the mapping `where`: code config-unknown-key; near: what it may be meant for, or NULL. */
void reader_unknown(struct reader *r, const struct member *m, const char *where, const char *near);

/* Setters. Strings are owned by the target (char *), lists (char **) end with NULL; what was there is freed. */
reader_set reader_string;
reader_set reader_list; /* a list of strings */
reader_set reader_one_or_list; /* or one string */
reader_set reader_bool;
reader_set reader_int;
reader_set reader_duration; /* usec_t, above 0 */

#endif
