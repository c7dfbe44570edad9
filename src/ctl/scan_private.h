/* What the parts of scan.c share. Nobody but scan*.c includes this. */
#ifndef CTL_SCAN_PRIVATE_H
#define CTL_SCAN_PRIVATE_H

#include "catalog/catalog.h"
#include "catalog/facts.h"
#include "ctl/progress.h"
#include "ctl/scan.h"
#include "ctl/strings.h"
#include "manifest/read.h"

/* A manifest to read, and what came of it. */
struct job {
	struct wanted w;
	struct signature sig;
	struct manifest *manifest;
};

struct scan {
	int fd;
	bool digests;
	const struct collections *collections;
	struct strings limits; /* none: everything */
	struct strings ignored;
	struct facts *facts;
	struct catalog *catalog;
	struct strings rivals; /* "<type>/<id>" by path of what is within the limits, sorted */
	struct wanted *later; /* manifests outside of the limits */
	size_t n_later, cap_later;
	struct job *jobs; /* manifests within the limits that are wanted now */
	size_t n_jobs, cap_jobs;
	struct progress progress;
	size_t done; /* manifests */
	bool tty; /* standard error is a terminal */
	struct scanned *v;
	size_t n, cap;
};

/* Is it within the limits? */
bool scan_asked(const struct scan *s, const char *path);

/* "<type>/<id>" by the id that the path gives; the document may give another one. The caller frees. */
char *scan_key(const struct collection *c, const char *path, bool entry);

/* Read what the facts want, with a progress bar. */
void scan_read(struct scan *s);

#endif
