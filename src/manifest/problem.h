/*
 * Problems: what is wrong with a manifest, where, and how to mend it.
 */
#ifndef MANIFEST_PROBLEM_H
#define MANIFEST_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "manifest/levels.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct problem {
	const char *code; /* from the table of codes (codes.h), static storage */
	enum severity severity;
	int line; /* from 1; 0 when the problem is about the whole file */
	int column; /* from 1, in code points; 0 as above */
	char *pointer; /* JSON pointer (RFC 6901) into the document, or NULL */
	char *message; /* what is wrong and what was expected */
	char *hint; /* how to mend it, or NULL */
};

/* A zeroed struct is empty and valid. At most LIMIT_PROBLEMS are kept; errors are never the ones left out. */
struct problems {
	struct problem *v;
	size_t n;
	size_t cap;
	bool truncated;
	/* Applied to all that is added, so that what is off takes up no room. NULL: none; borrowed. */
	const struct levels *levels;
};

/*
 * Add one, with the severity that levels has for its code, if any; pointer,
 * message and hint are copied (pointer and hint may be NULL). code must stand in
 * the table.
 */
void problems_add(struct problems *ps, const char *code, enum severity severity, int line, int column,
    const char *pointer, const char *message, const char *hint);

/* Add with a formatted message and no pointer. */
void problems_addf(struct problems *ps, const char *code, enum severity severity, int line, int column,
    const char *hint, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

bool problems_have_errors(const struct problems *ps);

/* By line, column, severity, code; stable, so that output never depends on the order of checks. */
void problems_sort(struct problems *ps);

/*
 * JSON array, members in the order code, severity, line, column, pointer,
 * message, hint; absent values left out.
 */
void problems_json(const struct problems *ps, struct buf *out);

void problems_copy(struct problems *dst, const struct problems *src);
void problems_free(struct problems *ps);

const char *severity_word(enum severity s); /* "error", "warning", "note" */

#endif
