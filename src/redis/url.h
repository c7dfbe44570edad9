/*
 * Addresses of Redis: redis://[user:password@]host[:port][/db], rediss:// (the
 * same with TLS), unix://[user:password@]/path[?db=n], embedded. Pure.
 */
#ifndef REDIS_URL_H
#define REDIS_URL_H

#include <stdbool.h>

#include "base/err.h"

enum redis_scheme { REDIS_TCP, REDIS_UNIX, REDIS_EMBEDDED };

struct redis_url {
	enum redis_scheme scheme;
	bool tls; /* TCP */
	char *host; /* TCP */
	int port; /* TCP; 6379 by default */
	char *path; /* UNIX */
	char *user;
	char *password; /* decoded; NULL for none */
	int db;
};

/* Percent-encoding in user and password is decoded. A scheme that is not built yet has a message that says so. */
int redis_url_parse(const char *s, struct redis_url *ret, struct err *e);
void redis_url_free(struct redis_url *u); /* wipes the password */
void redis_url_copy(struct redis_url *dst, const struct redis_url *src);

/* For people: without user and password. The caller frees. */
char *redis_url_text(const struct redis_url *u);

#endif
