#include "manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "manifest/check.h"
#include "manifest/fields.h"
#include "manifest/frontmatter.h"
#include "manifest/parse.h"
#include "manifest/rawtext.h"
#include "manifest/texts.h"
#include "manifest/value.h"

/* A manifest in the making. */
struct draft {
	const struct manifest_source *src;
	struct manifest *m;
	struct problems *ps; /* of m */
	struct texts texts;
};

#define DRAFT_PUT(d, member, s, n) texts_put(&(d)->texts, offsetof(struct manifest, member), (s), (n))

static bool
is_plain_text(const struct value *v)
{
	return v != NULL && memchr(v->text, '\0', v->text_len) == NULL;
}

static void
draft_put_text(struct draft *d, size_t member, const struct value *v)
{
	if (is_plain_text(v))
		texts_put(&d->texts, member, v->text, v->text_len);
}

static struct manifest *
draft_end(struct draft *d)
{
	struct manifest *m = d->m;

	problems_sort(&m->problems);
	m->problems.levels = NULL; /* of the collection, which the manifest may outlive */
	m->ok = !problems_have_errors(&m->problems);
	if (m->ok)
		return texts_take(&d->texts, m);
	texts_free(&d->texts);
	return m;
}

/* Where the document says the id; value NULL: the path does. */
struct id_place {
	const struct value *value;
	const char *pointer;
};

static void
draft_error(struct draft *d, const char *code, struct id_place at, const char *hint, const char *message)
{
	problems_add(d->ps, code, SEVERITY_ERROR, at.value != NULL ? at.value->line : 0,
	    at.value != NULL ? at.value->column : 0, at.pointer, message, hint);
}

static bool
id_is_whole(const char *id, size_t n)
{
	if (n == 0 || id[0] == '/' || id[n - 1] == '/')
		return false;
	return memmem(id, n, "//", 2) == NULL;
}

/* The id as it will be published. */
static void
draft_id(struct draft *d, const char *id, size_t n, struct id_place at)
{
	if (!id_is_whole(id, n))
		draft_error(d, "id-empty", at,
		    at.value != NULL ? "write parts joined by single slashes" : "give it a folder of its own",
		    n == 0 ? "the id is empty" : "the id has an empty part between slashes or at an end");
	else if (n > LIMIT_ID)
		draft_error(d, "id-too-long", at, "shorten it", "the id is longer than 512 bytes");
	DRAFT_PUT(d, id, id, n);
}

static void
draft_id_missing(struct draft *d, const struct value *root)
{
	struct buf where = {0};

	for (char **p = d->src->collection->id_from; *p != NULL; p++)
		buf_addf(&where, "%s%s", where.n == 0 ? "" : p[1] != NULL ? ", " : " or ", *p);
	problems_addf(d->ps, "id-missing", SEVERITY_ERROR, root != NULL ? root->line : 0,
	    root != NULL ? root->column : 0, "add the value, or correct id_from in the configuration",
	    "there is no value at %s, where the id is expected", buf_str(&where));
	buf_free(&where);
}

/* root is NULL for a document without front matter: it has no value to point to. */
static void
draft_find_id(struct draft *d, const struct value *root)
{
	char **pointers = d->src->collection->id_from;
	struct id_place at = {0};
	struct buf encoded = {0};

	if (pointers == NULL) {
		draft_id(d, d->src->id, strlen(d->src->id), at);
		return;
	}
	if (root != NULL)
		at.value = fields_find(root, pointers, TYPES_ANY, &at.pointer);
	if (at.value == NULL) {
		draft_id_missing(d, root);
		return;
	}
	if ((TYPE_BIT(at.value->type) & (TYPES_NUMBER | TYPE_BIT(VALUE_STRING))) == 0) {
		draft_error(d, "id-type", at, "write it as a string", "the id is neither a string nor a number");
		return;
	}
	text_percent_encode(&encoded, at.value->text, at.value->text_len);
	draft_id(d, buf_str(&encoded), encoded.n, at);
	buf_free(&encoded);
}

