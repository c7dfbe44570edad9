#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "redis/conn.h"

#define DEADLINE (5 * USEC_PER_SEC)
#define HELLO "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$6\r\nshelfd\r\n"

/* A listening socket that plays Redis, and the connection to it under test. */
struct stage {
	char dir[32];
	char path[64];
	int listener, peer;
	struct conn_server server;
	struct conn *conn;
	struct buf replies; /* what the callback was given, one line a reply */
	int n_ready, n_lost;
	struct err why;
	bool free_on_reply, keep;
	redisReply *kept;
};

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

static const struct conn_sink sink = {.ready = on_ready, .reply = on_reply, .lost = on_lost};

static int
setup(void **state)
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

static int
teardown(void **state)
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

static void
stage_open(struct stage *s)
{
	struct err e = {0};

	s->conn = conn_open(&s->server, NULL, 0, &sink, s, &e);
	if (s->conn == NULL)
		fail_msg("%s", e.msg);
	s->peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(s->peer >= 0);
}

/* What the other side has received once the connection has nothing more to send. */
static void
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

static void
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

static void
stage_say_text(struct stage *s, const char *text)
{
	stage_say(s, text, strlen(text));
}

/* A connection that is through its handshake. */
static void
stage_ready(struct stage *s)
{
	struct buf got = {0};

	stage_open(s);
	stage_flush(s, &got);
	stage_say_text(s, "+OK\r\n");
	assert_int_equal(s->n_ready, 1);
	buf_free(&got);
}

static void
handshake_sends_auth_select_and_name_and_then_is_ready(void **state)
{
	struct stage *s = *state;
	struct buf got = {0};
	char user[] = "u", password[] = "p w";

	s->server.user = user;
	s->server.password = password;
	s->server.db = 12;
	stage_open(s);
	assert_int_equal(conn_state(s->conn), CONN_HANDSHAKE);
	stage_flush(s, &got);
	assert_string_equal(
	    buf_str(&got), "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$3\r\np w\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n" HELLO);
	stage_say_text(s, "+OK\r\n+OK\r\n");
	assert_int_equal(s->n_ready, 0);
	stage_say_text(s, "+OK\r\n");
	assert_int_equal(s->n_ready, 1);
	assert_int_equal(conn_state(s->conn), CONN_READY);
	assert_string_equal(buf_str(&s->replies), "");
	buf_free(&got);
}

static void
refused_password_ends_the_connection_with_what_redis_said(void **state)
{
	struct stage *s = *state;
	char password[] = "hunter2";

	s->server.password = password;
	stage_open(s);
	stage_say_text(s, "-WRONGPASS invalid username-password pair\x1b\r\n-NOAUTH x\r\n");
	assert_int_equal(s->n_lost, 1);
	assert_int_equal(s->n_ready, 0);
	assert_string_equal(s->why.msg, "redis refused the password: WRONGPASS invalid username-password pair\\x1B");
}

static void
missing_password_is_told_as_such(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_say_text(s, "-NOAUTH Authentication required.\r\n");
	assert_int_equal(s->n_lost, 1);
	assert_non_null(strstr(s->why.msg, "wants a password and none is configured"));
}

static void
refused_name_does_no_harm(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_say_text(s, "-ERR unknown command\r\n");
	assert_int_equal(s->n_ready, 1);
	assert_int_equal(s->n_lost, 0);
}

static void
what_redis_says_before_it_closes_is_the_reason(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_say_text(s, "-ERR max number of clients reached\r\n");
	(void)shutdown(s->peer, SHUT_RDWR);
	conn_readable(s->conn);
	assert_int_equal(s->n_lost, 1);
	assert_string_equal(s->why.msg, "redis closed the connection: ERR max number of clients reached");
}

static void
replies_come_in_order_however_the_bytes_are_cut(void **state)
{
	static const char text[] = "+OK\r\n:42\r\n$5\r\nhello\r\n*2\r\n:1\r\n*1\r\n$-1\r\n-ERR no\r\n$0\r\n\r\n*0\r\n";
	struct stage *s = *state;

	stage_ready(s);
	for (size_t i = 0; i < sizeof text - 1; i++)
		stage_say(s, text + i, 1);
	assert_string_equal(buf_str(&s->replies), "OK\n42\nhello\narray of 2\nERR no\n\narray of 0\n");
	buf_clear(&s->replies);
	stage_say(s, text, sizeof text - 1);
	assert_string_equal(buf_str(&s->replies), "OK\n42\nhello\narray of 2\nERR no\n\narray of 0\n");
}

