#include "ctl/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "config/dialects.h"
#include "config/paths.h"
#include "ctl/findings.h"
#include "redis/access.h"
#include "redis/keys.h"
#include "redis/url.h"

const char *
session_getenv(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

const char *
session_opt(const struct ctl *c, enum option_id id)
{
	return c->opt->value[id];
}

bool
session_flag(const struct ctl *c, enum option_id id)
{
	return c->opt->value[id] != NULL;
}

void
session_free(struct ctl *c)
{
	if (c->loaded)
		settings_free(&c->settings);
	c->loaded = false;
}

static void
session_say_problems(const struct ctl *c, const char *path, const struct problems *ps)
{
	struct out plain = c->out;
	struct buf line = {0};

	plain.color = false;
	for (size_t i = 0; i < ps->n; i++) {
		struct finding f;

		finding_of_problem(&f, path, path, &ps->v[i]);
		finding_text(&plain, &line, &f);
	}
	(void)fwrite(buf_str(&line), 1, line.n, stderr);
	buf_free(&line);
}

static int
session_file(struct ctl *c, const char *path)
{
	struct problems ps = {0};
	struct buf bytes = {0};
	struct err e;
	int rc = CTL_OK;

	if (fs_read(path, LIMIT_CONFIG, &bytes, &e) != 0) {
		out_say("%s", e.msg);
		rc = e.sys == EACCES ? CTL_PERMISSION : CTL_FAILURE;
	} else if (settings_parse(&c->settings, buf_str(&bytes), bytes.n, &ps) != 0) {
		session_say_problems(c, path, &ps);
		rc = CTL_FAILURE;
	}
	problems_free(&ps);
	buf_free(&bytes);
	return rc;
}

/* The file that was named, else the first one that is there. */
static int
session_files(struct ctl *c)
{
	const char *named = session_opt(c, OPT_CONFIG);
	char *path;
	int rc = CTL_OK;

	if (named != NULL)
		return session_file(c, named);
	for (int k = 0; (path = paths_config(session_getenv, NULL, k)) != NULL; k++) {
		bool there = access(path, F_OK) == 0;

		if (there)
			rc = session_file(c, path);
		free(path);
		if (there)
			break;
	}
	return rc;
}

static int
session_environment(struct ctl *c)
{
	struct problems ps = {0};
	int rc = CTL_OK;

	(void)settings_environment(&c->settings, session_getenv, NULL, &ps);
	if (problems_have_errors(&ps)) {
		session_say_problems(c, "environment", &ps);
		rc = CTL_FAILURE;
	}
	problems_free(&ps);
	return rc;
}

static void
session_replace(char **field, const char *value)
{
	if (value == NULL)
		return;
	free(*field);
	*field = mem_strdup(value);
}

static int
session_flags(struct ctl *c)
{
	const char *catalog = session_opt(c, OPT_CATALOG);

	if (catalog != NULL && !keys_catalog_valid(catalog)) {
		out_say("--catalog %s: a name is 1 to 64 of letters, digits, '.', '_' and '-'", catalog);
		return CTL_USAGE;
	}
	session_replace(&c->settings.catalog, catalog);
	session_replace(&c->settings.redis.url, session_opt(c, OPT_REDIS));
	session_replace(&c->settings.redis.tls.ca_file, session_opt(c, OPT_CACERT));
	session_replace(&c->settings.redis.tls.cert_file, session_opt(c, OPT_CERT));
	session_replace(&c->settings.redis.tls.key_file, session_opt(c, OPT_KEY));
	session_replace(&c->settings.control.socket, session_opt(c, OPT_SOCKET));
	return CTL_OK;
}

int
session_settings(struct ctl *c)
{
	int rc;

	if (c->loaded)
		return CTL_OK;
	settings_init(&c->settings);
	c->loaded = true;
	rc = session_files(c);
	if (rc == CTL_OK)
		rc = session_environment(c);
	if (rc == CTL_OK)
		rc = session_flags(c);
	return rc;
}

int
session_dialects(struct ctl *c)
{
	struct problems ps = {0};
	int rc = session_settings(c);

	if (rc == CTL_OK && c->settings.dialects == NULL && dialects_load(&c->settings, &ps) != 0) {
		session_say_problems(c, "configuration", &ps);
		rc = CTL_FAILURE;
	}
	problems_free(&ps);
	return rc;
}

char *
session_runtime_dir(const struct ctl *c)
{
	if (c->settings.runtime_dir != NULL)
		return mem_strdup(c->settings.runtime_dir);
	return paths_runtime(session_getenv, NULL, geteuid(), c->settings.catalog);
}

char *
session_socket(const struct ctl *c)
{
	char *dir, *path;

	if (c->settings.control.socket != NULL)
		return mem_strdup(c->settings.control.socket);
	dir = session_runtime_dir(c);
	path = mem_printf("%s/control.sock", dir);
	free(dir);
	return path;
}

static int
session_access(const struct ctl *c, struct redis_access *ret, struct err *e)
{
	char *dir = session_runtime_dir(c);
	int rc = redis_access_read(ret, &c->settings, dir, e);

	free(dir);
	return rc;
}

char *
session_redis_text(const struct ctl *c)
{
	struct redis_access access;
	struct err e;
	char *text;

	if (session_access(c, &access, &e) != 0)
		return mem_strdup("redis");
	text = redis_url_text(&access.url);
	redis_access_free(&access);
	return text;
}

int
session_redis_try(const struct ctl *c, usec_t timeout, struct client **ret, struct err *e)
{
	struct redis_access access;
	struct client *client;

	if (session_access(c, &access, e) != 0)
		return -1;
	client = client_open(&access, timeout, e);
	redis_access_free(&access);
	if (client == NULL)
		return -1;
	*ret = client;
	return 0;
}

/* What a server said comes only as text. */
bool
session_refused(const struct err *e)
{
	static const char *const words[] = {"NOAUTH", "WRONGPASS", "NOPERM", NULL};

	for (size_t i = 0; words[i] != NULL; i++)
		if (strstr(e->msg, words[i]) != NULL)
			return true;
	return e->sys == EACCES || e->sys == EPERM;
}

int
session_redis_failed(const struct ctl *c, const struct err *e)
{
	char *where = session_redis_text(c);
	bool refused = session_refused(e);

	if (refused)
		out_say("redis refuses: %s (%s)", e->msg, where);
	else if (c->settings.redis.url == NULL)
		out_say("%s (%s; --redis names another one, --redis embedded shelfd's own)", e->msg, where);
	else
		out_say("%s (%s)", e->msg, where);
	free(where);
	return refused ? CTL_PERMISSION : CTL_NO_REDIS;
}

int
session_redis(struct ctl *c, struct client **ret)
{
	struct redis_url url;
	struct err e;
	int rc = session_settings(c);

	if (rc != CTL_OK)
		return rc;
	if (c->settings.redis.url != NULL) {
		if (redis_url_parse(c->settings.redis.url, &url, &e) != 0) {
			out_say("%s", e.msg);
			return CTL_USAGE;
		}
		redis_url_free(&url);
	}
	if (session_redis_try(c, c->settings.redis.timeout, ret, &e) != 0)
		return session_redis_failed(c, &e);
	return CTL_OK;
}
