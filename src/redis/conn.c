#include "redis/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "redis/resp.h"

/* hiredis 0.14 moves all that is left in its buffer after every reply: what it is fed at once must be small. */
#define READ_CHUNK (16 * 1024)
/* Reads in a row before the owner's loop gets its turn. */
#define READ_ROUNDS 64
/* Bytes already sent that may stand in front of the output. */
#define SENT_SLACK (256 * 1024)
#define BULK_HEADER_MAX 24 /* digits of a length, and the line's end */

enum greeting { GREETING_AUTH, GREETING_SELECT, GREETING_NAME };

struct conn {
	struct redis_url url;
	int fd;
	enum conn_state state;
	struct conn_sink sink;
	void *arg;
	struct buf out;
	size_t sent; /* of out */
	redisReader *reader;
	redisReplyObjectFunctions *plain; /* hiredis's own */
	redisReplyObjectFunctions bounded; /* the same, with our createArray */
	size_t elements; /* of the reply that is being read */
	bool too_many; /* a reply was refused for its elements */
	enum greeting greetings[3]; /* whose replies are awaited */
	size_t n_greetings, next_greeting;
	redisReply *current; /* while its callback runs */
	char last_error[256]; /* what Redis said before it closed the connection */
	bool busy; /* a callback may be running */
	bool over; /* lost was called, or is about to be */
	bool doomed; /* freed by a callback */
};

#if HIREDIS_MAJOR >= 1
typedef size_t array_length;
#else
typedef int array_length;
#endif

/* hiredis allocates for the length that an array declares, before one element came. */
static void *
create_bounded_array(const redisReadTask *task, array_length elements)
{
	struct conn *c = task->privdata;

	c->elements += (size_t)elements;
	if (c->elements > CONN_MAX_ELEMENTS) {
		c->too_many = true;
		return NULL;
	}
	return c->plain->createArray(task, elements);
}

static void
conn_greet(struct conn *c, enum greeting g, int argc, const char *const *argv)
{
	conn_format(&c->out, argc, argv, NULL);
	c->greetings[c->n_greetings++] = g;
}

