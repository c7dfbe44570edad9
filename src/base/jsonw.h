/*
 * Writing JSON (RFC 8259) into a buf, compact, members in the order given.
 * The writer puts the commas; the caller opens and closes in pairs.
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct jsonw {
	struct buf *out;
	bool comma; /* the next value or key needs one before it */
};

void jsonw_init(struct jsonw *w, struct buf *out);

/* key NULL: an element of an array, or the document itself. */
void jsonw_object(struct jsonw *w, const char *key);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w, const char *key);
void jsonw_array_end(struct jsonw *w);
void jsonw_str(struct jsonw *w, const char *key, const char *s);
void jsonw_strn(struct jsonw *w, const char *key, const char *s, size_t n);
void jsonw_hex(struct jsonw *w, const char *key, const void *p, size_t n);
void jsonw_int(struct jsonw *w, const char *key, int64_t v);
void jsonw_bool(struct jsonw *w, const char *key, bool v);
void jsonw_null(struct jsonw *w, const char *key);
/* json is a complete JSON text that is written as it stands. */
void jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t n);

/* The member is left out when s is NULL. */
void jsonw_str_opt(struct jsonw *w, const char *key, const char *s);

/*
 * A JSON string with its quotes: only what must be escaped is (RFC 8785, 3.2.2.2).
 * An invalid UTF-8 byte becomes U+FFFD.
 */
void jsonw_quote(struct buf *out, const char *s, size_t n);

#endif
