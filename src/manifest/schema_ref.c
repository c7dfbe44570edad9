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

/* An index of an array: no sign and no leading zero (RFC 6901, 4). */
static bool
step_into_array(struct schemas *s, struct target *t, const char *token, size_t n)
{
	size_t index = 0;

	if (n == 0 || n > 9 || (token[0] == '0' && n > 1))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (token[i] < '0' || token[i] > '9')
			return false;
		index = index * 10 + (size_t)(token[i] - '0');
	}
	if (index >= t->value->array.len)
		return false;
	t->at = location_item(s, t->at, index);
	t->value = t->value->array.items[index];
	return true;
}

static bool
step_into_object(struct schemas *s, struct target *t, const char *key, size_t n)
{
	for (size_t i = 0; i < t->value->object.len; i++) {
		const struct member *m = &t->value->object.members[i];

		if (m->key_len != n || memcmp(m->key, key, n) != 0)
			continue;
		t->at = location_below(s, t->at, m->key, m->key_len);
		t->value = m->value;
		return true;
	}
	return false;
}

/* One reference token (n bytes, "~0" and "~1" escaped) down from t. */
static bool
step_down(struct schemas *s, struct target *t, const char *token, size_t n)
{
	const struct resource *own;
	struct buf key = {0};
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (token[i] == '~' && i + 1 < n && (token[i + 1] == '0' || token[i + 1] == '1'))
			buf_addch(&key, token[++i] == '0' ? '~' : '/');
		else
			buf_addch(&key, token[i]);
	}
	if (t->value->type == VALUE_ARRAY)
		found = step_into_array(s, t, buf_str(&key), key.n);
	else if (t->value->type == VALUE_OBJECT)
		found = step_into_object(s, t, buf_str(&key), key.n);
	buf_free(&key);
	own = found ? schema_resource_at(s, t->value) : NULL;
	if (own != NULL)
		t->resource = own;
	return found;
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
	const struct anchor *a = schema_anchor(t->resource, name);

	if (a == NULL)
		return reason(s, "there is no anchor %s", name);
	t->value = a->value;
	t->at = a->at;
	t->anchor = a->dynamic ? a->name : NULL;
	return NULL;
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
