/*
 * What Redis holds, as far as the last reply told: a face for each item, a
 * digest for each path with problems. Pure. Only Redis's OK changes it.
 */
#ifndef CATALOG_PUBLISHED_H
#define CATALOG_PUBLISHED_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "catalog/item.h"

struct published;

struct published_item {
	const char *key; /* "<type>/<id>" */
	const struct face *face;
	struct item *item; /* a reference, when the face is its; else NULL */
	uint64_t rev;
	uint64_t created_rev;
	char created_at[CLOCK_RFC3339_SIZE];
};

struct published *published_new(void);
void published_free(struct published *p);
void published_clear(struct published *p);

/* Replaces. The face is item's, which gets a reference; item NULL: key and face are copied. */
void published_put(struct published *p, const char *key, const struct face *face, struct item *item, uint64_t rev,
    uint64_t created_rev, const char *created_at);
void published_remove(struct published *p, const char *key);
const struct published_item *published_get(const struct published *p, const char *key);

/* In key order; after NULL: the first; NULL at the end. */
const struct published_item *published_next(const struct published *p, const char *after);

/* json is the JSON array of the path's problems; only a digest is kept. NULL removes. */
void published_put_problems(struct published *p, const char *path, const char *json, size_t n);
/* Does Redis hold just this for the path? json NULL: does it hold nothing? */
bool published_problems_equal(const struct published *p, const char *path, const char *json, size_t n);
const char *published_next_problems(const struct published *p, const char *after);

size_t published_items(const struct published *p);
size_t published_problem_paths(const struct published *p);

/* Revision of the last change of a type; 0 for none. */
uint64_t published_type_rev(const struct published *p, const char *type);
void published_set_type_rev(struct published *p, const char *type, uint64_t rev);

#endif
