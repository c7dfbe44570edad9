/*
 * Patterns of ECMA-262 with the flag "u", as JSON Schema wants them, through
 * PCRE2: translated, since the two differ in what is white space, in escapes, in
 * classes and in what is an error. Backtracking counts against a budget.
 */
#ifndef MANIFEST_SCHEMA_REGEX_H
#define MANIFEST_SCHEMA_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define BYTES_A_STEP 16 /* of text that are gone over in the time of a step */

struct regex; /* immutable once compiled */

/*
 * What is refused beyond the syntax: more than REGEX_LENGTH bytes, repetitions
 * above REGEX_REPEAT, and what PCRE2 can not do (a look behind without a bound).
 */
#define REGEX_LENGTH (8 * 1024)
#define REGEX_REPEAT 65535

struct regex *regex_compile(const char *pattern, size_t n, struct err *e);

/* The same for a pattern that nothing will be matched with: only what ECMA-262 says of it counts. */
struct regex *regex_check(const char *pattern, size_t n, struct err *e);
void regex_free(struct regex *re);

/* What the matches of one validation share. Zeroed, but for steps; regex_run_end frees. */
struct regex_run {
	int64_t *steps; /* that are left; each place that is tried takes some */
	void *data;
};
void regex_run_end(struct regex_run *run);

/* 1: somewhere in s, which is valid UTF-8; 0: nowhere; -1: the budget was not enough. */
int regex_match(const struct regex *re, struct regex_run *run, const char *s, size_t n);

/* Is it a pattern by ECMA-262? Compiles nothing. */
bool regex_valid(const char *pattern, size_t n);

/*
 * The same pattern for PCRE2, appended to out. *ret_repeat is the most often that
 * something must be repeated.
 */
int regex_translate(const char *pattern, size_t n, struct buf *out, unsigned long *ret_repeat, struct err *e);

#endif
