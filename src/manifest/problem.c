#include "manifest/problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "base/mem.h"
#include "manifest/codes.h"

static void
problem_clear(struct problem *p)
{
	free(p->pointer);
	free(p->message);
	free(p->hint);
}

/* The one that goes first when there is no room: the last of the least severe. */
static struct problem *
problems_least(const struct problems *ps)
{
	struct problem *least = &ps->v[0];

	for (size_t i = 1; i < ps->n; i++)
		if (ps->v[i].severity >= least->severity)
			least = &ps->v[i];
	return least;
}

/* A place for a problem of this severity, or NULL when nothing may give way to it. */
static struct problem *
problems_room(struct problems *ps, enum severity severity)
{
	struct problem *least;

	if (ps->n < LIMIT_PROBLEMS) {
		if (ps->n == ps->cap) {
			ps->cap = ps->cap == 0 ? 4 : ps->cap * 2;
			ps->v = mem_realloc(ps->v, ps->cap, sizeof *ps->v);
		}
		return &ps->v[ps->n++];
	}
	ps->truncated = true;
	least = problems_least(ps);
	if (least->severity <= severity)
		return NULL;
	problem_clear(least);
	return least;
}

/* The severity that levels give instead; false: the code is off. */
static bool
problems_level(const struct problems *ps, const char *code, enum severity *severity)
{
	enum level level;

	if (ps->levels == NULL || !levels_get(ps->levels, code, &level))
		return true;
	switch (level) {
	case LEVEL_ERROR:
		*severity = SEVERITY_ERROR;
		break;
	case LEVEL_WARNING:
		*severity = SEVERITY_WARNING;
		break;
	case LEVEL_NOTE:
		*severity = SEVERITY_NOTE;
		break;
	case LEVEL_OFF:
		return false;
	}
	return true;
}

void
problems_add(struct problems *ps, const char *code, enum severity severity, int line, int column, const char *pointer,
    const char *message, const char *hint)
{
	const struct code *row = code_find(code);
	struct problem *p;

	assert(row != NULL);
	if (!problems_level(ps, code, &severity))
		return;
	p = problems_room(ps, severity);
	if (p == NULL)
		return;
	*p = (struct problem){
	    .code = row->code,
	    .severity = severity,
	    .line = line,
	    .column = column,
	    .pointer = mem_strdup_opt(pointer),
	    .message = mem_strdup(message),
	    .hint = mem_strdup_opt(hint),
	};
}

void
problems_addf(struct problems *ps, const char *code, enum severity severity, int line, int column, const char *hint,
    const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	problems_add(ps, code, severity, line, column, NULL, message, hint);
}

bool
problems_have_errors(const struct problems *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].severity == SEVERITY_ERROR)
			return true;
	return false;
}

static int
problem_order(const struct problem *a, const struct problem *b)
{
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	return strcmp(a->code, b->code);
}

/* By insertion: there are few, they come nearly in order, and qsort(3) is not stable. */
void
problems_sort(struct problems *ps)
{
	for (size_t i = 1; i < ps->n; i++) {
		struct problem p = ps->v[i];
		size_t j = i;

		for (; j > 0 && problem_order(&ps->v[j - 1], &p) > 0; j--)
			ps->v[j] = ps->v[j - 1];
		ps->v[j] = p;
	}
}

void
problems_json(const struct problems *ps, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_array(&w, NULL);
	for (size_t i = 0; i < ps->n; i++) {
		const struct problem *p = &ps->v[i];

		jsonw_object(&w, NULL);
		jsonw_str(&w, "code", p->code);
		jsonw_str(&w, "severity", severity_word(p->severity));
		if (p->line > 0)
			jsonw_int(&w, "line", p->line);
		if (p->column > 0)
			jsonw_int(&w, "column", p->column);
		jsonw_str_opt(&w, "pointer", p->pointer);
		jsonw_str(&w, "message", p->message);
		jsonw_str_opt(&w, "hint", p->hint);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
}

void
problems_copy(struct problems *dst, const struct problems *src)
{
	*dst = (struct problems){0};
	for (size_t i = 0; i < src->n; i++) {
		const struct problem *p = &src->v[i];

		problems_add(dst, p->code, p->severity, p->line, p->column, p->pointer, p->message, p->hint);
	}
	dst->truncated = src->truncated;
}

void
problems_free(struct problems *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		problem_clear(&ps->v[i]);
	free(ps->v);
	*ps = (struct problems){0};
}

const char *
severity_word(enum severity s)
{
	switch (s) {
	case SEVERITY_ERROR:
		return "error";
	case SEVERITY_WARNING:
		return "warning";
	case SEVERITY_NOTE:
		return "note";
	}
	return "error";
}
