#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent_private.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "redis/embedded.h"

#define EMBEDDED_PATIENCE (10 * USEC_PER_SEC)

static void
free_handle(uv_handle_t *h)
{
	free(h);
}

static void
link_poll_stop(struct link *l)
{
	if (l->poll == NULL)
		return;
	(void)uv_poll_stop(l->poll);
	uv_close((uv_handle_t *)l->poll, free_handle);
	l->poll = NULL;
}

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

	link_poll_stop(l);
	conn_free(l->conn);
	l->conn = NULL;
	publisher_offline(a->publisher, now);
	buf_clear(publisher_output(a->publisher));
	l->retry_at = now + backoff_next(&l->backoff);
	l->tries++;
	if (why == NULL || a->ending)
		return;
	link_tell(a, why, now);
	link_impatient(a, now);
}

static void link_flush(struct agent *a);
static void link_poll_update(struct agent *a);

static void
link_on_poll(uv_poll_t *poll, int status, int events)
{
	struct agent *a = poll->data;
	struct link *l = &a->link;

	if (status < 0)
		events = UV_READABLE;
	if (l->conn != NULL && (events & UV_WRITABLE) != 0)
		conn_writable(l->conn);
	if (l->conn != NULL && (events & UV_READABLE) != 0)
		conn_readable(l->conn);
	link_flush(a); /* the next call goes out before anything else: Redis works while we do */
	link_poll_update(a);
}

static void
link_poll_update(struct agent *a)
{
	struct link *l = &a->link;

	int events;

	if (l->conn == NULL || l->poll == NULL)
		return;
	events = UV_READABLE | (conn_wants_write(l->conn) ? UV_WRITABLE : 0);
	if (events == l->polled)
		return;
	l->polled = events;
	(void)uv_poll_start(l->poll, events, link_on_poll);
}

static void
link_flush(struct agent *a)
{
	struct buf *out = publisher_output(a->publisher);

	if (out->n == 0)
		return;
	if (a->link.conn == NULL) {
		buf_clear(out);
		return;
	}
	conn_send(a->link.conn, out->p, out->n);
	buf_clear(out);
	conn_writable(a->link.conn);
	link_poll_update(a);
}

static void
link_ready(void *arg)
{
	struct agent *a = arg;
	struct link *l = &a->link;

	l->give_up_at = USEC_NEVER;
	publisher_online(a->publisher, clock_now());
}

static void
link_reply(void *arg, const redisReply *r)
{
	struct agent *a = arg;

	publisher_reply(a->publisher, r, clock_now(), clock_wall_ms());
}

static void
link_lost(void *arg, const struct err *why)
{
	agent_link_close(arg, why->msg);
}

static const struct conn_sink link_sink = {.ready = link_ready, .reply = link_reply, .lost = link_lost};

static void
link_open(struct agent *a, const struct sockaddr *addr, socklen_t addr_len)
{
	struct link *l = &a->link;
	struct conn_server server = redis_access_server(&l->access);
	struct err e;

	l->conn = conn_open(&server, addr, addr_len, &link_sink, a, &e);
	if (l->conn == NULL) {
		agent_link_close(a, e.msg);
		return;
	}
	l->poll = mem_zalloc(sizeof *l->poll);
	l->poll->data = a;
	if (uv_poll_init(&a->loop, l->poll, conn_fd(l->conn)) != 0) {
		free(l->poll);
		l->poll = NULL;
		agent_link_close(a, "cannot poll the connection");
		return;
	}
	l->give_up_at = clock_now() + a->settings->redis.timeout;
	l->polled = UV_READABLE | UV_WRITABLE;
	(void)uv_poll_start(l->poll, l->polled, link_on_poll);
}

static void
link_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
	struct agent *a = req->data;

	a->link.resolving = NULL;
	free(req);
	if (a->ending) {
		uv_freeaddrinfo(res);
		return;
	}
	if (status != 0 || res == NULL) {
		char why[256];

		(void)snprintf(why, sizeof why, "%s: %s", a->link.access.url.host, uv_strerror(status));
		agent_link_close(a, why);
		return;
	}
	link_open(a, res->ai_addr, res->ai_addrlen);
	uv_freeaddrinfo(res);
}

