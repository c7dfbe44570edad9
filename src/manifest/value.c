#include "manifest/value.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CHUNK_MIN 4096
#define CHUNK_MAX (64 * 1024)

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	alignas(max_align_t) char bytes[];
};

struct document {
	struct chunk *chunks; /* the first is the one that is being filled */
};

struct document *
document_new(void)
{
	return mem_zalloc(sizeof(struct document));
}

void
document_free(struct document *d)
{
	struct chunk *c, *next;

	if (d == NULL)
		return;
	for (c = d->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(d);
}

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *c = mem_zalloc(offsetof(struct chunk, bytes) + size);

	c->size = size;
	return c;
}

/* A large request gets a chunk of its own behind the first, so that the first keeps its room. */
static void *
chunk_alone(struct document *d, size_t size)
{
	struct chunk *c = chunk_new(size);

	c->used = size;
	c->next = d->chunks->next;
	d->chunks->next = c;
	return c->bytes;
}

void *
document_alloc(struct document *d, size_t size)
{
	struct chunk *c = d->chunks;
	size_t step = alignof(max_align_t);
	void *p;

	size = (size + step - 1) / step * step;
	if (c == NULL || c->size - c->used < size) {
		size_t room = c == NULL ? CHUNK_MIN : c->size * 2;

		if (c != NULL && size > CHUNK_MIN)
			return chunk_alone(d, size);
		if (room > CHUNK_MAX)
			room = CHUNK_MAX;
		c = chunk_new(room > size ? room : size);
		c->next = d->chunks;
		d->chunks = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

char *
document_strndup(struct document *d, const char *s, size_t n)
{
	char *p = document_alloc(d, n + 1);

	if (n != 0)
		memcpy(p, s, n);
	return p;
}

const struct member *
value_member(const struct value *v, const char *key)
{
	size_t n = strlen(key);

	if (v == NULL || v->type != VALUE_OBJECT)
		return NULL;
	for (size_t i = 0; i < v->object.len; i++) {
		const struct member *m = &v->object.members[i];

		if (m->key_len == n && memcmp(m->key, key, n) == 0)
			return m;
	}
	return NULL;
}

struct value *
value_get(const struct value *v, const char *key)
{
	const struct member *m = value_member(v, key);

	return m != NULL ? m->value : NULL;
}

/* Is the reference token t (n bytes, "~0" and "~1" escaped) the key of m? */
static bool
token_is_key(const char *t, size_t n, const struct member *m)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++, k++) {
		char c = t[i];

		if (c == '~') {
			if (++i == n || (t[i] != '0' && t[i] != '1'))
				return false;
			c = t[i] == '0' ? '~' : '/';
		}
		if (k == m->key_len || m->key[k] != c)
			return false;
	}
	return k == m->key_len;
}

static struct value *
member_by_token(const struct value *v, const char *t, size_t n)
{
	for (size_t i = 0; i < v->object.len; i++)
		if (token_is_key(t, n, &v->object.members[i]))
			return v->object.members[i].value;
	return NULL;
}

/* An index has no sign and no leading zero (RFC 6901, 4). */
static struct value *
item_by_token(const struct value *v, const char *t, size_t n)
{
	size_t at = 0;

	if (n == 0 || (t[0] == '0' && n > 1))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (t[i] < '0' || t[i] > '9')
			return NULL;
		at = at * 10 + (size_t)(t[i] - '0');
		if (at >= v->array.len)
			return NULL;
	}
	return v->array.items[at];
}

struct value *
value_at(const struct value *v, const char *pointer)
{
	const char *p = pointer;

	while (v != NULL && *p != '\0') {
		size_t n;

		if (*p++ != '/')
			return NULL;
		n = strcspn(p, "/");
		if (v->type == VALUE_OBJECT)
			v = member_by_token(v, p, n);
		else if (v->type == VALUE_ARRAY)
			v = item_by_token(v, p, n);
		else
			v = NULL;
		p += n;
	}
	return (struct value *)(uintptr_t)v;
}

const char *
value_type_word(enum value_type t)
{
	switch (t) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return "boolean";
	case VALUE_INT:
		return "integer";
	case VALUE_FLOAT:
		return "number";
	case VALUE_STRING:
		return "string";
	case VALUE_ARRAY:
		return "array";
	case VALUE_OBJECT:
		return "object";
	}
	return "unknown";
}
