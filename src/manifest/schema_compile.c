/*
 * From values to compiled schemas. References make a graph of them, with rings:
 * a schema is made at first sight, and its rules when its turn comes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/schema_private.h"

static int
compare_schemas(const struct schema *a, const struct schema *b)
{
	uintptr_t x = (uintptr_t)a->value, y = (uintptr_t)b->value;

	if (x != y)
		return x < y ? -1 : 1;
	return (a->scope->flags > b->scope->flags) - (a->scope->flags < b->scope->flags);
}

static int
compare_scopes(const struct scope *a, const struct scope *b)
{
	uintptr_t x = (uintptr_t)a->resource, y = (uintptr_t)b->resource;

	if (x != y)
		return x < y ? -1 : 1;
	return (a->flags > b->flags) - (a->flags < b->flags);
}

RBTREE_GENERATE(schema_tree, schema, entry, compare_schemas)
RBTREE_GENERATE(scope_tree, scope, entry, compare_scopes)

/* A reference may come to any dynamic anchor of a resource that is in the dynamic scope. */
static int
scope_dynamics(struct schemas *s, struct scope *scope, struct schema_report *r)
{
	const struct anchor *a;
	size_t n = 0;

	for (a = schema_next_anchor(scope->resource, NULL); a != NULL; a = schema_next_anchor(scope->resource, a))
		n += a->dynamic;
	scope->dynamics = document_alloc(s->arena, n * sizeof *scope->dynamics);
	for (a = schema_next_anchor(scope->resource, NULL); a != NULL; a = schema_next_anchor(scope->resource, a)) {
		struct dynamic *d = &scope->dynamics[scope->n_dynamics];

		if (!a->dynamic)
			continue;
		d->name = a->name;
		d->schema = schema_node(s, scope->resource, a->value, a->at, scope->flags, r);
		if (d->schema == NULL)
			return -1;
		scope->n_dynamics++;
	}
	return 0;
}

const struct scope *
schema_scope(struct schemas *s, const struct resource *resource, unsigned flags, struct schema_report *r)
{
	struct scope key = {.resource = resource, .flags = flags}, *scope = RB_FIND(scope_tree, &s->scopes, &key);

	if (scope != NULL)
		return scope;
	scope = document_alloc(s->arena, sizeof *scope);
	*scope = key;
	if (schema_dialect(s, resource, &scope->dialect, r) != 0)
		return NULL;
	(void)RB_INSERT(scope_tree, &s->scopes, scope);
	scope->older = s->newest_scope;
	s->newest_scope = scope;
	return scope_dynamics(s, scope, r) == 0 ? scope : NULL;
}

static struct schema *
schema_new(struct schemas *s, const struct scope *scope, const struct value *v, const struct location *at)
{
	struct schema *schema = document_alloc(s->arena, sizeof *schema);

	*schema = (struct schema){.value = v, .at = at, .scope = scope};
	if (v->type == VALUE_BOOL) {
		schema->always = v->boolean;
		schema->never = !v->boolean;
	} else {
		schema->next = s->queue;
		s->queue = schema;
	}
	schema->older = s->newest;
	s->newest = schema;
	(void)RB_INSERT(schema_tree, &s->nodes, schema);
	s->n_nodes++;
	return schema;
}

const struct schema *
schema_node(struct schemas *s, const struct resource *resource, const struct value *v, const struct location *at,
    unsigned flags, struct schema_report *r)
{
	const struct resource *own = schema_resource_at(s, v);
	const struct scope *scope = schema_scope(s, own != NULL ? own : resource, flags, r);
	struct schema key = {.value = v, .scope = scope}, *known;

	if (scope == NULL)
		return NULL;
	known = RB_FIND(schema_tree, &s->nodes, &key);
	if (known != NULL)
		return known;
	if (v->type != VALUE_BOOL && v->type != VALUE_OBJECT) {
		(void)schema_complain(
		    r, at, v, NULL, NULL, "a schema must be an object or a boolean, not %s", value_type_word(v->type));
		return NULL;
	}
	if (s->n_nodes == SCHEMA_NODES) {
		(void)schema_complain(r, at, v, NULL, NULL, "there are more than %d schemas in all", SCHEMA_NODES);
		return NULL;
	}
	return schema_new(s, scope, v, at);
}

static bool
keyword_counts(const struct keyword *k, const struct scope *scope)
{
	const struct dialect *d = &scope->dialect;

	if (k->compile == NULL || (k->drafts & d->draft) == 0)
		return false;
	return d->draft == DRAFT_7 || (k->vocabularies & d->vocabularies) != 0;
}

/* All keywords of a schema that mean something here, in the order of the table. */
static size_t
find_keywords(const struct schema *schema, const struct keyword **ret, const struct member **ret_members)
{
	const struct member *ref = value_member(schema->value, "$ref");
	bool alone = schema->scope->dialect.draft == DRAFT_7 && ref != NULL;
	size_t n = 0;

	for (const struct keyword *k = schema_keywords(); k->name != NULL; k++) {
		const struct member *m;

		if (!keyword_counts(k, schema->scope) || (alone && strcmp(k->name, "$ref") != 0))
			continue;
		m = value_member(schema->value, k->name);
		if (m == NULL)
			continue;
		ret[n] = k;
		ret_members[n++] = m;
	}
	return n;
}

#define KEYWORDS_MAX 64

static int
compile_rules(struct schemas *s, struct schema *schema, struct schema_report *r)
{
	const struct keyword *keywords[KEYWORDS_MAX];
	const struct member *members[KEYWORDS_MAX];
	size_t n = find_keywords(schema, keywords, members);
	struct compiling c = {.s = s, .schema = schema, .flags = schema->scope->flags, .report = r};
	int result = 0;

	schema->rules = document_alloc(s->arena, n * sizeof *schema->rules);
	for (size_t i = 0; i < n; i++) {
		struct rule *rule = &schema->rules[schema->n];

		c.member = members[i];
		*rule = (struct rule){.keyword = keywords[i], .value = members[i]->value};
		schema->n++;
		if (keywords[i]->compile(&c, rule) != 0)
			result = -1;
	}
	return result;
}

/* All mistakes are told, not only the first. */
int
schema_work(struct schemas *s, struct schema_report *r)
{
	int result = 0;

	while (s->queue != NULL) {
		struct schema *schema = s->queue;

		s->queue = schema->next;
		if (compile_rules(s, schema, r) != 0)
			result = -1;
	}
	return result;
}

struct compiled
schema_mark(const struct schemas *s)
{
	return (struct compiled){.newest = s->newest, .newest_scope = s->newest_scope};
}

void
schema_undo(struct schemas *s, const struct compiled *to)
{
	for (; s->newest != to->newest; s->newest = s->newest->older) {
		RB_REMOVE(schema_tree, &s->nodes, s->newest);
		s->n_nodes--;
	}
	for (; s->newest_scope != to->newest_scope; s->newest_scope = s->newest_scope->older)
		RB_REMOVE(scope_tree, &s->scopes, s->newest_scope);
	s->queue = NULL;
}