static void
link_connect(struct agent *a)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct link *l = &a->link;
	char port[16];
	int r;

	l->retry_at = USEC_NEVER;
	if (l->access.url.scheme == REDIS_UNIX) {
		link_open(a, NULL, 0);
		return;
	}
	l->resolving = mem_zalloc(sizeof *l->resolving);
	l->resolving->data = a;
	(void)snprintf(port, sizeof port, "%d", l->access.url.port);
	r = uv_getaddrinfo(&a->loop, l->resolving, link_resolved, l->access.url.host, port, &hints);
	if (r == 0)
		return;
	free(l->resolving);
	l->resolving = NULL;
	agent_link_close(a, uv_strerror(r));
}

static void
server_exited(uv_process_t *p, int64_t status, int sig)
{
	struct agent *a = p->data;

	a->link.server = NULL;
	uv_close((uv_handle_t *)p, free_handle);
	if (!a->ending)
		log_error("the private redis-server ended (status %d, signal %d); starting it again", (int)status, sig);
}

/*
 * Its output goes to our stderr. A terminal's Ctrl-C must not reach it before
 * our last words to it, so it is detached; and it must not outlive us even if
 * we are killed, so it begins as this program, which asks for that (shelfd.c).
 */
static int
server_start(struct agent *a, struct err *e)
{
	uv_stdio_container_t stdio[3] = {
	    {.flags = UV_IGNORE},
	    {.flags = UV_INHERIT_FD, .data.fd = 2},
	    {.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	struct link *l = &a->link;
	uv_process_options_t opt = {
	    .file = "/proc/self/exe",
	    .exit_cb = server_exited,
	    .stdio = stdio,
	    .stdio_count = 3,
	    .flags = UV_PROCESS_DETACHED,
	};
	size_t n = 0;
	int r;

	while (l->server_argv[n] != NULL)
		n++;
	opt.args = mem_zalloc((n + 3) * sizeof *opt.args);
	opt.args[0] = l->server_argv[0];
	opt.args[1] = UNCONST(AGENT_SERVER_WORD);
	memcpy(opt.args + 2, l->server_argv, n * sizeof *opt.args);
	l->server = mem_zalloc(sizeof *l->server);
	l->server->data = a;
	r = uv_spawn(&a->loop, l->server, &opt);
	free(opt.args);
	if (r == 0)
		return 0;
	uv_close((uv_handle_t *)l->server, free_handle);
	l->server = NULL;
	return err_set(e, "cannot start %s: %s", l->server_argv[0], uv_strerror(r));
}

int
agent_become_server(char **argv)
{
	pid_t parent = getppid();

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || argv[2] == NULL)
		return 1;
	/* The parent may be gone already: then no signal comes. */
	if (getppid() != parent)
		return 1;
	(void)execv(argv[2], argv + 2);
	log_error("%s: %s", argv[2], strerror(errno));
	return 1;
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
	if (!l->access.embedded)
		return 0;
	if (fs_mkdirs(a->state_dir, 0700, e) != 0)
		return -1;
	l->server_argv = embedded_argv(a->runtime_dir, a->state_dir, e);
	if (l->server_argv == NULL)
		return -1;
	return server_start(a, e);
}

void
agent_link_run(struct agent *a, usec_t now)
{
	struct link *l = &a->link;
	struct err e;

	link_look(a, now);
	link_flush(a);
	if (l->conn != NULL && now >= l->give_up_at)
		agent_link_close(a, l->give_up_at == 0 ? l->reconnect : conn_silence(l->conn));
	if (l->conn != NULL || l->resolving != NULL || a->ending || now < l->retry_at)
		return;
	if (l->access.embedded && l->server == NULL && server_start(a, &e) != 0) {
		agent_link_close(a, e.msg);
		return;
	}
	link_connect(a);
}

usec_t
agent_link_deadline(const struct agent *a)
{
	const struct link *l = &a->link;

	if (l->conn != NULL)
		return l->give_up_at;
	return l->resolving != NULL ? USEC_NEVER : l->retry_at;
}

void
agent_link_free(struct agent *a)
{
	struct link *l = &a->link;

	link_poll_stop(l);
	conn_free(l->conn);
	l->conn = NULL;
	if (l->server != NULL)
		(void)uv_process_kill(l->server, SIGTERM);
	redis_access_free(&l->access);
	if (l->server_argv != NULL)
		embedded_argv_free(l->server_argv);
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
    .reached = agent_state_reached,
    .behind = agent_state_behind,
    .witness = agent_state_witness,
    .reconnect = on_reconnect,
};
