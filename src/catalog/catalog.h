/*
 * All candidates of all sources, and which of them is the item for each key.
 * Pure.
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "catalog/item.h"

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);

struct candidate {
	const char *source; /* name; must outlive the catalog */
	int priority; /* of the source; the lower one wins */
	int rank; /* of the pattern; the lower one wins */
	const char *path; /* encoded; then the smaller one in byte order wins */
	const char *key; /* "<type>/<id>", or NULL when the manifest gives none */
	struct item *item; /* taken; NULL when the manifest is broken */
	bool withdraw; /* on_invalid: withdraw: a broken manifest is no item at all */
	const struct problems *problems; /* NULL: none; its JSON is kept */
};

/*
 * Put or replace the candidate of (source, path). A broken one keeps the good
 * item that it had.
 */
void catalog_put(struct catalog *c, const struct candidate *cand);
void catalog_remove(struct catalog *c, const char *source, const char *path);

/*
 * Mark as one to look at: every key of the catalog and every path that has problems, or what is given. Whoever learns
 * of problems that are published touches their paths.
 */
void catalog_touch_all(struct catalog *c);
void catalog_touch_key(struct catalog *c, const char *key);
void catalog_touch_path(struct catalog *c, const char *path);

/* The touched keys or paths in byte order, each taken off as it is put in ret's place; false when none is left. */
bool catalog_next_key(struct catalog *c, struct buf *ret);
bool catalog_next_path(struct catalog *c, struct buf *ret);
size_t catalog_touched_keys(const struct catalog *c);

/* What should be published for a key. */
struct desired {
	struct item *item; /* borrowed; NULL: see stale */
	bool
	    stale; /* a broken manifest whose last good version only Redis knows: what is published stays, marked stale */
};

/*
 * Returns false when the key should not exist. published_path (or NULL) and
 * published_source tell which manifest the published version came from: a
 * broken one without a good item in memory holds its key only then.
 */
bool catalog_desired(const struct catalog *c, const char *key, const char *published_source, const char *published_path,
    struct desired *ret);

/* The key that the manifest at path is a candidate for; NULL: there is none, or it says none. */
const char *catalog_key(const struct catalog *c, const char *path);

/*
 * JSON array of the problems of a path, with duplicate-id where it lost its key. false: there are none.
 * published_source and published_path: of that key, as in catalog_desired.
 */
bool catalog_problems(const struct catalog *c, const char *path, const char *published_source,
    const char *published_path, struct buf *out);

/* Is any key or path marked? */
bool catalog_touched(const struct catalog *c);

size_t catalog_items(const struct catalog *c); /* candidates that are good */
size_t catalog_broken(const struct catalog *c); /* candidates that are not */

#endif
