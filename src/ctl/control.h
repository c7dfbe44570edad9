/* Requests to the daemon's control socket: HTTP on a unix socket. */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

/*
 * One request; body NULL: a GET, else a POST of that JSON. The status is in
 * *ret_status, the answer in out. Returns CTL_OK when there was an answer, else
 * CTL_NO_DAEMON, CTL_PERMISSION, CTL_TIMEOUT or CTL_FAILURE, with why in e.
 */
int control_request(const char *socket, const char *path, const char *body, usec_t timeout, long *ret_status,
    struct buf *out, struct err *e);

#endif
