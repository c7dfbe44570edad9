#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/dialects.h"
#include "config/paths.h"
#include "config/settings.h"
#include "redis/access.h"
#include "redis/url.h"

enum { EXIT_USAGE = 2 };

/* What the command line says; it is laid over file and environment, at each reload anew. */
struct flags {
	const char *config, *root, *redis, *catalog;
	bool test;
	int verbose;
	struct agent_options agent;
	struct settings next; /* of a reload */
};

static const char *
main_getenv(void *arg, const char *name)
{
	const char *v = getenv(name);

	(void)arg;
	return v != NULL && *v != '\0' ? v : NULL;
}

static void
usage(FILE *out)
{
	(void)fputs("usage: shelfd [-c FILE] [-C ROOT] [--redis URL] [--catalog NAME]\n"
		    "              [--once | --dry-run] [-t] [-v]...\n"
		    "\n"
		    "Keeps the skills, MCP servers and tools of a git checkout in Redis, live.\n"
		    "\n"
		    "  -c, --config FILE   configuration; else $XDG_CONFIG_HOME/shelfd/shelfd.yaml,\n"
		    "                      /etc/shelfd/shelfd.yaml, or none\n"
		    "  -C, --root ROOT     the checkout to watch; else the configuration's, or the\n"
		    "                      checkout around the current folder\n"
		    "      --redis URL     redis[s]://[user:password@]host[:port][/db], unix:///path[?db=n],\n"
		    "                      sentinel[+tls]://host[:port],.../master[/db],\n"
		    "                      cluster[+tls]://host[:port],..., or embedded: start a private\n"
		    "                      redis-server\n"
		    "      --catalog NAME  the catalog to publish; else main\n"
		    "      --once          one full sync, then end\n"
		    "      --dry-run       say what a full sync would change, write nothing\n"
		    "  -t, --test          check the configuration, report every error, and end\n"
		    "  -v, --verbose       log more\n"
		    "  -h, --help          this text\n"
		    "      --version       the version\n"
		    "\n"
		    "Exit status: 0 done, 1 failure, 2 usage or configuration. See shelfd(8).\n",
	    out);
}

/* Returns -1 to go on, else the exit status. */
static int
parse_flags(int argc, char **argv, struct flags *f)
{
	enum { OPT_REDIS = 256, OPT_CATALOG, OPT_ONCE, OPT_DRY_RUN, OPT_VERSION };
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"root", required_argument, NULL, 'C'},
	    {"redis", required_argument, NULL, OPT_REDIS},
	    {"catalog", required_argument, NULL, OPT_CATALOG},
	    {"once", no_argument, NULL, OPT_ONCE},
	    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
	    {"test", no_argument, NULL, 't'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, OPT_VERSION},
	    {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:C:tvh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			f->config = optarg;
			break;
		case 'C':
			f->root = optarg;
			break;
		case OPT_REDIS:
			f->redis = optarg;
			break;
		case OPT_CATALOG:
			f->catalog = optarg;
			break;
		case OPT_ONCE:
			f->agent.once = true;
			break;
		case OPT_DRY_RUN:
			f->agent.dry_run = true;
			break;
		case 't':
			f->test = true;
			break;
		case 'v':
			f->verbose++;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case OPT_VERSION:
			(void)printf("shelfd %s\n", PACKAGE_VERSION);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "shelfd: unexpected argument: %s\n", argv[optind]);
		usage(stderr);
		return EXIT_USAGE;
	}
	return -1;
}

static void
print_problems(const char *where, const struct problems *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		const struct problem *p = &ps->v[i];
		struct buf line = {0};

		buf_addstr(&line, where);
		if (p->line > 0)
			buf_addf(&line, ":%d:%d", p->line, p->column);
		buf_addf(&line, ": %s%s%s [%s]\n", p->message, p->hint != NULL ? "; " : "",
		    p->hint != NULL ? p->hint : "", p->code);
		(void)fputs(buf_str(&line), stderr);
		buf_free(&line);
	}
}

static int
read_config(const char *path, struct settings *s)
{
	struct problems ps = {0};
	struct buf bytes = {0};
	struct err e;
	int r = -1;

	if (fs_read(path, LIMIT_CONFIG, &bytes, &e) != 0) {
		(void)fprintf(stderr, "shelfd: %s\n", e.msg);
	} else {
		r = settings_parse(s, buf_str(&bytes), bytes.n, &ps);
		print_problems(path, &ps);
	}
	problems_free(&ps);
	buf_free(&bytes);
	return r;
}

