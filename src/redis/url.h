/*
 * Addresses of Redis. Pure.
 *
 *   redis://[user:password@]host[:port][/db]            one server
 *   unix://[user:password@]/path[?db=n]                 the same on a unix socket
 *   sentinel://[user:password@]host[:port],.../master[/db]   whom the sentinels call the master of that name
 *   cluster://[user:password@]host[:port],...           whoever has the catalog's slot
 *   embedded                                            a private server
 *
 * rediss://, sentinel+tls:// and cluster+tls:// are the same with TLS. User and password are for the servers with the
 * data; the sentinels have their own, elsewhere.
 */
#ifndef REDIS_URL_H
#define REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum redis_scheme { REDIS_TCP, REDIS_UNIX, REDIS_EMBEDDED, REDIS_SENTINEL, REDIS_CLUSTER };

#define REDIS_HOST_MAX 255 /* bytes; RFC 1035 */
#define REDIS_NODES_MAX 64

/* One server, or one sentinel. */
struct redis_node {
	char host[REDIS_HOST_MAX + 1];
	int port;
};

struct redis_url {
	enum redis_scheme scheme;
	bool tls; /* not UNIX */
	struct redis_node *nodes; /* TCP: one; SENTINEL: the sentinels; CLUSTER: some nodes */
	size_t n_nodes;
	char *master; /* SENTINEL: its name */
	char *path; /* UNIX */
	char *user;
	char *password; /* decoded; NULL for none */
	int db;
};

/* Percent-encoding in user and password is decoded. */
int redis_url_parse(const char *s, struct redis_url *ret, struct err *e);
void redis_url_free(struct redis_url *u); /* wipes the password */

/* For people: without user and password. The caller frees. */
char *redis_url_text(const struct redis_url *u);

bool redis_node_equal(const struct redis_node *a, const struct redis_node *b);

/* "host:port", with brackets around an IPv6 address. The caller frees. */
char *redis_node_text(const struct redis_node *n);

#endif
