/*
 * The schemas of a document that have a URI of their own, and the anchors in
 * them. Looks only where the keywords of the draft have schemas: an $id in an
 * enum is a value like any other.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/schema_private.h"
#include "manifest/schema_uri.h"

static int
compare_known(const struct known *a, const struct known *b)
{
	return strcmp(a->uri, b->uri);
}

static int
compare_roots(const struct resource *a, const struct resource *b)
{
	uintptr_t x = (uintptr_t)a->root, y = (uintptr_t)b->root;

	return (x > y) - (x < y);
}

static int
compare_anchors(const struct anchor *a, const struct anchor *b)
{
	return strcmp(a->name, b->name);
}

RBTREE_GENERATE(anchor_tree, anchor, entry, compare_anchors)
RBTREE_GENERATE(known_tree, known, entry, compare_known)
RBTREE_GENERATE(resource_tree, resource, entry, compare_roots)

/* What a document adds, until it is known to be right. */
struct index {
	struct schemas *s;
	struct schema_report *report;
	const char *document;
	const struct value *document_root;
	struct resource_tree roots;
	struct known_tree known;
	struct place *first, **end; /* to be looked at */
};

/* A schema that may have schemas in it, waiting for its turn. */
struct place {
	struct place *next;
	const struct value *v;
	const struct location *at;
	struct resource *resource;
};

const struct resource *
schema_known(const struct schemas *s, const char *uri)
{
	struct known key = {.uri = uri}, *k = NULL;

	for (; s != NULL && k == NULL; s = s->base)
		k = RB_FIND(known_tree, UNCONST(&s->known), &key);
	return k != NULL ? k->resource : NULL;
}

const struct resource *
schema_resource_at(const struct schemas *s, const struct value *root)
{
	struct resource key = {.root = root}, *r = NULL;

	for (; s != NULL && r == NULL; s = s->base)
		r = RB_FIND(resource_tree, UNCONST(&s->roots), &key);
	return r;
}

const struct anchor *
schema_anchor(const struct resource *r, const char *name)
{
	struct anchor key = {.name = name};

	return RB_FIND(anchor_tree, UNCONST(&r->anchors), &key);
}

struct anchor *
schema_next_anchor(const struct resource *r, const struct anchor *last)
{
	return last == NULL ? RB_MIN(anchor_tree, UNCONST(&r->anchors)) : RB_NEXT(anchor_tree, NULL, UNCONST(last));
}

static const char *
kept(struct schemas *s, const char *text)
{
	return document_strndup(s->arena, text, strlen(text));
}

static int
know(struct index *x, const char *uri, const struct resource *r, const struct value *at)
{
	struct known *k, key = {.uri = uri};

	if (RB_FIND(known_tree, &x->s->known, &key) != NULL)
		return schema_complain(x->report, r->at, at, NULL, "give each schema a URI of its own",
		    "another document is already known as %s", uri);
	k = document_alloc(x->s->arena, sizeof *k);
	k->uri = kept(x->s, uri);
	k->resource = r;
	if (RB_INSERT(known_tree, &x->known, k) != NULL)
		return schema_complain(x->report, r->at, at, "$id", "give each schema a URI of its own",
		    "two schemas of the document have the URI %s", uri);
	return 0;
}

static int
add_anchor(struct index *x, struct resource *r, const struct place *p, const char *keyword, const struct value *name)
{
	struct anchor *a, *other;
	char shown[SHOWN_SIZE];

	if (name->type != VALUE_STRING)
		return schema_complain(x->report, p->at, name, keyword, NULL, "%s must be a string", keyword);
	a = document_alloc(x->s->arena, sizeof *a);
	*a = (struct anchor){
	    .name = name->text, .value = p->v, .at = p->at, .dynamic = strcmp(keyword, "$dynamicAnchor") == 0};
	other = RB_INSERT(anchor_tree, &r->anchors, a);
	if (other == NULL)
		return 0;
	/* $anchor and $dynamicAnchor of one schema may have one name. */
	other->dynamic = other->dynamic || a->dynamic;
	if (other->value == p->v)
		return 0;
	return schema_complain(x->report, p->at, name, keyword, "give it another name",
	    "the anchor %s is there already", text_escape_to(shown, sizeof shown, name->text));
}

/* $schema without "#" behind it. */
static const char *
meta_of(struct index *x, const struct value *v)
{
	const struct value *meta = value_get(v, "$schema");
	char *uri;
	const char *result;

	if (meta == NULL || meta->type != VALUE_STRING)
		return NULL;
	uri = mem_strdup(meta->text);
	(void)uri_cut_fragment(uri);
	result = kept(x->s, uri);
	free(uri);
	return result;
}

static struct resource *
resource_new(struct index *x, const struct resource *up, const struct value *v, const struct location *at)
{
	struct resource *r = document_alloc(x->s->arena, sizeof *r);

	*r = (struct resource){.root = v, .at = at, .document_root = x->document_root};
	r->meta = meta_of(x, v);
	if (r->meta == NULL && up != NULL)
		r->meta = up->meta;
	r->draft7 = r->meta != NULL && schema_meta_is(r->meta, DRAFT_7);
	if (!r->draft7 && (r->meta == NULL || !schema_meta_is(r->meta, DRAFT_2020)))
		r->draft7 = up != NULL ? up->draft7 : x->s->draft == SCHEMA_DRAFT_7;
	return r;
}

/* The URI that an $id gives, without its fragment, which stays in *ret_fragment. The caller frees. */
static char *
id_uri(const char *base, const struct value *id, char **ret_fragment)
{
	char *uri = uri_resolve(base, id->text, id->text_len);

	*ret_fragment = uri_cut_fragment(uri);
	return uri;
}

