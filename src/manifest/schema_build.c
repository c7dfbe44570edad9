/* The value of a keyword as a rule. What the metaschema finds wrong is found here too: not all is checked by it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/schema_rules.h"

#define TYPE(t) (1u << (t))

static int
wrong(const struct compiling *c, const char *expected)
{
	return schema_complain(c->report, c->schema->at, c->member->value, c->member->key, NULL, "%s must be %s",
	    c->member->key, expected);
}

static const struct location *
keyword_at(struct compiling *c)
{
	return location_below(c->s, c->schema->at, c->member->key, c->member->key_len);
}

static const struct schema *
below(struct compiling *c, const struct value *v, const struct location *at)
{
	return schema_node(c->s, c->schema->scope->resource, v, at, c->flags, c->report);
}

int
build_one(struct compiling *c, struct rule *rule)
{
	rule->one.schema = below(c, rule->value, keyword_at(c));
	return rule->one.schema != NULL ? 0 : -1;
}

int
build_list(struct compiling *c, struct rule *rule)
{
	const struct location *at = keyword_at(c);
	const struct value *v = rule->value;

	if (v->type != VALUE_ARRAY)
		return wrong(c, "an array of schemas");
	rule->list.v = document_alloc(c->s->arena, v->array.len * sizeof *rule->list.v);
	for (; rule->list.n < v->array.len; rule->list.n++) {
		size_t i = rule->list.n;

		rule->list.v[i] = below(c, v->array.items[i], location_item(c->s, at, i));
		if (rule->list.v[i] == NULL)
			return -1;
	}
	return 0;
}

static int
compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = memcmp(x->key, y->key, n);

	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

static bool
is_names(const struct value *v)
{
	if (v->type != VALUE_ARRAY)
		return false;
	for (size_t i = 0; i < v->array.len; i++)
		if (v->array.items[i]->type != VALUE_STRING)
			return false;
	return true;
}

static int
build_named(struct compiling *c, struct rule *rule, bool names)
{
	const struct location *at = keyword_at(c);
	const struct value *v = rule->value;

	if (v->type != VALUE_OBJECT)
		return wrong(c, "an object");
	rule->map.v = document_alloc(c->s->arena, v->object.len * sizeof *rule->map.v);
	for (; rule->map.n < v->object.len; rule->map.n++) {
		const struct member *m = &v->object.members[rule->map.n];
		struct named *to = &rule->map.v[rule->map.n];

		*to = (struct named){.key = m->key, .len = m->key_len};
		if (names && is_names(m->value)) {
			to->names = m->value;
			continue;
		}
		to->schema = below(c, m->value, location_below(c->s, at, m->key, m->key_len));
		if (to->schema == NULL)
			return -1;
	}
	qsort(rule->map.v, rule->map.n, sizeof *rule->map.v, compare_named);
	return 0;
}

int
build_map(struct compiling *c, struct rule *rule)
{
	return build_named(c, rule, false);
}

int
build_map_or_names(struct compiling *c, struct rule *rule)
{
	return build_named(c, rule, true);
}

static const struct regex *
compile_pattern(struct compiling *c, const struct value *at, const char *pattern, size_t n)
{
	struct regex_list *owned;
	struct regex *re;
	char shown[SHOWN_SIZE];
	struct err e;

	re = regex_compile(pattern, n, &e);
	if (re == NULL) {
		(void)schema_complain(c->report, c->schema->at, at, c->member->key, NULL,
		    "the pattern %s can not be used: %s", text_escape_to(shown, sizeof shown, pattern), e.msg);
		return NULL;
	}
	owned = document_alloc(c->s->arena, sizeof *owned);
	*owned = (struct regex_list){.next = c->s->regexes, .regex = re};
	c->s->regexes = owned;
	return re;
}

int
build_patterns(struct compiling *c, struct rule *rule)
{
	const struct location *at = keyword_at(c);
	const struct value *v = rule->value;

	if (v->type != VALUE_OBJECT)
		return wrong(c, "an object");
	rule->patterns.v = document_alloc(c->s->arena, v->object.len * sizeof *rule->patterns.v);
	for (; rule->patterns.n < v->object.len; rule->patterns.n++) {
		const struct member *m = &v->object.members[rule->patterns.n];
		struct patterned *to = &rule->patterns.v[rule->patterns.n];

		to->regex = compile_pattern(c, m->value, m->key, m->key_len);
		to->schema = below(c, m->value, location_below(c->s, at, m->key, m->key_len));
		if (to->regex == NULL || to->schema == NULL)
			return -1;
	}
	return 0;
}

int
build_additional(struct compiling *c, struct rule *rule)
{
	c->schema->marks = true;
	return build_one(c, rule);
}

int
build_items(struct compiling *c, struct rule *rule)
{
	const struct rule *prefix = schema_sibling(c->schema, "prefixItems");

	if (prefix != NULL)
		rule->one.from = prefix->list.n;
	return build_one(c, rule);
}

int
build_items7(struct compiling *c, struct rule *rule)
{
	return rule->value->type == VALUE_ARRAY ? build_list(c, rule) : build_one(c, rule);
}

int
build_additional_items(struct compiling *c, struct rule *rule)
{
	const struct rule *items = schema_sibling(c->schema, "items");

	/* Where items is no array there are no additional ones. */
	rule->one.from = items != NULL && items->value->type == VALUE_ARRAY ? items->list.n : SIZE_MAX;
	return build_one(c, rule);
}

