#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <poll.h>

#include "publisher_rig.h"

static void
on_loaded(void *arg, bool reset)
{
	struct rig *g = arg;

	g->n_loaded++;
	g->n_reset += reset;
}

static void
on_applied(void *arg, const struct change *ch, uint64_t rev)
{
	struct rig *g = arg;

	assert_non_null(ch->key);
	g->n_applied++;
	g->last_rev = rev;
}

static void
on_done(void *arg, struct changeset *cs, bool ok)
{
	struct rig *g = arg;

	assert_ptr_equal(cs, &g->cs);
	changeset_free(cs);
	g->n_done += ok;
	g->n_failed += !ok;
}

static void
on_reconnect(void *arg, const char *why)
{
	struct rig *g = arg;

	(void)why;
	g->n_reconnect++;
}

static bool
is_dead(void *arg, const char *identity)
{
	const struct rig *g = arg;

	return g->dead != NULL && strcmp(identity, g->dead) == 0;
}

static void
conn_is_ready(void *arg)
{
	struct rig *g = arg;

	publisher_online(g->pub, clock_now());
}

static void
conn_has_reply(void *arg, const redisReply *r)
{
	struct rig *g = arg;

	publisher_reply(g->pub, r, clock_now(), clock_wall_ms());
}

static void
conn_is_lost(void *arg, const struct err *why)
{
	struct rig *g = arg;

	(void)why;
	conn_free(g->conn);
	g->conn = NULL;
	publisher_offline(g->pub, clock_now());
}

void
rig_connect(struct rig *g)
{
	static const struct conn_sink sink = {.ready = conn_is_ready, .reply = conn_has_reply, .lost = conn_is_lost};
	struct err e;

	g->conn = conn_open(&(struct conn_server){.to = {.path = g->server->url.path}}, NULL, 0, &sink, g, &e);
	if (g->conn == NULL)
		fail_msg("%s", e.msg);
}

void
rig_cut(struct rig *g)
{
	conn_free(g->conn);
	g->conn = NULL;
	publisher_offline(g->pub, clock_now());
}

void
rig_start(struct rig *g, struct server *server, const char *identity, const char *owner)
{
	static const struct publisher_sink sink = {
	    .loaded = on_loaded, .applied = on_applied, .done = on_done, .reconnect = on_reconnect};
	struct publisher_config cfg = {.catalog = "t",
	    .agent = "host:42",
	    .owner = owner,
	    .identity = identity,
	    .version = "1",
	    .owner_dead = is_dead,
	    .arg = g};

	*g = (struct rig){.server = server, .identity = identity, .published = published_new()};
	g->pub = publisher_new(&cfg, g->published, &sink, g);
	rig_connect(g);
}

void
rig_stop(struct rig *g)
{
	if (g->pub == NULL)
		return;
	publisher_free(g->pub);
	conn_free(g->conn);
	published_free(g->published);
	*g = (struct rig){0};
}

void
rig_flush(struct rig *g)
{
	struct buf *out = publisher_output(g->pub);

	conn_send(g->conn, out->p, out->n);
	buf_clear(out);
	conn_writable(g->conn);
}

void
rig_turn(struct rig *g)
{
	struct pollfd pfd = {.fd = conn_fd(g->conn), .events = POLLIN};
	usec_t left = publisher_deadline(g->pub) - clock_now();

	rig_flush(g);
	(void)poll(&pfd, 1, (int)(left < 0 ? 0 : usec_min(left / USEC_PER_MS + 1, 20)));
	conn_readable(g->conn);
	if (g->conn != NULL)
		publisher_tick(g->pub, clock_now(), clock_wall_ms());
}

void
rig_until(struct rig *g, enum publisher_state want)
{
	usec_t deadline = clock_now() + DEADLINE;

	for (;;) {
		rig_turn(g);
		if (publisher_state(g->pub) == want && publisher_output(g->pub)->n == 0)
			return;
		if (clock_now() > deadline)
			fail_msg("still %s (%s), not %s", publisher_state_word(publisher_state(g->pub)),
			    publisher_condition(g->pub), publisher_state_word(want));
	}
}

void
rig_submit(struct rig *g)
{
	publisher_submit(
	    g->pub, &g->cs, g->commit != NULL ? g->commit : "c0ffee", "main", clock_now(), clock_wall_ms());
}

void
rig_publish(struct rig *g, int from, int to, const char *content)
{
	int done = g->n_done;

	for (int i = from; i < to; i++) {
		char id[16];

		(void)snprintf(id, sizeof id, "i%d", i);
		put_change(&g->cs, g->published, i % 3 == 0 ? "mcp" : "skill", id, content);
	}
	rig_submit(g);
	rig_until(g, PUBLISHER_READY);
	assert_int_equal(g->n_done, done + 1);
}
