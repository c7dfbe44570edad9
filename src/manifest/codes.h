/*
 * The table of problem codes: one row a code, with what shelfctl explain prints.
 */
#ifndef MANIFEST_CODES_H
#define MANIFEST_CODES_H

#include <stddef.h>

#include "manifest/problem.h"

struct code {
	const char *code; /* lower-case words joined by hyphens */
	enum severity lenient; /* severity in the lenient profile */
	enum severity strict; /* and in the strict one */
	const char *title; /* one line */
	const char *text; /* why it matters and how to mend it, a paragraph */
	/*
	 * Where the examples lie in a checkout, which decides how they are read
	 * (skills/, mcps/ and tools/ as always, capabilities/ as doc/MANIFESTS.md
	 * has it, shelfd.yaml); NULL: what can not be written down as text is made by
	 * shell commands, in a checkout with nothing but the folders skills/pdf and tools.
	 */
	const char *path;
	const char *wrong; /* an example that has the problem */
	const char *right; /* the same, mended: nothing is wrong with it */
};

/* NULL for an unknown code. */
const struct code *code_find(const char *code);

/* The code that is near to a word which is none, or NULL. */
const char *code_nearest(const char *word);

/* All rows in alphabetical order; ret_n is their number. */
const struct code *code_all(size_t *ret_n);

#endif
