/*
 * Labels of internationalized host names (IDNA2008): Punycode, and the rules of
 * RFC 5892 that are about a character's neighbours or about single characters.
 * The table of all characters is not here: it grows with each Unicode version,
 * and which letters a registry takes is its own business.
 */
#ifndef MANIFEST_SCHEMA_IDNA_H
#define MANIFEST_SCHEMA_IDNA_H

#include <stdbool.h>
#include <stddef.h>

/* Is "xn--" and s a label by these rules? n is at most 59. */
bool idna_valid(const char *s, size_t n);

#endif
