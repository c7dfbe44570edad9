/*
 * Which process on which host, in words that another process can check: lets a
 * restarted agent see that the holder of a lease is gone.
 */
#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

/* "<host>/<boot id>/<pid>/<start time>", cut to size. */
void identity_self(char *out, size_t size);

/* True only when the identity is of this host and boot, and no process with this PID and start time lives. */
bool identity_dead(const char *identity);

#endif
