/* A publisher with its connection to a real redis-server, as the agent has one. */
#ifndef PUBLISHER_RIG_H
#define PUBLISHER_RIG_H

#include "redis/conn.h"
#include "redis/publisher.h"
#include "redis_fixture.h"

#define DEADLINE (10 * USEC_PER_SEC)

struct rig {
	struct server *server;
	const char *identity;
	struct publisher *pub;
	struct published *published;
	struct conn *conn;
	struct changeset cs;
	const char *commit; /* NULL: c0ffee */
	int n_loaded, n_reset, n_done, n_failed, n_reconnect;
	uint64_t last_rev;
	size_t n_applied;
	const char *dead; /* identity that is known to be dead */
};

void rig_start(struct rig *g, struct server *server, const char *identity, const char *owner);
void rig_stop(struct rig *g); /* a zeroed rig is fine */

void rig_connect(struct rig *g);
void rig_cut(struct rig *g); /* the connection breaks; what was not sent is lost */

void rig_flush(struct rig *g);
void rig_turn(struct rig *g); /* one turn of the loop */
void rig_until(struct rig *g, enum publisher_state want); /* with a deadline */

/* Hand in g->cs. */
void rig_submit(struct rig *g);
/* Publish the items from <= i < to with what g->cs holds already, and see it through. */
void rig_publish(struct rig *g, int from, int to, const char *content);

#endif