static void
conn_greet_all(struct conn *c)
{
	const struct redis_url *u = &c->url;
	char db[16];

	if (u->password != NULL && u->user != NULL)
		conn_greet(c, GREETING_AUTH, 3, (const char *const[]){"AUTH", u->user, u->password});
	else if (u->password != NULL)
		conn_greet(c, GREETING_AUTH, 2, (const char *const[]){"AUTH", u->password});
	(void)snprintf(db, sizeof db, "%d", u->db);
	if (u->db != 0)
		conn_greet(c, GREETING_SELECT, 2, (const char *const[]){"SELECT", db});
	conn_greet(c, GREETING_NAME, 3, (const char *const[]){"CLIENT", "SETNAME", "shelfd"});
}

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
connect_tcp(const struct redis_url *url, const struct sockaddr *addr, socklen_t len, int *ret_fd, struct err *e)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return err_sys(e, errno, "socket");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	if (connect(fd, addr, len) != 0 && errno != EINPROGRESS) {
		err_sys(e, errno, "cannot connect to redis at %s port %d", url->host, url->port);
		(void)close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

struct conn *
conn_open(const struct redis_url *url, const struct sockaddr *addr, socklen_t addr_len, const struct conn_sink *sink,
    void *arg, struct err *e)
{
	struct conn *c;
	int fd = -1;

	if (addr != NULL ? connect_tcp(url, addr, addr_len, &fd, e) != 0 : connect_unix(url->path, &fd, e) != 0)
		return NULL;
	c = mem_zalloc(sizeof *c);
	redis_url_copy(&c->url, url);
	c->fd = fd;
	c->state = addr != NULL ? CONN_CONNECTING : CONN_HANDSHAKE;
	c->sink = *sink;
	c->arg = arg;
	c->reader = redisReaderCreate();
	if (c->reader == NULL)
		abort(); /* as mem.h does when memory is exhausted */
	c->plain = c->reader->fn;
	c->bounded = *c->plain;
	c->bounded.createArray = create_bounded_array;
	c->reader->fn = &c->bounded;
	c->reader->privdata = c;
	conn_greet_all(c);
	return c;
}

static void
conn_destroy(struct conn *c)
{
	(void)close(c->fd);
	redisReaderFree(c->reader);
	redis_url_free(&c->url);
	if (c->out.p != NULL)
		explicit_bzero(c->out.p, c->out.cap);
	buf_free(&c->out);
	free(c);
}

void
conn_free(struct conn *c)
{
	if (c == NULL)
		return;
	if (c->busy)
		c->doomed = true;
	else
		conn_destroy(c);
}

int
conn_fd(const struct conn *c)
{
	return c->fd;
}

enum conn_state
conn_state(const struct conn *c)
{
	return c->state;
}

bool
conn_wants_write(const struct conn *c)
{
	return c->state == CONN_CONNECTING || c->sent < c->out.n;
}

size_t
conn_unsent(const struct conn *c)
{
	return c->out.n - c->sent;
}

void
conn_send(struct conn *c, const void *p, size_t n)
{
	buf_add(&c->out, p, n);
}

redisReply *
conn_keep_reply(struct conn *c)
{
	redisReply *r = c->current;

	c->current = NULL;
	return r;
}

static int
conn_greeted(struct conn *c, const redisReply *r, struct err *e)
{
	enum greeting g = c->greetings[c->next_greeting++];
	char word[32], text[256];

	reply_error_word(r, word);
	/* An old or restricted server may refuse CLIENT SETNAME with these; that does no harm. */
	if (*word != '\0' && !(g == GREETING_NAME && (strcmp(word, "ERR") == 0 || strcmp(word, "NOPERM") == 0))) {
		text_escape_to(text, sizeof text, r->str);
		if (strcmp(word, "NOAUTH") == 0 && c->url.password == NULL)
			return err_set(e, "redis wants a password and none is configured: %s", text);
		return err_set(e, "redis refused %s: %s",
		    g == GREETING_AUTH         ? "the password"
			: g == GREETING_SELECT ? "the database"
					       : "the connection",
		    text);
	}
	if (c->next_greeting == c->n_greetings) {
		c->state = CONN_READY;
		c->sink.ready(c->arg);
	}
	return 0;
}

static int
conn_dispatch(struct conn *c, redisReply *r, struct err *e)
{
	int rc = 0;

	if (r->type == REDIS_REPLY_ERROR)
		text_escape_to(c->last_error, sizeof c->last_error, r->str);
	else
		c->last_error[0] = '\0';
	c->current = r;
	if (c->state == CONN_READY)
		c->sink.reply(c->arg, r);
	else
		rc = conn_greeted(c, r, e);
	if (c->current != NULL)
		freeReplyObject(c->current);
	c->current = NULL;
	return rc;
}

static int
reader_type(const redisReader *r)
{
#if HIREDIS_MAJOR >= 1
	return r->task[r->ridx]->type;
#else
	return r->rstack[r->ridx].type;
#endif
}

/* hiredis would buffer whatever it is promised: look at what it waits for. */
static int
conn_check_pending(const struct conn *c, struct err *e)
{
	const redisReader *r = c->reader;
	const char *p = r->buf + r->pos, *end;
	size_t pending = r->len - r->pos;

	if (pending == 0 || r->ridx < 0)
		return 0;
	if (reader_type(r) != REDIS_REPLY_STRING)
		return pending <= CONN_MAX_LINE ? 0 : err_set(e, "redis sent a line that does not end");
	end = memchr(p, '\r', pending < BULK_HEADER_MAX ? pending : BULK_HEADER_MAX);
	if (end == NULL)
		return pending < BULK_HEADER_MAX ? 0 : err_set(e, "redis sent a string without a length");
	if (strtoll(p, NULL, 10) > CONN_MAX_BULK)
		return err_set(e, "redis sent a string of more than %lld bytes", CONN_MAX_BULK);
	return 0;
}

static int
conn_protocol_error(const struct conn *c, struct err *e)
{
	char text[160];

	if (c->too_many)
		return err_set(e, "redis sent a reply of more than %d elements", CONN_MAX_ELEMENTS);
	return err_set(
	    e, "redis broke the protocol: %s", text_escape_to(text, sizeof text, redisReaderGetError(c->reader)));
}

static int
conn_feed(struct conn *c, const char *p, size_t n, struct err *e)
{
	void *r;

	if (redisReaderFeed(c->reader, p, n) != REDIS_OK)
		return conn_protocol_error(c, e);
	for (;;) {
		r = NULL;
		if (redisReaderGetReply(c->reader, &r) != REDIS_OK)
			return conn_protocol_error(c, e);
		if (r == NULL)
			return conn_check_pending(c, e);
		c->elements = 0;
		if (conn_dispatch(c, r, e) != 0)
			return -1;
		if (c->doomed)
			return 0;
	}
}

static int
conn_closed(const struct conn *c, struct err *e)
{
	if (c->last_error[0] != '\0')
		return err_set(e, "redis closed the connection: %s", c->last_error);
	return err_set(e, "redis closed the connection");
}

static int
conn_connected(struct conn *c, struct err *e)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		return err_sys(e, error, "cannot connect to redis at %s port %d", c->url.host, c->url.port);
	c->state = CONN_HANDSHAKE;
	return 0;
}

