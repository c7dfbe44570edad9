/*
 * Our own non-blocking transport below hiredis's reader: connect, AUTH, SELECT,
 * then requests out and replies in, over whatever stream.h can do. Knows no
 * event loop and no clock: the owner polls the descriptor and keeps the
 * time-outs.
 */
#ifndef REDIS_CONN_H
#define REDIS_CONN_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "redis/stream.h"

struct conn;

/* What a reply may hold; anything larger is no answer to a request of ours. */
#define CONN_MAX_ELEMENTS 1000000 /* of all arrays of one reply */
#define CONN_MAX_DEPTH 7 /* of arrays in arrays */
#define CONN_MAX_REPLY (64LL * 1024 * 1024) /* bytes of one reply */
#define CONN_MAX_LINE (64 * 1024) /* bytes of a status, an error or a number */

enum conn_state { CONN_CONNECTING, CONN_HANDSHAKE, CONN_READY };

struct conn_sink {
	void (*ready)(void *arg); /* connected, authenticated, database selected */
	/*
	 * One reply, in the order of requests; freed afterwards unless conn_keep_reply is called. Pushed messages
	 * (pub/sub) come here too. The callee may free the connection: no callback follows then.
	 */
	void (*reply)(void *arg, const redisReply *reply);
	/*
	 * The connection is over (refused, closed, protocol error, a reply beyond the bounds, refused AUTH or SELECT);
	 * called once, from conn_readable or conn_writable only, and as the last
	 * thing they do: the callee may free the connection.
	 */
	void (*lost)(void *arg, const struct err *why);
};

/* One server, and who we are there. Borrowed while conn_open runs. */
struct conn_server {
	struct stream_to to;
	const char *user, *password; /* NULL: none */
	int db;
};

/*
 * Start to connect. addr: of the TCP host, resolved by the caller; NULL for a
 * unix socket. Returns NULL when not even a try can be made.
 */
struct conn *conn_open(const struct conn_server *server, const struct sockaddr *addr, socklen_t addr_len,
    const struct conn_sink *sink, void *arg, struct err *e);
void conn_free(struct conn *c);

int conn_fd(const struct conn *c);
enum conn_state conn_state(const struct conn *c);
bool conn_wants_write(const struct conn *c);

/* What to say when the owner's patience is over. */
const char *conn_silence(const struct conn *c);

void conn_readable(struct conn *c);
void conn_writable(struct conn *c);

/* Append requests in RESP; written when the socket takes them (call conn_writable, or poll for it). */
void conn_send(struct conn *c, const void *p, size_t n);

size_t conn_unsent(const struct conn *c); /* bytes */

/* Inside the reply callback only: the reply is the caller's now (freeReplyObject). */
redisReply *conn_keep_reply(struct conn *c);

/* One request in RESP, appended to out. argv_len may be NULL for strings without NUL. */
void conn_format(struct buf *out, int argc, const char *const *argv, const size_t *argv_len);

#endif
