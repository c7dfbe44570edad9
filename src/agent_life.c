#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent_private.h"
#include "base/fs.h"
#include "base/identity.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/paths.h"

/* Half of the watchdog's patience (sd_watchdog_enabled(3)), at least every three heartbeats. */
static usec_t
tell_every(void)
{
	uint64_t usec;

	if (sd_watchdog_enabled(0, &usec) <= 0 || usec / 2 > (uint64_t)(3 * AGENT_TICK))
		return 3 * AGENT_TICK;
	return (usec_t)(usec / 2);
}

void
agent_poll(struct agent *a, uv_poll_t *poll, int fd, uv_poll_cb cb, bool *ret_polled)
{
	if (fd < 0 || uv_poll_init(&a->loop, poll, fd) != 0)
		return;
	*ret_polled = true;
	poll->data = a;
	(void)uv_poll_start(poll, UV_READABLE, cb);
}

static void
on_http(uv_poll_t *poll, int status, int events)
{
	struct agent *a = poll->data;

	(void)status, (void)events;
	http_server_run(a->http);
}

static void
on_signal(uv_signal_t *s, int signum)
{
	struct agent *a = s->data;

	if (signum == SIGHUP && (a->opt.once || a->opt.dry_run || !a->opt.reload(a->opt.reload_arg)))
		return;

	log_info("%s: %s", signum == SIGHUP ? "reloading" : "ending", strsignal(signum));
	agent_stop(a, signum == SIGHUP ? AGENT_RELOAD : AGENT_DONE);
}

static int
agent_folders(struct agent *a, struct err *e)
{
	a->private_dir = mem_printf("%s/barrier", a->runtime_dir);
	if (a->opt.once || a->opt.dry_run)
		return a->settings->redis.url != NULL && strcmp(a->settings->redis.url, "embedded") == 0
		    ? fs_mkdirs(a->runtime_dir, 0700, e)
		    : 0;
	if (fs_mkdirs(a->runtime_dir, 0700, e) != 0)
		return -1;
	return fs_mkdirs(a->private_dir, 0700, e);
}

static int
agent_watcher(struct agent *a, struct err *e)
{
	const struct settings *s = a->settings;
	const struct watcher_config cfg = {
	    .root = a->root,
	    .collections = &s->collections,
	    .git_dir = a->repo != NULL ? repo_git_dir(a->repo) : NULL,
	    .common_dir = a->repo != NULL ? repo_common_dir(a->repo) : NULL,
	    .private_dir = a->private_dir,
	    .settle = {s->watch.quiet, s->watch.writer, s->watch.max_delay},
	    .hold = {s->watch.git_quiet, s->watch.git_hold},
	    .poll = s->watch.poll,
	    .audit = s->watch.audit,
	    .poll_all = s->watch.polling,
	    .blank = !agent_recalls(a),
	    .watch = !a->opt.once && !a->opt.dry_run,
	};

	a->watcher = watcher_new(&cfg, &agent_watcher_sink, a, e);
	return a->watcher != NULL ? 0 : -1;
}

static bool
owner_dead(void *arg, const char *identity)
{
	(void)arg;
	return identity_dead(identity);
}

static int
agent_publisher(struct agent *a, struct err *e)
{
	char identity[512];
	struct publisher_config cfg = {
	    .catalog = a->settings->catalog,
	    .agent = a->name,
	    .identity = identity,
	    .version = PACKAGE_VERSION,
	    .timeout = a->settings->redis.timeout,
	    .min_replicas = (unsigned int)a->settings->redis.min_replicas,
	    .owner_dead = owner_dead,
	    .dry_run = a->opt.dry_run,
	};
	unsigned char nonce[16];
	struct buf hex = {0};

	if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
		return err_sys(e, errno, "getrandom");
	text_hex(&hex, nonce, sizeof nonce);
	identity_self(identity, sizeof identity);
	cfg.owner = buf_str(&hex);
	a->publisher = publisher_new(&cfg, a->published, &agent_publisher_sink, a);
	buf_free(&hex);
	return 0;
}

static int
agent_http(struct agent *a, struct err *e)
{
	char *path;

	if (a->opt.once || a->opt.dry_run)
		return 0;
	path = a->settings->control.socket != NULL ? mem_strdup(a->settings->control.socket)
						   : mem_printf("%s/control.sock", a->runtime_dir);
	a->http = http_server_new(path, agent_api, agent_api_gone, a, e);
	free(path);
	return a->http != NULL ? 0 : -1;
}

