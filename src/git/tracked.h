/* What the index says: which paths are tracked, and which are in conflict. */
#ifndef GIT_TRACKED_H
#define GIT_TRACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A value; zeroed it is empty. Paths are relative to the folder given to tracked_read. */
struct tracked {
	uint64_t *hashes; /* of files and the folders above them, sorted: 8 bytes a path instead of the path */
	size_t n;
	char **conflicts; /* sorted */
	size_t n_conflicts;
};

enum tracked_result {
	TRACKED_OK,
	TRACKED_FORMAT, /* libgit2 does not know its format, or it is no index */
	TRACKED_ERROR, /* it cannot be read now */
};

/*
 * Read an index file; one that is not there is empty. Only paths below folder
 * ("" or "a/b", relative to the work tree) are taken. ret is overwritten, but for
 * a failure, of which e tells.
 */
enum tracked_result tracked_read(const char *index_path, const char *folder, struct tracked *ret, struct err *e);
void tracked_free(struct tracked *t);

/* Is the path, a file or a folder, a tracked file, a folder that holds one, or a submodule? */
bool tracked_has(const struct tracked *t, const char *path, bool folder);

bool tracked_conflicted(const struct tracked *t, const char *path);

bool tracked_same_paths(const struct tracked *a, const struct tracked *b);

/* Call moved with each path that is in conflict in one only. */
void tracked_diff_conflicts(
    const struct tracked *a, const struct tracked *b, void (*moved)(void *, const char *path), void *arg);

#endif
