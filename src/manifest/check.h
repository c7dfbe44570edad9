/*
 * The rules of a dialect (Agent Skills, MCP, tools) as a table, and the
 * severities of the two profiles.
 */
#ifndef MANIFEST_CHECK_H
#define MANIFEST_CHECK_H

#include "manifest/manifest.h"
#include "manifest/value.h"

/*
 * Run the rules of src->collection->schema over the document and add what is
 * wrong to ps. root is an object. markdown: it came from front matter.
 */
void check_document(const struct manifest_source *src, const struct value *root, bool markdown, struct problems *ps);

/* Names of the sets of rules, of which a collection's schema may be one; ends with NULL. */
const char *const *check_rule_sets(void);

/* The severity of a code (codes.h) in a profile. */
enum severity check_severity(const char *code, enum profile profile);

#endif
