#include "redis/client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "redis/conn.h"
#include "redis/discovery.h"

#define WORDS_MAX 32

struct client {
	struct conn *conn; /* NULL once it is lost */
	struct err why; /* it is lost */
	usec_t timeout;
	bool ready;
	redisReply **replies; /* that came and were not asked for yet: a ring */
	size_t first, n, cap;
};

static void
client_ready(void *arg)
{
	struct client *c = arg;

	c->ready = true;
}

static void
client_reply(void *arg, const redisReply *reply)
{
	struct client *c = arg;

	(void)reply;
	if (c->n == c->cap) {
		size_t cap = c->cap != 0 ? c->cap * 2 : 16;
		redisReply **ring = mem_alloc(cap * sizeof *ring);

		for (size_t i = 0; i < c->n; i++)
			ring[i] = c->replies[(c->first + i) % c->cap];
		free(c->replies);
		c->replies = ring;
		c->first = 0;
		c->cap = cap;
	}
	c->replies[(c->first + c->n++) % c->cap] = conn_keep_reply(c->conn);
}

static void
client_lost(void *arg, const struct err *why)
{
	struct client *c = arg;

	c->why = *why;
	conn_free(c->conn);
	c->conn = NULL;
}

/* One turn of poll. 0: something moved, or it is lost; -1: the deadline is over. */
static int
client_turn(struct client *c, usec_t deadline, struct err *e)
{
	struct pollfd pfd = {.fd = conn_fd(c->conn), .events = POLLIN};
	usec_t left = deadline - clock_now();
	int n;

	if (conn_wants_write(c->conn))
		pfd.events |= POLLOUT;
	n = poll(&pfd, 1, left > 0 ? (int)usec_min((left + USEC_PER_MS - 1) / USEC_PER_MS, 60000) : 0);
	if (n < 0 && errno != EINTR)
		return err_sys(e, errno, "poll");
	if (n <= 0) {
		if (left > 0)
			return 0;
		(void)err_set(e, "%s", conn_silence(c->conn));
		if (e != NULL)
			e->sys = ETIMEDOUT;
		return -1;
	}
	if ((pfd.revents & POLLOUT) != 0)
		conn_writable(c->conn);
	if (c->conn != NULL && (pfd.revents & (POLLIN | POLLERR | POLLHUP)) != 0)
		conn_readable(c->conn);
	return 0;
}

static usec_t
deadline_after(usec_t timeout)
{
	usec_t now = clock_now();

	return timeout < USEC_NEVER - now ? now + timeout : USEC_NEVER;
}

static void
client_disconnect(struct client *c)
{
	for (; c->n > 0; c->n--) {
		freeReplyObject(c->replies[c->first]);
		c->first = (c->first + 1) % c->cap;
	}
	conn_free(c->conn);
	c->conn = NULL;
	c->ready = false;
}

static int
client_connect(
    struct client *c, const struct conn_server *server, const struct sockaddr *addr, socklen_t len, struct err *e)
{
	static const struct conn_sink sink = {.ready = client_ready, .reply = client_reply, .lost = client_lost};
	usec_t deadline = deadline_after(c->timeout);

	c->conn = conn_open(server, addr, len, &sink, c, e);
	if (c->conn == NULL)
		return -1;
	while (!c->ready) {
		if (client_turn(c, deadline, e) != 0) {
			client_disconnect(c);
			return -1;
		}
		if (c->conn == NULL) {
			if (e != NULL)
				*e = c->why;
			return -1;
		}
	}
	return 0;
}

static int
client_connect_tcp(struct client *c, const struct conn_server *server, struct err *e)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char port[8];
	int rc;

	(void)snprintf(port, sizeof port, "%d", server->to.port);
	rc = getaddrinfo(server->to.host, port, &hints, &list);
	if (rc != 0)
		return err_set(e, "cannot find the redis host %s: %s", server->to.host, gai_strerror(rc));
	rc = err_set(e, "the redis host %s has no address", server->to.host);
	for (const struct addrinfo *ai = list; ai != NULL && rc != 0; ai = ai->ai_next)
		rc = client_connect(c, server, ai->ai_addr, ai->ai_addrlen, e);
	freeaddrinfo(list);
	return rc;
}