/* A number of things: an integer that is not negative, 2.0 as well. */
static int
read_size(const struct value *v, size_t *ret)
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

/* minContains and maxContains belong to another vocabulary than contains. */
static int
read_contains_bound(struct compiling *c, const char *name, size_t *ret)
{
	const struct dialect *d = &c->schema->scope->dialect;
	const struct member *m = value_member(c->schema->value, name);

	if (m == NULL || d->draft == DRAFT_7 || (d->vocabularies & VOCAB_VALIDATION) == 0)
		return 0;
	if (read_size(m->value, ret) != 0)
		return schema_complain(
		    c->report, c->schema->at, m->value, name, NULL, "%s must be an integer that is not negative", name);
	return 0;
}

int
build_contains(struct compiling *c, struct rule *rule)
{
	rule->one.min = 1;
	rule->one.max = SIZE_MAX;
	if (read_contains_bound(c, "minContains", &rule->one.min) != 0 ||
	    read_contains_bound(c, "maxContains", &rule->one.max) != 0)
		return -1;
	return build_one(c, rule);
}

static int
build_branch(struct compiling *c, const char *name, const struct schema **ret)
{
	const struct member *m = value_member(c->schema->value, name);

	if (m == NULL)
		return 0;
	*ret = below(c, m->value, location_below(c->s, c->schema->at, m->key, m->key_len));
	return *ret != NULL ? 0 : -1;
}

int
build_if(struct compiling *c, struct rule *rule)
{
	if (build_one(c, rule) != 0 || build_branch(c, "then", &rule->one.then) != 0)
		return -1;
	return build_branch(c, "else", &rule->one.otherwise);
}

static int
resolve(struct compiling *c, struct rule *rule, struct target *t)
{
	const struct value *v = rule->value;
	const char *why;
	char shown[200];

	if (v->type != VALUE_STRING)
		return wrong(c, "a string");
	why = schema_resolve(c->s, c->schema->scope->resource->uri, v->text, v->text_len, t);
	if (why != NULL)
		return schema_complain(c->report, c->schema->at, v, c->member->key,
		    "a reference leads into the schema itself or to a schema file that is at hand; nothing is fetched",
		    "%s leads nowhere: %s", text_escape_to(shown, sizeof shown, v->text), why);
	rule->one.schema = schema_node(c->s, t->resource, t->value, t->at, c->flags, c->report);
	return rule->one.schema != NULL ? 0 : -1;
}

int
build_ref(struct compiling *c, struct rule *rule)
{
	struct target t;

	return resolve(c, rule, &t);
}

int
build_dynamic_ref(struct compiling *c, struct rule *rule)
{
	struct target t;

	if (resolve(c, rule, &t) != 0)
		return -1;
	rule->one.dynamic = t.anchor;
	return 0;
}

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
			return wrong(c, "null, boolean, integer, number, string, array, object, or an array of them");
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
		return wrong(c, "an array");
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
		return wrong(c, "a number");
	number_read(&rule->number, rule->value);
	number_keep(&rule->number, c->s->arena);
	return 0;
}

int
build_divisor(struct compiling *c, struct rule *rule)
{
	if (build_number(c, rule) != 0)
		return -1;
	return rule->number.n > 0 && !rule->number.negative ? 0 : wrong(c, "a number above 0");
}

int
build_size(struct compiling *c, struct rule *rule)
{
	return read_size(rule->value, &rule->size) == 0 ? 0 : wrong(c, "an integer that is not negative");
}

int
build_flag(struct compiling *c, struct rule *rule)
{
	return rule->value->type == VALUE_BOOL ? 0 : wrong(c, "true or false");
}

int
build_names(struct compiling *c, struct rule *rule)
{
	const struct value *v = rule->value;

	if (!is_names(v))
		return wrong(c, "an array of strings");
	rule->map.v = document_alloc(c->s->arena, v->array.len * sizeof *rule->map.v);
	rule->map.n = v->array.len;
	for (size_t i = 0; i < v->array.len; i++)
		rule->map.v[i] = (struct named){.key = v->array.items[i]->text, .len = v->array.items[i]->text_len};
	qsort(rule->map.v, rule->map.n, sizeof *rule->map.v, compare_named);
	return 0;
}

int
build_regex(struct compiling *c, struct rule *rule)
{
	const struct value *v = rule->value;

	if (v->type != VALUE_STRING)
		return wrong(c, "a string");
	rule->regex = compile_pattern(c, v, v->text, v->text_len);
	return rule->regex != NULL ? 0 : -1;
}

int
build_format(struct compiling *c, struct rule *rule)
{
	const struct dialect *d = &c->schema->scope->dialect;
	const struct value *v = rule->value;

	if (v->type != VALUE_STRING)
		return wrong(c, "a string");
	if ((c->flags & SCHEMA_FORMATS) != 0 || (d->draft == DRAFT_2020 && (d->vocabularies & VOCAB_FORMAT_ASSERTION)))
		rule->format = format_find(v->text, v->text_len);
	return 0;
}