/* The configuration file to read, NULL for none. The caller frees. */
static char *
config_path(const struct flags *f)
{
	char *path;

	if (f->config != NULL)
		return mem_strdup(f->config);
	for (int k = 0; (path = paths_config(main_getenv, NULL, k)) != NULL; k++) {
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static int
check_url(const struct settings *s, const char *path, bool by_flag)
{
	struct redis_url url;
	struct err e;

	if (s->redis.url == NULL)
		return 0;
	if (redis_url_parse(s->redis.url, &url, &e) == 0) {
		redis_url_free(&url);
		return 0;
	}
	if (by_flag)
		(void)fprintf(stderr, "shelfd: --redis: %s\n", e.msg);
	else if (s->redis.url_line > 0)
		(void)fprintf(stderr, "%s:%d:%d: redis: %s [config-value]\n", path, s->redis.url_line,
		    s->redis.url_column, e.msg);
	else
		(void)fprintf(stderr, "SHELFD_REDIS_URL: %s\n", e.msg);
	return -1;
}

static void
set_string(char **to, const char *from)
{
	if (from == NULL)
		return;
	free(*to);
	*to = mem_strdup(from);
}

/* File, environment, flags. Everything that is wrong is reported before it returns -1. */
static int
load(const struct flags *f, struct settings *s)
{
	struct problems ps = {0};
	char *path;
	int r;

	settings_init(s);
	path = config_path(f);
	r = path != NULL ? read_config(path, s) : 0;
	if (settings_environment(s, main_getenv, NULL, &ps) != 0)
		r = -1;
	print_problems("environment", &ps);
	problems_free(&ps);
	set_string(&s->source.root, f->root);
	set_string(&s->redis.url, f->redis);
	if (f->catalog != NULL && !settings_catalog_valid(f->catalog)) {
		(void)fprintf(stderr, "shelfd: --catalog: not a name; expected 1 to 64 of A-Z a-z 0-9 . _ -\n");
		r = -1;
	}
	set_string(&s->catalog, f->catalog);
	if (check_url(s, path, f->redis != NULL) != 0)
		r = -1;
	if (dialects_load(s, &ps) != 0)
		r = -1;
	print_problems(path != NULL ? path : "SHELFD_SCHEMAS", &ps);
	problems_free(&ps);
	free(path);
	for (int i = 0; i < f->verbose && s->log_level < LOG_LEVEL_DEBUG; i++)
		s->log_level++;
	return r;
}

/* Can the secrets be read, and the files of TLS? */
static bool
redis_is_accessible(const struct settings *s)
{
	struct redis_access access;
	struct err e;

	if (redis_access_read(&access, s, "", &e) != 0) {
		log_error("%s", e.msg);
		return false;
	}
	redis_access_free(&access);
	return true;
}

/* SIGHUP. */
static bool
reload(void *arg)
{
	struct flags *f = arg;

	if (load(f, &f->next) == 0 && redis_is_accessible(&f->next))
		return true;
	settings_free(&f->next);
	log_error("the new configuration is wrong; the old one stays");
	return false;
}

/* root as it is written: where a link on the way leads may change while shelfd runs. */
static char *
absolute(const char *root, struct err *e)
{
	char *here, *path;

	if (root[0] == '/')
		return mem_strdup(root);
	here = realpath(".", NULL);
	if (here == NULL) {
		(void)err_sys(e, errno, "the current folder");
		return NULL;
	}
	path = strcmp(root, ".") == 0 ? mem_strdup(here) : mem_printf("%s/%s", here, root);
	free(here);
	return path;
}

/* The folder that was asked for, or the checkout around the current one, or that itself. The caller frees. */
static char *
find_root(const struct settings *s, struct err *e)
{
	char *root = absolute(s->source.root != NULL ? s->source.root : ".", e), *at, *slash;

	if (root == NULL || s->source.root != NULL)
		return root;
	at = mem_strdup(root);
	for (;;) {
		char *git = mem_printf("%s/.git", at);
		bool found = access(git, F_OK) == 0;

		free(git);
		if (found) {
			free(root);
			return at;
		}
		slash = strrchr(at, '/');
		if (slash == NULL || slash == at)
			break;
		*slash = '\0';
	}
	free(at);
	return root;
}

/* One life of the agent, from settings to its end. */
static enum agent_end
live(const struct settings *s, const struct flags *f)
{
	static struct agent *a; /* reachable to the process's end */
	enum agent_end end = AGENT_FAILED;
	char shown[PATH_MAX];
	struct err e;
	char *root = find_root(s, &e);

	if (FAULT != 0)
		log_warning("built with the seeded fault %d: for tests only", FAULT);
	if (root != NULL) {
		if (!f->agent.once && !f->agent.dry_run)
			log_info("shelfd %s: catalog %s, source %s", PACKAGE_VERSION, s->catalog,
			    text_escape_to(shown, sizeof shown, root));
		a = agent_new(s, root, &f->agent, &e);
	}
	if (a != NULL)
		end = agent_run(a);
	else
		log_error("%s", e.msg);
	if (a != NULL && end != AGENT_RELOAD) {
		agent_end(a); /* freeing a large catalog piece by piece takes longer than ending */
	} else {
		agent_free(a);
		a = NULL;
	}
	free(root);
	return end;
}

/*
 * Files are read and parsed in libuv's pool, by a worker for each processor, but at least
 * two, because a disk may keep one waiting, and at most four. One more thread is for whatever else
 * has to wait. Each has a heap of its own, as the loop has: with fewer they wait for each other.
 */
static unsigned int
set_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	char text[16];

	n = n < 2 ? 2 : n > 4 ? 4 : n;
	(void)snprintf(text, sizeof text, "%ld", n + 1);
	(void)setenv("UV_THREADPOOL_SIZE", text, 0);
	(void)mallopt(M_ARENA_MAX, (int)n + 2);
	return (unsigned int)n;
}

int
main(int argc, char **argv)
{
	struct flags flags = {.agent = {.tell_systemd = getenv("NOTIFY_SOCKET") != NULL}};
	struct settings settings;
	enum agent_end end;
	int r;

	if (argc > 1 && strcmp(argv[1], AGENT_SERVER_WORD) == 0)
		return agent_become_server(argv);
	r = parse_flags(argc, argv, &flags);
	if (r >= 0)
		return r;
	flags.agent.reload = reload;
	flags.agent.reload_arg = &flags;
	(void)signal(SIGPIPE, SIG_IGN);
	flags.agent.workers = set_threads();
	if (load(&flags, &settings) != 0) {
		settings_free(&settings);
		return EXIT_USAGE;
	}
	if (flags.test) {
		(void)printf("configuration ok\n");
		settings_free(&settings);
		return 0;
	}
	log_set_level(settings.log_level);
	while ((end = live(&settings, &flags)) == AGENT_RELOAD) {
		settings_free(&settings);
		settings = flags.next;
		log_set_level(settings.log_level);
	}
	settings_free(&settings);
	return end == AGENT_DONE ? 0 : 1;
}
