#include "agent_wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static void
free_handle(uv_handle_t *h)
{
	free(h);
}

bool
wire_busy(const struct wire *w)
{
	return w->conn != NULL || w->resolving != NULL;
}

void
wire_close(struct wire *w)
{
	if (w->resolving != NULL) {
		w->resolving->data = NULL; /* its answer is for nobody */
		(void)uv_cancel((uv_req_t *)w->resolving);
		w->resolving = NULL;
	}
	if (w->poll != NULL) {
		(void)uv_poll_stop(w->poll);
		uv_close((uv_handle_t *)w->poll, free_handle);
		w->poll = NULL;
	}
	conn_free(w->conn);
	w->conn = NULL;
}

static void
wire_on_poll(uv_poll_t *poll, int status, int events)
{
	struct wire *w = poll->data;

	if (status < 0)
		events = UV_READABLE;
	if ((events & UV_WRITABLE) != 0)
		conn_writable(w->conn);
	/* What came of that may have been another connection. */
	if (w->poll == poll && (events & UV_READABLE) != 0)
		conn_readable(w->conn);
	w->moved(w->arg);
	wire_update(w);
}

void
wire_update(struct wire *w)
{
	int events;

	if (w->conn == NULL || w->poll == NULL)
		return;
	events = UV_READABLE | (conn_wants_write(w->conn) ? UV_WRITABLE : 0);
	if (events == w->polled)
		return;
	w->polled = events;
	(void)uv_poll_start(w->poll, events, wire_on_poll);
}

void
wire_send(struct wire *w, const void *p, size_t n)
{
	conn_send(w->conn, p, n);
	conn_writable(w->conn);
	wire_update(w);
}

static void
wire_open(struct wire *w, const struct sockaddr *addr, socklen_t addr_len)
{
	struct conn_server server = w->server_of(w->access, &w->node);
	struct err e;

	w->conn = conn_open(&server, addr, addr_len, w->sink, w->arg, &e);
	if (w->conn == NULL) {
		w->sink->lost(w->arg, &e);
		return;
	}
	w->poll = mem_zalloc(sizeof *w->poll);
	w->poll->data = w;
	if (uv_poll_init(w->loop, w->poll, conn_fd(w->conn)) != 0) {
		free(w->poll);
		w->poll = NULL;
		(void)err_set(&e, "cannot poll the connection");
		w->sink->lost(w->arg, &e);
		return;
	}
	w->polled = UV_READABLE | UV_WRITABLE;
	(void)uv_poll_start(w->poll, w->polled, wire_on_poll);
}

static void
wire_not_found(struct wire *w, int status)
{
	struct err e;

	(void)err_set(&e, "cannot find the redis host %s: %s", w->node.host, uv_strerror(status));
	w->sink->lost(w->arg, &e);
}

static void
wire_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
	struct wire *w = req->data;
	const struct addrinfo *ai = res;
	unsigned int n = 0;

	free(req);
	if (w == NULL) {
		uv_freeaddrinfo(res);
		return;
	}
	w->resolving = NULL;
	if (status != 0 || res == NULL) {
		wire_not_found(w, status);
		return;
	}
	for (; ai != NULL; ai = ai->ai_next)
		n++;
	ai = res;
	for (n = w->tries++ % n; n > 0; n--)
		ai = ai->ai_next;
	wire_open(w, ai->ai_addr, ai->ai_addrlen);
	uv_freeaddrinfo(res);
}

void
wire_connect(struct wire *w, const struct redis_node *node)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	char port[16];
	int r;

	w->node = *node;
	if (w->server_of(w->access, node).to.path != NULL) {
		wire_open(w, NULL, 0);
		return;
	}
	w->resolving = mem_zalloc(sizeof *w->resolving);
	w->resolving->data = w;
	(void)snprintf(port, sizeof port, "%d", node->port);
	r = uv_getaddrinfo(w->loop, w->resolving, wire_resolved, w->node.host, port, &hints);
	if (r == 0)
		return;
	free(w->resolving);
	w->resolving = NULL;
	wire_not_found(w, r);
}
