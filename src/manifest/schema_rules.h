/* What the table of keywords is made of: how a keyword is compiled, and when it holds. */
#ifndef MANIFEST_SCHEMA_RULES_H
#define MANIFEST_SCHEMA_RULES_H

#include "manifest/schema_private.h"

/* From the value of a keyword to a rule; -1 when the value is not what the keyword takes (told). */
#define BUILD(what) int build_##what(struct compiling *c, struct rule *rule)

/* Complain that the keyword must be something else; always -1. */
int build_wrong(const struct compiling *c, const char *expected);

/* A number of things: an integer that is not negative, 2.0 as well. -1 for anything else. */
int build_read_size(const struct value *v, size_t *ret);

/* schema_build.c */
BUILD(one); /* a schema */
BUILD(list); /* an array of schemas */
BUILD(map); /* schemas by names */
BUILD(map_or_names); /* schemas or arrays of names by names */
BUILD(patterns); /* schemas by patterns */
BUILD(additional); /* a schema for what no sibling looks at */
BUILD(items); /* 2020-12 */
BUILD(items7); /* a schema or an array of them */
BUILD(additional_items);
BUILD(contains); /* with minContains and maxContains */
BUILD(if); /* with then and else */
BUILD(ref);
BUILD(dynamic_ref);
BUILD(names); /* an array of strings */
BUILD(regex);

/* schema_build_values.c */
BUILD(types);
BUILD(values); /* enum */
BUILD(any); /* const: any value */
BUILD(number);
BUILD(divisor); /* a number above 0 */
BUILD(size);
BUILD(flag);
BUILD(format);

/* Does the rule hold for the frame's value? Values of a type that it says nothing about are fine. */
#define HOLDS(what) bool holds_##what(struct run *r, const struct frame *f, const struct rule *rule)

/* schema_assert.c */
HOLDS(type);
HOLDS(enum);
HOLDS(const);
HOLDS(multiple_of);
HOLDS(maximum);
HOLDS(exclusive_maximum);
HOLDS(minimum);
HOLDS(exclusive_minimum);
HOLDS(max_length);
HOLDS(min_length);
HOLDS(pattern);
HOLDS(format);

/* schema_apply.c */
HOLDS(ref);
HOLDS(dynamic_ref);
HOLDS(all_of);
HOLDS(any_of);
HOLDS(one_of);
HOLDS(not );
HOLDS(if);

/* schema_object.c */
HOLDS(max_properties);
HOLDS(min_properties);
HOLDS(required);
HOLDS(dependent_required);
HOLDS(dependent_schemas);
HOLDS(dependencies);
HOLDS(property_names);
HOLDS(properties);
HOLDS(pattern_properties);
HOLDS(additional_properties);
HOLDS(unevaluated_properties);

/* schema_array.c */
HOLDS(max_items);
HOLDS(min_items);
HOLDS(unique_items);
HOLDS(prefix_items);
HOLDS(items);
HOLDS(items7);
HOLDS(contains);
HOLDS(unevaluated_items);

#endif
