/*
 * JSON (RFC 8259) into values with places. Why not a library: none in Debian
 * gives the place of every value, and an author is owed line and column.
 */
#ifndef MANIFEST_JSON_H
#define MANIFEST_JSON_H

#include <stddef.h>

#include "manifest/value.h"

/*
 * Parse n bytes (valid UTF-8: the caller has checked). Returns the root in d's
 * arena, or NULL with an error in ps. Codes: json-syntax, json-duplicate-key,
 * too-deep, too-many-nodes, key-too-long.
 */
struct value *json_parse(struct document *d, const char *s, size_t n, struct problems *ps);

#endif
