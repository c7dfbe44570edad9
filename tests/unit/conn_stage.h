/* A connection to somebody who plays Redis. */
#ifndef CONN_STAGE_H
#define CONN_STAGE_H

#include "redis/conn.h"

#define HELLO "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$6\r\nshelfd\r\n"

/* A listening socket that plays Redis, and the connection to it under test. */
struct stage {
	char dir[32];
	char path[64];
	int listener, peer;
	struct conn_server server;
	struct conn *conn;
	struct buf replies; /* what the callback was given, one line a reply */
	int n_ready, n_lost;
	struct err why;
	bool free_on_reply, keep;
	redisReply *kept;
};

extern const struct conn_sink stage_sink;

int conn_setup(void **state);
int conn_teardown(void **state);

void stage_open(struct stage *s);
void stage_ready(struct stage *s); /* the same, and through the handshake */

/* What the other side has received once the connection has nothing more to send. */
void stage_flush(struct stage *s, struct buf *got);

/* The other side says this, and the connection reads it. */
void stage_say(struct stage *s, const char *text, size_t n);
void stage_say_text(struct stage *s, const char *text);

#endif