static void
agent_signal(struct agent *a, uv_signal_t *s, int signum)
{
	(void)uv_signal_init(&a->loop, s);
	s->data = a;
	(void)uv_signal_start(s, on_signal, signum);
}

static int
agent_loop(struct agent *a, struct err *e)
{
	int r = uv_loop_init(&a->loop);

	if (r != 0)
		return err_set(e, "event loop: %s", uv_strerror(r));
	a->looped = true;
	(void)uv_prepare_init(&a->loop, &a->step);
	a->step.data = a;
	(void)uv_prepare_start(&a->step, agent_step);
	(void)uv_timer_init(&a->loop, &a->timer);
	agent_signal(a, &a->on_term, SIGTERM);
	agent_signal(a, &a->on_int, SIGINT);
	agent_signal(a, &a->on_hup, SIGHUP);
	return 0;
}

static const char *
agent_getenv(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

static void
agent_name(struct agent *a)
{
	char host[256];

	if (gethostname(host, sizeof host) != 0)
		(void)snprintf(host, sizeof host, "localhost");
	host[sizeof host - 1] = '\0';
	(void)snprintf(a->name, sizeof a->name, "%s:%ld", host, (long)getpid());
}

struct agent *
agent_new(const struct settings *s, const char *root, const struct agent_options *opt, struct err *e)
{
	struct agent *a = mem_zalloc(sizeof *a);

	a->settings = s;
	a->opt = *opt;
	a->root = root;
	a->born_ms = clock_wall_ms();
	a->tell_every = tell_every();
	LIST_INIT(&a->retries);
	LIST_INIT(&a->waiters);
	agent_name(a);
	a->runtime_dir = s->runtime_dir != NULL
	    ? mem_strdup(s->runtime_dir)
	    : paths_runtime(agent_getenv, NULL, (unsigned int)geteuid(), s->catalog);
	a->state_dir = s->state_dir != NULL ? mem_strdup(s->state_dir)
					    : paths_state(agent_getenv, NULL, (unsigned int)geteuid(), s->catalog);
	a->facts = facts_new(&s->collections);
	a->catalog = catalog_new();
	a->published = published_new();
	if (agent_folders(a, e) != 0 || agent_loop(a, e) != 0 || agent_jobs_init(a, e) != 0)
		goto fail;
	agent_state_open(a); /* first, as it is read in the pool beside all that follows */
	if (agent_git_open(a, e) != 0 || agent_watcher(a, e) != 0 || agent_publisher(a, e) != 0 ||
	    agent_http(a, e) != 0 || agent_link_init(a, e) != 0)
		goto fail;
	if (a->http != NULL)
		agent_poll(a, &a->http_poll, http_server_fd(a->http), on_http, &a->http_polled);
	return a;
fail:
	agent_free(a);
	return NULL;
}

static void
close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h) && h->type != UV_PROCESS && h->type != UV_POLL)
		uv_close(h, NULL);
}

static void
agent_close_loop(struct agent *a)
{
	(void)uv_prepare_stop(&a->step);
	agent_jobs_close(a);
	if (a->watch_polled)
		uv_close((uv_handle_t *)&a->watch_poll, NULL);
	if (a->http_polled)
		uv_close((uv_handle_t *)&a->http_poll, NULL);
	uv_walk(&a->loop, close_handle, NULL);
	/* Ends when the private server has ended and jobs and look-ups are back. */
	while (uv_run(&a->loop, UV_RUN_DEFAULT) != 0)
		;
	(void)uv_loop_close(&a->loop);
	agent_jobs_free(a);
}

void
agent_end(struct agent *a)
{
	a->ending = true;
	agent_sync_free(a);
	if (a->publisher != NULL)
		agent_link_free(a);
	if (a->looped)
		agent_close_loop(a);
	http_server_free(a->http);
	a->http = NULL;
	watcher_free(a->watcher);
	a->watcher = NULL;
	agent_state_close(a);
}

void
agent_free(struct agent *a)
{
	if (a == NULL)
		return;
	agent_end(a);
	publisher_free(a->publisher);
	if (!a->publishing)
		changeset_free(&a->changeset);
	agent_read_free(a);
	repo_free(a->repo);
	facts_free(a->facts);
	claims_free(a->claims);
	textset_clear(&a->unsure);
	catalog_free(a->catalog);
	published_free(a->published);
	free(a->runtime_dir);
	free(a->state_dir);
	free(a->private_dir);
	free(a);
}
