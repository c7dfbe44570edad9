/*
 * A parsed document: a tree of JSON values, each with its place in the source.
 * YAML and JSON both become this. Everything lives in the arena of the document
 * and is freed with it.
 */
#ifndef MANIFEST_VALUE_H
#define MANIFEST_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "manifest/problem.h"

enum value_type { VALUE_NULL, VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_STRING, VALUE_ARRAY, VALUE_OBJECT };

struct value;

struct member {
	const char *key; /* UTF-8, NUL-terminated */
	size_t key_len;
	int line; /* of the key */
	int column;
	struct value *value;
};

struct value {
	enum value_type type;
	int line; /* from 1 */
	int column; /* from 1, in code points */
	bool quoted; /* a YAML scalar in quotes or a block scalar */
	union {
		bool boolean;
		int64_t integer; /* VALUE_INT: within int64_t; larger ones are VALUE_FLOAT */
		double number; /* VALUE_FLOAT */
		struct { /* VALUE_ARRAY */
			struct value **items;
			size_t len;
		} array;
		struct { /* VALUE_OBJECT: in source order, keys unique */
			struct member *members;
			size_t len;
		} object;
	};
	/* Any scalar: the text. For a string its content, for others as written in the source ("1.0"). */
	const char *text;
	size_t text_len;
};

struct document; /* owns the arena */

struct document *document_new(void);
void document_free(struct document *d);
void *document_alloc(struct document *d, size_t size); /* aligned, zeroed, freed with d */
char *document_strndup(struct document *d, const char *s, size_t n);

/* NULL when v is no object or has no such member. */
const struct member *value_member(const struct value *v, const char *key);
struct value *value_get(const struct value *v, const char *key);

/* By JSON pointer (RFC 6901); NULL when there is nothing. "" is v itself. */
struct value *value_at(const struct value *v, const char *pointer);

const char *value_type_word(
    enum value_type t); /* "null", "boolean", "integer", "number", "string", "array", "object" */

/*
 * Canonical JSON (RFC 8785, keys sorted by code point as in shelfd's design): no
 * white space, shortest number form, UTF-8. NaN and infinities, which YAML can
 * write and JSON can not, become the strings ".nan", ".inf", "-.inf".
 */
void value_canonical(const struct value *v, struct buf *out);

/* Shortest decimal form of a double (ECMAScript Number::toString, RFC 8785 3.2.2.3). v is finite. */
void value_number_text(double v, struct buf *out);

#endif