/* An array stays one; a string is an array of one; anything else is as good as absent. */
static void
draft_put_array(struct draft *d, size_t member, const struct value *root, char *const *pointers)
{
	const struct value *v = fields_find(root, pointers, TYPE_BIT(VALUE_STRING) | TYPE_BIT(VALUE_ARRAY), NULL);
	struct buf json = {0};

	if (v == NULL)
		return;
	if (v->type == VALUE_STRING)
		buf_addch(&json, '[');
	value_canonical(v, &json);
	if (v->type == VALUE_STRING)
		buf_addch(&json, ']');
	texts_put(&d->texts, member, json.p, json.n);
	buf_free(&json);
}

static void
draft_put_fields(struct draft *d, const struct value *root)
{
	const struct fields *f = &d->src->collection->fields;
	const unsigned string = TYPE_BIT(VALUE_STRING);
	const struct value *status = fields_find(root, f->status, TYPES_ANY, NULL);
	const char *word = status != NULL ? fields_status(status) : NULL;

	draft_put_text(d, offsetof(struct manifest, name), fields_find(root, f->name, string, NULL));
	draft_put_text(
	    d, offsetof(struct manifest, version), fields_find(root, f->version, string | TYPES_NUMBER, NULL));
	draft_put_text(d, offsetof(struct manifest, owner), fields_find(root, f->owner, string, NULL));
	draft_put_array(d, offsetof(struct manifest, dependencies), root, f->dependencies);
	draft_put_array(d, offsetof(struct manifest, tags), root, f->tags);
	if (word == NULL)
		word = "published";
	DRAFT_PUT(d, status, word, strlen(word));
}

/* With the description (s NULL: there is none), which may stand in it. */
static void
draft_put_metadata(struct draft *d, const struct buf *json, const char *s, size_t n)
{
	if (!d->src->check_only)
		sha256(json->p, json->n, d->m->metadata_sha256);
	DRAFT_PUT(d, metadata, json->p, json->n);
	if (s == NULL)
		return;
	/* Most of what is kept is metadata, and most of metadata is the description, which seldom needs an escape. */
	d->m->description.n = n;
	texts_put_within(&d->texts, offsetof(struct manifest, description.p), s, n);
}

static void
draft_refuse_root(struct draft *d, const struct value *root, bool markdown)
{
	const char *what = markdown ? "front matter" : "document";
	const char *hint =
	    markdown ? "write lines like 'name: pdf' between the two lines ---" : "write keys and values";

	if (root->type == VALUE_NULL && root->text_len == 0)
		problems_addf(d->ps, "not-a-mapping", SEVERITY_ERROR, root->line, root->column, hint,
		    "the %s is empty; a mapping of keys to values is expected", what);
	else
		problems_addf(d->ps, "not-a-mapping", SEVERITY_ERROR, root->line, root->column, hint,
		    "the %s is of type %s; a mapping of keys to values is expected", what, value_type_word(root->type));
}

/*
 * A bare list of tools is read as if it stood below "tools", because metadata is
 * an object. NULL: root is none.
 */
static const struct value *
draft_tool_list(struct draft *d, struct document *doc, const struct value *root)
{
	const char *schema = d->src->collection->schema;
	struct value *object;

	if (root->type != VALUE_ARRAY || schema == NULL || strcmp(schema, "tool") != 0)
		return NULL;
	for (size_t i = 0; i < root->array.len; i++)
		if (root->array.items[i]->type != VALUE_OBJECT)
			return NULL;
	object = document_alloc(doc, sizeof *object);
	*object = (struct value){.type = VALUE_OBJECT, .line = root->line, .column = root->column};
	object->object.members = document_alloc(doc, sizeof *object->object.members);
	object->object.len = 1;
	object->object.members[0] = (struct member){
	    .key = "tools",
	    .key_len = strlen("tools"),
	    .line = root->line,
	    .column = root->column,
	};
	object->object.members[0].value = document_alloc(doc, sizeof *root);
	*object->object.members[0].value = *root;
	return object;
}

