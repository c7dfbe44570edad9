/* Lines of a text, and what of YAML can be seen in one line by itself. */
#ifndef MANIFEST_LINE_H
#define MANIFEST_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Without its end. */
struct line {
	const char *s;
	size_t n;
};

/* A text that is read line by line; LF and CRLF end a line. */
struct lines {
	const char *s;
	size_t n;
	size_t at; /* where the next line begins */
};

/* false: there is no further line. */
bool lines_next(struct lines *ls, struct line *ret);

/* Bytes of blanks and tabs at its beginning. */
size_t line_indent(struct line l);

/* Nothing but white space. */
bool line_blank(struct line l);

/* The first ':' that ends a key: a blank or the end of the line follows. l.n when there is none. */
size_t line_key_colon(struct line l);

#endif
