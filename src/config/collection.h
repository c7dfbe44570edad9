/* The `collections` of a configuration: read, checked, and laid over their defaults. */
#ifndef CONFIG_COLLECTION_H
#define CONFIG_COLLECTION_H

#include "config/reader.h"
#include "manifest/kind.h"

/* Words of profile and on_invalid; targets are enum profile, enum on_invalid. */
reader_set read_profile;
reader_set read_on_invalid;

/* A mapping of problem codes to off, note, warning or error (struct levels): added to what is there. */
reader_set read_rules;

/* A pattern or a list of them (char **). */
reader_set read_patterns;

/* What every collection takes over unless it says otherwise. */
struct collection_defaults {
	enum profile profile;
	enum on_invalid on_invalid;
	struct levels levels; /* each collection's own win */
	char **ignore; /* added to each collection's own; NULL: none */
};

/*
 * Read the list v (NULL: the default three) into cs, which is empty. Errors go
 * to r; cs is valid, and to be freed by collections_free, in any case.
 */
void collections_read(
    struct reader *r, const struct member *m, const struct collection_defaults *defaults, struct collections *cs);

#endif
