/*
 * What the indexes of a catalog say is there, or has changed behind a revision,
 * read in one moment: each item once, with its last change.
 */
#ifndef CTL_SNAPSHOT_H
#define CTL_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/store.h"

struct snapshot_change {
	char *key; /* "<type>/<id>" */
	uint64_t rev;
	bool deleted;
	bool created; /* behind the revision, as far as can be known */
	char *version, *path, *sha256, *bundle_sha256, *commit; /* NULL when unknown */
};

struct snapshot {
	/* of the head at that moment */
	char *generation; /* NULL: there is no catalog, and nothing else here */
	uint64_t rev;
	uint64_t floor; /* the oldest deletion that is kept; 0: all are */
	struct snapshot_change *changes; /* by revision */
	size_t n, cap;
};

/* behind: NULL for everything, without deletions. type: NULL for every type. */
int snapshot_take(struct store *r, const char *type, const uint64_t *behind, struct snapshot *ret, struct err *e);
void snapshot_free(struct snapshot *s);

#endif
