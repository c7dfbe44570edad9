/* References between schemas: RFC 3986, as far as identifiers need it. */
#ifndef MANIFEST_SCHEMA_URI_H
#define MANIFEST_SCHEMA_URI_H

#include <stddef.h>

/*
 * ref (n bytes) relative to base, which is absolute or "" (RFC 3986, 5.2). The
 * caller frees. No normalization but the removal of dot segments.
 */
char *uri_resolve(const char *base, const char *ref, size_t n);

/* Cut off '#' and the fragment; returns the fragment, "" when there is none. */
char *uri_cut_fragment(char *uri);

#endif
