/*
 * An item: what is published for one manifest.
 */
#ifndef CATALOG_ITEM_H
#define CATALOG_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sha.h"
#include "manifest/manifest.h"

enum git_state { GIT_STATE_NONE, GIT_STATE_COMMITTED, GIT_STATE_MODIFIED, GIT_STATE_UNTRACKED };

const char *git_state_word(enum git_state s); /* "" for NONE */
enum git_state git_state_parse(const char *word);

/*
 * What the collection's fields take out of a document. Its digests do not tell it: the same document gives something
 * else when the configuration names other places.
 */
enum shown { SHOWN_NAME, SHOWN_VERSION, SHOWN_DESCRIPTION, SHOWN_DEPENDENCIES, SHOWN_TAGS, SHOWN_OWNER, SHOWN };

#define SHOWN_DIGEST_SIZE 16

void shown_digest(const struct slice texts[SHOWN], uint8_t out[SHOWN_DIGEST_SIZE]);

/* The part of an item by which two versions of it are told apart: a revision moves when one of these does. */
struct face {
	uint8_t sha256[SHA256_SIZE];
	uint8_t bundle_sha256[SHA256_SIZE];
	uint8_t metadata_sha256[SHA256_SIZE];
	uint8_t shown[SHOWN_DIGEST_SIZE];
	uint8_t git_blob[GIT_ID_SIZE];
	bool has_git_blob;
	bool stale; /* state: the manifest on disk is broken, this is the last good one */
	enum git_state git_state;
	const char *status; /* static: see status_word */
	const char *source;
	const char *path; /* encoded */
	const char *version; /* for events, as shown has it too; may be NULL */
};

bool face_equal(const struct face *a, const struct face *b);
/* The static copy of a word of manifest.h's status; "" for any other word. */
const char *status_word(const char *status);

/* Bytes that the strings of a face need, and a copy of it with its strings there. */
size_t face_packed_size(const struct face *f);
void face_pack(struct face *dst, const struct face *src, char *strings);

/* A copy in one piece of memory; free(3) it. */
struct face *face_dup(const struct face *f);

/* Immutable and counted once made. */
struct item {
	int refs;
	const char *key; /* "<type>/<id>", encoded */
	const char *type;
	struct manifest *manifest; /* the last good one */
	struct face face;
	uint32_t files; /* in the bundle */
};

/* What an item needs beside its manifest. */
struct item_place {
	const char *source; /* name */
	const char *path; /* encoded */
	uint8_t bundle_sha256[SHA256_SIZE];
	uint32_t files;
	enum git_state git_state;
};

/* m is ok and gets a reference; type must outlive the item. The caller has one reference. */
struct item *item_new(const char *type, struct manifest *m, const struct item_place *at);

struct item *item_ref(struct item *it);
void item_unref(struct item *it); /* NULL is fine */

/* A copy that differs in state only. */
struct item *item_with_stale(const struct item *it, bool stale);

#endif
