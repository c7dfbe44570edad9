/*
 * A growing run of bytes. A zeroed struct buf is empty and valid. The bytes are
 * always followed by a NUL that does not count (once anything was added).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <string.h>

struct buf {
	char *p; /* NULL until the first addition */
	size_t n;
	size_t cap;
};

void buf_grow(struct buf *b, size_t n); /* see buf_reserve */

/* Room for at least n more bytes; returns where they go. Add them with buf_commit. */
static inline char *
buf_reserve(struct buf *b, size_t n)
{
	if (b->cap - b->n <= n)
		buf_grow(b, n);
	return b->p + b->n;
}

static inline void
buf_commit(struct buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

static inline void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_reserve(b, n), p, n);
	buf_commit(b, n);
}

static inline void
buf_addstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void
buf_addch(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	buf_commit(b, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Drop the first n bytes. */
void buf_drain(struct buf *b, size_t n);

/* Keep the memory, forget the content. */
void buf_clear(struct buf *b);

/* The content as a string, "" when empty; valid until the next change. */
const char *buf_str(const struct buf *b);

/* Hand the memory to the caller (who frees it); b is empty afterwards. Never NULL. */
char *buf_steal(struct buf *b);

void buf_free(struct buf *b);

#endif
