#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_private.h"
#include "base/log.h"
#include "base/mem.h"

#define EMBEDDED_PATIENCE (10 * USEC_PER_SEC)

/* Without a daemon's patience: what would be tried again for ever is the end of --once. */
static void
link_impatient(struct agent *a, usec_t now)
{
	struct link *l = &a->link;
	bool defaulted = a->settings->redis.url == NULL;

	if (a->ready || a->ending)
		return;
	if (l->access.embedded) {
		if (now - a->sync.started < EMBEDDED_PATIENCE)
			return;
	} else if (!a->opt.once && !a->opt.dry_run && !defaulted) {
		return;
	}
	if (l->tries > 1 && !l->access.embedded)
		return;
	log_error("redis: %s%s", l->trouble.text,
	    defaulted ? "; name one with --redis URL, or start a private one with --redis embedded" : "");
	agent_stop(a, AGENT_FAILED);
}

/* It is of use: the next loss is a new one. A mere answer is not enough, as a Redis that fails soon would be asked without a pause. */
static void
link_good(struct link *l)
{
	backoff_reset(&l->backoff);
	l->tries = 0;
}

static void
link_tell(struct agent *a, const char *why, usec_t now)
{
	struct link *l = &a->link;

	if (!trouble_set(&l->trouble, why, now) || a->opt.once || a->opt.dry_run)
		return;
	if (l->access.embedded && !a->ready)
		log_debug("redis: %s", why);
	else
		log_warning("redis: %s; trying again", why);
}

/* What the publisher says of itself may end with what it does next, so this comes with every step. */
static void
link_look(struct agent *a, usec_t now)
{
	const char *condition = publisher_condition(a->publisher);
	enum publisher_state state = publisher_state(a->publisher);
	struct link *l = &a->link;

	if (condition[0] != '\0')
		link_tell(a, condition, now);
	else if (state == PUBLISHER_READY && trouble_end(&l->trouble, now))
		log_info("redis: publishing again");
	if (state == PUBLISHER_READY || state == PUBLISHER_STANDBY)
		link_good(l);
}

const char *
agent_link_trouble(const struct agent *a)
{
	const char *condition = publisher_condition(a->publisher);

	return condition[0] != '\0' ? condition : a->link.trouble.text;
}

void
agent_link_close(struct agent *a, const char *why)
{
	struct link *l = &a->link;
	usec_t now = clock_now();

	wire_close(&l->wire);
	l->checking = false;
	publisher_offline(a->publisher, now);
	buf_clear(publisher_output(a->publisher));
	l->retry_at = now + backoff_next(&l->backoff);
	l->tries++;
	if (why == NULL || a->ending)
		return;
	link_tell(a, why, now);
	link_impatient(a, now);
}

static void
link_flush(struct agent *a)
{
	struct buf *out = publisher_output(a->publisher);

	if (out->n == 0)
		return;
	if (a->link.wire.conn != NULL)
		wire_send(&a->link.wire, out->p, out->n);
	buf_clear(out);
}

void
agent_link_rouse(struct agent *a, usec_t now)
{
	publisher_rouse(a->publisher, now);
	link_flush(a);
}

/* The next call goes out before anything else: Redis works while we do. */
static void
link_moved(void *arg)
{
	link_flush(arg);
}

static void
link_online(struct agent *a)
{
	struct link *l = &a->link;

	l->checking = false;
	l->give_up_at = USEC_NEVER;
	publisher_online(a->publisher, clock_now());
}

static void
link_ready(void *arg)
{
	struct agent *a = arg;
	struct buf check = {0};

	if (discovery_check(a->guide.discovery, &check)) {
		a->link.checking = true;
		wire_send(&a->link.wire, check.p, check.n);
	} else {
		link_online(a);
	}
	buf_free(&check);
}

static void
link_checked(struct agent *a, const redisReply *r)
{
	if (discovery_check_answer(a->guide.discovery, r)) {
		link_online(a);
		return;
	}
	wire_close(&a->link.wire);
	a->link.checking = false;
	agent_find_go_on(a);
}

static void
link_reply(void *arg, const redisReply *r)
{
	struct agent *a = arg;

	if (a->link.checking)
		link_checked(a, r);
	else
		publisher_reply(a->publisher, r, clock_now(), clock_wall_ms());
}

static void
link_lost(void *arg, const struct err *why)
{
	struct agent *a = arg;

	/* Before it could be used: whoever named this server may be mistaken. */
	if (publisher_state(a->publisher) == PUBLISHER_OFFLINE && !agent_find_busy(a))
		discovery_unreachable(a->guide.discovery, why);
	agent_link_close(a, why->msg);
}

static const struct conn_sink link_sink = {.ready = link_ready, .reply = link_reply, .lost = link_lost};

