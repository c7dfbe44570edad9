/*
 * Collections, and what a path is: pure functions of names. All paths here are
 * raw bytes relative to the source root, parts joined by '/', no leading '/'.
 */
#ifndef MANIFEST_KIND_H
#define MANIFEST_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/sha.h"
#include "manifest/levels.h"

enum profile { PROFILE_LENIENT, PROFILE_STRICT };
enum on_invalid { ON_INVALID_KEEP, ON_INVALID_WITHDRAW };

struct dialects;
struct schema;

/* Where the published fields are found: lists of JSON pointers, tried in order, each ends with NULL. */
struct fields {
	char **name;
	char **version;
	char **description;
	char **dependencies;
	char **tags;
	char **owner;
	char **status;
};

struct collection {
	char *type; /* "skill" */
	char *path; /* "skills"; "" is the source root */
	char **entry; /* base names, ends with NULL; may be empty, never NULL */
	char **flat; /* patterns relative to path, likewise */
	char **ignore; /* further patterns relative to path that are never read, likewise */
	char **id_from; /* JSON pointers, tried in order, ends with NULL; or NULL: the id comes from the path */
	struct fields fields;
	char *schema; /* name of its dialect (dialect.h); or NULL */
	int schema_line, schema_column; /* where the configuration has it; 0 when it is from elsewhere */
	const struct schema
	    *validator; /* of the dialect; borrowed; NULL until connected, and where it has rules only */
	const struct dialects *dialects; /* for what documents declare; borrowed, NULL until connected */
	enum profile profile;
	struct levels levels; /* of single codes, instead of the profile's */
	enum on_invalid on_invalid;
};

struct collections {
	struct collection *v;
	size_t n;
};

/*
 * Make c a collection with empty lists, the default fields, the lenient profile
 * and ON_INVALID_KEEP; type and path are copied. What a caller then replaces it
 * must free first (kind_words_free).
 */
void collection_init(struct collection *c, const char *type, const char *path);
void collection_free(struct collection *c); /* what it holds, not c itself */

/* A copy of a list that ends with NULL, as the lists above are held, and its end. */
char **kind_words(const char *const *words);
void kind_words_free(char **words); /* NULL is fine */

/* The default three of the documentation (skills, mcps, tools). The caller frees with collections_free. */
void collections_default(struct collections *cs);
void collections_free(struct collections *cs);

/* The collection that a path (file or folder) lies in or is the root of; NULL for none. */
const struct collection *collections_find(const struct collections *cs, const char *path);

/* Is path a folder on the way to a collection (a proper ancestor of its root)? "" is, unless a collection's path is "". */
bool collections_leads_to(const struct collections *cs, const char *path);

/* What tells these collections from others: all that decides what a file is and what is made of its bytes. */
void collections_digest(const struct collections *cs, uint8_t out[SHA256_SIZE]);

/* The part of path below the collection's root ("" for the root itself). path must lie in c. */
const char *collection_relative(const struct collection *c, const char *path);

/*
 * Names that never count, neither as manifest nor as member of a bundle, file
 * or folder: dot names, editors' temporary names, and c's ignore patterns
 * (a pattern that matches a folder covers what is below it). path lies in c.
 */
bool kind_ignored(const struct collection *c, const char *path);

/* README.md, LICENSE* and the like: never a flat manifest, but a member of a bundle. name is a base name. */
bool kind_document(const char *name);

/* Rank of a base name in c->entry, or -1. */
int kind_entry_rank(const struct collection *c, const char *name);

/* Rank of the path in c->flat, or -1. path lies in c; kind_document names have none. */
int kind_flat_rank(const struct collection *c, const char *path);

/*
 * The id: of an entry manifest its folder's path below the collection, of a
 * flat one its path below the collection without the extension; percent-encoded
 * (text.h). Empty for an entry manifest in the collection's root.
 */
void kind_entry_id(const struct collection *c, const char *path, struct buf *out);
void kind_flat_id(const struct collection *c, const char *path, struct buf *out);

enum format { FORMAT_MARKDOWN, FORMAT_YAML, FORMAT_JSON };

/* By extension: .json; .yaml, .yml; everything else is Markdown. */
enum format kind_format(const char *path);

/*
 * Match path against a pattern, part by part: '*', '?', '[a-z]', '[!a]' and '\\'
 * within a part, as in glob(7) without character classes; "**" as a part stands
 * for any number of parts, none too, but at the end for one at least, as in
 * gitignore(5). '?' and a bracket take one code point, or a byte that is not
 * UTF-8. Depends on no locale. Time is bounded by the product of the lengths.
 */
bool kind_match(const char *pattern, const char *path);

/* 0 when the pattern is well formed, -1 with a reason otherwise. */
struct err;
int kind_pattern_check(const char *pattern, struct err *e);

#endif
