/* Violations as a list. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "manifest/schema_private.h"

void
schema_report_add(struct schema_report *r, const struct schema_violation *v)
{
	if (r->n == LIMIT_PROBLEMS) {
		r->truncated = true;
		return;
	}
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 4 : r->cap * 2;
		r->v = mem_realloc(r->v, r->cap, sizeof *r->v);
	}
	r->v[r->n++] = (struct schema_violation){
	    .line = v->line,
	    .column = v->column,
	    .pointer = mem_strdup(v->pointer),
	    .keyword = mem_strdup(v->keyword),
	    .schema = mem_strdup(v->schema),
	    .message = mem_strdup(v->message),
	    .hint = mem_strdup_opt(v->hint),
	};
}

static void
violation_clear(struct schema_violation *v)
{
	free(v->pointer);
	free(v->keyword);
	free(v->schema);
	free(v->message);
	free(v->hint);
}

void
schema_report_free(struct schema_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		violation_clear(&r->v[i]);
	free(r->v);
	*r = (struct schema_report){0};
}

/* What a reader sees. */
static int
compare_shown(const struct schema_violation *x, const struct schema_violation *y)
{
	int c;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	c = strcmp(x->pointer, y->pointer);
	if (c == 0)
		c = strcmp(x->keyword, y->keyword);
	return c != 0 ? c : strcmp(x->message, y->message);
}

static int
violation_order(const void *a, const void *b)
{
	const struct schema_violation *x = a, *y = b;
	int c = compare_shown(x, y);

	return c != 0 ? c : strcmp(x->schema, y->schema);
}

/* Two rules of a schema may say the same of a value: it is told once. */
void
schema_report_sort(struct schema_report *r)
{
	size_t kept = 0;

	if (r->n == 0)
		return;
	qsort(r->v, r->n, sizeof *r->v, violation_order);
	for (size_t i = 1; i < r->n; i++) {
		if (compare_shown(&r->v[kept], &r->v[i]) == 0)
			violation_clear(&r->v[i]);
		else
			r->v[++kept] = r->v[i];
	}
	r->n = kept + 1;
}

void
pointer_add(struct buf *out, const char *token, size_t n)
{
	buf_addch(out, '/');
	for (size_t i = 0; i < n; i++) {
		if (token[i] == '~')
			buf_addstr(out, "~0");
		else if (token[i] == '/')
			buf_addstr(out, "~1");
		else
			buf_add(out, token + i, 1);
	}
}

void
location_text(const struct location *at, struct buf *out)
{
	const struct location *chain[2 * LIMIT_DEPTH + 2];
	size_t n = 0;

	for (; at != NULL && at->up != NULL && n < sizeof chain / sizeof *chain; at = at->up)
		chain[n++] = at;
	while (n-- > 0) {
		if (chain[n]->token != NULL)
			pointer_add(out, chain[n]->token, chain[n]->len);
		else
			buf_addf(out, "/%zu", chain[n]->index);
	}
}

const char *
location_document(const struct location *at)
{
	while (at != NULL && at->up != NULL)
		at = at->up;
	return at != NULL ? at->token : "";
}

int
schema_complain(struct schema_report *r, const struct location *at, const struct value *v, const char *keyword,
    const char *hint, const char *fmt, ...)
{
	struct buf pointer = {0}, schema = {0};
	char message[1024];
	va_list ap;

	if (r == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	location_text(at, &pointer);
	if (keyword != NULL)
		pointer_add(&pointer, keyword, strlen(keyword));
	buf_addf(&schema, "%s#%s", location_document(at), buf_str(&pointer));
	schema_report_add(r,
	    &(struct schema_violation){
		.line = v->line,
		.column = v->column,
		.pointer = pointer.p != NULL ? pointer.p : (char[]){""},
		.keyword = UNCONST(keyword != NULL ? keyword : ""),
		.schema = schema.p,
		.message = message,
		.hint = UNCONST(hint),
	    });
	buf_free(&pointer);
	buf_free(&schema);
	return -1;
}
