/*
 * Mending the text of a manifest where its author can have meant only one thing:
 * a byte order mark, CRLF, an unquoted value with a colon, tabs as indentation,
 * front matter that is not closed. Pure.
 */
#ifndef MANIFEST_MEND_H
#define MANIFEST_MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "manifest/kind.h"

enum mend {
	MEND_NOTHING, /* it parses and there is nothing to mend */
	MEND_DONE,
	MEND_IMPOSSIBLE, /* it does not parse, and what was meant can not be told */
};

/* Zeroed is empty; text is the caller's to free. */
struct mended {
	struct buf text;
	bool bom; /* a byte order mark was dropped */
	bool crlf; /* every line ended with CRLF or LF, now all end with LF */
};

/*
 * ret is filled when MEND_DONE is returned and empty otherwise. What is returned
 * as text always parses: as JSON or YAML, or as Markdown with front matter in YAML
 * or without any. A text that parsed keeps its metadata to the byte of its
 * canonical form: of it only the mark and the ends of lines are mended. A text that
 * was mended needs nothing more. Takes a second or two at most.
 *
 * Nothing is mended in doubt: tabs only when two, four and eight blanks for each
 * give the same or do not parse, a value with a comment behind it or what may be
 * a key on its further lines not at all, front matter only when it ends at
 * an empty line, a heading, an attempt at "---" or the end of the file.
 */
enum mend mend_text(enum format format, const char *s, size_t n, struct mended *ret);

#endif