void
agent_link_to(struct agent *a, const struct redis_node *node)
{
	struct link *l = &a->link;
	char *text;

	if (wire_busy(&l->wire)) {
		if (redis_node_equal(&l->wire.node, node))
			return;
		text = redis_node_text(node);
		log_info("redis: the master is at %s now", text);
		free(text);
		agent_link_close(a, NULL);
	}
	l->retry_at = USEC_NEVER;
	l->give_up_at = clock_now() + a->settings->redis.timeout;
	wire_connect(&l->wire, node);
}

int
agent_link_init(struct agent *a, struct err *e)
{
	struct link *l = &a->link;

	backoff_init(&l->backoff, (uint64_t)clock_now() ^ (uint64_t)getpid() << 32);
	l->retry_at = 0;
	l->give_up_at = USEC_NEVER;
	if (redis_access_read(&l->access, a->settings, a->runtime_dir, e) != 0)
		return -1;
	l->wire = (struct wire){
	    .loop = &a->loop,
	    .access = &l->access,
	    .server_of = redis_access_server,
	    .sink = &link_sink,
	    .arg = a,
	    .moved = link_moved,
	};
	agent_find_init(a);
	return l->access.embedded ? agent_server_init(a, e) : 0;
}

static void
link_give_up(struct agent *a)
{
	struct link *l = &a->link;
	struct err e;

	if (l->give_up_at == 0) {
		agent_link_close(a, l->reconnect);
		return;
	}
	(void)err_set(
	    &e, "%s", l->wire.conn != NULL ? conn_silence(l->wire.conn) : "the address of the host does not come");
	link_lost(a, &e);
}

void
agent_link_run(struct agent *a, usec_t now)
{
	struct link *l = &a->link;
	struct err e;

	link_look(a, now);
	link_flush(a);
	if (wire_busy(&l->wire) && now >= l->give_up_at)
		link_give_up(a);
	agent_find_run(a, now);
	if (wire_busy(&l->wire) || agent_find_busy(a) || a->ending || now < l->retry_at)
		return;
	if (l->access.embedded && l->server == NULL && agent_server_start(a, &e) != 0) {
		agent_link_close(a, e.msg);
		return;
	}
	agent_find(a);
}

usec_t
agent_link_deadline(const struct agent *a)
{
	const struct link *l = &a->link;
	usec_t at = agent_find_deadline(a);

	if (wire_busy(&l->wire))
		return usec_min(at, l->give_up_at);
	return agent_find_busy(a) ? at : usec_min(at, l->retry_at);
}

void
agent_link_free(struct agent *a)
{
	struct link *l = &a->link;

	agent_find_free(a);
	wire_close(&l->wire);
	agent_server_free(a);
	redis_access_free(&l->access);
}

/* Whoever reads the catalog starts over, so somebody should know why. The very first generation needs no reason. */
static void
link_tell_reset(struct agent *a)
{
	const char *generation = publisher_generation(a->publisher), *reason = publisher_reset_reason(a->publisher);

	if (!a->state.published) {
		log_info("redis: new generation %s", generation);
		return;
	}
	log_warning("redis: %s; publishing everything as new generation %s", reason, generation);
	(void)snprintf(a->link.reset, sizeof a->link.reset, "%s", reason);
	a->link.reset_ms = clock_wall_ms();
}

static void
on_loaded(void *arg, bool reset)
{
	struct agent *a = arg;
	const char *at;

	if (reset)
		link_tell_reset(a);
	a->state.published = true;
	catalog_touch_all(a->catalog);
	for (const struct published_item *p = published_next(a->published, NULL); p != NULL;
	     p = published_next(a->published, p->key))
		catalog_touch_key(a->catalog, p->key);
	for (at = published_next_problems(a->published, NULL); at != NULL;
	     at = published_next_problems(a->published, at))
		catalog_touch_path(a->catalog, at);
}

static void
on_applied(void *arg, const struct change *ch, uint64_t rev)
{
	struct agent *a = arg;

	(void)rev;
	link_good(&a->link);
	agent_sync_applied(a, ch);
}

static void
on_done(void *arg, struct changeset *cs, bool ok)
{
	struct agent *a = arg;

	a->publishing = false;
	if (!ok) {
		agent_publish_again(a, cs);
		return;
	}
	changeset_free(cs);
}

static void
on_reconnect(void *arg, const char *why)
{
	struct agent *a = arg;

	/* Not from inside a reply: the connection is closed by the step that follows. */
	(void)snprintf(a->link.reconnect, sizeof a->link.reconnect, "%s", why);
	a->link.give_up_at = 0;
}

const struct publisher_sink agent_publisher_sink = {
    .loaded = on_loaded,
    .applied = on_applied,
    .done = on_done,
    .reached = agent_journal_reached,
    .behind = agent_journal_behind,
    .witness = agent_journal_witness,
    .reconnect = on_reconnect,
};
