#include "redis/url.h"

#include <bsd/stdlib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define DB_MAX 1000000
#define REDIS_PORT 6379

static bool
starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* No message here repeats the address: it may hold a password. */
static int
parse_number(const char *s, const char *what, int min, int max, int *ret, struct err *e)
{
	const char *why = NULL;
	long long v;

	if (*s < '0' || *s > '9')
		return err_set(e, "redis address: %s is not a number", what);
	v = strtonum(s, min, max, &why);
	if (why != NULL)
		return err_set(e, "redis address: %s is %s; expected %d to %d", what, why, min, max);
	*ret = (int)v;
	return 0;
}

static int
parse_secret(const char *s, size_t n, const char *what, char **ret, struct err *e)
{
	struct buf b = {0};

	if (text_percent_decode(&b, s, n) != 0 || memchr(buf_str(&b), '\0', b.n) != NULL) {
		buf_free(&b);
		return err_set(e, "redis address: the %s has a bad percent-encoding; write %%25 for %%", what);
	}
	*ret = buf_steal(&b);
	return 0;
}

static int
parse_userinfo(const char *s, size_t n, struct redis_url *u, struct err *e)
{
	const char *colon = memchr(s, ':', n);

	if (colon == NULL)
		return err_set(e, "redis address: no colon before '@'; expected user:password@ or :password@");
	if (colon > s && parse_secret(s, (size_t)(colon - s), "user", &u->user, e) != 0)
		return -1;
	return parse_secret(colon + 1, n - (size_t)(colon + 1 - s), "password", &u->password, e);
}

static int
parse_host(const char *s, size_t n, struct redis_url *u, struct err *e)
{
	const char *end = s + n, *port;
	char *digits;
	int rc;

	if (n > 0 && *s == '[') {
		const char *bracket = memchr(s, ']', n);

		if (bracket == NULL)
			return err_set(e, "redis address: no ']' behind the host");
		u->host = mem_strndup(s + 1, (size_t)(bracket - s - 1));
		port = bracket + 1;
	} else {
		const char *colon = memchr(s, ':', n);

		port = colon != NULL ? colon : end;
		u->host = mem_strndup(s, (size_t)(port - s));
	}
	if (*u->host == '\0')
		return err_set(e, "redis address: no host; expected redis://host[:port][/db]");
	if (port == end)
		return 0;
	if (*port != ':')
		return err_set(e, "redis address: text between host and port");
	digits = mem_strndup(port + 1, (size_t)(end - port - 1));
	rc = parse_number(digits, "the port", 1, 65535, &u->port, e);
	free(digits);
	return rc;
}

/* What may stand before the place: user:password@. *s goes on behind it. */
static int
parse_user(const char **s, struct redis_url *u, struct err *e)
{
	const char *at = memrchr(*s, '@', strcspn(*s, "/?#"));

	if (at == NULL)
		return 0;
	if (parse_userinfo(*s, (size_t)(at - *s), u, e) != 0)
		return -1;
	*s = at + 1;
	return 0;
}

static int
parse_tcp(const char *s, struct redis_url *u, struct err *e)
{
	const char *rest;

	u->scheme = REDIS_TCP;
	u->port = REDIS_PORT;
	if (parse_user(&s, u, e) != 0)
		return -1;
	rest = s + strcspn(s, "/?#");
	if (parse_host(s, (size_t)(rest - s), u, e) != 0)
		return -1;
	if (*rest == '\0' || strcmp(rest, "/") == 0)
		return 0;
	if (*rest != '/')
		return err_set(e, "redis address: nothing but /db may follow the host");
	return parse_number(rest + 1, "the database", 0, DB_MAX, &u->db, e);
}

static int
parse_unix(const char *s, struct redis_url *u, struct err *e)
{
	const char *query;

	u->scheme = REDIS_UNIX;
	if (parse_user(&s, u, e) != 0)
		return -1;
	query = strchr(s, '?');
	if (*s != '/' || s[1] == '\0' || s[1] == '?')
		return err_set(e, "redis address: no absolute path; expected unix:///path[?db=n]");
	u->path = query != NULL ? mem_strndup(s, (size_t)(query - s)) : mem_strdup(s);
	if (query == NULL)
		return 0;
	if (!starts_with(query, "?db="))
		return err_set(e, "redis address: nothing but ?db=n may follow the path");
	return parse_number(query + 4, "the database", 0, DB_MAX, &u->db, e);
}

static int
parse_scheme(const char *s, struct redis_url *u, struct err *e)
{
	size_t letters;
	static const char *const later[] = {"sentinel://", "cluster://"};

	if (strcmp(s, "embedded") == 0) {
		u->scheme = REDIS_EMBEDDED;
		return 0;
	}
	u->tls = starts_with(s, "rediss://");
	if (u->tls || starts_with(s, "redis://"))
		return parse_tcp(strstr(s, "//") + 2, u, e);
	if (starts_with(s, "unix://"))
		return parse_unix(s + strlen("unix://"), u, e);
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		if (starts_with(s, later[i]))
			return err_set(e,
			    "redis address: %s is not built yet; use redis://, rediss://, unix:// or embedded",
			    later[i]);
	}
	letters = strspn(s, "abcdefghijklmnopqrstuvwxyz");
	if (letters <= 16 && starts_with(s + letters, "://"))
		return err_set(e,
		    "redis address: unknown scheme %.*s://; expected redis://host[:port][/db], rediss:// with TLS, "
		    "unix:///path[?db=n] or embedded",
		    (int)letters, s);
	return err_set(e, "redis address: expected redis://host[:port][/db], unix:///path[?db=n] or embedded");
}

int
redis_url_parse(const char *s, struct redis_url *ret, struct err *e)
{
	struct redis_url u = {0};

	if (parse_scheme(s, &u, e) != 0) {
		redis_url_free(&u);
		return -1;
	}
	*ret = u;
	return 0;
}

void
redis_url_free(struct redis_url *u)
{
	free(u->host);
	free(u->path);
	free(u->user);
	if (u->password != NULL)
		explicit_bzero(u->password, strlen(u->password));
	free(u->password);
	*u = (struct redis_url){0};
}

void
redis_url_copy(struct redis_url *dst, const struct redis_url *src)
{
	*dst = *src;
	dst->host = mem_strdup_opt(src->host);
	dst->path = mem_strdup_opt(src->path);
	dst->user = mem_strdup_opt(src->user);
	dst->password = mem_strdup_opt(src->password);
}

char *
redis_url_text(const struct redis_url *u)
{
	struct buf b = {0};
	bool v6;

	switch (u->scheme) {
	case REDIS_TCP:
		v6 = strchr(u->host, ':') != NULL;
		buf_addf(&b, "redis%s://%s%s%s:%d", u->tls ? "s" : "", v6 ? "[" : "", u->host, v6 ? "]" : "", u->port);
		if (u->db != 0)
			buf_addf(&b, "/%d", u->db);
		break;
	case REDIS_UNIX:
		buf_addf(&b, "unix://%s", u->path);
		if (u->db != 0)
			buf_addf(&b, "?db=%d", u->db);
		break;
	case REDIS_EMBEDDED:
		buf_addstr(&b, "embedded");
		break;
	}
	return buf_steal(&b);
}
