#include "http/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/rbtree.h"

enum {
	CONNECTIONS_MAX = 16,
	CONNECTION_SECONDS = 10,
	CONNECTION_MEMORY = 16 * 1024, /* request line and headers get half of it */
	BODY_MAX = 1024 * 1024,
};

struct http_request {
	LIST_ENTRY(http_request) entry;
	struct http_server *server;
	struct MHD_Connection *connection;
	struct buf body;
	struct MHD_Response *response; /* set by http_respond, until it is queued */
	unsigned int status;
	bool too_large;
	bool handled; /* the handler was called */
	bool answered; /* http_respond was called */
	bool suspended;
};

struct http_server {
	struct MHD_Daemon *daemon;
	http_handler *handler;
	http_gone *gone;
	void *arg;
	char *path;
	bool resumed; /* an answer came late: the daemon must run to send it, and does not say so itself */
	LIST_HEAD(, http_request) requests;
};

static struct MHD_Response *
response_json(const char *json, const char *allow)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(json), UNCONST(json), MHD_RESPMEM_MUST_COPY);

	if (r == NULL)
		return NULL;
	if (MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json") == MHD_NO ||
	    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_NO ||
	    (allow != NULL && MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow) == MHD_NO)) {
		MHD_destroy_response(r);
		return NULL;
	}
	return r;
}

static enum MHD_Result
request_deliver(struct http_request *req)
{
	enum MHD_Result r;

	if (req->response == NULL)
		return MHD_NO; /* no memory for it: close the connection */
	r = MHD_queue_response(req->connection, req->status, req->response);
	MHD_destroy_response(req->response);
	req->response = NULL;
	return r;
}

