#include "watch/entries.h"

#include <errno.h>
#include <string.h>

#define READ_TRIES 8 /* when interrupted */

int
entries_read(struct entries *es, int fd)
{
	int tries = 0;
	ssize_t n;

	es->n = 0;
	es->all = false;
	while (!es->all && es->n <= sizeof es->bytes / 2) {
		n = getdents64(fd, es->bytes + es->n, sizeof es->bytes - es->n);
		if (n < 0 && (errno != EINTR || ++tries == READ_TRIES)) {
			es->n = 0;
			return -1;
		}
		es->n += n > 0 ? (size_t)n : 0;
		es->all = n == 0;
	}
	return 0;
}

const struct dirent64 *
entries_next(const struct entries *es, const struct dirent64 *d)
{
	const char *p = d == NULL ? es->bytes : (const char *)d + d->d_reclen;

	return p < es->bytes + es->n ? (const void *)p : NULL;
}

bool
entries_have(const struct entries *es, const char *name)
{
	const struct dirent64 *d = NULL;

	while ((d = entries_next(es, d)) != NULL)
		if (strcmp(d->d_name, name) == 0)
			return true;
	return false;
}
