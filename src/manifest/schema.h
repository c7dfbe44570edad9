/*
 * JSON Schema, drafts 7 and 2020-12: a schema is compiled once, then any number
 * of values are checked against it. Pure: no files, no network, no clock. A
 * reference leads to a document that was added, or nowhere, which is an error.
 *
 * No schema and no value takes long: each compilation and each validation has a
 * budget of steps, of depth and of backtracking in patterns.
 *
 * "format" is an annotation unless asked for. Asserted are date-time, date,
 * time, email, hostname, ipv4, ipv6, uri, uri-reference, uuid, regex and
 * json-pointer; others are let pass.
 */
#ifndef MANIFEST_SCHEMA_H
#define MANIFEST_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "manifest/value.h"

/* The draft of a document that has no $schema. */
enum schema_draft { SCHEMA_2020_12, SCHEMA_DRAFT_7 };

/* One rule that does not hold. */
struct schema_violation {
	int line; /* of the value, or of the key where that is what is wrong */
	int column;
	char *pointer; /* JSON pointer of the value in the document */
	char *keyword; /* "maxLength"; "" when the whole subschema is false */
	char *schema; /* where the rule stands: the URI of its document, '#', a JSON pointer */
	char *message; /* what is wrong and what was expected */
	char *hint; /* how to mend it, or NULL */
};

/* A zeroed one is empty. At most LIMIT_PROBLEMS are kept. */
struct schema_report {
	struct schema_violation *v; /* by line, column, pointer; each that reads the same once */
	size_t n;
	size_t cap;
	bool truncated;
};

void schema_report_free(struct schema_report *r);

/* Schema documents by their URIs, and what was compiled of them. */
struct schemas;

/*
 * An empty set. What it does not have is looked for in base, which is only read
 * and outlives it; NULL: the metaschemas of both drafts and nothing else.
 */
struct schemas *schemas_new(const struct schemas *base, enum schema_draft draft);
void schemas_free(struct schemas *s);

/*
 * Make a document known: as uri (absolute, or "" when nothing refers to it), and
 * every schema in it by its own $id. d owns root and is taken by s in any case;
 * NULL: root outlives s. -1 when a URI is taken already or an $id or $anchor is
 * wrong: ret says which, and nothing of the document is known.
 */
int schemas_add(
    struct schemas *s, const char *uri, struct document *d, const struct value *root, struct schema_report *ret);

#define SCHEMA_FORMATS 1u /* assert "format" */

struct schema; /* compiled; immutable, may be used by several threads at once */

/*
 * Compile the schema of this URI, which may have a fragment. It and all it
 * refers to must be valid by the metaschema. s owns the result. NULL: ret says
 * why; in each violation schema is where the mistake is, which may be another
 * document, and line and column are places in its source.
 */
const struct schema *schemas_compile(struct schemas *s, const char *uri, unsigned flags, struct schema_report *ret);

/* Is something known by this URI? */
bool schemas_have(const struct schemas *s, const char *uri);

enum schema_result {
	SCHEMA_VALID,
	SCHEMA_INVALID,
	SCHEMA_UNDECIDED, /* the budget was not enough, or an unknown $schema; ret says which */
};

/* ret may be NULL; it must be empty and is empty when the value is valid. */
enum schema_result schema_validate(const struct schema *schema, const struct value *v, struct schema_report *ret);

/*
 * Is v itself a valid schema? By the metaschema, its patterns and its references
 * (to itself and to what base knows). draft: where v has no $schema. ret may be
 * NULL; its places are those of v.
 */
enum schema_result schema_check(
    const struct schemas *base, enum schema_draft draft, const struct value *v, struct schema_report *ret);

#endif
