#include "agent.h"

#include <systemd/sd-daemon.h>

#include "agent_private.h"
#include "base/log.h"

#define END_PATIENCE (500 * USEC_PER_MS)

bool
agent_settled(const struct agent *a)
{
	return a->scanned && facts_complete(a->facts) && a->jobs == 0 && !watcher_scanning(a->watcher);
}

bool
agent_drained(const struct agent *a)
{
	return agent_settled(a) && !agent_guard_waits(a) && !a->rescan && agent_published(a);
}

/*
 * Is what was told to be read, or published for somebody who waits, before more is told? Otherwise there might always be
 * something more, and never a moment in which all is read.
 */
static bool
agent_is_busy(const struct agent *a)
{
	return a->jobs != 0 || !facts_complete(a->facts) || (!agent_guard_waits(a) && agent_sync_waits(a));
}

/* systemd is told at least every tell_every; mostly this rides on the wakes of the heartbeat. */
static void
agent_tell(struct agent *a, usec_t now)
{
	const char *trouble = agent_link_trouble(a);
	struct watcher_stats ws;

	if (!a->opt.tell_systemd || (now - a->told < usec_min(AGENT_TICK, a->tell_every) && a->ready == a->told_ready))
		return;
	a->told = now;
	watcher_stats(a->watcher, &ws);
	(void)sd_notifyf(0, "%sWATCHDOG=1\nSTATUS=%zu items, %zu broken, %zu watches, rev %llu, redis %s%s%s",
	    a->ready ? "READY=1\n" : "EXTEND_TIMEOUT_USEC=30000000\n", published_items(a->published),
	    catalog_broken(a->catalog), ws.watches, (unsigned long long)publisher_rev(a->publisher),
	    publisher_state_word(publisher_state(a->publisher)), trouble[0] != '\0' ? ": " : "", trouble);
	a->told_ready = a->ready;
}

static usec_t
agent_deadline(const struct agent *a, usec_t now)
{
	usec_t at = usec_min(watcher_deadline(a->watcher), agent_link_deadline(a));

	at = usec_min(at, agent_read_deadline(a));
	at = usec_min(at, agent_git_deadline(a));
	at = usec_min(at, agent_guard_deadline(a));
	at = usec_min(at, agent_state_deadline(a));
	at = usec_min(at, publisher_deadline(a->publisher));
	if (a->http != NULL)
		at = usec_min(at, http_server_deadline(a->http, now));
	if (a->opt.tell_systemd)
		at = usec_min(at, a->told + a->tell_every);
	if (a->ending)
		at = usec_min(at, a->end_by);
	else if (a->backlog || a->state.more)
		at = now;
	return at;
}

static void
on_timer(uv_timer_t *t)
{
	(void)t; /* the step that follows does the work */
}

static void
agent_arm(struct agent *a, usec_t now)
{
	usec_t at = agent_deadline(a, now), wait;

	if (at == USEC_NEVER) {
		(void)uv_timer_stop(&a->timer);
		return;
	}
	wait = at > now ? (at - now + USEC_PER_MS - 1) / USEC_PER_MS : 0;
	uv_update_time(&a->loop);
	(void)uv_timer_start(&a->timer, on_timer, (uint64_t)wait, 0);
}

static void
agent_end_step(struct agent *a, usec_t now)
{
	bool in_flight = publisher_state(a->publisher) == PUBLISHER_APPLY && a->link.wire.conn != NULL;

	if (a->jobs != 0 || (in_flight && now < a->end_by) || !agent_state_ended(a, now))
		return;
	if (!a->released) {
		a->released = true;
		publisher_release(a->publisher);
		agent_link_run(a, now);
	}
	if (a->link.wire.conn != NULL && conn_unsent(a->link.wire.conn) != 0 && now < a->end_by)
		return;
	uv_stop(&a->loop);
}

