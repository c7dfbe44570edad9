/*
 * From the bytes of one file to what it says. Pure: no clock, no files; may run
 * on any thread.
 */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha.h"
#include "manifest/kind.h"
#include "manifest/problem.h"

/* Where the bytes came from. */
struct manifest_source {
	const struct collection *collection;
	const char *path; /* raw, relative to the source root */
	const char *id; /* by path, encoded (kind_*_id); "" is an error */
	bool entry; /* an entry manifest: the folder's name counts in the rules */
	bool conflicted; /* git says this path is in conflict: markers are an error */
	bool check_only; /* problems and the id matter: digests are left zero, metadata is empty */
};

/* Text without a NUL behind it; p NULL: none. */
struct slice {
	const char *p;
	size_t n;
};

/* Immutable and counted once made. Strings are NULL where the document has no such value. */
struct manifest {
	int refs;
	bool ok; /* no problem of severity error: it can be an item */
	uint8_t sha256[SHA256_SIZE];
	uint8_t git_blob[GIT_ID_SIZE];
	uint64_t size;
	struct problems problems; /* sorted */
	/* The rest only when ok. */
	char *id; /* encoded: by id_from, or the one given */
	char *name, *version, *owner;
	char *status; /* draft, in_review, published, archived; never NULL */
	char *dependencies; /* JSON array, or NULL */
	char *tags; /* JSON array, or NULL */
	char *metadata; /* canonical JSON object */
	struct slice description; /* where it stands in metadata as it is, it is not kept twice */
	uint8_t metadata_sha256[SHA256_SIZE];
};

/* Never fails: what is wrong stands in problems. The caller has one reference. */
struct manifest *manifest_parse(const struct manifest_source *src, const char *bytes, size_t n);

/* A manifest that could not be read: not ok, with one problem. */
struct manifest *manifest_unreadable(const char *code, const char *message, const char *hint);

struct manifest *manifest_ref(struct manifest *m);
void manifest_unref(struct manifest *m); /* NULL is fine. Not from two threads at once. */

#endif
