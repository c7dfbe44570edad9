/*
 * Where in a document the published fields stand: lists of JSON pointers, tried
 * in order.
 */
#ifndef MANIFEST_FIELDS_H
#define MANIFEST_FIELDS_H

#include "manifest/value.h"

/* Sets of value types. */
#define TYPE_BIT(t) (1u << (t))
#define TYPES_NUMBER (TYPE_BIT(VALUE_INT) | TYPE_BIT(VALUE_FLOAT))
#define TYPES_ANY (~TYPE_BIT(VALUE_NULL)) /* null is as good as absent */

/* The first value found that is of one of the types, or NULL; ret_pointer (may be NULL) says by which pointer. */
const struct value *fields_find(
    const struct value *root, char *const *pointers, unsigned types, const char **ret_pointer);

/* Is v a string that can be held as a C string? A YAML or JSON escape can make a NUL. */
bool fields_is_text(const struct value *v);

/* "draft", "in_review", "published", "archived"; ends with NULL. */
const char *const *fields_statuses(void);

/* The one of fields_statuses that v is, or NULL. */
const char *fields_status(const struct value *v);

#endif
