/*
 * Line and column of a byte or a character in a source text: a cursor that goes
 * forward in linear time, for parsers that ask in source order.
 */
#ifndef MANIFEST_PLACE_H
#define MANIFEST_PLACE_H

#include <stddef.h>

struct place {
	const char *s; /* valid UTF-8 */
	size_t n;
	int first_line;
	/* Where the cursor stands. */
	size_t byte; /* from 0 */
	size_t character; /* code points before it */
	int line; /* LF, CRLF and CR end a line */
	int column; /* from 1, in code points */
};

/* Stand on the first byte of s, which is on line first_line. */
void place_init(struct place *p, const char *s, size_t n, int first_line);

/*
 * Go to the byte or to the character of that number; past the end means the end.
 * Going back is possible and costs a new start.
 */
void place_to_byte(struct place *p, size_t byte);
void place_to_character(struct place *p, size_t character);

#endif
