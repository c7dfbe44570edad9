/*
 * The value of a keyword as a rule: keywords with schemas, names and patterns in
 * them. What the metaschema finds wrong is found here too: not all is checked by it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/schema_rules.h"

int
build_wrong(const struct compiling *c, const char *expected)
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
		return build_wrong(c, "an array of schemas");
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
		return build_wrong(c, "an object");
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
compile_pattern(
    struct compiling *c, const struct location *at, const struct value *place, const char *pattern, size_t n)
{
	struct regex_list *owned;
	struct regex *re;
	char shown[SHOWN_SIZE];
	struct err e;

	if (c->s->bad_patterns == BAD_PATTERNS) {
		if (c->report != NULL)
			c->report->truncated = true;
		return NULL;
	}
	re = c->s->check_only ? regex_check(pattern, n, &e) : regex_compile(pattern, n, &e);
	if (re == NULL) {
		c->s->bad_patterns++;
		(void)schema_complain(c->report, at, place, NULL, NULL, "the pattern %s can not be used: %s",
		    text_escape_to(shown, sizeof shown, pattern), e.msg);
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
		return build_wrong(c, "an object");
	rule->patterns.v = document_alloc(c->s->arena, v->object.len * sizeof *rule->patterns.v);
	for (; rule->patterns.n < v->object.len; rule->patterns.n++) {
		const struct member *m = &v->object.members[rule->patterns.n];
		struct patterned *to = &rule->patterns.v[rule->patterns.n];

		const struct location *key = location_below(c->s, at, m->key, m->key_len);

		to->regex =
		    compile_pattern(c, key, &(struct value){.line = m->line, .column = m->column}, m->key, m->key_len);
		to->schema = below(c, m->value, key);
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

/* minContains and maxContains belong to another vocabulary than contains. */
static int
read_contains_bound(struct compiling *c, const char *name, size_t *ret)
{
	const struct dialect *d = &c->schema->scope->dialect;
	const struct member *m = value_member(c->schema->value, name);

	if (m == NULL || d->draft == DRAFT_7 || (d->vocabularies & VOCAB_VALIDATION) == 0)
		return 0;
	if (build_read_size(m->value, ret) != 0)
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
		return build_wrong(c, "a string");
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

int
build_names(struct compiling *c, struct rule *rule)
{
	const struct value *v = rule->value;

	if (!is_names(v))
		return build_wrong(c, "an array of strings");
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
		return build_wrong(c, "a string");
	rule->regex = compile_pattern(c, keyword_at(c), v, v->text, v->text_len);
	return rule->regex != NULL ? 0 : -1;
}
