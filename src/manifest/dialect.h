/*
 * Dialects: what the documents of a collection are checked by, under a name. Some
 * are rules of shelfd's own (check.h), some JSON Schemas, some both. The schemas
 * that come with shelfd are built in (etc/schemas); the user's are added.
 */
#ifndef MANIFEST_DIALECT_H
#define MANIFEST_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/sha.h"
#include "manifest/kind.h"
#include "manifest/schema.h"

struct dialects;

struct dialects *dialects_new(void);
void dialects_free(struct dialects *d); /* NULL is fine */

/*
 * Make the schema in these bytes known by its name, a path without extension
 * ("team/pdf"), and by its $id. A reference to another file is relative to its
 * own. format: JSON or YAML. -1: it is none, or its name or $id is taken; nothing is
 * known of it then. Before dialects_complete.
 */
int dialects_add(struct dialects *d, const char *name, enum format format, const char *bytes, size_t n, struct err *e);

/*
 * No more will come: add those that come with shelfd, but for names that are
 * taken, and compile what was added. -1: one can not be compiled.
 */
int dialects_complete(struct dialects *d, struct err *e);

/*
 * What follows is for a complete set. The schema of the dialect of this name, or
 * NULL where it has rules only. -1: there is no such dialect (with what is near),
 * or its schema can not be compiled because what it refers to was replaced.
 */
int dialects_find(struct dialects *d, const char *name, const struct schema **ret, struct err *e);

/* The names of those that have schemas, from 0; NULL at the end. */
const char *dialects_name(const struct dialects *d, size_t i);

/*
 * The schema of a dialect, or any schema by its $id, compiled with these flags (schemas_compile); d owns it. As
 * dialects_find otherwise.
 */
int dialects_schema(struct dialects *d, const char *name, unsigned flags, const struct schema **ret, struct err *e);

/* What tells these schemas from others, whatever the order they were added in. d may be NULL. */
void dialects_digest(const struct dialects *d, uint8_t out[SHA256_SIZE]);

/*
 * The description beside a rule, which says to people what is meant; rule is where
 * it stands (schema_violation.schema). NULL: there is none. d may be NULL.
 */
const char *dialects_description(const struct dialects *d, const char *rule);

/* What a schema inside a document may refer to: the metaschemas. d may be NULL. Like the next, for several threads. */
const struct schemas *dialects_metaschemas(const struct dialects *d);

/* The added schema with this $id, as a document's $schema names it, or NULL. May be called by several threads. */
const struct schema *dialects_declared(const struct dialects *d, const char *uri);

#endif
