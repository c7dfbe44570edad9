/* Requests to the daemon's control socket: HTTP on a unix socket. */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "manifest/value.h"

/*
 * One request; body NULL: a GET, else a POST of that JSON. The status is in
 * *ret_status, the answer in out. Returns CTL_OK when there was an answer, else
 * CTL_NO_DAEMON, CTL_PERMISSION, CTL_TIMEOUT or CTL_FAILURE, with why in e.
 */
int control_request(const char *socket, const char *path, const char *body, usec_t timeout, long *ret_status,
    struct buf *out, struct err *e);

/*
 * The daemon's status: an object that *ret_doc owns (document_free). Returns
 * CTL_OK, or why not as above with both untouched.
 */
int control_status(
    const char *socket, usec_t timeout, struct document **ret_doc, const struct value **ret, struct err *e);

#endif
