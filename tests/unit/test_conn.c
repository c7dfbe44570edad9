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
#include "conn_stage.h"
#include "redis/reply.h"

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
	assert_null(conn_open(&s->server, NULL, 0, &stage_sink, s, &e));
	assert_string_equal(e.msg, "cannot connect to redis at /nonexistent/s: No such file or directory");
	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[199] = '\0';
	s->server.to.path = longer;
	assert_null(conn_open(&s->server, NULL, 0, &stage_sink, s, &e));
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
	s->conn = conn_open(&s->server, (struct sockaddr *)&sin, sizeof sin, &stage_sink, s, &e);
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

#define STAGED(test) cmocka_unit_test_setup_teardown(test, conn_setup, conn_teardown)

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
	    STAGED(connection_may_be_freed_by_its_reply),
	    STAGED(kept_reply_outlives_its_callback),
	    STAGED(absent_socket_is_told_at_once),
	    STAGED(refused_tcp_connection_is_lost_and_says_where),
	    cmocka_unit_test(format_counts_bytes_not_characters),
	    cmocka_unit_test(error_word_is_the_first_and_only_of_errors),
	};

	return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
