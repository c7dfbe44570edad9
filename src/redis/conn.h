/*
 * Our own non-blocking transport below hiredis's reader: connect, AUTH, SELECT,
 * then requests out and replies in. Knows no event loop and no clock: the owner
 * polls the descriptor and keeps the time-outs.
 */
#ifndef REDIS_CONN_H
#define REDIS_CONN_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "redis/url.h"

struct conn;

enum conn_state { CONN_CONNECTING, CONN_HANDSHAKE, CONN_READY };

struct conn_sink {
	void (*ready)(void *arg); /* connected, authenticated, database selected */
	/* One reply, in the order of requests. The callee does not free it. Pushed messages (pub/sub) come here too. */
	void (*reply)(void *arg, const redisReply *reply);
	/*
	 * The connection is over (refused, closed, protocol error, refused AUTH);
	 * called once, from conn_readable or conn_writable only, and as the last
	 * thing they do: the callee may free the connection.
	 */
	void (*lost)(void *arg, const struct err *why);
};

/*
 * Start to connect. addr: of the TCP host, resolved by the caller; NULL for a
 * unix socket. url is copied. Returns NULL when not even a try can be made.
 */
struct conn *conn_open(const struct redis_url *url, const struct sockaddr *addr, socklen_t addr_len,
    const struct conn_sink *sink, void *arg, struct err *e);
void conn_free(struct conn *c);

int conn_fd(const struct conn *c);
enum conn_state conn_state(const struct conn *c);
bool conn_wants_write(const struct conn *c);

void conn_readable(struct conn *c);
void conn_writable(struct conn *c);

/* Append requests in RESP; written when the socket takes them (call conn_writable, or poll for it). */
void conn_send(struct conn *c, const void *p, size_t n);

size_t conn_unsent(const struct conn *c); /* bytes */

/* One request in RESP, appended to out. argv_len may be NULL for strings without NUL. */
void conn_format(struct buf *out, int argc, const char *const *argv, const size_t *argv_len);

/* First word of an error reply ("OOM"), into a small array; "" when r is no error. */
void reply_error_word(const redisReply *r, char out[32]);

#endif
