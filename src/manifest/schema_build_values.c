/* The value of a keyword as a rule: types, numbers and other values. */
#include <stdlib.h>
#include <string.h>

#include "manifest/schema_rules.h"

#define TYPE(t) (1u << (t))

static unsigned
type_bits(const struct value *v)
{
	static const struct {
		const char *name;
		unsigned bits;
	} types[] = {{"null", TYPE(VALUE_NULL)}, {"boolean", TYPE(VALUE_BOOL)}, {"integer", TYPE(VALUE_INT)},
	    {"number", TYPE(VALUE_INT) | TYPE(VALUE_FLOAT)}, {"string", TYPE(VALUE_STRING)},
	    {"array", TYPE(VALUE_ARRAY)}, {"object", TYPE(VALUE_OBJECT)}};

	if (v->type != VALUE_STRING)
		return 0;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, v->text) == 0)
			return types[i].bits;
	return 0;
}

int
build_types(struct compiling *c, struct rule *rule)
{
	const struct value *v = rule->value;
	size_t n = v->type == VALUE_ARRAY ? v->array.len : 1;

	for (size_t i = 0; i < n; i++) {
		unsigned bits = type_bits(v->type == VALUE_ARRAY ? v->array.items[i] : v);

		if (bits == 0)
			return build_wrong(
			    c, "null, boolean, integer, number, string, array, object, or an array of them");
		rule->types |= bits;
	}
	return 0;
}

static int
compare_listed(const void *a, const void *b)
{
	uint64_t x = ((const struct listed *)a)->hash, y = ((const struct listed *)b)->hash;

	return (x > y) - (x < y);
}

int
build_values(struct compiling *c, struct rule *rule)
{
	const struct value *v = rule->value;

	if (v->type != VALUE_ARRAY)
		return build_wrong(c, "an array");
	rule->values.v = document_alloc(c->s->arena, v->array.len * sizeof *rule->values.v);
	rule->values.n = v->array.len;
	for (size_t i = 0; i < v->array.len; i++)
		rule->values.v[i] =
		    (struct listed){.hash = schema_hash(NULL, v->array.items[i]), .value = v->array.items[i]};
	qsort(rule->values.v, rule->values.n, sizeof *rule->values.v, compare_listed);
	return 0;
}

int
build_any(struct compiling *c, struct rule *rule)
{
	(void)c;
	(void)rule;
	return 0;
}

int
build_number(struct compiling *c, struct rule *rule)
{
	if (!number_is(rule->value))
		return build_wrong(c, "a number");
	number_read(&rule->number, rule->value);
	number_keep(&rule->number, c->s->arena);
	return 0;
}

int
build_divisor(struct compiling *c, struct rule *rule)
{
	if (build_number(c, rule) != 0)
		return -1;
	return rule->number.n > 0 && !rule->number.negative ? 0 : build_wrong(c, "a number above 0");
}

int
build_read_size(const struct value *v, size_t *ret)
{
	struct number x;
	int result = -1;

	if (!number_is(v))
		return -1;
	number_read(&x, v);
	if (number_is_integer(&x) && !x.negative) {
		*ret = number_to_size(&x);
		result = 0;
	}
	number_free(&x);
	return result;
}

int
build_size(struct compiling *c, struct rule *rule)
{
	return build_read_size(rule->value, &rule->size) == 0 ? 0 : build_wrong(c, "an integer that is not negative");
}

int
build_flag(struct compiling *c, struct rule *rule)
{
	return rule->value->type == VALUE_BOOL ? 0 : build_wrong(c, "true or false");
}

int
build_format(struct compiling *c, struct rule *rule)
{
	const struct dialect *d = &c->schema->scope->dialect;
	const struct value *v = rule->value;

	if (v->type != VALUE_STRING)
		return build_wrong(c, "a string");
	if ((c->flags & SCHEMA_FORMATS) != 0 || (d->draft == DRAFT_2020 && (d->vocabularies & VOCAB_FORMAT_ASSERTION)))
		rule->format = format_find(v->text, v->text_len);
	return 0;
}
