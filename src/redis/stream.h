/*
 * Bytes in and out of one server, whatever carries them: a unix socket, TCP, or
 * TLS over TCP. Non-blocking; knows no event loop, no clock and no Redis.
 */
#ifndef REDIS_STREAM_H
#define REDIS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "redis/tls.h"

/* Borrowed while stream_open runs. */
struct stream_to {
	const char *path; /* of a unix socket; NULL: TCP */
	const char *host; /* TCP: as it was asked for, for messages and for the certificate */
	int port;
	const struct tls_files *tls; /* NULL: without */
};

struct stream;

/* Start to connect; addr is the resolved host, NULL for a unix socket. NULL when not even a try can be made. */
struct stream *stream_open(const struct stream_to *to, const struct sockaddr *addr, socklen_t addr_len, struct err *e);
void stream_free(struct stream *s);

int stream_fd(const struct stream *s);

/* Go on with connecting, and with TLS's handshake. 1: it can be used; 0: wait; -1: it cannot be had. */
int stream_connect(struct stream *s, struct err *e);

/* Connected, and TLS not through yet. */
bool stream_in_handshake(const struct stream *s);

/* Is the socket to be polled for writing, for what the stream itself has to do? It always is to be polled for reading. */
bool stream_wants_write(const struct stream *s);

/* Once connected. Bytes, at most n; 0: none at present; -1: it is over, and e says why; STREAM_CLOSED: the other side ended it. */
#define STREAM_CLOSED (-2)
ssize_t stream_read(struct stream *s, void *p, size_t n, struct err *e);
ssize_t stream_write(struct stream *s, const void *p, size_t n, struct err *e);

/* May there be more to read at once, after a read of n bytes into room for size? */
bool stream_has_more(const struct stream *s, size_t n, size_t size);

#endif
