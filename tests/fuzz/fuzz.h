/*
 * A target of the fuzzer: takes any bytes and aborts where something that must
 * hold does not. libFuzzer calls it, or replay.c with the seeds.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "manifest/json.h"
#include "manifest/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define MUST(condition)                                                                       \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                              \
		}                                                                             \
	} while (0)

/* As the callers of a parser have made sure. */
static inline bool
fuzz_is_text(const uint8_t *data, size_t n)
{
	return n <= LIMIT_FILE && utf8_valid_prefix((const char *)data, n) == n &&
	    (n == 0 || memchr(data, 0, n) == NULL);
}

/* Every value has a place in a text of so many bytes that begins on line 1, and an end. */
static inline void
fuzz_check_places(const struct value *v, size_t n, int depth)
{
	MUST(depth <= LIMIT_DEPTH);
	MUST(v->line >= 1 && v->column >= 1 && (size_t)v->line <= n + 1 && (size_t)v->column <= n + 1);
	if (v->type == VALUE_ARRAY)
		for (size_t i = 0; i < v->array.len; i++)
			fuzz_check_places(v->array.items[i], n, depth + 1);
	if (v->type == VALUE_OBJECT)
		for (size_t i = 0; i < v->object.len; i++) {
			const struct member *m = &v->object.members[i];

			MUST(m->line >= 1 && m->column >= 1 && (size_t)m->line <= n + 1);
			fuzz_check_places(m->value, n, depth + 1);
		}
}

/* The canonical form is JSON, and its own canonical form. */
static inline void
fuzz_check_canonical(const struct value *v)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct buf once = {0}, twice = {0};
	const struct value *again;

	value_canonical(v, &once);
	again = json_parse(d, once.p, once.n, &ps);
	MUST(again != NULL);
	value_canonical(again, &twice);
	MUST(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
	buf_free(&once);
	buf_free(&twice);
	problems_free(&ps);
	document_free(d);
}

/* What must hold of a parser and what it made. */
static inline void
fuzz_check_parsed(const struct value *v, const struct problems *ps, size_t n)
{
	MUST((v == NULL) == problems_have_errors(ps));
	for (size_t i = 0; i < ps->n; i++) {
		MUST(ps->v[i].line >= 0 && (size_t)ps->v[i].line <= n + 1 && (size_t)ps->v[i].column <= n + 1);
		MUST(utf8_valid_prefix(ps->v[i].message, strlen(ps->v[i].message)) == strlen(ps->v[i].message));
	}
	if (v == NULL)
		return;
	fuzz_check_places(v, n, 0);
	fuzz_check_canonical(v);
}

#endif
