#include "redis/embedded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

char *
embedded_socket(const char *runtime_dir)
{
	return mem_printf("%s/redis.sock", runtime_dir);
}

/* Where execvp(3) would find the program, or NULL. The caller frees. */
static char *
find_in_path(const char *program)
{
	const char *path = getenv("PATH");

	for (const char *p = path != NULL ? path : "/usr/local/bin:/usr/bin:/bin"; *p != '\0';) {
		size_t n = strcspn(p, ":");
		char *file = mem_printf("%.*s/%s", (int)n, p, program);

		if (n > 0 && *p == '/' && access(file, X_OK) == 0)
			return file;
		free(file);
		p += n + (p[n] == ':');
	}
	return NULL;
}

static char *
find_server(struct err *e)
{
	char *file = find_in_path("redis-server");

	if (file == NULL)
		file = find_in_path("valkey-server");
	if (file == NULL)
		(void)err_set(e,
		    "no redis-server and no valkey-server in PATH; install redis-server, "
		    "or give the address of a running redis");
	return file;
}

char **
embedded_argv(const char *runtime_dir, const char *state_dir, struct err *e)
{
	const char *const fixed[] = {"--port", "0", "--unixsocketperm", "600", "--appendonly", "yes", "--save", "",
	    /* Every change is a whole transaction in the file; a crash of the machine costs at most a second. */
	    "--appendfsync", "everysec", "--aof-load-truncated", "yes", "--daemonize", "no", "--supervised", "no",
	    "--loglevel", "warning", "--databases", "1"};
	const size_t n_fixed = sizeof fixed / sizeof *fixed;
	char *server = find_server(e), **argv;
	size_t n = 0;

	if (server == NULL)
		return NULL;
	argv = mem_zalloc((n_fixed + 6) * sizeof *argv);
	argv[n++] = server;
	for (size_t i = 0; i < n_fixed; i++)
		argv[n++] = mem_strdup(fixed[i]);
	argv[n++] = mem_strdup("--unixsocket");
	argv[n++] = embedded_socket(runtime_dir);
	argv[n++] = mem_strdup("--dir");
	argv[n++] = mem_strdup(state_dir);
	return argv;
}

void
embedded_argv_free(char **argv)
{
	if (argv == NULL)
		return;
	for (char **p = argv; *p != NULL; p++)
		free(*p);
	free(argv);
}
