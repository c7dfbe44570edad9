/* What a plain YAML scalar means by the core schema of YAML 1.2 (10.3.2). */
#ifndef MANIFEST_SCALAR_H
#define MANIFEST_SCALAR_H

#include "manifest/value.h"

/* VALUE_NULL, VALUE_BOOL, VALUE_INT, VALUE_FLOAT or VALUE_STRING by the form of the text alone. */
enum value_type scalar_type(const char *s, size_t n);

/*
 * Fill v->type and the value from v->text, which has the form of type (or of an
 * integer where VALUE_FLOAT is asked for). An integer that int64_t can not hold
 * becomes a VALUE_FLOAT, a number too large for a double a VALUE_STRING: such
 * are ids ("12e3456"), and nothing of them may get lost.
 */
void scalar_set(struct value *v, enum value_type type);

#endif
