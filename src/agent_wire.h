/*
 * One connection of the agent in its loop: finding the address of a host,
 * connecting, polling. What comes is told to a conn_sink; its owner keeps the
 * time-outs.
 */
#ifndef AGENT_WIRE_H
#define AGENT_WIRE_H

#include <stdbool.h>
#include <uv.h>

#include "redis/access.h"
#include "redis/conn.h"

struct wire {
	/* Given once. */
	uv_loop_t *loop;
	const struct redis_access *access;
	struct conn_server (*server_of)(const struct redis_access *, const struct redis_node *);
	const struct conn_sink
	    *sink; /* its lost is also called when the host is not found; the callee closes the wire */
	void *arg;
	void (*moved)(void *arg); /* something may have come or gone */

	struct redis_node node; /* that it is connected to, or was last */
	uv_getaddrinfo_t *resolving;
	struct conn *conn; /* NULL until there is an address */
	uv_poll_t *poll;
	int polled; /* events it polls for */
	unsigned int tries; /* a host with several addresses is tried at each in turn */
};

/* Start to connect. A failure is told to sink->lost, possibly from within. */
void wire_connect(struct wire *w, const struct redis_node *node);
void wire_close(struct wire *w);
bool wire_busy(const struct wire *w); /* connected, or about to be */

void wire_send(struct wire *w, const void *p, size_t n);
void wire_update(struct wire *w); /* poll for what it waits for */

#endif
