/* What getdents64(2) says of a folder, a good part at a time. */
#ifndef WATCH_ENTRIES_H
#define WATCH_ENTRIES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

struct entries {
	_Alignas(struct dirent64) char bytes[32 * 1024];
	size_t n;
	bool all; /* the folder has no more */
};

/* The next entries of the open folder, as many as there is room for. -1 with errno, and then there are none. */
int entries_read(struct entries *es, int fd);

/* The one behind d, NULL: the first; NULL at the end. "." and ".." are among them. */
const struct dirent64 *entries_next(const struct entries *es, const struct dirent64 *d);

bool entries_have(const struct entries *es, const char *name);

#endif
