#include "redis/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

_Static_assert(STREAM_CLOSED == TLS_CLOSED, "what tls gives is handed on");

struct stream {
	int fd;
	char *where; /* "redis at HOST port N" */
	struct tls *tls; /* NULL: without */
	enum { STREAM_CONNECTING, STREAM_TLS, STREAM_OPEN } state;
};

static int
connect_unix(const char *path, int *ret_fd, struct err *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	int fd;

	if (n >= sizeof sun.sun_path)
		return err_set(e, "the path of the redis socket has %zu bytes; the kernel takes at most %zu: %s", n,
		    sizeof sun.sun_path - 1, path);
	memcpy(sun.sun_path, path, n + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket");
	/* EAGAIN means a full backlog here; there is nothing to poll for, so it is a failure like the others. */
	if (connect(fd, (const struct sockaddr *)&sun, sizeof sun) != 0) {
		err_sys(e, errno, "cannot connect to redis at %s", path);
		(void)close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

static int
connect_tcp(const char *where, const struct sockaddr *addr, socklen_t len, int *ret_fd, struct err *e)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return err_sys(e, errno, "socket");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	if (connect(fd, addr, len) != 0 && errno != EINPROGRESS) {
		err_sys(e, errno, "cannot connect to %s", where);
		(void)close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

struct stream *
stream_open(const struct stream_to *to, const struct sockaddr *addr, socklen_t addr_len, struct err *e)
{
	char *where = to->path == NULL ? mem_printf("redis at %s port %d", to->host, to->port) : NULL;
	struct stream *s = NULL;
	struct tls *tls = NULL;
	int fd = -1;

	if (to->path != NULL ? connect_unix(to->path, &fd, e) != 0 : connect_tcp(where, addr, addr_len, &fd, e) != 0)
		goto out;
	if (to->tls != NULL) {
		tls = tls_open(to->tls, fd, to->host, where, e);
		if (tls == NULL) {
			(void)close(fd);
			goto out;
		}
	}
	s = mem_zalloc(sizeof *s);
	s->fd = fd;
	s->where = where;
	s->tls = tls;
	s->state = to->path != NULL ? STREAM_OPEN : STREAM_CONNECTING;
	return s;
out:
	free(where);
	return NULL;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	tls_free(s->tls);
	(void)close(s->fd);
	free(s->where);
	free(s);
}

int
stream_fd(const struct stream *s)
{
	return s->fd;
}

static int
stream_connected(struct stream *s, struct err *e)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int), peer_len = sizeof peer;
	int error = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		return err_sys(e, error, "cannot connect to %s", s->where);
	/* No error is no success yet. */
	if (getpeername(s->fd, (struct sockaddr *)&peer, &peer_len) != 0)
		return errno == ENOTCONN ? 0 : err_sys(e, errno, "cannot connect to %s", s->where);
	s->state = s->tls != NULL ? STREAM_TLS : STREAM_OPEN;
	return 0;
}

int
stream_connect(struct stream *s, struct err *e)
{
	int rc;

	if (s->state == STREAM_CONNECTING && stream_connected(s, e) != 0)
		return -1;
	if (s->state == STREAM_TLS) {
		rc = tls_handshake(s->tls, e);
		if (rc <= 0)
			return rc;
		s->state = STREAM_OPEN;
	}
	return s->state == STREAM_OPEN;
}

bool
stream_in_handshake(const struct stream *s)
{
	return s->state == STREAM_TLS;
}

bool
stream_wants_write(const struct stream *s)
{
	return s->state == STREAM_CONNECTING || (s->tls != NULL && tls_wants_write(s->tls));
}

ssize_t
stream_read(struct stream *s, void *p, size_t n, struct err *e)
{
	ssize_t done;

	if (s->tls != NULL)
		return tls_read(s->tls, p, n, e);
	do
		done = recv(s->fd, p, n, 0);
	while (done < 0 && errno == EINTR);
	if (done == 0)
		return STREAM_CLOSED;
	if (done < 0)
		return errno == EAGAIN ? 0 : err_sys(e, errno, "reading from redis");
	return done;
}

ssize_t
stream_write(struct stream *s, const void *p, size_t n, struct err *e)
{
	ssize_t done;

	if (s->tls != NULL)
		return tls_write(s->tls, p, n, e);
	do
		done = send(s->fd, p, n, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return errno == EAGAIN ? 0 : err_sys(e, errno, "writing to redis");
	return done;
}

bool
stream_has_more(const struct stream *s, size_t n, size_t size)
{
	/* What TLS has taken off the socket is not seen by poll(2). */
	return s->tls != NULL || n == size;
}
