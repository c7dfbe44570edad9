/*
 * YAML 1.2 (core schema) over libyaml's event interface, with places, limits
 * and duplicate keys as errors.
 */
#ifndef MANIFEST_YAML_H
#define MANIFEST_YAML_H

#include <stddef.h>

#include "manifest/value.h"

/*
 * Parse one YAML document of n bytes (valid UTF-8 without NUL: the caller has
 * checked) whose first line is line first_line of its file. Returns the root in
 * d's arena, or NULL with at least one error in ps. An empty document is a
 * VALUE_NULL. Codes: yaml-syntax, yaml-unquoted-colon, yaml-duplicate-key,
 * yaml-tag, yaml-alias, yaml-documents, yaml-key, yaml-merge-key (note),
 * too-deep, too-many-nodes, key-too-long, scalar-too-long. Runs in time linear
 * in n and the node budget. A number too large for a double is text.
 *
 * Where libyaml differs from YAML 1.2, and nothing is done about it: it refuses a
 * block mapping entry without a key (": x"), a key in { } whose ':' is on another
 * line, plain scalars in [ ] or { } that begin with ':', a tab between an
 * indicator and its value, unknown % directives, a file that begins with "...",
 * and anchor names of other than ASCII letters, digits, '-' and '_'. It accepts
 * less indentation inside brackets and quotes, as most parsers do. tests/unit/test_yaml_suite.c lists the cases of the public suite.
 */
struct value *yaml_parse(struct document *d, const char *s, size_t n, int first_line, struct problems *ps);

#endif
