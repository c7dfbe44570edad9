/*
 * Which server is to be written to? A state machine that says whom to ask, what
 * to ask, and what the answers mean. Pure: the owner connects, carries the
 * bytes, keeps the time, and knows how often to search again.
 *
 *   begin -> ASK -> (ASK ...) -> FOUND, then a check at the server found -> done, or FOUND elsewhere
 *                            \-> FAILED
 *
 * A plain address is FOUND at once and needs no check. Sentinels are asked in turn for the address of the master, which
 * must say of itself that it is one. Nodes of a cluster are asked for the table of slots; the node found must hold the
 * slot of the catalog, or say who does (MOVED).
 */
#ifndef REDIS_DISCOVERY_H
#define REDIS_DISCOVERY_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "redis/url.h"

struct discovery;

enum discovery_state {
	DISCOVERY_ASK, /* connect to the node, send the question, hand in its answer */
	DISCOVERY_FOUND, /* connect to the node, send the check, hand in its answer */
	DISCOVERY_FAILED, /* nobody knew; begin again after a while */
};

/* catalog: for a cluster, where its slot counts; may be NULL otherwise. Both are copied. */
struct discovery *discovery_new(const struct redis_url *url, const char *catalog);
void discovery_free(struct discovery *d);

/* A new search, from whoever knew last. */
void discovery_begin(struct discovery *d);

enum discovery_state discovery_state(const struct discovery *d);

/* ASK, FOUND: whom it is about; valid until the next call. Its host is "" for a unix socket. */
const struct redis_node *discovery_node(const struct discovery *d);

/* FAILED: why, for people. */
const struct err *discovery_why(const struct discovery *d);

/* ASK: append the question; the first reply to it is the answer. */
void discovery_question(const struct discovery *d, struct buf *out);
void discovery_answer(struct discovery *d, const redisReply *r);

/* ASK, FOUND: the node cannot be reached, or went away before it answered. */
void discovery_unreachable(struct discovery *d, const struct err *why);

/* FOUND: append the check; false when there is none to make. Its answer: true when this is the server. */
bool discovery_check(const struct discovery *d, struct buf *out);
bool discovery_check_answer(struct discovery *d, const redisReply *r);

/*
 * Whoever keeps the connection to the one that answered learns of a change at once: append what asks for that (false:
 * there is no such thing), and hand in what comes. True: another master was named, and the state is FOUND.
 */
bool discovery_listen(const struct discovery *d, struct buf *out);
bool discovery_heard(struct discovery *d, const redisReply *r);

#endif
