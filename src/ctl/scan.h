/*
 * A look at the collections of a source root, once, without a daemon: the same
 * facts and the same catalog that shelfd would make of it, but for git.
 */
#ifndef CTL_SCAN_H
#define CTL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sha.h"
#include "catalog/catalog.h"
#include "ctl/strings.h"
#include "manifest/kind.h"
#include "manifest/manifest.h"

struct scan;

/* root: an absolute folder; cs outlives the scan. */
struct scan *scan_new(const char *root, const struct collections *cs, struct err *e);
void scan_free(struct scan *s);

/* Only what is at or below this path (relative to the root) is asked for; may be called again for more. */
void scan_limit(struct scan *s, const char *path);

/* Pass over these paths of files and folders, as git ignores them; the strings are taken. */
void scan_ignore(struct scan *s, struct strings *ignored);

/*
 * Walk and read. digests: also of the other files of bundles, for bundle_sha256;
 * without, the manifests have neither digests nor metadata (check_only). Of what is outside the limits only the manifests that
 * may take an id away are read. -1 when a folder could not be looked into, which
 * is said on standard error.
 */
int scan_run(struct scan *s, bool digests);

struct scanned {
	char *path; /* raw, relative to the root */
	char *encoded; /* the same as in Redis */
	const struct collection *collection;
	bool entry;
	struct manifest *manifest; /* never NULL */
	char *key; /* "<type>/<id>", NULL when it has none */
	const char *unreadable; /* a member that could not be read: why; NULL: the digest is true */
	uint8_t bundle_sha256[SHA256_SIZE]; /* true when digests were asked for */
	uint32_t files;
};

/* The manifests within the limits, sorted by path. */
const struct scanned *scan_all(const struct scan *s, size_t *ret_n);
const struct scanned *scan_find(const struct scan *s, const char *path);

/*
 * What should be published for a key, as of catalog_desired; path: of the
 * version that is published now, as in Redis, or NULL. Each key once, sorted.
 */
bool scan_desired(const struct scan *s, const char *key, const char *path, struct desired *ret);
void scan_keys(const struct scan *s, struct strings *ret);

/* JSON array of the manifest's problems, with duplicate-id; false: there are none. */
bool scan_problems(const struct scan *s, const struct scanned *m, struct buf *out);

#endif