static void
draft_take_document(struct draft *d, struct document *doc, const struct value *root, bool markdown)
{
	const struct value *list = draft_tool_list(d, doc, root);
	const struct value *description;
	struct buf json = {0};

	if (list != NULL)
		root = list;
	if (root->type != VALUE_OBJECT) {
		draft_refuse_root(d, root, markdown);
		return;
	}
	draft_find_id(d, root);
	check_document(d->src, root, markdown, d->ps);
	draft_put_fields(d, root);
	if (d->src->check_only)
		buf_addstr(&json, "{}");
	else
		value_canonical(root, &json);
	description = fields_find(root, d->src->collection->fields.description, TYPE_BIT(VALUE_STRING), NULL);
	if (is_plain_text(description))
		draft_put_metadata(d, &json, description->text, description->text_len);
	else
		draft_put_metadata(d, &json, NULL, 0);
	buf_free(&json);
}

/* The last part of the id, as written by people; the encoded form where that is no text. */
static void
derived_name(const char *id, struct buf *out)
{
	const char *slash = strrchr(id, '/');
	const char *last = slash != NULL ? slash + 1 : id;

	if (text_percent_decode(out, last, strlen(last)) == 0 && utf8_valid_prefix(buf_str(out), out->n) == out->n)
		return;
	buf_clear(out);
	buf_addstr(out, last);
}

/* Markdown without front matter: what the path and the text give. */
static void
draft_take_text(struct draft *d, const char *s, size_t n)
{
	enum profile profile = d->src->collection->profile;
	char *description = frontmatter_describe(s, n);
	struct buf name = {0}, json = {0};
	struct jsonw w;

	frontmatter_missing(s, n, check_severity("frontmatter-missing", profile), d->ps);
	if (description == NULL)
		problems_add(d->ps, "description-missing", check_severity("description-missing", profile), 0, 0, NULL,
		    "there is no text to take a description from", "add front matter with a description");
	draft_find_id(d, NULL);
	derived_name(d->src->id, &name);
	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_str_opt(&w, "description", description);
	jsonw_strn(&w, "name", buf_str(&name), name.n);
	jsonw_object_end(&w);
	DRAFT_PUT(d, name, buf_str(&name), name.n);
	DRAFT_PUT(d, status, "published", strlen("published"));
	draft_put_metadata(d, &json, description, description != NULL ? strlen(description) : 0);
	buf_free(&json);
	buf_free(&name);
	free(description);
}

static void
draft_take(struct draft *d, const char *s, size_t n)
{
	enum format format = kind_format(d->src->path);
	struct document *doc = document_new();
	const struct value *root;

	switch (parse_document(format, s, n, doc, &root, d->ps)) {
	case PARSED_DOCUMENT:
		draft_take_document(d, doc, root, format == FORMAT_MARKDOWN);
		break;
	case PARSED_PLAIN:
		draft_take_text(d, s, n);
		break;
	case PARSED_BAD:
		break;
	}
	document_free(doc);
}

static struct manifest *
manifest_new(void)
{
	struct manifest *m = mem_zalloc(sizeof *m);

	m->refs = 1;
	return m;
}

struct manifest *
manifest_parse(const struct manifest_source *src, const char *bytes, size_t n)
{
	struct draft d = {.src = src, .m = manifest_new()};

	d.ps = &d.m->problems;
	d.ps->levels = &src->collection->levels;
	d.m->size = n;
	if (!src->check_only) {
		sha256(bytes, n, d.m->sha256);
		sha_git_blob(bytes, n, d.m->git_blob);
	}
	if (rawtext_check(&bytes, &n, src->conflicted, d.ps) == 0)
		draft_take(&d, bytes, n);
	return draft_end(&d);
}

struct manifest *
manifest_unreadable(const char *code, const char *message, const char *hint)
{
	struct manifest *m = manifest_new();

	problems_add(&m->problems, code, SEVERITY_ERROR, 0, 0, NULL, message, hint);
	return m;
}

struct manifest *
manifest_ref(struct manifest *m)
{
	m->refs++;
	return m;
}

void
manifest_unref(struct manifest *m)
{
	if (m == NULL || --m->refs > 0)
		return;
	problems_free(&m->problems);
	free(m);
}
