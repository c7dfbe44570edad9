#include "redis/resp.h"

#include <string.h>

#include "base/text.h"

static void
add_prefix(struct buf *out, char kind, uint64_t n)
{
	char *p = buf_reserve(out, TEXT_DIGITS + 3);
	size_t len;

	p[0] = kind;
	len = text_digits(n, p + 1) + 1;
	p[len] = '\r';
	p[len + 1] = '\n';
	buf_commit(out, len + 2);
}

void
resp_add(struct resp *r, const void *p, size_t n)
{
	add_prefix(&r->body, '$', n);
	buf_add(&r->body, p, n);
	buf_add(&r->body, "\r\n", 2);
	r->argc++;
}

void
resp_str(struct resp *r, const char *s)
{
	resp_add(r, s, strlen(s));
}

void
resp_num(struct resp *r, uint64_t v)
{
	char digits[TEXT_DIGITS];

	resp_add(r, digits, text_digits(v, digits));
}

void
resp_field(struct resp *r, const char *name, const char *value)
{
	if (value == NULL)
		return;
	resp_str(r, name);
	resp_str(r, value);
}

void
resp_field_num(struct resp *r, const char *name, uint64_t value)
{
	resp_str(r, name);
	resp_num(r, value);
}

void
resp_hex(struct resp *r, const void *p, size_t n)
{
	add_prefix(&r->body, '$', 2 * n);
	text_hex(&r->body, p, n);
	buf_add(&r->body, "\r\n", 2);
	r->argc++;
}

void
resp_encoded(struct resp *r, const char *p, size_t n)
{
	buf_add(&r->body, p, n);
	r->argc++;
}

void
resp_list(struct resp *r, const struct resp *list)
{
	resp_num(r, list->argc);
	resp_join(r, list);
}

void
resp_join(struct resp *r, const struct resp *part)
{
	buf_add(&r->body, part->body.p, part->body.n);
	r->argc += part->argc;
}

void
resp_request(const struct resp *const *parts, size_t n, struct buf *out)
{
	size_t argc = 0, size = TEXT_DIGITS + 3;

	for (size_t i = 0; i < n; i++) {
		argc += parts[i]->argc;
		size += parts[i]->body.n;
	}
	(void)buf_reserve(out, size);
	add_prefix(out, '*', argc);
	for (size_t i = 0; i < n; i++)
		buf_add(out, parts[i]->body.p, parts[i]->body.n);
}

void
resp_finish(struct resp *r, struct buf *out)
{
	const struct resp *part = r;

	resp_request(&part, 1, out);
	resp_clear(r);
}

void
resp_clear(struct resp *r)
{
	buf_clear(&r->body);
	r->argc = 0;
}

void
resp_free(struct resp *r)
{
	buf_free(&r->body);
	r->argc = 0;
}
