/*
 * Paths and arguments of the private redis-server of `--redis embedded`: AOF,
 * unix socket with mode 0600, no TCP port. The agent starts it as a child.
 */
#ifndef REDIS_EMBEDDED_H
#define REDIS_EMBEDDED_H

#include "base/err.h"

/* Socket of the private server in a runtime folder. The caller frees. */
char *embedded_socket(const char *runtime_dir);

/*
 * The argument list (ends with NULL; free with embedded_argv_free) for a server
 * with its socket in runtime_dir and its data in state_dir. Both must exist.
 * NULL when no redis-server is found in PATH (also valkey-server); e says so.
 */
char **embedded_argv(const char *runtime_dir, const char *state_dir, struct err *e);
void embedded_argv_free(char **argv);

#endif
