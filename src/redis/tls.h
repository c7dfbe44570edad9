/*
 * The TLS side of a stream: a session over a connected socket, client's side,
 * TLS 1.2 or later. The server's certificate must be valid, signed by an
 * authority that is trusted, and issued for the host that was asked for; what
 * is wrong with it is said in plain words. Never blocks.
 */
#ifndef REDIS_TLS_H
#define REDIS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* PEM files; all may be NULL. Without ca_file and ca_path the authorities of the system are trusted. */
struct tls_files {
	char *ca_file, *ca_path;
	char *cert_file, *key_file; /* our own certificate, with its chain, and its key: both or none */
	char *server_name; /* for which the certificate must be issued; NULL: the host that is connected to */
};

void tls_files_free(struct tls_files *f);

/* Can they be read, and do they fit together? The key's file must have mode 0640 or tighter. */
int tls_files_check(const struct tls_files *f, struct err *e);

struct tls;

/*
 * A session over fd, which stays the caller's. The files are read now, so that one that was renewed counts from the
 * next connection on. where ("redis at HOST port N") is for messages, and copied.
 */
struct tls *tls_open(const struct tls_files *f, int fd, const char *host, const char *where, struct err *e);
void tls_free(struct tls *t);

/* Go on with the handshake. 1: it is through; 0: wait for the socket, see tls_wants_write; -1: refused by either side. */
int tls_handshake(struct tls *t, struct err *e);

/* Does the last call that gave 0 wait for the socket to take bytes, rather than to give some? */
bool tls_wants_write(const struct tls *t);

/* Bytes, at most n; 0: none at present; -1: the session is over, and e says why; TLS_CLOSED: the other side ended it. */
#define TLS_CLOSED (-2)
ssize_t tls_read(struct tls *t, void *p, size_t n, struct err *e);
ssize_t tls_write(struct tls *t, const void *p, size_t n, struct err *e);

#endif
