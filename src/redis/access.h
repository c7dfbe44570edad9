/*
 * What it takes to get at Redis: the address, who we are there, and the files
 * of TLS, gathered from the settings, from files with secrets and from
 * systemd's credentials.
 */
#ifndef REDIS_ACCESS_H
#define REDIS_ACCESS_H

#include <stdbool.h>

#include "base/err.h"
#include "config/settings.h"
#include "redis/conn.h"
#include "redis/tls.h"
#include "redis/url.h"

#define REDIS_URL_DEFAULT "redis://127.0.0.1:6379"

struct redis_access {
	struct redis_url url; /* with user and password */
	bool embedded; /* url is the socket of the private server */
	struct tls_files tls; /* used when url.tls */
	char *sentinel_user, *sentinel_password; /* NULL: none */
	char *catalog;
};

/*
 * Every file is read once, so that what is wrong with one is told at the start.
 * runtime_dir: where the private server has its socket.
 */
int redis_access_read(struct redis_access *ret, const struct settings *s, const char *runtime_dir, struct err *e);
void redis_access_free(struct redis_access *a); /* wipes the passwords */

/* One server that discovery.h found, or one that it wants to ask. Points into a and node. */
struct conn_server redis_access_server(const struct redis_access *a, const struct redis_node *node);
struct conn_server redis_access_guide(const struct redis_access *a, const struct redis_node *node);

#endif
