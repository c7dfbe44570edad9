#include "manifest/dialect.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/check.h"
#include "manifest/dialect_builtin.h"
#include "manifest/parse.h"
#include "manifest/rawtext.h"

#define PLACE "file:///schemas/" /* where a schema without an $id is, for references between files */

struct dialect {
	char *name;
	char *uri; /* where it is known in the set */
	char *id; /* its $id without a fragment, or NULL */
	const struct value *root;
	const struct schema *schema; /* NULL until compiled: ours when they are asked for */
	uint8_t digest[SHA256_SIZE]; /* of its name and bytes */
};

struct dialects {
	struct schemas *meta; /* below set, and all that schemas in documents see */
	struct schemas *set;
	struct dialect *v;
	size_t n;
	bool complete;
};

struct dialects *
dialects_new(void)
{
	struct dialects *d = mem_zalloc(sizeof *d);

	d->meta = schemas_new(NULL, SCHEMA_2020_12);
	d->set = schemas_new(d->meta, SCHEMA_2020_12);
	return d;
}

void
dialects_free(struct dialects *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].name);
		free(d->v[i].uri);
		free(d->v[i].id);
	}
	free(d->v);
	schemas_free(d->set);
	schemas_free(d->meta);
	free(d);
}

static void
dialect_digest(struct dialect *one, const char *bytes, size_t n)
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_add(&c, one->name, strlen(one->name) + 1);
	sha256_add(&c, bytes, n);
	sha256_digest(&c, SHA256_SIZE, one->digest);
}

void
dialects_digest(const struct dialects *d, uint8_t out[SHA256_SIZE])
{
	memset(out, 0, SHA256_SIZE);
	for (size_t i = 0; d != NULL && i < d->n; i++)
		for (size_t k = 0; k < SHA256_SIZE; k++)
			out[k] ^= d->v[i].digest[k];
}

static struct dialect *
dialects_named(const struct dialects *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].name, name) == 0)
			return &d->v[i];
	return NULL;
}

/* The first problem of a text, as an error. */
static int
dialect_unparsed(const struct problems *ps, struct err *e)
{
	const struct problem *p = &ps->v[0];

	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].severity == SEVERITY_ERROR)
			p = &ps->v[i];
	return p->line > 0 ? err_set(e, "%d:%d: %s", p->line, p->column, p->message) : err_set(e, "%s", p->message);
}

/* uri: the document that was to be used. The mistake may be in one that it refers to. */
static int
dialect_refused(const struct schema_report *r, const char *uri, struct err *e)
{
	const struct schema_violation *v = &r->v[0];
	size_t n = strlen(uri), place = strlen(PLACE);

	assert(r->n > 0);
	if ((strncmp(v->schema, uri, n) != 0 || v->schema[n] != '#') && strncmp(v->schema, PLACE, place) == 0)
		return err_set(e, "%.*s:%d:%d: %s", (int)strcspn(v->schema + place, "#"), v->schema + place, v->line,
		    v->column, v->message);
	return v->line > 0 ? err_set(e, "%d:%d: %s", v->line, v->column, v->message) : err_set(e, "%s", v->message);
}

static const struct value *
dialect_parse(struct document *doc, enum format format, const char *bytes, size_t n, struct err *e)
{
	struct problems ps = {0};
	const struct value *root = NULL;

	if (rawtext_check(&bytes, &n, false, &ps) != 0 ||
	    parse_document(format, bytes, n, doc, &root, &ps) != PARSED_DOCUMENT)
		(void)dialect_unparsed(&ps, e);
	problems_free(&ps);
	return root;
}

/* Its $id without the empty fragment that some have; NULL when there is none that is whole. */
static char *
dialect_id(const struct value *root)
{
	const struct value *v = value_get(root, "$id");
	size_t n;

	if (v == NULL || v->type != VALUE_STRING || strstr(v->text, ":") == NULL)
		return NULL;
	n = v->text_len;
	if (n > 0 && v->text[n - 1] == '#')
		n--;
	return mem_strndup(v->text, n);
}

int
dialects_add(struct dialects *d, const char *name, enum format format, const char *bytes, size_t n, struct err *e)
{
	struct document *doc = document_new();
	struct schema_report report = {0};
	const struct value *root = dialect_parse(doc, format, bytes, n, e);
	struct dialect new = {0};

	assert(!d->complete);
	if (root == NULL || dialects_named(d, name) != NULL) {
		document_free(doc);
		return root == NULL ? -1 : err_set(e, "another schema has the name %s", name);
	}
	new.id = dialect_id(root);
	new.uri = mem_printf(PLACE "%s.json", name);
	if (schemas_add(d->set, new.uri, doc, root, &report) != 0) {
		(void)dialect_refused(&report, new.uri, e);
		schema_report_free(&report);
		free(new.id);
		free(new.uri);
		return -1;
	}
	new.name = mem_strdup(name);
	new.root = root;
	dialect_digest(&new, bytes, n);
	d->v = mem_realloc(d->v, d->n + 1, sizeof *d->v);
	d->v[d->n++] = new;
	return 0;
}