static void
large_output_goes_through_a_slow_socket_unharmed(void **state)
{
	struct stage *s = *state;
	struct buf got = {0}, want = {0};

	stage_ready(s);
	for (int i = 0; i < 300000; i++)
		buf_addf(&want, "%d,", i);
	for (size_t at = 0; at < want.n; at += 100000) {
		size_t n = want.n - at < 100000 ? want.n - at : 100000;

		conn_send(s->conn, want.p + at, n);
		conn_writable(s->conn);
	}
	assert_true(conn_unsent(s->conn) > 0);
	stage_flush(s, &got);
	assert_int_equal(conn_unsent(s->conn), 0);
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
	buf_free(&got);
	buf_free(&want);
}

static void
peer_that_went_away_is_no_signal_but_a_loss(void **state)
{
	struct stage *s = *state;

	stage_ready(s);
	(void)close(s->peer);
	s->peer = -1;
	conn_send(s->conn, "x", 1);
	conn_writable(s->conn);
	assert_int_equal(s->n_lost, 1);
}

static void
assert_broken(struct stage *s, const char *reply, const char *part)
{
	stage_ready(s);
	stage_say_text(s, reply);
	assert_int_equal(s->n_lost, 1);
	if (strstr(s->why.msg, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", s->why.msg, part);
}

static void
huge_array_is_refused_before_memory_is_taken_for_it(void **state)
{
	assert_broken(*state, "*2147483647\r\n", "more than 1000000 elements");
}

static void
nested_arrays_are_counted_together(void **state)
{
	assert_broken(*state, "*2\r\n*600000\r\n:1\r\n:1\r\n*600000\r\n*600000\r\n", "more than 1000000 elements");
}

static void
many_arrays_are_not_counted_together(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	buf_addstr(&b, "*50000\r\n");
	for (int i = 0; i < 50000; i++)
		buf_addstr(&b, ":1\r\n");
	for (int i = 0; i < 21; i++)
		stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 0);
	assert_int_equal(s->replies.n, 21 * strlen("array of 50000\n"));
	buf_free(&b);
}

static void
huge_string_is_refused_before_it_is_read(void **state)
{
	assert_broken(*state, "$67108865\r\nx", "string of more than");
}

static void
string_without_a_length_is_refused(void **state)
{
	assert_broken(*state, "$000000000000000000000000000000", "string without a length");
}

static void
protocol_error_ends_the_connection(void **state)
{
	assert_broken(*state, "HTTP/1.1 400 Bad Request\r\n", "broke the protocol");
}

static void
line_without_an_end_is_refused(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	buf_addch(&b, '+');
	while (b.n < 200000)
		buf_addstr(&b, "xxxxxxxxxxxxxxxx");
	stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 1);
	assert_non_null(strstr(s->why.msg, "line that does not end"));
	buf_free(&b);
}

static void
string_of_megabytes_is_taken(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	buf_addstr(&b, "$5000000\r\n");
	memset(buf_reserve(&b, 5000000), 'y', 5000000);
	buf_commit(&b, 5000000);
	buf_addstr(&b, "\r\n:7\r\n");
	stage_say(s, b.p, b.n);
	assert_string_equal(buf_str(&s->replies), "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n7\n");
	buf_free(&b);
}

static void
connection_may_be_freed_by_its_reply(void **state)
{
	struct stage *s = *state;

	stage_ready(s);
	s->free_on_reply = true;
	stage_say_text(s, ":1\r\n:2\r\n:3\r\n");
	assert_string_equal(buf_str(&s->replies), "1\n");
	assert_int_equal(s->n_lost, 0);
}

static void
kept_reply_outlives_its_callback(void **state)
{
	struct stage *s = *state;

	stage_ready(s);
	s->keep = true;
	stage_say_text(s, "$4\r\nkept\r\n");
	assert_string_equal(s->kept->str, "kept");
}

