/*
 * Levels: what a configuration makes of single problem codes, instead of the
 * severity that the profile gives them.
 */
#ifndef MANIFEST_LEVELS_H
#define MANIFEST_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

enum level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTE, LEVEL_OFF };

/* A zeroed struct is empty and valid. */
struct levels {
	struct level_row {
		const char *code; /* of the table of codes, static storage */
		enum level level;
	} * v;
	size_t n;
};

/* May the level of this code (codes.h) be chosen? Not when it is an error in every profile. */
bool levels_may(const char *code);

/* Set the level of a code that stands in the table of codes; a later one replaces an earlier one. */
void levels_set(struct levels *l, const char *code, enum level level);

/* False when there is none for this code. */
bool levels_get(const struct levels *l, const char *code, enum level *ret);

/* Set all that src has. */
void levels_add(struct levels *l, const struct levels *src);
void levels_free(struct levels *l);

/* "error", "warning", "note", "off": 0, or -1 for another word. */
int level_parse(const char *word, enum level *ret);

#endif
