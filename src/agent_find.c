/* Whom to connect to: asks sentinels or nodes of a cluster, and listens to the sentinel that answered. */
#include <stdlib.h>

#include "agent_private.h"
#include "base/log.h"

#define LISTEN_AGAIN (2 * USEC_PER_SEC) /* after the sentinel that was listened to is lost */
#define PING_EVERY (10 * USEC_PER_SEC)

static void
guide_moved(void *arg)
{
	(void)arg;
}

static void
guide_ready(void *arg)
{
	struct agent *a = arg;
	struct guide *g = &a->guide;
	struct buf question = {0};

	discovery_question(g->discovery, &question);
	/* In one go with the question, so that nothing is missed in between. */
	g->listens = discovery_listen(g->discovery, &question);
	wire_send(&g->wire, question.p, question.n);
	buf_free(&question);
}

static void
guide_reply(void *arg, const redisReply *r)
{
	struct agent *a = arg;
	struct guide *g = &a->guide;

	if (g->state == GUIDE_ASKING) {
		discovery_answer(g->discovery, r);
		agent_find_go_on(a);
	} else if (g->state == GUIDE_LISTENING) {
		g->give_up_at = USEC_NEVER;
		if (discovery_heard(g->discovery, r))
			agent_find_go_on(a);
	}
}

static void
guide_lost(void *arg, const struct err *why)
{
	struct agent *a = arg;
	struct guide *g = &a->guide;

	wire_close(&g->wire);
	if (g->state == GUIDE_ASKING) {
		discovery_unreachable(g->discovery, why);
		agent_find_go_on(a);
		return;
	}
	g->state = GUIDE_IDLE;
	g->again_at = clock_now() + LISTEN_AGAIN;
	log_debug("redis: lost the sentinel: %s", why->msg);
}

static const struct conn_sink guide_sink = {.ready = guide_ready, .reply = guide_reply, .lost = guide_lost};

static void
find_ask(struct agent *a)
{
	struct guide *g = &a->guide;

	wire_close(&g->wire);
	g->state = GUIDE_ASKING;
	g->give_up_at = clock_now() + a->settings->redis.timeout;
	wire_connect(&g->wire, discovery_node(g->discovery));
}

static void
find_found(struct agent *a)
{
	struct guide *g = &a->guide;
	struct redis_node node = *discovery_node(g->discovery);

	g->give_up_at = USEC_NEVER;
	if (g->wire.conn != NULL && g->listens) {
		g->state = GUIDE_LISTENING;
		g->ping_at = clock_now() + PING_EVERY;
	} else {
		wire_close(&g->wire);
		g->state = GUIDE_IDLE;
	}
	agent_link_to(a, &node);
}

static void
find_failed(struct agent *a)
{
	struct guide *g = &a->guide;

	/* One that is listened to may soon know better. */
	if (g->state == GUIDE_ASKING) {
		wire_close(&g->wire);
		g->state = GUIDE_IDLE;
		g->give_up_at = USEC_NEVER;
	}
	if (!wire_busy(&a->link.wire))
		agent_link_close(a, discovery_why(g->discovery)->msg);
	else
		g->again_at = clock_now() + LISTEN_AGAIN;
}

void
agent_find_go_on(struct agent *a)
{
	switch (discovery_state(a->guide.discovery)) {
	case DISCOVERY_ASK:
		find_ask(a);
		break;
	case DISCOVERY_FOUND:
		find_found(a);
		break;
	case DISCOVERY_FAILED:
		find_failed(a);
		break;
	}
}

void
agent_find(struct agent *a)
{
	struct guide *g = &a->guide;

	g->again_at = USEC_NEVER;
	wire_close(&g->wire);
	discovery_begin(g->discovery);
	agent_find_go_on(a);
}

bool
agent_find_busy(const struct agent *a)
{
	return a->guide.state == GUIDE_ASKING;
}

static void
find_ping(struct agent *a, usec_t now)
{
	static const char ping[] = "*1\r\n$4\r\nPING\r\n";
	struct guide *g = &a->guide;

	g->ping_at = now + PING_EVERY;
	g->give_up_at = now + a->settings->redis.timeout;
	wire_send(&g->wire, ping, sizeof ping - 1);
}

void
agent_find_run(struct agent *a, usec_t now)
{
	struct guide *g = &a->guide;
	struct err e;

	if (a->ending)
		return;
	if (now >= g->give_up_at) {
		g->give_up_at = USEC_NEVER;
		(void)err_set(&e, "%s",
		    g->wire.conn != NULL ? conn_silence(g->wire.conn) : "the address of the host does not come");
		guide_lost(a, &e);
	}
	if (g->state == GUIDE_LISTENING && now >= g->ping_at)
		find_ping(a, now);
	if (g->state == GUIDE_IDLE && now >= g->again_at)
		agent_find(a);
}

usec_t
agent_find_deadline(const struct agent *a)
{
	const struct guide *g = &a->guide;
	usec_t at = g->give_up_at;

	if (g->state == GUIDE_LISTENING)
		at = usec_min(at, g->ping_at);
	return g->state == GUIDE_IDLE ? usec_min(at, g->again_at) : at;
}

void
agent_find_init(struct agent *a)
{
	struct link *l = &a->link;

	a->guide = (struct guide){
	    .discovery = discovery_new(&l->access.url, l->access.catalog),
	    .wire =
		{
		    .loop = &a->loop,
		    .access = &l->access,
		    .server_of = redis_access_guide,
		    .sink = &guide_sink,
		    .arg = a,
		    .moved = guide_moved,
		},
	    .give_up_at = USEC_NEVER,
	    .again_at = USEC_NEVER,
	};
}

void
agent_find_free(struct agent *a)
{
	wire_close(&a->guide.wire);
	discovery_free(a->guide.discovery);
	a->guide.discovery = NULL;
}
