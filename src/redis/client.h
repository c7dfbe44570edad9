/*
 * A blocking client over conn, for the command line: one request, one reply,
 * with a deadline.
 */
#ifndef REDIS_CLIENT_H
#define REDIS_CLIENT_H

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/err.h"
#include "redis/access.h"

struct client;

/* Connect to the server that the address names, or to the one that its sentinels or nodes name. */
struct client *client_open(const struct redis_access *access, usec_t timeout, struct err *e);
void client_free(struct client *c);

/* The caller frees the reply (freeReplyObject). NULL: the connection is lost. An error reply is a reply. */
redisReply *client_call(struct client *c, int argc, const char *const *argv, const size_t *argv_len, struct err *e);

/* The same for a list of at most 31 words that ends with NULL. */
redisReply *client_command(struct client *c, struct err *e, const char *word, ...) __attribute__((sentinel));

/*
 * Send without waiting, then take the replies (and pushed messages) in order.
 * client_next returns NULL when the connection is lost, or with e->sys ETIMEDOUT
 * when nothing came in time: then it may be called again.
 */
void client_append(struct client *c, int argc, const char *const *argv, const size_t *argv_len);
void client_append_raw(struct client *c, const void *p, size_t n); /* requests in RESP */
redisReply *client_next(struct client *c, usec_t timeout, struct err *e);

#endif