/* In draft 7 the fragment of an $id is an anchor. */
static int
id_fragment(struct index *x, const struct place *p, const struct value *id, const char *fragment)
{
	struct value name = *id;

	if (*fragment == '\0')
		return 0;
	if (!p->resource->draft7)
		return schema_complain(x->report, p->at, id, "$id", "use $anchor", "$id must not have a fragment");
	name.text = kept(x->s, fragment);
	name.text_len = strlen(fragment);
	return add_anchor(x, p->resource, p, "$id", &name);
}

/* A schema with an $id becomes a resource. */
static int
take_id(struct index *x, struct place *p)
{
	const struct value *id = value_get(p->v, "$id");
	struct resource *r;
	char *uri, *fragment;
	int rc = 0;

	if (id == NULL || id->type != VALUE_STRING || (p->resource->draft7 && value_get(p->v, "$ref") != NULL))
		return 0;
	r = p->resource->root == p->v ? NULL : RB_FIND(resource_tree, &x->roots, &(struct resource){.root = p->v});
	if (r != NULL) { /* met before: an alias of YAML stands for it again */
		p->resource = r;
		return 0;
	}
	r = p->resource->root == p->v ? p->resource : resource_new(x, p->resource, p->v, p->at);
	uri = id_uri(p->resource->uri, id, &fragment);
	if (id->text_len > 0 && id->text[0] != '#' && strcmp(uri, p->resource->uri) != 0) {
		r->uri = kept(x->s, uri);
		rc = know(x, uri, r, id);
		if (rc == 0 && r != p->resource)
			(void)RB_INSERT(resource_tree, &x->roots, r);
		p->resource = r;
	}
	if (rc == 0)
		rc = id_fragment(x, p, id, fragment);
	free(uri);
	return rc;
}

static int
take_anchors(struct index *x, const struct place *p)
{
	static const char *const keywords[] = {"$anchor", "$dynamicAnchor"};

	for (size_t i = 0; i < 2 && !p->resource->draft7; i++) {
		const struct value *name = value_get(p->v, keywords[i]);

		if (name != NULL && add_anchor(x, p->resource, p, keywords[i], name) != 0)
			return -1;
	}
	return 0;
}

static void
put_place(struct index *x, const struct value *v, const struct location *at, struct resource *resource)
{
	struct place *p;

	if (v->type != VALUE_OBJECT)
		return;
	p = document_alloc(x->s->arena, sizeof *p);
	*p = (struct place){.v = v, .at = at, .resource = resource};
	*x->end = p;
	x->end = &p->next;
}

/* The schemas in the value of a keyword. */
static void
put_below(struct index *x, const struct place *p, const struct member *m, enum shape shape)
{
	const struct location *at = location_below(x->s, p->at, m->key, m->key_len);
	const struct value *v = m->value;

	if (shape == SHAPE_ONE || (shape == SHAPE_ONE_OR_LIST && v->type == VALUE_OBJECT)) {
		put_place(x, v, at, p->resource);
	} else if (v->type == VALUE_ARRAY && (shape == SHAPE_LIST || shape == SHAPE_ONE_OR_LIST)) {
		for (size_t i = 0; i < v->array.len; i++)
			put_place(x, v->array.items[i], location_item(x->s, at, i), p->resource);
	} else if (v->type == VALUE_OBJECT && (shape == SHAPE_MAP || shape == SHAPE_MAP_OR_NAMES)) {
		for (size_t i = 0; i < v->object.len; i++) {
			const struct member *below = &v->object.members[i];

			put_place(x, below->value, location_below(x->s, at, below->key, below->key_len), p->resource);
		}
	}
}

static void
put_children(struct index *x, const struct place *p)
{
	unsigned draft = p->resource->draft7 ? DRAFT_7 : DRAFT_2020;

	for (const struct keyword *k = schema_keywords(); k->name != NULL; k++) {
		const struct member *m =
		    k->shape != SHAPE_NONE && (k->drafts & draft) != 0 ? value_member(p->v, k->name) : NULL;

		if (m != NULL)
			put_below(x, p, m, k->shape);
	}
}

static int
index_all(struct index *x)
{
	for (struct place *p = x->first; p != NULL; p = p->next) {
		if (take_id(x, p) != 0 || take_anchors(x, p) != 0)
			return -1;
		put_children(x, p);
	}
	return 0;
}

static void
index_commit(struct index *x)
{
	struct known *k;
	struct resource *r;

	while ((k = RB_MIN(known_tree, &x->known)) != NULL) {
		RB_REMOVE(known_tree, &x->known, k);
		(void)RB_INSERT(known_tree, &x->s->known, k);
	}
	while ((r = RB_MIN(resource_tree, &x->roots)) != NULL) {
		RB_REMOVE(resource_tree, &x->roots, r);
		(void)RB_INSERT(resource_tree, &x->s->roots, r);
	}
}

int
schema_index(struct schemas *s, const char *uri, const struct value *root, struct schema_report *r)
{
	struct index x = {.s = s, .report = r, .document = kept(s, uri), .document_root = root};
	const struct location *at = location_below(s, NULL, x.document, strlen(x.document));
	struct resource *top = resource_new(&x, NULL, root, at);

	x.end = &x.first;
	top->uri = x.document;
	(void)RB_INSERT(resource_tree, &x.roots, top);
	if (know(&x, uri, top, root) != 0)
		return -1;
	put_place(&x, root, at, top);
	if (index_all(&x) != 0)
		return -1;
	index_commit(&x);
	return 0;
}
