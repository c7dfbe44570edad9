/*
 * The manifests that a command line means: those of all collections, of files
 * and folders that are named, or of what git says changed.
 */
#ifndef CTL_PICK_H
#define CTL_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/session.h"
#include "manifest/manifest.h"

/* All borrowed. */
struct picked {
	const char *root; /* an absolute folder */
	const char *path; /* raw, below root */
	const char *encoded; /* path as in Redis */
	const struct manifest *manifest;
	const char *problems; /* JSON array, with duplicate-id */
	size_t problems_n;
};

/* The path as a person would open it. The caller frees. */
char *picked_file(const struct picked *p);

struct pick {
	struct ctl *c;
	bool changed; /* only what git says differs from rev, NULL: from HEAD */
	const char *rev;
	void (*each)(void *arg, const struct picked *p);
	void *arg;
	bool incomplete; /* set when a folder could not be looked into */
};

/* Call each for every one, sorted by path within a root. After session_settings. */
int pick_run(struct pick *p, int argc, const char *const *argv);

#endif
