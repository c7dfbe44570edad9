/* The checks of shelfctl doctor that ask Redis, the daemon or the kernel. Each adds its rows. */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <sys/types.h>

#include "ctl/checkup.h"
#include "ctl/session.h"
#include "manifest/value.h"

struct doctor {
	const struct ctl *c; /* with settings */
	struct checkup found;
	const char *socket;
	/* The daemon's status; NULL: it does not answer. */
	const struct value *daemon;
	char *root; /* of the source, absolute; from the daemon, else from the settings */
};

/* doctor_redis.c: address, version, memory, clock; what its user may do. */
void doctor_redis(struct doctor *d);

/* doctor_source.c: the root, who owns it and its .git, file system, letter case. */
void doctor_source(struct doctor *d);

/* doctor_inotify.c: limits; does a file that is made have its event? */
void doctor_limits(struct doctor *d);
void doctor_probe(struct doctor *d);

#endif
