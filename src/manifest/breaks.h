/*
 * U+0085, U+2028 and U+2029: line breaks for libyaml (YAML 1.1), ordinary
 * characters in YAML 1.2. They are hidden from it behind characters of the same
 * length that the text does not have.
 */
#ifndef MANIFEST_BREAKS_H
#define MANIFEST_BREAKS_H

#include <stddef.h>

#define BREAKS 3

struct breaks {
	char *text; /* the text to parse instead, NULL when there was nothing to hide */
	char stand_in[BREAKS][4]; /* "" where none is needed or none was free */
};

/* s is valid UTF-8. */
void breaks_hide(struct breaks *b, const char *s, size_t n);

/* Put the characters back into a part of the text; its length stays. */
void breaks_show(const struct breaks *b, char *s, size_t n);

void breaks_free(struct breaks *b);

#endif
