/*
 * The pipeline: joins the stages from inotify to Redis in one loop thread.
 */
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>

#include "base/err.h"
#include "config/settings.h"

struct agent;

struct agent_options {
	bool once; /* one full sync, then end */
	bool dry_run; /* say what a full sync would change, write nothing */
	bool tell_systemd; /* sd_notify(3) */
	unsigned int workers; /* threads of libuv's pool that may read files at once; at least 1 */
	/* SIGHUP: are there new settings to go on with? false: they are wrong, and the old ones stay. */
	bool (*reload)(void *arg);
	void *reload_arg;
};

/*
 * First argument with which the agent starts this program again for the private
 * redis-server: `PROGRAM AGENT_SERVER_WORD SERVER ARGUMENT...`.
 */
#define AGENT_SERVER_WORD "--as-private-server"

/* Become that server, which ends when its parent does. Returns only on failure. argv as given to main. */
int agent_become_server(char **argv);

enum agent_end {
	AGENT_DONE, /* --once or --dry-run is through, or a signal asked for the end */
	AGENT_FAILED, /* it was logged why */
	AGENT_RELOAD, /* SIGHUP: run again with the new settings */
};

/*
 * root: absolute path of the source. s and root must outlive the agent. NULL
 * with a reason when something could not be acquired.
 */
struct agent *agent_new(const struct settings *s, const char *root, const struct agent_options *opt, struct err *e);

/* Run until it ends. */
enum agent_end agent_run(struct agent *a);

void agent_free(struct agent *a); /* NULL is fine */

/*
 * Release only what outlives the process: connections, the control socket, the
 * private server, files of barriers. The memory stays, for the kernel to take back at
 * once, and reachable; nothing more may be done with a.
 */
void agent_end(struct agent *a);

#endif
