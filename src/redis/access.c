#include "redis/access.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "redis/embedded.h"

/* The file, or the systemd credential of that name where there is one (systemd.exec(5)), or NULL. The caller frees. */
static char *
secret_path(const char *file, const char *credential)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (file != NULL)
		return mem_strdup(file);
	if (dir == NULL || *dir != '/')
		return NULL;
	path = mem_printf("%s/%s", dir, credential);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* Replaces *to where there is such a secret. */
static int
read_secret(const char *file, const char *credential, char **to, struct err *e)
{
	char *path = secret_path(file, credential);
	struct buf secret = {0};
	int rc = 0;

	if (path == NULL)
		return 0;
	rc = fs_read_secret(path, &secret, e);
	if (rc == 0 && memchr(buf_str(&secret), '\0', secret.n) != NULL)
		rc = err_set(e, "%s: a zero byte in a secret", path);
	free(path);
	if (rc != 0) {
		buf_free(&secret);
		return -1;
	}
	free(*to);
	*to = buf_steal(&secret);
	return 0;
}

static void
replace(char **to, const char *text)
{
	if (text == NULL)
		return;
	free(*to);
	*to = mem_strdup(text);
}

static int
read_identity(struct redis_access *a, const struct settings *s, struct err *e)
{
	struct redis_url *u = &a->url;

	if (read_secret(NULL, "redis-user", &u->user, e) != 0 ||
	    read_secret(s->redis.password_file, "redis-password", &u->password, e) != 0)
		return -1;
	replace(&u->user, s->redis.user);
	if (u->user != NULL && u->password == NULL)
		return err_set(e, "redis: a user without a password; name its file in redis.password_file");
	if (u->scheme != REDIS_SENTINEL)
		return 0;
	if (read_secret(s->redis.sentinel.password_file, "redis-sentinel-password", &a->sentinel_password, e) != 0)
		return -1;
	replace(&a->sentinel_user, s->redis.sentinel.user);
	if (a->sentinel_user != NULL && a->sentinel_password == NULL)
		return err_set(e,
		    "redis: a user of the sentinels without a password; name its file in redis.sentinel.password_file");
	return 0;
}

static void
read_tls_names(struct tls_files *f, const struct settings *s)
{
	replace(&f->ca_file, s->redis.tls.ca_file);
	replace(&f->ca_path, s->redis.tls.ca_path);
	replace(&f->cert_file, s->redis.tls.cert_file);
	replace(&f->key_file, s->redis.tls.key_file);
	replace(&f->server_name, s->redis.tls.server_name);
}

int
redis_access_read(struct redis_access *ret, const struct settings *s, const char *runtime_dir, struct err *e)
{
	struct redis_access a = {.catalog = mem_strdup(s->catalog)};

	if (redis_url_parse(s->redis.url != NULL ? s->redis.url : REDIS_URL_DEFAULT, &a.url, e) != 0)
		goto fail;
	if (a.url.scheme == REDIS_EMBEDDED) {
		a.embedded = true;
		a.url.scheme = REDIS_UNIX;
		a.url.path = embedded_socket(runtime_dir);
	} else if (read_identity(&a, s, e) != 0) {
		goto fail;
	}
	if (a.url.tls) {
		read_tls_names(&a.tls, s);
		if (tls_files_check(&a.tls, e) != 0)
			goto fail;
	}
	*ret = a;
	return 0;
fail:
	redis_access_free(&a);
	return -1;
}

void
redis_access_free(struct redis_access *a)
{
	redis_url_free(&a->url);
	tls_files_free(&a->tls);
	free(a->sentinel_user);
	if (a->sentinel_password != NULL)
		explicit_bzero(a->sentinel_password, strlen(a->sentinel_password));
	free(a->sentinel_password);
	free(a->catalog);
}

static struct stream_to
place(const struct redis_access *a, const struct redis_node *node)
{
	return (struct stream_to){
	    .path = a->url.path,
	    .host = node->host,
	    .port = node->port,
	    .tls = a->url.tls ? &a->tls : NULL,
	};
}

struct conn_server
redis_access_server(const struct redis_access *a, const struct redis_node *node)
{
	return (struct conn_server){
	    .to = place(a, node),
	    .user = a->url.user,
	    .password = a->url.password,
	    .db = a->url.db,
	};
}

struct conn_server
redis_access_guide(const struct redis_access *a, const struct redis_node *node)
{
	if (a->url.scheme != REDIS_SENTINEL)
		return redis_access_server(a, node);
	return (struct conn_server){.to = place(a, node), .user = a->sentinel_user, .password = a->sentinel_password};
}
