/*
 * What the tests of the redis room share: a private redis-server, and items and
 * changes made up without any file.
 */
#ifndef REDIS_FIXTURE_H
#define REDIS_FIXTURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "catalog/change.h"
#include "redis/client.h"

struct server {
	char dir[40];
	char *socket;
	struct redis_url url;
	pid_t pid; /* 0: not running */
	struct client *client; /* for the test's own questions */
};

/* NULL when this machine has no redis-server: the test is to be skipped. */
struct server *server_new(void);
void server_free(struct server *s); /* stops it and removes the folder */
void server_start(struct server *s);
void server_stop(struct server *s);

/* Run a command line (words parted by single blanks) and write the reply down as text: "a b (nil) [c d]". The caller frees. */
char *server_ask(struct server *s, const char *line);
long long server_ask_number(struct server *s, const char *line);

/* One text for all keys below a prefix with their values and without times to live. The caller frees. */
char *server_dump(struct server *s, const char *prefix);

/* A good item; content makes up its digests and description. */
struct item *make_item(const char *type, const char *id, const char *content);

/* Build a set. p tells what is published now, as changeset_diff is told. */
void put_change(struct changeset *cs, const struct published *p, const char *type, const char *id, const char *content);
void put_patch(struct changeset *cs, const struct published *p, const char *key);
void put_deletion(struct changeset *cs, const struct published *p, const char *key);
void put_problem(struct changeset *cs, const char *path, const char *json);

/* At the begin of a test: s->server is NULL where there is no redis-server. */
#define NEEDS_SERVER(s)                                                              \
	do {                                                                         \
		if ((s)->server == NULL) {                                           \
			print_message("skipped: no redis-server on this machine\n"); \
			skip();                                                      \
		}                                                                    \
	} while (0)

#endif