static int
conn_read(struct conn *c, struct err *e)
{
	char chunk[READ_CHUNK];

	if (c->state == CONN_CONNECTING && conn_connected(c, e) != 0)
		return -1;
	for (int round = 0; round < READ_ROUNDS; round++) {
		ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);

		if (n == 0)
			return conn_closed(c, e);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : err_sys(e, errno, "reading from redis");
		if (conn_feed(c, chunk, (size_t)n, e) != 0)
			return -1;
		if (c->doomed || (size_t)n < sizeof chunk)
			return 0;
	}
	return 0;
}

static int
conn_write(struct conn *c, struct err *e)
{
	if (c->state == CONN_CONNECTING && conn_connected(c, e) != 0)
		return -1;
	while (c->sent < c->out.n) {
		ssize_t n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return err_sys(e, errno, "writing to redis");
		c->sent += (size_t)n;
	}
	/* Move the rest to the front only when that is less than what went: no byte moves twice on average. */
	if (c->sent == c->out.n || (c->sent > SENT_SLACK && c->sent > c->out.n / 2)) {
		buf_drain(&c->out, c->sent);
		c->sent = 0;
	}
	return 0;
}

static void
conn_run(struct conn *c, int (*step)(struct conn *, struct err *))
{
	struct err e;
	int rc;

	if (c->over || c->busy)
		return;
	c->busy = true;
	rc = step(c, &e);
	c->busy = false;
	if (c->doomed) {
		conn_destroy(c);
	} else if (rc != 0) {
		c->over = true;
		c->sink.lost(c->arg, &e);
	}
}

void
conn_readable(struct conn *c)
{
	conn_run(c, conn_read);
}

void
conn_writable(struct conn *c)
{
	conn_run(c, conn_write);
}

void
conn_format(struct buf *out, int argc, const char *const *argv, const size_t *argv_len)
{
	struct resp r = {0};

	for (int i = 0; i < argc; i++)
		resp_add(&r, argv[i], argv_len != NULL ? argv_len[i] : strlen(argv[i]));
	resp_finish(&r, out);
	resp_free(&r);
}

void
reply_error_word(const redisReply *r, char out[32])
{
	size_t n = 0;

	if (r->type == REDIS_REPLY_ERROR) {
		n = strcspn(r->str, " ");
		if (n > 31)
			n = 31;
		memcpy(out, r->str, n);
	}
	out[n] = '\0';
}
