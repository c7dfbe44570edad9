/* The schemas that a command line names: a folder of them, and the one to check by. */
#ifndef CTL_SCHEMASET_H
#define CTL_SCHEMASET_H

#include "ctl/session.h"
#include "manifest/schema.h"

/*
 * A set with the files of --schemas, by --draft where they do not say. A file
 * that can not be used is told on standard error and left out. CTL_OK and the
 * set, which the caller frees (schemas_free).
 */
int schemaset_new(const struct ctl *c, struct schemas **ret);

/*
 * The schema that a name means: a URI that is known in s, else a file, which is
 * read, its bytes into text; either may have a fragment; else a file of the folder of --schemas without its
 * extension. *ret_uri is NULL when it is nothing of that; the caller frees it. CTL_FAILURE, told, when it can not be
 * read or parsed.
 */
int schemaset_name(const struct ctl *c, struct schemas *s, const char *name, char **ret_uri, struct buf *text);

/* The document that a URI names: of file:// the path as a person would write it. The caller frees. */
char *schemaset_shown(const char *uri);

#endif
