/*
 * What was made of files whose bytes are the same still, as the signature tells:
 * kept from one life of the process to the next in an SQLite file, so that
 * nothing unchanged is read twice.
 *
 * Each row is bound by a checksum to its path and to the fingerprint: of all
 * that the outcome depends on beside the bytes. Rows that do not check are never
 * handed out. Whoever fills the file keeps out what was read so soon after it
 * was written that a later change may have the same signature.
 */
#ifndef STATE_KNOWN_H
#define STATE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha.h"
#include "manifest/manifest.h"
#include "manifest/read.h"

struct known;

/* A file as it was read. */
struct known_file {
	const char *path; /* raw, relative to the source root */
	struct signature sig;
	uint8_t sha256[SHA256_SIZE];
	struct manifest *manifest; /* NULL: only the digest was wanted */
};

/*
 * Read all of it. -1 with a reason when there is nothing to go by: e->sys is then
 * ENOENT when nothing was ever saved, and EILSEQ (damaged, or of another version of
 * shelfd) or ESTALE (another fingerprint) when known_discard should follow.
 * May run on any thread.
 */
int known_load(const char *file, const uint8_t fingerprint[SHA256_SIZE], struct known **ret, struct err *e);
void known_free(struct known *k); /* NULL is fine */

/*
 * What was made of this path with this signature, as a manifest or as a mere
 * file; once. false: it is not known. The manifest's reference is the caller's.
 */
bool known_take(struct known *k, const char *path, const struct signature *sig, bool want_manifest,
    struct manifest **ret_manifest, uint8_t ret_sha256[SHA256_SIZE]);

/* The next path that was not taken, NULL after the last. *at is 0 at first. */
const char *known_left(const struct known *k, size_t *at);

/*
 * Put these files into it, the file made when it is not there, and take these
 * paths out: all or nothing. -1 with a reason; e->sys as above. Sorts files, and
 * only reads the manifests: may run on any thread.
 */
int known_save(const char *file, const uint8_t fingerprint[SHA256_SIZE], struct known_file *files, size_t n,
    const char *const *gone, size_t n_gone, struct err *e);

int known_discard(const char *file, struct err *e);

#endif
