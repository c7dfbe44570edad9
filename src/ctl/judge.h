/* One file to a manifest: read it within bounds, parse it; what is wrong becomes problems. */
#ifndef CTL_JUDGE_H
#define CTL_JUDGE_H

#include "ctl/session.h"
#include "manifest/manifest.h"
#include "manifest/read.h"

/* Never NULL; the caller has one reference. path is below the folder rootfd. */
struct manifest *judge_file(int rootfd, const char *path, const struct manifest_source *src, struct signature *ret_sig);

/* How a file is taken that lies in no collection. Does not move: the collection points into it. */
struct judge {
	struct collection collection; /* a copy with its root at .root; the rest is borrowed */
	char nowhere[1]; /* "", its path */
	char *root; /* an absolute folder: of the file, or of an entry manifest the one above */
	char *path; /* of the file below root */
	char *id;
	bool entry;
};

/*
 * As the type that --type names, else as the one with an entry manifest of this
 * name. CTL_USAGE, and has said why, when there is neither.
 */
int judge_guess(const struct ctl *c, const char *absolute, struct judge *ret);

/* The same for standard input, with a made-up path. */
int judge_stdin(const struct ctl *c, struct judge *ret);

/* Does the name of this file tell its type? */
bool judge_known(const struct collections *cs, const char *absolute);
void judge_free(struct judge *j);

/* Parse what was guessed. */
struct manifest *judge_parse(const struct judge *j, const char *bytes, size_t n);
struct manifest *judge_read(const struct judge *j);

/* The collection of a type, NULL when there is none (said, with what is near). */
const struct collection *judge_type(const struct ctl *c, const char *type);

/* Make every collection strict when --strict was given. */
void judge_profile(struct ctl *c);

#endif