static void
agent_begin(struct agent *a, usec_t now)
{
	if (a->begun)
		return;
	a->begun = true;
	agent_git_begin(a);
	agent_sync_begin(a, "start", now);
	agent_link_run(a, now); /* Redis answers while the files are looked at */
	if (agent_sync_start(a, "start", now, NULL) != 0 && (a->opt.once || a->opt.dry_run))
		agent_stop(a, AGENT_FAILED);
}

static void
agent_flow(struct agent *a, usec_t now)
{
	agent_begin(a, now);
	watcher_run(a->watcher, now);
	a->held = watcher_held(a->watcher, now);
	a->git_worked |= a->held;
	agent_guard_run(a, now);
	agent_git_run(a, now);
	if (a->rescan && !a->held) {
		a->rescan = false;
		(void)agent_sync_start(a, "ignore", now, NULL);
	}
	agent_read(a, now);
	a->backlog = !a->held && agent_publish_ahead(a, now);
	if (!a->held && !a->backlog && agent_settled(a))
		agent_publish(a, now);
	agent_state_run(a, now);
	agent_sync_run(a, now);
	watcher_pause(a->watcher, agent_is_busy(a));
	if (!a->sync.active && !a->ready && a->last_sync.any) {
		a->ready = true;
		if (a->opt.once)
			agent_stop(a, AGENT_DONE);
	}
}

/* --once does not wait for what may never come. */
static void
agent_once_step(struct agent *a, usec_t now)
{
	const char *condition = publisher_condition(a->publisher);
	enum publisher_state state = publisher_state(a->publisher);

	if (a->ending || (!a->opt.once && !a->opt.dry_run) || condition[0] == '\0')
		return;
	if (state != PUBLISHER_STANDBY && now - a->sync.started < a->settings->redis.timeout)
		return;
	log_error("redis: %s", condition);
	agent_stop(a, AGENT_FAILED);
}

static void
on_watch(uv_poll_t *poll, int status, int events)
{
	struct agent *a = poll->data;
	usec_t now = clock_now();

	(void)status, (void)events;
	agent_link_rouse(a, now);
	watcher_read(a->watcher, now);
}

/* The watcher's descriptor may come later, and is left alone while it cannot be read. */
static void
agent_listen(struct agent *a)
{
	bool listen = watcher_fd(a->watcher) >= 0;

	if (!a->watch_polled)
		agent_poll(a, &a->watch_poll, watcher_fd(a->watcher), on_watch, &a->watch_polled);
	else if (listen && !a->listening)
		(void)uv_poll_start(&a->watch_poll, UV_READABLE, on_watch);
	else if (!listen && a->listening)
		(void)uv_poll_stop(&a->watch_poll);
	a->listening = a->watch_polled && listen;
}

void
agent_step(uv_prepare_t *p)
{
	struct agent *a = p->data;
	usec_t now = clock_now();

	if (!a->ending)
		agent_flow(a, now);
	agent_listen(a);
	publisher_set_state(
	    a->publisher, a->ready ? "ready" : "starting", a->publishing ? a->changeset.n : 0, a->last_sync.finished);
	publisher_tick(a->publisher, now, clock_wall_ms());
	agent_link_run(a, now);
	agent_once_step(a, now);
	agent_tell(a, now);
	/* An answer that came later than its request is sent by another round of the server. */
	if (a->http != NULL && http_server_deadline(a->http, now) <= now)
		http_server_run(a->http);
	if (a->ending)
		agent_end_step(a, now);
	agent_arm(a, now);
}

void
agent_stop(struct agent *a, enum agent_end end)
{
	if (a->ending)
		return;
	a->ending = true;
	a->end = end;
	a->end_by = clock_now() + END_PATIENCE;
	if (a->opt.tell_systemd)
		(void)sd_notify(0, end == AGENT_RELOAD ? "RELOADING=1" : "STOPPING=1");
}

enum agent_end
agent_run(struct agent *a)
{
	(void)uv_run(&a->loop, UV_RUN_DEFAULT);
	return a->end;
}