/* NULL: e says why. */
static const struct schema *
compile(struct dialects *d, const char *name, const char *uri, unsigned flags, struct err *e)
{
	struct schema_report report = {0};
	const struct schema *schema = schemas_compile(d->set, uri, flags, &report);

	if (schema == NULL) {
		(void)dialect_refused(&report, uri, e);
		(void)err_prefix(e, "%s", name);
	}
	schema_report_free(&report);
	return schema;
}

static int
dialect_compile(struct dialects *d, struct dialect *one, struct err *e)
{
	one->schema = compile(d, one->name, one->uri, 0, e);
	return one->schema != NULL ? 0 : -1;
}

int
dialects_complete(struct dialects *d, struct err *e)
{
	size_t added = d->n;

	for (const struct builtin *b = dialect_builtins; b->name != NULL; b++) {
		if (dialects_named(d, b->name) != NULL)
			continue;
		if (dialects_add(d, b->name, FORMAT_JSON, b->text, strlen(b->text), e) != 0)
			return err_prefix(e, "%s", b->name);
	}
	d->complete = true;
	for (size_t i = 0; i < added; i++)
		if (dialect_compile(d, &d->v[i], e) != 0)
			return -1;
	return 0;
}

static int
dialect_unknown(const struct dialects *d, const char *name, struct err *e)
{
	const char *const *rules = check_rule_sets();
	const char **names, *near;
	char shown[96];
	size_t n = 0;

	while (rules[n] != NULL)
		n++;
	names = mem_alloc((d->n + n + 1) * sizeof *names);
	memcpy(names, rules, n * sizeof *names);
	for (size_t i = 0; i < d->n; i++)
		names[n++] = d->v[i].name;
	names[n] = NULL;
	near = text_nearest(name, names);
	(void)err_set(e, "no schema has the name %s%s%s%s", text_escape_to(shown, sizeof shown, name),
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
	free(names);
	return -1;
}

int
dialects_find(struct dialects *d, const char *name, const struct schema **ret, struct err *e)
{
	const char *const *rules = check_rule_sets();
	struct dialect *one = dialects_named(d, name);

	assert(d->complete);
	if (one != NULL && one->schema == NULL && dialect_compile(d, one, e) != 0)
		return -1;
	while (one == NULL && *rules != NULL && strcmp(*rules, name) != 0)
		rules++;
	if (one == NULL && *rules == NULL)
		return dialect_unknown(d, name, e);
	*ret = one != NULL ? one->schema : NULL;
	return 0;
}

const char *
dialects_name(const struct dialects *d, size_t i)
{
	return i < d->n ? d->v[i].name : NULL;
}

int
dialects_schema(struct dialects *d, const char *name, unsigned flags, const struct schema **ret, struct err *e)
{
	const struct dialect *one = dialects_named(d, name);
	const struct schema *schema;

	assert(d->complete);
	if (one == NULL && !schemas_have(d->set, name))
		return dialects_find(d, name, ret, e);
	schema = compile(d, name, one != NULL ? one->uri : name, flags, e);
	if (schema == NULL)
		return -1;
	*ret = schema;
	return 0;
}

const char *
dialects_description(const struct dialects *d, const char *rule)
{
	const char *hash = strchr(rule, '#'), *keyword = strrchr(rule, '/');
	const struct value *v = NULL;

	if (d == NULL || hash == NULL || keyword == NULL || keyword < hash)
		return NULL;
	for (size_t i = 0; i < d->n && v == NULL; i++) {
		char *pointer;

		if (strncmp(d->v[i].uri, rule, (size_t)(hash - rule)) != 0 || d->v[i].uri[hash - rule] != '\0')
			continue;
		pointer = mem_strndup(hash + 1, (size_t)(keyword - hash - 1));
		v = value_get(value_at(d->v[i].root, pointer), "description");
		free(pointer);
	}
	return v != NULL && v->type == VALUE_STRING ? v->text : NULL;
}

const struct schemas *
dialects_metaschemas(const struct dialects *d)
{
	return d != NULL ? d->meta : NULL;
}

const struct schema *
dialects_declared(const struct dialects *d, const char *uri)
{
	size_t n = strlen(uri);

	if (n > 0 && uri[n - 1] == '#')
		n--;
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].id != NULL && strncmp(d->v[i].id, uri, n) == 0 && d->v[i].id[n] == '\0')
			return d->v[i].schema;
	return NULL;
}
