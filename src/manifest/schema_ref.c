/* From a reference to the schema it means. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/schema_private.h"
#include "manifest/schema_uri.h"

const struct location *
location_below(struct schemas *s, const struct location *up, const char *token, size_t len)
{
	struct location *l = document_alloc(s->arena, sizeof *l);

	*l = (struct location){.up = up, .token = token, .len = len};
	return l;
}

const struct location *
location_item(struct schemas *s, const struct location *up, size_t index)
{
	struct location *l = document_alloc(s->arena, sizeof *l);

	*l = (struct location){.up = up, .index = index};
	return l;
}

static const char *
reason(struct schemas *s, const char *fmt, const char *what)
{
	char shown[200], *text;
	const char *result;

	text = mem_printf(fmt, text_escape_to(shown, sizeof shown, what));
	result = document_strndup(s->arena, text, strlen(text));
	free(text);
	return result;
}

/* One reference token (n bytes, escaped) down from t. */
static bool
step_down(struct schemas *s, struct target *t, const char *token, size_t n)
{
	char *pointer = mem_zalloc(n + 2);
	const struct resource *own;
	const struct value *v;

	pointer[0] = '/';
	memcpy(pointer + 1, token, n);
	v = value_at(t->value, pointer);
	free(pointer);
	if (v == NULL)
		return false;
	if (t->value->type == VALUE_ARRAY) {
		t->at = location_item(s, t->at, strtoul(token, NULL, 10));
	} else {
		for (size_t i = 0; i < t->value->object.len; i++) {
			const struct member *m = &t->value->object.members[i];

			if (m->value == v)
				t->at = location_below(s, t->at, m->key, m->key_len);
		}
	}
	t->value = v;
	own = schema_resource_at(s, v);
	if (own != NULL)
		t->resource = own;
	return true;
}

static const char *
by_pointer(struct schemas *s, struct target *t, const char *pointer)
{
	for (const char *p = pointer; *p != '\0';) {
		size_t n;

		p++;
		n = strcspn(p, "/");
		if (!step_down(s, t, p, n))
			return reason(s, "there is nothing at %s", pointer);
		p += n;
	}
	return NULL;
}

static const char *
by_anchor(struct schemas *s, struct target *t, const char *name)
{
	for (const struct anchor *a = t->resource->anchors; a != NULL; a = a->next) {
		if (strcmp(a->name, name) != 0)
			continue;
		t->value = a->value;
		t->at = a->at;
		if (a->dynamic)
			t->anchor = a->name; /* a plain one of the same name can only be on the same schema */
	}
	return t->value == NULL ? reason(s, "there is no anchor %s", name) : NULL;
}

static const char *
by_fragment(struct schemas *s, struct target *t, const char *fragment)
{
	struct buf decoded = {0};
	const char *why;

	if (text_percent_decode(&decoded, fragment, strlen(fragment)) != 0 || strlen(buf_str(&decoded)) != decoded.n) {
		why = reason(s, "the fragment %s is not percent-encoded as it should be", fragment);
	} else if (decoded.n > 0 && decoded.p[0] != '/') {
		why = by_anchor(s, t, buf_str(&decoded));
	} else {
		t->value = t->resource->root;
		t->at = t->resource->at;
		why = by_pointer(s, t, buf_str(&decoded));
	}
	buf_free(&decoded);
	return why;
}

const char *
schema_resolve(struct schemas *s, const char *base, const char *ref, size_t n, struct target *ret)
{
	char *uri = uri_resolve(base, ref, n), *fragment = uri_cut_fragment(uri);
	struct target t = {.resource = schema_known(s, uri)};
	const char *why;

	if (t.resource == NULL)
		why = reason(s, "no schema is known as %s", uri);
	else
		why = by_fragment(s, &t, fragment);
	if (why == NULL)
		*ret = t;
	free(uri);
	return why;
}
