/*
 * What is on disk, as values: every file of the collections with its signature
 * and digest, and which manifest it belongs to. Pure; the agent tells it what
 * was seen and read, and takes the candidates that come of it.
 *
 *   facts_saw / facts_gone  ->  facts_next_wanted  ->  facts_set_*  ->  facts_assemble
 *
 * Paths are raw bytes relative to the source root.
 */
#ifndef CATALOG_FACTS_H
#define CATALOG_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/item.h"
#include "manifest/kind.h"
#include "manifest/manifest.h"
#include "manifest/read.h"

struct facts;

enum fact_kind { FACT_FILE, FACT_SYMLINK, FACT_OTHER };

/* cs must outlive the facts. */
struct facts *facts_new(const struct collections *cs);
void facts_free(struct facts *f);

/*
 * A file was seen with this signature (target: of a symlink). Nothing happens
 * when it is known with an equal signature that was not racy, unless force.
 * Paths outside the collections and ignored names are passed over. epoch marks
 * it as seen in that scan. true: it was not known like this. sig NULL, of a file
 * only: what a file that is not known yet has is learnt when it is read; one
 * that is known stays as it is.
 */
bool facts_saw(struct facts *f, const char *path, enum fact_kind kind, const struct signature *sig, const char *target,
    bool force, uint32_t epoch);

/* The path is not there any more: the file, and everything below it if it was a folder. */
void facts_gone(struct facts *f, const char *path);

/* Paths at or below prefix ("" for all) whose epoch is older: the callback says for each whether it is really gone. */
void facts_sweep(struct facts *f, const char *prefix, uint32_t epoch, bool (*really)(void *, const char *), void *arg);

/*
 * The path ("" for all), a file or a folder, cannot be looked at: what is known of it and of all below it stays and
 * counts as seen in this scan. message: why, for those that belong to a manifest; NULL: they are not marked as unreadable.
 */
void facts_unknown(struct facts *f, const char *path, const char *message, uint32_t epoch);

/* What must be read of a file. */
enum want { WANT_MANIFEST, WANT_DIGEST };

struct wanted {
	const char *path; /* valid until the fact goes */
	enum want want;
	const struct collection *collection;
	bool entry; /* an entry manifest */
	const struct signature *sig; /* as last seen; valid like path */
	uint64_t ticket; /* to be handed back; a result with an old ticket is dropped */
};

/* The next file to read, each handed out once per ticket. false: nothing is wanted now. */
bool facts_next_wanted(struct facts *f, struct wanted *ret);

/* How many facts_next_wanted would hand out now. */
size_t facts_wanted(const struct facts *f);

/* Results: exactly one for each wanted. wall_ns is when the bytes were read, for raciness. m's reference is taken. */
void facts_set_manifest(struct facts *f, const char *path, uint64_t ticket, const struct signature *sig,
    struct manifest *m, int64_t wall_ns);
void facts_set_digest(struct facts *f, const char *path, uint64_t ticket, const struct signature *sig,
    const uint8_t sha256[SHA256_SIZE], int64_t wall_ns);

/*
 * Instead of reading it: what was made of the file when it had the signature that
 * it was seen with now, by a read that was not racy. m's reference is taken.
 */
void facts_recall_manifest(struct facts *f, const char *path, uint64_t ticket, struct manifest *m);
void facts_recall_digest(struct facts *f, const char *path, uint64_t ticket, const uint8_t sha256[SHA256_SIZE]);

/* What was read of a file. */
struct fact_learned {
	const char *path; /* valid until the fact goes */
	const struct signature *sig; /* likewise */
	const uint8_t *sha256; /* likewise */
	struct manifest *manifest; /* borrowed; NULL: only the digest was wanted */
};

/*
 * The next file whose content was read, and not only recalled, since this last
 * told of it. Passed over is one whose signature says nothing about its content,
 * and one that is to be read again. false: there is none.
 */
bool facts_next_learned(struct facts *f, struct fact_learned *ret);
size_t facts_learned(const struct facts *f); /* how many at the most */

/* A member could not be read: its old digest, if any, stays; the owner is marked unreadable until it can. */
void facts_set_unreadable(struct facts *f, const char *path, uint64_t ticket, const char *message);

/* It looked half-written: what was known stays until it is seen again. */
void facts_set_kept(struct facts *f, const char *path, uint64_t ticket);

/* There was nothing to read: the file is gone. */
void facts_set_gone(struct facts *f, const char *path, uint64_t ticket);

/* Read this manifest or member again although nothing is known to have changed. */
void facts_touch(struct facts *f, const char *path);

/* The digest of the file as last read, or NULL. */
const uint8_t *facts_digest(const struct facts *f, const char *path);

/* The manifest at path as last read, or NULL. */
const struct manifest *facts_manifest(const struct facts *f, const char *path);

/* Are all wanted results in? */
bool facts_complete(const struct facts *f);

/*
 * A candidate for an item: a manifest file. Given to the callback of
 * facts_assemble when it is new or changed; with manifest NULL when it is gone.
 */
struct candidate_facts {
	const char *path; /* raw */
	const struct collection *collection;
	bool entry;
	int rank; /* entry patterns before flat ones, in the order listed */
	struct manifest *manifest; /* borrowed; ok or not; NULL: the path is no manifest any more */
	const char *unreadable; /* the manifest or a member could not be read: why; else NULL */
	const char *unreadable_path;
	uint8_t bundle_sha256[SHA256_SIZE];
	uint32_t files;
};

/* Hand out every changed candidate, gone ones first. Call when facts_complete. */
void facts_assemble(struct facts *f, void (*put)(void *, const struct candidate_facts *), void *arg);

bool facts_assembled(const struct facts *f); /* is there nothing to hand out? */

/*
 * All that there is below prefix ("" for everything) has been seen: what was
 * changed there can be handed out as soon as it is read, see below. Tells each
 * manifest there once in its life.
 */
void facts_whole(struct facts *f, const char *prefix,
    void (*each)(void *, const struct collection *collection, const char *path, bool entry), void *arg);

/*
 * Before facts_complete: hand out changed candidates of what is whole, in order,
 * from at most max bundles and as many flat manifests, up to the first one that
 * waits for a file. Returns whether there may be more at once, because max was
 * reached.
 */
bool facts_assemble_ahead(struct facts *f, size_t max, void (*put)(void *, const struct candidate_facts *), void *arg);

/* Hand out this manifest path again at the next assemble (its git state moved). */
void facts_reassemble(struct facts *f, const char *path);

/* Every manifest path, in order. */
void facts_each_manifest(const struct facts *f, void (*each)(void *, const char *path), void *arg);

size_t facts_count(const struct facts *f);

#endif
