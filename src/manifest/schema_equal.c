/* Equality by JSON Schema: numbers by their value, objects without an order. */
#include <string.h>

#include "manifest/schema_private.h"

#define FNV_PRIME UINT64_C(0x100000001b3)
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)

static bool
is_numeric(const struct value *v)
{
	return v->type == VALUE_INT || v->type == VALUE_FLOAT;
}

static uint64_t
hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t word;

	for (; n >= sizeof word; s += sizeof word, n -= sizeof word) {
		memcpy(&word, s, sizeof word);
		h = (h ^ word) * FNV_PRIME;
		h ^= h >> 32; /* the upper bytes of a word reach the lower ones of the hash */
	}
	for (; n > 0; s++, n--)
		h = (h ^ *s) * FNV_PRIME;
	return h;
}

static uint64_t
hash_number(uint64_t h, const struct value *v)
{
	struct number x;

	if (!number_is(v))
		return hash_bytes(h, v->text, v->text_len);
	number_read(&x, v);
	h = hash_bytes(h, &x.negative, sizeof x.negative);
	h = hash_bytes(h, &x.exponent, sizeof x.exponent);
	h = hash_bytes(h, number_digits(&x), x.n);
	number_free(&x);
	return h;
}

/* Equal values have equal hashes. */
uint64_t
schema_hash(struct run *r, const struct value *v)
{
	enum value_type type = v->type == VALUE_INT ? VALUE_FLOAT : v->type;
	uint64_t h = hash_bytes(FNV_BASIS, &type, sizeof type), sum = 0;

	if (r != NULL && !run_spend(r, 1 + v->text_len / (is_numeric(v) ? DIGITS_A_STEP : BYTES_A_STEP)))
		return 0;
	switch (v->type) {
	case VALUE_NULL:
		return h;
	case VALUE_BOOL:
		return hash_bytes(h, &v->boolean, sizeof v->boolean);
	case VALUE_INT:
	case VALUE_FLOAT:
		return hash_number(h, v);
	case VALUE_STRING:
		return hash_bytes(h, v->text, v->text_len);
	case VALUE_ARRAY:
		for (size_t i = 0; i < v->array.len; i++) {
			uint64_t item = schema_hash(r, v->array.items[i]);

			h = hash_bytes(h, &item, sizeof item);
		}
		return h;
	case VALUE_OBJECT:
		for (size_t i = 0; i < v->object.len; i++) {
			const struct member *m = &v->object.members[i];
			uint64_t below = schema_hash(r, m->value);

			if (r != NULL && !run_spend(r, m->key_len / BYTES_A_STEP))
				return 0;
			sum += hash_bytes(hash_bytes(FNV_BASIS, m->key, m->key_len), &below, sizeof below);
		}
		return hash_bytes(h, &sum, sizeof sum);
	}
	return h;
}

static bool
equal_numbers(const struct value *a, const struct value *b)
{
	struct number x, y;
	bool equal;

	if (a->type == VALUE_INT && b->type == VALUE_INT)
		return a->integer == b->integer;
	if (!number_is(a) || !number_is(b))
		return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
	number_read(&x, a);
	number_read(&y, b);
	equal = number_compare(&x, &y) == 0;
	number_free(&x);
	number_free(&y);
	return equal;
}

/* Most often the two have the same order, so the search begins where the last one ended. */
static const struct value *
find_member(struct run *r, const struct value *v, const struct member *m, size_t *at)
{
	for (size_t i = 0; i < v->object.len; i++) {
		const struct member *other = &v->object.members[(*at + i) % v->object.len];

		if (!run_spend(r, 1))
			return NULL;
		if (other->key_len == m->key_len && memcmp(other->key, m->key, m->key_len) == 0) {
			*at = (*at + i + 1) % v->object.len;
			return other->value;
		}
	}
	return NULL;
}

static bool
equal_objects(struct run *r, const struct value *a, const struct value *b)
{
	size_t at = 0;

	if (a->object.len != b->object.len)
		return false;
	for (size_t i = 0; i < a->object.len; i++) {
		const struct value *other = find_member(r, b, &a->object.members[i], &at);

		if (other == NULL || !schema_equal(r, a->object.members[i].value, other))
			return false;
	}
	return true;
}

static bool
equal_arrays(struct run *r, const struct value *a, const struct value *b)
{
	if (a->array.len != b->array.len)
		return false;
	for (size_t i = 0; i < a->array.len; i++)
		if (!schema_equal(r, a->array.items[i], b->array.items[i]))
			return false;
	return true;
}

bool
schema_equal(struct run *r, const struct value *a, const struct value *b)
{
	if (!run_spend(r, 1))
		return false;
	if (is_numeric(a) && is_numeric(b))
		return run_spend(r, (a->text_len + b->text_len) / DIGITS_A_STEP) && equal_numbers(a, b);
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_STRING:
		return a->text_len == b->text_len && run_spend(r, a->text_len / BYTES_A_STEP) &&
		    memcmp(a->text, b->text, a->text_len) == 0;
	case VALUE_ARRAY:
		return equal_arrays(r, a, b);
	case VALUE_OBJECT:
		return equal_objects(r, a, b);
	default:
		return true;
	}
}
