/* The set of schema documents, and the engine's contract. */
#include "manifest/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/json.h"
#include "manifest/metaschema.h"
#include "manifest/schema_private.h"
#include "manifest/schema_uri.h"

#define META_7 "http://json-schema.org/draft-07/schema"
#define META_2020 "https://json-schema.org/draft/2020-12/schema"

/* Our own documents: a mistake in them is a mistake of ours. */
static void
add_metaschemas(struct schemas *s)
{
	struct schema_report report = {0};

	for (size_t i = 0; i < sizeof metaschemas / sizeof *metaschemas; i++) {
		struct document *d = document_new();
		struct problems ps = {0};
		const struct value *root = json_parse(d, metaschemas[i], strlen(metaschemas[i]), &ps);
		int rc;

		assert(root != NULL);
		rc = schemas_add(s, value_get(root, "$id")->text, d, root, &report);
		assert(rc == 0);
		(void)rc;
	}
	s->meta7 = schemas_compile(s, META_7, 0, &report);
	s->meta2020 = schemas_compile(s, META_2020, 0, &report);
	assert(s->meta7 != NULL && s->meta2020 != NULL);
}

struct schemas *
schemas_new(const struct schemas *base, enum schema_draft draft)
{
	struct schemas *s = mem_zalloc(sizeof *s);

	s->base = base;
	s->draft = draft;
	s->arena = document_new();
	if (base == NULL)
		add_metaschemas(s);
	return s;
}

void
schemas_free(struct schemas *s)
{
	struct owned *o;

	if (s == NULL)
		return;
	for (struct regex_list *r = s->regexes; r != NULL; r = r->next)
		regex_free(r->regex);
	while ((o = s->documents) != NULL) {
		s->documents = o->next;
		document_free(o->document);
		free(o);
	}
	document_free(s->arena);
	free(s);
}

int
schemas_add(struct schemas *s, const char *uri, struct document *d, const struct value *root, struct schema_report *ret)
{
	char *known = mem_strdup(uri);
	int result;

	if (d != NULL) {
		struct owned *o = mem_alloc(sizeof *o);

		*o = (struct owned){.next = s->documents, .document = d};
		s->documents = o;
	}
	(void)uri_cut_fragment(known);
	result = schema_index(s, known, root, ret);
	free(known);
	return result;
}

bool
schemas_have(const struct schemas *s, const char *uri)
{
	char *known = mem_strdup(uri);
	bool have;

	(void)uri_cut_fragment(known);
	have = schema_known(s, known) != NULL;
	free(known);
	return have;
}

/* The compiled metaschema of a document, NULL when it can not be compiled. */
static const struct schema *
metaschema(struct schemas *s, const struct value *root, struct schema_report *r)
{
	const struct schemas *top = s;
	struct dialect d;

	if (schema_dialect(s, schema_resource_at(s, root), &d, r) != 0)
		return NULL;
	if (d.meta != NULL)
		return schema_node(s, d.meta, d.meta->root, d.meta->at, 0, r);
	while (top->base != NULL)
		top = top->base;
	return d.draft == DRAFT_7 ? top->meta7 : top->meta2020;
}

/* A document that something was compiled of and that is not checked yet; NULL: all are. */
static const struct value *
find_unchecked(const struct schemas *s)
{
	const struct checked *c;

	for (const struct scope *scope = s->newest_scope; scope != NULL; scope = scope->older) {
		for (c = s->checked; c != NULL && c->root != scope->resource->document_root;)
			c = c->next;
		if (c == NULL)
			return scope->resource->document_root;
	}
	return NULL;
}

static enum schema_result
check_document(struct schemas *s, const struct value *root, struct schema_report *r)
{
	const char *document = location_document(schema_resource_at(s, root)->at);
	const struct schema *meta = metaschema(s, root, r);
	enum schema_result result;

	if (meta == NULL || schema_work(s, r) != 0)
		return SCHEMA_INVALID;
	result = schema_validate(meta, root, r);
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].schema);
		r->v[i].schema = mem_printf("%s#%s", document, r->v[i].pointer);
	}
	return result;
}

