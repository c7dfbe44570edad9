/* A pattern on its way from ECMA-262 to PCRE2. Only schema_pattern*.c include this. */
#ifndef MANIFEST_SCHEMA_PATTERN_H
#define MANIFEST_SCHEMA_PATTERN_H

#include "manifest/schema_regex.h"

#define GROUPS_DEPTH 100

struct pattern {
	const char *s, *p, *end;
	struct buf *out;
	struct err *e;
	unsigned long groups; /* that capture, in the whole pattern */
	unsigned long repeat; /* the largest lower bound of a repetition */
	int depth;
	bool repeatable; /* what was just read may be repeated */
	bool look[GROUPS_DEPTH]; /* is the group a look around? */
};

#define NOTHING "(?:[])" /* what never matches, so that it can be repeated */

/* Always -1. at: where in the pattern. */
int pattern_fail(struct pattern *t, const char *at, const char *what);
bool pattern_next_is(const struct pattern *t, const char *what);
void pattern_put_char(struct pattern *t, uint32_t c);

/* schema_pattern_class.c */

/* An escape that stands for one character; p is after the backslash. */
int pattern_read_escape(struct pattern *t, uint32_t *ret);

/* A class escape (\d, \s, \w, \p{...} and their opposites) at the backslash: 1 when it was one, 0 when not, -1. */
int pattern_read_class_escape(struct pattern *t, bool inside);

/* [...] at p. */
int pattern_read_class(struct pattern *t);

#endif
