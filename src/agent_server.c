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

static void
free_handle(uv_handle_t *h)
{
	free(h);
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
int
agent_server_start(struct agent *a, struct err *e)
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
agent_server_init(struct agent *a, struct err *e)
{
	if (fs_mkdirs(a->state_dir, 0700, e) != 0)
		return -1;
	a->link.server_argv = embedded_argv(a->runtime_dir, a->state_dir, e);
	if (a->link.server_argv == NULL)
		return -1;
	return agent_server_start(a, e);
}

void
agent_server_free(struct agent *a)
{
	struct link *l = &a->link;

	if (l->server != NULL)
		(void)uv_process_kill(l->server, SIGTERM);
	embedded_argv_free(l->server_argv);
	l->server_argv = NULL;
}
