/*
 * Requests in RESP, one argument after the other: the count in front is
 * written when all are there. A zeroed struct is empty and valid. Pure.
 */
#ifndef REDIS_RESP_H
#define REDIS_RESP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct resp {
	struct buf body;
	size_t argc;
};

void resp_add(struct resp *r, const void *p, size_t n);
void resp_str(struct resp *r, const char *s);
void resp_num(struct resp *r, uint64_t v);
void resp_hex(struct resp *r, const void *p, size_t n); /* in lower-case hex digits */

/* Name and value; nothing at all when the value is NULL. */
void resp_field(struct resp *r, const char *name, const char *value);
void resp_field_num(struct resp *r, const char *name, uint64_t value);

/* One argument as it stands in another's body, n bytes. */
void resp_encoded(struct resp *r, const char *p, size_t n);

/* All arguments of list, behind their number. */
void resp_list(struct resp *r, const struct resp *list);

/* All arguments of part, as they are. */
void resp_join(struct resp *r, const struct resp *part);

/* Append the request of all parts' arguments to out. */
void resp_request(const struct resp *const *parts, size_t n, struct buf *out);

/* The same of one, which is empty afterwards and keeps its memory. */
void resp_finish(struct resp *r, struct buf *out);

void resp_clear(struct resp *r);
void resp_free(struct resp *r);

#endif