static void
absent_socket_is_told_at_once(void **state)
{
	struct stage *s = *state;
	struct err e = {0};
	char nowhere[] = "/nonexistent/s", longer[200];

	s->server.to.path = nowhere;
	assert_null(conn_open(&s->server, NULL, 0, &sink, s, &e));
	assert_string_equal(e.msg, "cannot connect to redis at /nonexistent/s: No such file or directory");
	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[199] = '\0';
	s->server.to.path = longer;
	assert_null(conn_open(&s->server, NULL, 0, &sink, s, &e));
	assert_non_null(strstr(e.msg, "has 199 bytes; the kernel takes at most 107"));
}

static void
refused_tcp_connection_is_lost_and_says_where(void **state)
{
	struct stage *s = *state;
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err e = {0};
	char host[] = "127.0.0.1";
	struct pollfd pfd;

	/* A port that is bound but not listened to refuses. */
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	s->server = (struct conn_server){.to = {.host = host, .port = ntohs(sin.sin_port)}};
	s->conn = conn_open(&s->server, (struct sockaddr *)&sin, sizeof sin, &sink, s, &e);
	if (s->conn != NULL) {
		assert_true(conn_wants_write(s->conn));
		pfd = (struct pollfd){.fd = conn_fd(s->conn), .events = POLLOUT};
		assert_int_equal(poll(&pfd, 1, 5000), 1);
		conn_writable(s->conn);
		assert_int_equal(s->n_lost, 1);
		e = s->why;
	}
	assert_non_null(strstr(e.msg, "cannot connect to redis at 127.0.0.1 port"));
	(void)close(fd);
}

static void
format_counts_bytes_not_characters(void **state)
{
	static const char want[] = "*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$0\r\n\r\n";
	const size_t len[] = {3, 3, 0};
	struct buf b = {0};

	(void)state;
	conn_format(&b, 3, (const char *const[]){"SET", "a\0b", ""}, len);
	assert_int_equal(b.n, sizeof want - 1);
	assert_memory_equal(b.p, want, b.n);
	buf_free(&b);
}

static void
error_word_is_the_first_and_only_of_errors(void **state)
{
	static const struct {
		int type;
		const char *text, *want;
	} cases[] = {
	    {REDIS_REPLY_ERROR, "OOM command not allowed", "OOM"},
	    {REDIS_REPLY_ERROR, "ERR", "ERR"},
	    {REDIS_REPLY_ERROR, "", ""},
	    {REDIS_REPLY_STATUS, "OOM", ""},
	    {REDIS_REPLY_ERROR, "0123456789012345678901234567890123456789 x", "0123456789012345678901234567890"},
	};
	char text[64], word[32];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		redisReply r = {.type = cases[i].type,
		    .str = text,
		    .len = (size_t)snprintf(text, sizeof text, "%s", cases[i].text)};

		reply_error_word(&r, word);
		assert_string_equal(word, cases[i].want);
	}
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(handshake_sends_auth_select_and_name_and_then_is_ready),
	    STAGED(refused_password_ends_the_connection_with_what_redis_said),
	    STAGED(missing_password_is_told_as_such),
	    STAGED(refused_name_does_no_harm),
	    STAGED(what_redis_says_before_it_closes_is_the_reason),
	    STAGED(replies_come_in_order_however_the_bytes_are_cut),
	    STAGED(large_output_goes_through_a_slow_socket_unharmed),
	    STAGED(peer_that_went_away_is_no_signal_but_a_loss),
	    STAGED(huge_array_is_refused_before_memory_is_taken_for_it),
	    STAGED(nested_arrays_are_counted_together),
	    STAGED(many_arrays_are_not_counted_together),
	    STAGED(huge_string_is_refused_before_it_is_read),
	    STAGED(string_without_a_length_is_refused),
	    STAGED(protocol_error_ends_the_connection),
	    STAGED(line_without_an_end_is_refused),
	    STAGED(string_of_megabytes_is_taken),
	    STAGED(connection_may_be_freed_by_its_reply),
	    STAGED(kept_reply_outlives_its_callback),
	    STAGED(absent_socket_is_told_at_once),
	    STAGED(refused_tcp_connection_is_lost_and_says_where),
	    cmocka_unit_test(format_counts_bytes_not_characters),
	    cmocka_unit_test(error_word_is_the_first_and_only_of_errors),
	};

	return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
