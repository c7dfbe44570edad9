#include "redis/conn.h"

#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "redis/reply.h"
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
	struct stream *stream;
	bool has_password;
	bool plain_tcp; /* neither TLS nor a unix socket */
	bool heard; /* anything at all */
	enum conn_state state;
	struct conn_sink sink;
	void *arg;
	struct buf out;
	size_t sent; /* of out */
	redisReader *reader;
	redisReplyObjectFunctions *plain; /* hiredis's own */
	redisReplyObjectFunctions bounded; /* the same, with our createArray */
	size_t elements; /* of the reply that is being read */
	size_t bytes; /* of it, so far */
	bool too_many, too_deep; /* a reply was refused for its elements */
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

/* Newer versions of hiredis take any depth, and free it by recursion. */
static bool
is_deep(const redisReadTask *task)
{
	int depth = 0;

	for (; task != NULL && depth <= CONN_MAX_DEPTH; task = task->parent)
		depth++;
	return depth > CONN_MAX_DEPTH;
}

/* hiredis allocates for the length that an array declares, before one element came. */
static void *
create_bounded_array(const redisReadTask *task, array_length elements)
{
	struct conn *c = task->privdata;

	c->elements += (size_t)elements;
	c->too_many = c->elements > CONN_MAX_ELEMENTS;
	c->too_deep = is_deep(task);
	if (c->too_many || c->too_deep)
		return NULL;
	return c->plain->createArray(task, elements);
}

static void
conn_greet(struct conn *c, enum greeting g, int argc, const char *const *argv)
{
	conn_format(&c->out, argc, argv, NULL);
	c->greetings[c->n_greetings++] = g;
}

static void
conn_greet_all(struct conn *c, const struct conn_server *server)
{
	char db[16];

	if (server->password != NULL && server->user != NULL)
		conn_greet(c, GREETING_AUTH, 3, (const char *const[]){"AUTH", server->user, server->password});
	else if (server->password != NULL)
		conn_greet(c, GREETING_AUTH, 2, (const char *const[]){"AUTH", server->password});
	(void)snprintf(db, sizeof db, "%d", server->db);
	if (server->db != 0)
		conn_greet(c, GREETING_SELECT, 2, (const char *const[]){"SELECT", db});
	conn_greet(c, GREETING_NAME, 3, (const char *const[]){"CLIENT", "SETNAME", "shelfd"});
}

struct conn *
conn_open(const struct conn_server *server, const struct sockaddr *addr, socklen_t addr_len,
    const struct conn_sink *sink, void *arg, struct err *e)
{
	struct stream *stream = stream_open(&server->to, addr, addr_len, e);
	struct conn *c;

	if (stream == NULL)
		return NULL;
	c = mem_zalloc(sizeof *c);
	c->stream = stream;
	c->has_password = server->password != NULL;
	c->plain_tcp = addr != NULL && server->to.tls == NULL;
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
	conn_greet_all(c, server);
	return c;
}

static void
conn_destroy(struct conn *c)
{
	stream_free(c->stream);
	redisReaderFree(c->reader);
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
	return stream_fd(c->stream);
}

enum conn_state
conn_state(const struct conn *c)
{
	return c->state;
}

bool
conn_wants_write(const struct conn *c)
{
	return stream_wants_write(c->stream) || (c->state != CONN_CONNECTING && c->sent < c->out.n);
}

const char *
conn_silence(const struct conn *c)
{
	if (c->state == CONN_CONNECTING && stream_in_handshake(c->stream))
		return "the tls handshake came to no end in time; does redis speak tls there?";
	return c->state == CONN_CONNECTING ? "redis cannot be reached in time" : "redis did not answer in time";
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
		if (strcmp(word, "NOAUTH") == 0 && !c->has_password)
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

	if (c->bytes > (size_t)CONN_MAX_REPLY)
		return err_set(e, "redis sent a reply of more than %lld bytes", CONN_MAX_REPLY);
	if (pending == 0 || r->ridx < 0)
		return 0;
	if (reader_type(r) != REDIS_REPLY_STRING)
		return pending <= CONN_MAX_LINE ? 0 : err_set(e, "redis sent a line that does not end");
	end = memchr(p, '\r', pending < BULK_HEADER_MAX ? pending : BULK_HEADER_MAX);
	if (end == NULL)
		return pending < BULK_HEADER_MAX ? 0 : err_set(e, "redis sent a string without a length");
	if (strtoll(p, NULL, 10) > CONN_MAX_REPLY)
		return err_set(e, "redis sent a string of more than %lld bytes", CONN_MAX_REPLY);
	return 0;
}

static int
conn_protocol_error(const struct conn *c, struct err *e)
{
	char text[160];

	if (c->too_many)
		return err_set(e, "redis sent a reply of more than %d elements", CONN_MAX_ELEMENTS);
	if (c->too_deep)
		return err_set(e, "redis sent a reply with arrays more than %d deep", CONN_MAX_DEPTH);
	return err_set(
	    e, "redis broke the protocol: %s", text_escape_to(text, sizeof text, redisReaderGetError(c->reader)));
}

static int
conn_feed(struct conn *c, const char *p, size_t n, struct err *e)
{
	void *r;

	if (redisReaderFeed(c->reader, p, n) != REDIS_OK)
		return conn_protocol_error(c, e);
	c->bytes += n;
	for (;;) {
		r = NULL;
		if (redisReaderGetReply(c->reader, &r) != REDIS_OK)
			return conn_protocol_error(c, e);
		if (r == NULL)
			return conn_check_pending(c, e);
		c->elements = 0;
		c->bytes = c->reader->len - c->reader->pos;
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

/* 1: there is a stream to speak over; 0: not yet; -1: there will be none. */
static int
conn_connect(struct conn *c, struct err *e)
{
	int rc = 1;

	if (c->state != CONN_CONNECTING)
		return 1;
	rc = stream_connect(c->stream, e);
	if (rc == 1)
		c->state = CONN_HANDSHAKE;
	return rc;
}

/* A server that wants TLS hangs up on whoever does not speak it. */
static int
conn_hung_up(const struct conn *c, ssize_t n, struct err *e)
{
	if (n == STREAM_CLOSED)
		(void)conn_closed(c, e);
	if (c->plain_tcp && !c->heard && e != NULL)
		(void)strlcat(e->msg, "; if it wants tls, use rediss://", sizeof e->msg);
	return -1;
}

static int
conn_read(struct conn *c, struct err *e)
{
	char chunk[READ_CHUNK];
	int rc = conn_connect(c, e);

	if (rc <= 0)
		return rc;
	for (int round = 0; round < READ_ROUNDS; round++) {
		ssize_t n = stream_read(c->stream, chunk, sizeof chunk, e);

		if (n < 0)
			return conn_hung_up(c, n, e);
		if (n == 0)
			return 0;
		c->heard = true;
		if (conn_feed(c, chunk, (size_t)n, e) != 0)
			return -1;
		if (c->doomed || !stream_has_more(c->stream, (size_t)n, sizeof chunk))
			return 0;
	}
	return 0;
}

static int
conn_write(struct conn *c, struct err *e)
{
	int rc = conn_connect(c, e);

	if (rc <= 0)
		return rc;
	while (c->sent < c->out.n) {
		ssize_t n = stream_write(c->stream, c->out.p + c->sent, c->out.n - c->sent, e);

		if (n < 0)
			return conn_hung_up(c, n, e);
		if (n == 0)
			break;
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
