/*
 * HTTP on the control socket: libmicrohttpd with its epoll descriptor in the
 * owner's loop. Knows requests and responses, not what they mean.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"

struct http_server;
struct http_request;

struct http_view {
	const char *method; /* "GET", also for HEAD, whose answer goes without its body */
	const char *path; /* "/healthz", without the query */
	const char *body; /* "" when none; at most 1 MiB, larger is answered 413 */
	size_t body_len;
};

/* Called once a request is complete. It must lead to one http_respond, now or later. */
typedef void http_handler(void *arg, struct http_request *req, const struct http_view *view);

/*
 * Called when a request whose answer is still owed is gone: the server stops,
 * or the client hung up, which is not noticed before the answer once the
 * handler has returned. It must not be answered any more.
 */
typedef void http_gone(void *arg, struct http_request *req);

/*
 * Listen on a unix socket (mode 0660). A socket file that nobody serves is
 * replaced; one that answers is an error ("already running").
 */
struct http_server *http_server_new(
    const char *socket_path, http_handler *handler, http_gone *gone, void *arg, struct err *e);
void http_server_free(struct http_server *s); /* closes; removes the socket file */

int http_server_fd(const struct http_server *s);
usec_t http_server_deadline(const struct http_server *s, usec_t now);
void http_server_run(struct http_server *s); /* when the descriptor is readable or the deadline is reached */

/* Value of a query argument, or NULL; valid while the request lives. */
const char *http_query(struct http_request *req, const char *name);

/* Answer with a JSON text (copied). Also after the handler returned. allow: value of an Allow header, or NULL. */
void http_respond(struct http_request *req, unsigned int status, const char *json, const char *allow);

/* {"error": text} */
void http_respond_error(struct http_request *req, unsigned int status, const char *text);

#endif
