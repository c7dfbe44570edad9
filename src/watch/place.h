/* What a folder lies on: its identity, is something mounted there, and does the kernel tell of every change? */
#ifndef WATCH_PLACE_H
#define WATCH_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct place {
	uint64_t dev, ino;
	bool mounted; /* the root of a mount */
};

/* Of an open folder. -1 with errno. */
int place_of(int fd, struct place *ret);

/* Has the folder no entry at all? fd is open for reading and stands at its beginning afterwards. -1 with errno. */
int place_empty(int fd);

/*
 * Is the folder's file system one that others change without our kernel knowing
 * (NFS, CIFS, 9p, cluster file systems) or that need not tell it (FUSE)?
 * ret_name (may be NULL): what it is called.
 */
bool place_silent(int fd, const char **ret_name);

#endif
