/* What the tests of the parsers share. */
#ifndef TESTS_UNIT_PARSING_H
#define TESTS_UNIT_PARSING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifest/value.h"

typedef struct value *parse_function(struct document *d, const char *s, size_t n, struct problems *ps);

/* A text that must parse without an error, and its canonical JSON. */
struct good {
	const char *text, *want;
};

/* A text that must fail; the first problem has this code, this place and these words. */
struct bad {
	const char *text;
	const char *code;
	int line, column;
	const char *words; /* part of the message or the hint */
};

static inline void
check_good(parse_function *parse, const struct good *g)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct buf b = {0};
	struct value *v = parse(d, g->text, strlen(g->text), &ps);

	if (v == NULL)
		fail_msg("%s: refused: %s", g->text, ps.n > 0 ? ps.v[0].message : "without a problem");
	assert_false(problems_have_errors(&ps));
	value_canonical(v, &b);
	if (strcmp(buf_str(&b), g->want) != 0)
		fail_msg("%s: got %s, wanted %s", g->text, buf_str(&b), g->want);
	buf_free(&b);
	problems_free(&ps);
	document_free(d);
}

static inline void
check_bad(parse_function *parse, const struct bad *w)
{
	struct document *d = document_new();
	struct problems ps = {0};
	const struct problem *p;

	if (parse(d, w->text, strlen(w->text), &ps) != NULL)
		fail_msg("%s: accepted", w->text);
	assert_true(problems_have_errors(&ps));
	problems_sort(&ps);
	p = &ps.v[0];
	if (strcmp(p->code, w->code) != 0 || p->line != w->line || p->column != w->column)
		fail_msg("%s: got %d:%d %s (%s), wanted %d:%d %s", w->text, p->line, p->column, p->code, p->message,
		    w->line, w->column, w->code);
	if (strstr(p->message, w->words) == NULL && (p->hint == NULL || strstr(p->hint, w->words) == NULL))
		fail_msg("%s: \"%s\" is neither in \"%s\" nor in the hint", w->text, w->words, p->message);
	problems_free(&ps);
	document_free(d);
}

/* n times what, after before and before after; the caller frees. */
static inline char *
repeated(const char *before, const char *what, size_t n, const char *after)
{
	struct buf b = {0};

	buf_addstr(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_addstr(&b, what);
	buf_addstr(&b, after);
	return buf_steal(&b);
}

/* The error that parsing gives and where; NULL for none. The text is freed. */
static inline const char *
error_of(parse_function *parse, char *text)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct value *v = parse(d, text, strlen(text), &ps);
	const char *code = ps.n > 0 && problems_have_errors(&ps) ? ps.v[ps.n - 1].code : NULL;

	assert_true((v == NULL) == (code != NULL));
	problems_free(&ps);
	document_free(d);
	free(text);
	return code;
}

/* A folder of the corpus; NULL after saying that there is none. out is returned. */
static inline const char *
corpus_folder(const char *below, char *out, size_t size)
{
	const char *corpus = getenv("SHELFD_CORPUS"), *src = getenv("srcdir");

	if (corpus != NULL)
		(void)snprintf(out, size, "%s/%s", corpus, below);
	else
		(void)snprintf(out, size, "%s/../shared/corpus/%s", src != NULL ? src : ".", below);
	return out;
}

#endif
