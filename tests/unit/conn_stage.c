#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "conn_stage.h"

#define DEADLINE (5 * USEC_PER_SEC)
static void
on_ready(void *arg)
{
	((struct stage *)arg)->n_ready++;
}

static void
on_reply(void *arg, const redisReply *r)
{
	struct stage *s = arg;

	if (r->type == REDIS_REPLY_ARRAY)
		buf_addf(&s->replies, "array of %zu\n", r->elements);
	else if (r->type == REDIS_REPLY_INTEGER)
		buf_addf(&s->replies, "%lld\n", r->integer);
	else
		buf_addf(&s->replies, "%.40s\n", r->str != NULL ? r->str : "nil");
	if (s->keep)
		s->kept = conn_keep_reply(s->conn);
	if (s->free_on_reply) {
		conn_free(s->conn);
		s->conn = NULL;
	}
}

static void
on_lost(void *arg, const struct err *why)
{
	struct stage *s = arg;

	s->n_lost++;
	s->why = *why;
	conn_free(s->conn);
	s->conn = NULL;
}

const struct conn_sink stage_sink = {.ready = on_ready, .reply = on_reply, .lost = on_lost};

int
conn_setup(void **state)
{
	struct stage *s = mem_zalloc(sizeof *s);
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)snprintf(s->dir, sizeof s->dir, "/tmp/shelfd-conn-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	(void)snprintf(s->path, sizeof s->path, "%s/s", s->dir);
	(void)snprintf(sun.sun_path, sizeof sun.sun_path, "%s", s->path);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&sun, sizeof sun), 0);
	assert_int_equal(listen(s->listener, 4), 0);
	s->peer = -1;
	s->server = (struct conn_server){.to = {.path = s->path}};
	*state = s;
	return 0;
}

int
conn_teardown(void **state)
{
	struct stage *s = *state;

	conn_free(s->conn);
	if (s->kept != NULL)
		freeReplyObject(s->kept);
	if (s->peer >= 0)
		(void)close(s->peer);
	(void)close(s->listener);
	(void)unlink(s->path);
	(void)rmdir(s->dir);
	buf_free(&s->replies);
	free(s);
	return 0;
}

void
stage_open(struct stage *s)
{
	struct err e = {0};

	s->conn = conn_open(&s->server, NULL, 0, &stage_sink, s, &e);
	if (s->conn == NULL)
		fail_msg("%s", e.msg);
	s->peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(s->peer >= 0);
}

void
stage_flush(struct stage *s, struct buf *got)
{
	usec_t deadline = clock_now() + DEADLINE;

	for (;;) {
		ssize_t n = read(s->peer, buf_reserve(got, 65536), 65536);

		if (n > 0)
			buf_commit(got, (size_t)n);
		else if (s->conn == NULL || !conn_wants_write(s->conn))
			return;
		if (s->conn != NULL)
			conn_writable(s->conn);
		assert_true(clock_now() < deadline);
	}
}

void
stage_say(struct stage *s, const char *text, size_t n)
{
	size_t sent = 0;
	usec_t deadline = clock_now() + DEADLINE;

	while (sent < n && s->conn != NULL) {
		ssize_t k = send(s->peer, text + sent, n - sent, MSG_NOSIGNAL);

		if (k > 0)
			sent += (size_t)k;
		conn_readable(s->conn);
		assert_true(clock_now() < deadline);
	}
	while (s->conn != NULL) {
		struct pollfd pfd = {.fd = conn_fd(s->conn), .events = POLLIN};

		if (poll(&pfd, 1, 0) <= 0)
			return;
		conn_readable(s->conn);
		assert_true(clock_now() < deadline);
	}
}

void
stage_say_text(struct stage *s, const char *text)
{
	stage_say(s, text, strlen(text));
}

void
stage_ready(struct stage *s)
{
	struct buf got = {0};

	stage_open(s);
	stage_flush(s, &got);
	stage_say_text(s, "+OK\r\n");
	assert_int_equal(s->n_ready, 1);
	buf_free(&got);
}
