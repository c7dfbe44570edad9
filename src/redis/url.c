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
#define SENTINEL_PORT 26379

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
parse_node(const char *s, size_t n, int default_port, struct redis_node *ret, struct err *e)
{
	const char *end = s + n, *host = s, *host_end, *port;
	char *digits;
	int rc;

	ret->port = default_port;
	if (n > 0 && *s == '[') {
		host = s + 1;
		host_end = memchr(s, ']', n);
		if (host_end == NULL)
			return err_set(e, "redis address: no ']' behind the host");
		port = host_end + 1;
	} else {
		const char *colon = memchr(s, ':', n);

		port = host_end = colon != NULL ? colon : end;
	}
	if (host_end == host)
		return err_set(e, "redis address: no host; expected host[:port]");
	if (host_end - host > REDIS_HOST_MAX)
		return err_set(e, "redis address: a host of more than %d bytes", REDIS_HOST_MAX);
	memcpy(ret->host, host, (size_t)(host_end - host));
	ret->host[host_end - host] = '\0';
	if (port == end)
		return 0;
	if (*port != ':')
		return err_set(e, "redis address: text between host and port");
	digits = mem_strndup(port + 1, (size_t)(end - port - 1));
	rc = parse_number(digits, "the port", 1, 65535, &ret->port, e);
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
parse_nodes(const char *s, size_t n, int default_port, struct redis_url *u, struct err *e)
{
	const char *end = s + n;

	u->nodes = mem_zalloc(REDIS_NODES_MAX * sizeof *u->nodes);
	for (;;) {
		const char *comma = memchr(s, ',', (size_t)(end - s)), *stop = comma != NULL ? comma : end;

		if (u->n_nodes == REDIS_NODES_MAX)
			return err_set(e, "redis address: more than %d hosts", REDIS_NODES_MAX);
		if (parse_node(s, (size_t)(stop - s), default_port, &u->nodes[u->n_nodes++], e) != 0)
			return -1;
		if (comma == NULL)
			return 0;
		if (u->scheme == REDIS_TCP)
			return err_set(
			    e, "redis address: several hosts; expected sentinel:// or cluster:// before them");
		s = comma + 1;
	}
}

/* "[user:password@]host[:port],..."; *ret_rest is what follows. */
static int
parse_authority(const char *s, int default_port, struct redis_url *u, const char **ret_rest, struct err *e)
{
	if (parse_user(&s, u, e) != 0)
		return -1;
	*ret_rest = s + strcspn(s, "/?#");
	return parse_nodes(s, (size_t)(*ret_rest - s), default_port, u, e);
}

static int
parse_db(const char *rest, const char *what, struct redis_url *u, struct err *e)
{
	if (*rest == '\0' || strcmp(rest, "/") == 0)
		return 0;
	if (*rest != '/')
		return err_set(e, "redis address: nothing but /db may follow the %s", what);
	return parse_number(rest + 1, "the database", 0, DB_MAX, &u->db, e);
}

static int
parse_tcp(const char *s, struct redis_url *u, struct err *e)
{
	const char *rest;

	u->scheme = REDIS_TCP;
	if (parse_authority(s, REDIS_PORT, u, &rest, e) != 0)
		return -1;
	return parse_db(rest, "host", u, e);
}

static int
parse_sentinel(const char *s, struct redis_url *u, struct err *e)
{
	const char *rest;
	size_t n;

	u->scheme = REDIS_SENTINEL;
	if (parse_authority(s, SENTINEL_PORT, u, &rest, e) != 0)
		return -1;
	n = *rest == '/' ? strcspn(rest + 1, "/?#") : 0;
	if (n == 0)
		return err_set(
		    e, "redis address: no name of a master; expected sentinel://host[:port],.../master[/db]");
	u->master = mem_strndup(rest + 1, n);
	/* It is a word of a message that is taken apart at blanks. */
	if (strpbrk(u->master, " \t\r\n") != NULL)
		return err_set(e, "redis address: a blank in the name of the master");
	return parse_db(rest + 1 + n, "name of the master", u, e);
}

static int
parse_cluster(const char *s, struct redis_url *u, struct err *e)
{
	const char *rest;

	u->scheme = REDIS_CLUSTER;
	if (parse_authority(s, REDIS_PORT, u, &rest, e) != 0)
		return -1;
	if (*rest != '\0' && strcmp(rest, "/") != 0 && strcmp(rest, "/0") != 0)
		return err_set(e, "redis address: nothing may follow the hosts; a cluster has only database 0");
	return 0;
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

#define EXPECTED                                                                                         \
	"expected redis[s]://host[:port][/db], unix:///path[?db=n], sentinel://host[:port],.../master, " \
	"cluster://host[:port],... or embedded"

static int
parse_scheme(const char *s, struct redis_url *u, struct err *e)
{
	static const struct {
		const char *prefix;
		bool tls;
		int (*parse)(const char *, struct redis_url *, struct err *);
	} schemes[] = {
	    {"redis://", false, parse_tcp},
	    {"rediss://", true, parse_tcp},
	    {"unix://", false, parse_unix},
	    {"sentinel://", false, parse_sentinel},
	    {"sentinel+tls://", true, parse_sentinel},
	    {"cluster://", false, parse_cluster},
	    {"cluster+tls://", true, parse_cluster},
	};
	size_t letters = strspn(s, "abcdefghijklmnopqrstuvwxyz+");

	if (strcmp(s, "embedded") == 0) {
		u->scheme = REDIS_EMBEDDED;
		return 0;
	}
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (!starts_with(s, schemes[i].prefix))
			continue;
		u->tls = schemes[i].tls;
		return schemes[i].parse(s + strlen(schemes[i].prefix), u, e);
	}
	if (letters <= 16 && starts_with(s + letters, "://"))
		return err_set(e, "redis address: unknown scheme %.*s://; " EXPECTED, (int)letters, s);
	return err_set(e, "redis address: " EXPECTED);
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
	free(u->nodes);
	free(u->master);
	free(u->path);
	free(u->user);
	if (u->password != NULL)
		explicit_bzero(u->password, strlen(u->password));
	free(u->password);
	*u = (struct redis_url){0};
}

bool
redis_node_equal(const struct redis_node *a, const struct redis_node *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static void
add_node(struct buf *b, const struct redis_node *n)
{
	bool v6 = strchr(n->host, ':') != NULL;

	buf_addf(b, "%s%s%s:%d", v6 ? "[" : "", n->host, v6 ? "]" : "", n->port);
}

char *
redis_node_text(const struct redis_node *n)
{
	struct buf b = {0};

	add_node(&b, n);
	return buf_steal(&b);
}

static void
add_nodes(struct buf *b, const struct redis_url *u)
{
	for (size_t i = 0; i < u->n_nodes; i++) {
		if (i > 0)
			buf_addch(b, ',');
		add_node(b, &u->nodes[i]);
	}
}

char *
redis_url_text(const struct redis_url *u)
{
	struct buf b = {0};

	switch (u->scheme) {
	case REDIS_TCP:
		buf_addstr(&b, u->tls ? "rediss://" : "redis://");
		add_nodes(&b, u);
		break;
	case REDIS_SENTINEL:
		buf_addstr(&b, u->tls ? "sentinel+tls://" : "sentinel://");
		add_nodes(&b, u);
		buf_addf(&b, "/%s", u->master);
		break;
	case REDIS_CLUSTER:
		buf_addstr(&b, u->tls ? "cluster+tls://" : "cluster://");
		add_nodes(&b, u);
		break;
	case REDIS_UNIX:
		buf_addf(&b, "unix://%s", u->path);
		break;
	case REDIS_EMBEDDED:
		buf_addstr(&b, "embedded");
		break;
	}
	if (u->db != 0)
		buf_addf(&b, u->scheme == REDIS_UNIX ? "?db=%d" : "/%d", u->db);
	return buf_steal(&b);
}
