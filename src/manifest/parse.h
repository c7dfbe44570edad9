/* The document in the bytes of a file, whatever its format. */
#ifndef MANIFEST_PARSE_H
#define MANIFEST_PARSE_H

#include <stddef.h>

#include "manifest/kind.h"
#include "manifest/value.h"

enum parsed_as {
	PARSED_DOCUMENT,
	PARSED_PLAIN, /* Markdown without front matter: there is no document */
	PARSED_BAD, /* an error was added */
};

/*
 * Parse n bytes (rawtext_check is satisfied): JSON, YAML, or of Markdown the front
 * matter. *ret is in d's arena; untouched but for PARSED_DOCUMENT.
 */
enum parsed_as parse_document(
    enum format format, const char *s, size_t n, struct document *d, const struct value **ret, struct problems *ps);

#endif
