/*
 * A growing run of bytes. A zeroed struct buf is empty and valid. The bytes are
 * always followed by a NUL that does not count (once anything was added).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *p; /* NULL until the first addition */
	size_t n;
	size_t cap;
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_addstr(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for at least n more bytes; returns where they go. Add them with buf_commit. */
char *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

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