/* Connect, and have the first request answered when there is one. */
static redisReply *
client_ask(struct client *c, const struct conn_server *server, const struct buf *request, struct err *e)
{
	redisReply *r = NULL;
	int rc = server->to.path != NULL ? client_connect(c, server, NULL, 0, e) : client_connect_tcp(c, server, e);

	if (rc == 0 && request->n > 0) {
		client_append_raw(c, request->p, request->n);
		r = client_next(c, c->timeout, e);
		if (r == NULL)
			client_disconnect(c);
	}
	return r;
}

/* One step of the search. true: connected to the server to speak to. */
static bool
client_search(struct client *c, const struct redis_access *access, struct discovery *d)
{
	bool asking = discovery_state(d) == DISCOVERY_ASK, there = false, checks = false;
	struct redis_node node = *discovery_node(d);
	struct conn_server server = asking ? redis_access_guide(access, &node) : redis_access_server(access, &node);
	struct buf request = {0};
	struct err e = {0};
	redisReply *r;

	if (asking)
		discovery_question(d, &request);
	else
		checks = discovery_check(d, &request);
	r = client_ask(c, &server, &request, &e);
	if (c->conn == NULL)
		discovery_unreachable(d, &e);
	else if (asking)
		discovery_answer(d, r);
	else
		there = !checks || discovery_check_answer(d, r);
	freeReplyObject(r);
	buf_free(&request);
	if (!there)
		client_disconnect(c);
	return there;
}

struct client *
client_open(const struct redis_access *access, usec_t timeout, struct err *e)
{
	struct discovery *d = discovery_new(&access->url, access->catalog);
	struct client *c = mem_zalloc(sizeof *c);
	bool there = false;

	c->timeout = timeout;
	while (!there && discovery_state(d) != DISCOVERY_FAILED)
		there = client_search(c, access, d);
	if (!there) {
		if (e != NULL)
			*e = *discovery_why(d);
		client_free(c);
		c = NULL;
	}
	discovery_free(d);
	return c;
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	client_disconnect(c);
	free(c->replies);
	free(c);
}

void
client_append(struct client *c, int argc, const char *const *argv, const size_t *argv_len)
{
	struct buf b = {0};

	if (c->conn == NULL)
		return;
	conn_format(&b, argc, argv, argv_len);
	conn_send(c->conn, b.p, b.n);
	buf_free(&b);
}

void
client_append_raw(struct client *c, const void *p, size_t n)
{
	if (c->conn != NULL)
		conn_send(c->conn, p, n);
}

redisReply *
client_next(struct client *c, usec_t timeout, struct err *e)
{
	usec_t deadline = deadline_after(timeout);
	redisReply *r;

	while (c->n == 0) {
		if (c->conn == NULL) {
			if (e != NULL)
				*e = c->why;
			return NULL;
		}
		if (client_turn(c, deadline, e) != 0)
			return NULL;
	}
	r = c->replies[c->first];
	c->first = (c->first + 1) % c->cap;
	c->n--;
	return r;
}

redisReply *
client_call(struct client *c, int argc, const char *const *argv, const size_t *argv_len, struct err *e)
{
	redisReply *r;
	struct err why;

	client_append(c, argc, argv, argv_len);
	r = client_next(c, c->timeout, &why);
	if (r == NULL) {
		/* A reply that comes later would be taken for that of the next request. */
		if (c->conn != NULL)
			client_lost(c, &why);
		if (e != NULL)
			*e = why;
	}
	return r;
}

redisReply *
client_command(struct client *c, struct err *e, const char *word, ...)
{
	const char *argv[WORDS_MAX];
	int argc = 0;
	va_list ap;

	va_start(ap, word);
	for (const char *w = word; w != NULL && argc < WORDS_MAX; w = va_arg(ap, const char *))
		argv[argc++] = w;
	va_end(ap);
	return client_call(c, argc, argv, NULL, e);
}
