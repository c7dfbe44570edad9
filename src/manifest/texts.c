#include "manifest/texts.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* Of a text that is looked for: memmem prepares itself for long ones at some cost. */
#define NEEDLE_MAX 64

static void
texts_slot(struct texts *s, size_t member, size_t at)
{
	assert(s->n < TEXTS_MAX);
	s->slot[s->n].member = member;
	s->slot[s->n++].at = at;
}

void
texts_put(struct texts *s, size_t member, const char *p, size_t n)
{
	texts_slot(s, member, s->bytes.n);
	buf_add(&s->bytes, p, n);
	buf_addch(&s->bytes, '\0');
}

/* Where the n > 0 bytes of p stand in text, or NULL. */
static const char *
find(const char *text, size_t text_n, const char *p, size_t n)
{
	const char *at = text, *end = text + text_n;

	while ((at = memmem(at, (size_t)(end - at), p, n < NEEDLE_MAX ? n : NEEDLE_MAX)) != NULL &&
	    (size_t)(end - at) >= n) {
		if (memcmp(at, p, n) == 0)
			return at;
		at++;
	}
	return NULL;
}

void
texts_put_within(struct texts *s, size_t member, const char *p, size_t n)
{
	size_t last = s->n > 0 ? s->slot[s->n - 1].at : s->bytes.n;
	const char *there = n > 0 && s->n > 0 ? find(s->bytes.p + last, s->bytes.n - last - 1, p, n) : NULL;

	if (there != NULL)
		texts_slot(s, member, (size_t)(there - s->bytes.p));
	else
		texts_put(s, member, p, n);
}

struct manifest *
texts_take(struct texts *s, struct manifest *m)
{
	char *base;

	assert(s->n > 0);
	m = mem_realloc(m, sizeof *m + s->bytes.n, 1);
	base = (char *)(m + 1);
	memcpy(base, s->bytes.p, s->bytes.n);
	for (size_t i = 0; i < s->n; i++) {
		char *p = base + s->slot[i].at;

		memcpy((char *)m + s->slot[i].member, &p, sizeof p);
	}
	texts_free(s);
	return m;
}

void
texts_free(struct texts *s)
{
	buf_free(&s->bytes);
	s->n = 0;
}