/* To compile a metaschema of a user's may bring in more documents. */
static enum schema_result
check_documents(struct schemas *s, struct schema_report *r)
{
	const struct value *root;

	while ((root = find_unchecked(s)) != NULL) {
		bool is_meta = s->base == NULL && s->meta2020 == NULL; /* they are being compiled, and are ours */
		enum schema_result result = is_meta ? SCHEMA_VALID : check_document(s, root, r);
		struct checked *c;

		if (result != SCHEMA_VALID)
			return result;
		c = document_alloc(s->arena, sizeof *c);
		*c = (struct checked){.next = s->checked, .root = root};
		s->checked = c;
	}
	return SCHEMA_VALID;
}

/* What the metaschema says is told first, and what only the compilation found beside it. */
static void
join_reports(struct schema_report *to, const struct schema_report *check, const struct schema_report *compile)
{
	for (size_t i = 0; i < check->n; i++)
		schema_report_add(to, &check->v[i]);
	for (size_t i = 0; i < compile->n; i++) {
		size_t k = 0;

		while (k < check->n && strcmp(check->v[k].schema, compile->v[i].schema) != 0)
			k++;
		if (k == check->n)
			schema_report_add(to, &compile->v[i]);
	}
	to->truncated = to->truncated || check->truncated || compile->truncated;
	schema_report_sort(to);
}

static const struct schema *
compile_at(struct schemas *s, const char *uri, unsigned flags, struct schema_report *r)
{
	static const struct value nowhere;
	const struct schema *schema;
	struct target t;
	const char *why = schema_resolve(s, "", uri, strlen(uri), &t);

	if (why != NULL) {
		(void)schema_complain(r, &(struct location){.token = uri}, &nowhere, NULL, NULL, "%s", why);
		return NULL;
	}
	schema = schema_node(s, t.resource, t.value, t.at, flags, r);
	return schema_work(s, r) == 0 ? schema : NULL;
}

static enum schema_result
compile(struct schemas *s, const char *uri, unsigned flags, const struct schema **ret, struct schema_report *report)
{
	struct compiled before = schema_mark(s);
	struct schema_report first = {0}, second = {0};
	const struct schema *schema;
	enum schema_result result;

	s->bad_patterns = 0;
	schema = compile_at(s, uri, flags, &first);
	result = check_documents(s, &second);
	if (schema == NULL && result == SCHEMA_VALID)
		result = SCHEMA_INVALID;
	if (result != SCHEMA_VALID)
		schema_undo(s, &before);
	else
		*ret = schema;
	if (report != NULL)
		join_reports(report, &second, &first);
	schema_report_free(&first);
	schema_report_free(&second);
	return result;
}

const struct schema *
schemas_compile(struct schemas *s, const char *uri, unsigned flags, struct schema_report *ret)
{
	const struct schema *schema = NULL;

	(void)compile(s, uri, flags, &schema, ret);
	return schema;
}

/* The metaschema that is named, without a fragment, where it is not that of a draft; else NULL. */
static char *
other_meta(const struct value *v)
{
	const struct value *meta = value_get(v, "$schema");
	char *uri;

	if (meta == NULL || meta->type != VALUE_STRING)
		return NULL;
	uri = mem_strdup(meta->text);
	(void)uri_cut_fragment(uri);
	if (!schema_meta_is(uri, DRAFT_7) && !schema_meta_is(uri, DRAFT_2020))
		return uri;
	free(uri);
	return NULL;
}

enum schema_result
schema_check(const struct schemas *base, enum schema_draft draft, const struct value *v, struct schema_report *ret)
{
	struct schemas *s = schemas_new(base, draft);
	const struct schema *schema;
	enum schema_result result = SCHEMA_INVALID;
	char *meta = other_meta(v);

	s->check_only = meta == NULL; /* or else a part of it may be the metaschema of the whole */
	if (schemas_add(s, "", NULL, v, ret) == 0)
		result = compile(s, "", 0, &schema, ret);
	/* Nobody can tell by a metaschema that is not there. */
	if (result == SCHEMA_INVALID && meta != NULL && schema_known(s, meta) == NULL)
		result = SCHEMA_UNDECIDED;
	free(meta);
	schemas_free(s);
	return result;
}
