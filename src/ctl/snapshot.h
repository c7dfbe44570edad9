/*
 * What the indexes of a catalog say has changed behind a revision, read in one
 * moment: each item once, with its last change.
 */
#ifndef CTL_SNAPSHOT_H
#define CTL_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/follow.h"
#include "ctl/store.h"

struct snapshot_change {
	char *key; /* "<type>/<id>" */
	uint64_t rev;
	bool deleted;
	bool created; /* behind the revision, as far as can be known */
	char *version, *path, *sha256, *bundle_sha256, *commit; /* NULL when unknown */
};

struct snapshot {
	char generation[FOLLOW_GENERATION];
	uint64_t rev; /* of the head at that moment */
	bool reset; /* everything that is there, not only what changed */
	struct snapshot_change *changes; /* by revision */
	size_t n, cap;
};

/*
 * behind NULL: everything. Also everything (ret->reset) where the generation is
 * another one, the head is behind, or deletions are not kept back to there.
 */
int snapshot_take(struct store *r, const struct follow *behind, struct snapshot *ret, struct err *e);
void snapshot_free(struct snapshot *s);

#endif