static void
request_handle(struct http_request *req, const char *method, const char *path)
{
	struct http_server *s = req->server;
	const struct http_view view = {
	    .method = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ? MHD_HTTP_METHOD_GET : method,
	    .path = path,
	    .body = buf_str(&req->body),
	    .body_len = req->body.n,
	};

	req->handled = true;
	if (req->too_large)
		http_respond_error(req, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 1 MiB");
	else
		s->handler(s->arg, req, &view);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **state)
{
	struct http_server *s = arg;
	struct http_request *req = *state;

	(void)version;
	if (req == NULL) {
		req = mem_zalloc(sizeof *req);
		req->server = s;
		req->connection = connection;
		LIST_INSERT_HEAD(&s->requests, req, entry);
		*state = req;
		return MHD_YES;
	}
	if (*upload_size != 0) {
		if (req->body.n + *upload_size > BODY_MAX)
			req->too_large = true;
		else
			buf_add(&req->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (!req->handled)
		request_handle(req, method, path);
	if (req->answered)
		return request_deliver(req);
	req->suspended = true;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	struct http_server *s = arg;
	struct http_request *req = *state;

	(void)connection, (void)why;
	if (req == NULL)
		return;
	if (req->handled && !req->answered)
		s->gone(s->arg, req);
	LIST_REMOVE(req, entry);
	if (req->response != NULL)
		MHD_destroy_response(req->response);
	buf_free(&req->body);
	free(req);
	*state = NULL;
}

static int
socket_address(const char *path, struct sockaddr_un *ret, struct err *e)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof ret->sun_path)
		return err_set(e, "%s: too long for a socket; at most %zu bytes", path, sizeof ret->sun_path - 1);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

/* A socket file that nobody serves is left over from a crash. */
static int
socket_clear(const char *path, struct err *e)
{
	struct sockaddr_un addr;
	struct stat st;
	int fd, r;

	if (socket_address(path, &addr, e) != 0)
		return -1;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, "%s: exists and is no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket");
	r = connect(fd, (const struct sockaddr *)&addr, sizeof addr);
	if (r != 0 && errno == ECONNREFUSED)
		r = unlink(path) == 0 ? 0 : err_sys(e, errno, "%s", path);
	else
		r = err_set(e, "%s: already running: another process serves this control socket", path);
	(void)close(fd);
	return r;
}

static int
socket_bind(const char *path, struct err *e)
{
	struct sockaddr_un addr;
	mode_t mask;
	int fd, r;

	if (socket_address(path, &addr, e) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket");
	mask = umask(0117); /* 0660 from the first moment on */
	r = bind(fd, (const struct sockaddr *)&addr, sizeof addr);
	(void)umask(mask);
	if (r != 0 || listen(fd, CONNECTIONS_MAX) != 0) {
		err_sys(e, errno, "%s", path);
		(void)close(fd);
		return -1;
	}
	return fd;
}

/*
 * Between bind and listen a connection is refused, as by a dead socket. So it is made under another name: whoever sees
 * it at its path is served, and no other server that starts takes it for a dead one.
 */
static int
socket_listen(const char *path, struct err *e)
{
	char *made = mem_printf("%s.%ld", path, (long)getpid());
	int fd = -1;

	if (socket_clear(path, e) != 0)
		goto out;
	fd = socket_bind(made, e);
	if (fd < 0)
		goto out;
	if (link(made, path) != 0) {
		err_sys(e, errno, "%s", path);
		(void)close(fd);
		fd = -1;
	}
	(void)unlink(made);
out:
	free(made);
	return fd;
}

struct http_server *
http_server_new(const char *socket_path, http_handler *handler, http_gone *gone, void *arg, struct err *e)
{
	int fd = socket_listen(socket_path, e);
	struct http_server *s;

	if (fd < 0)
		return NULL;
	s = mem_zalloc(sizeof *s);
	s->handler = handler;
	s->gone = gone;
	s->arg = arg;
	LIST_INIT(&s->requests);
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)CONNECTION_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
	if (s->daemon == NULL) {
		err_set(e, "%s: cannot start the HTTP server", socket_path);
		(void)close(fd);
		(void)unlink(socket_path);
		free(s);
		return NULL;
	}
	s->path = mem_strdup(socket_path);
	return s;
}

void
http_server_free(struct http_server *s)
{
	struct http_request *req;

	if (s == NULL)
		return;
	LIST_FOREACH(req, &s->requests, entry)
	{
		if (req->suspended && !req->answered) {
			s->gone(s->arg, req);
			http_respond_error(req, MHD_HTTP_SERVICE_UNAVAILABLE, "shelfd is ending");
		}
	}
	/* First the name: what is there afterwards is another server's. */
	(void)unlink(s->path);
	(void)MHD_run(s->daemon);
	MHD_stop_daemon(s->daemon);
	free(s->path);
	free(s);
}

int
http_server_fd(const struct http_server *s)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info != NULL ? info->epoll_fd : -1;
}

usec_t
http_server_deadline(const struct http_server *s, usec_t now)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (s->resumed)
		return now;
	if (MHD_get_timeout(s->daemon, &ms) != MHD_YES)
		return USEC_NEVER;
	return now + (usec_t)ms * USEC_PER_MS;
}

void
http_server_run(struct http_server *s)
{
	s->resumed = false;
	(void)MHD_run(s->daemon);
}

const char *
http_query(struct http_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_GET_ARGUMENT_KIND, name);
}

void
http_respond(struct http_request *req, unsigned int status, const char *json, const char *allow)
{
	if (req->answered)
		return;
	req->answered = true;
	req->status = status;
	req->response = response_json(json, allow);
	if (req->suspended) {
		req->suspended = false;
		req->server->resumed = true;
		MHD_resume_connection(req->connection);
	}
}

void
http_respond_error(struct http_request *req, unsigned int status, const char *text)
{
	struct buf out = {0};
	struct jsonw w;

	jsonw_init(&w, &out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "error", text);
	jsonw_object_end(&w);
	http_respond(req, status, buf_str(&out), NULL);
	buf_free(&out);
}
