#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "redis/client.h"

#define TIMEOUT (5 * USEC_PER_SEC)

/* A child that plays Redis on a TCP port: it says what it has to say, then waits to be closed. */
struct stage {
	pid_t pid;
	struct redis_node node;
	struct redis_access access;
	struct client *c;
	struct err e;
};

static int
setup(void **state)
{
	struct stage *s = mem_zalloc(sizeof *s);

	(void)snprintf(s->node.host, sizeof s->node.host, "localhost");
	s->access.url = (struct redis_url){.scheme = REDIS_TCP, .nodes = &s->node, .n_nodes = 1};
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	client_free(s->c);
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
	}
	free(s);
	return 0;
}

#define UNTIL_PING "|" /* in a script: go on when a PING has come */

static void
play_part(int fd, const char *part, size_t n)
{
	if (send(fd, part, n, MSG_NOSIGNAL) != (ssize_t)n)
		_exit(1);
}

static void
await_ping(int fd)
{
	char last[4] = "";

	while (memcmp(last, "PING", 4) != 0) {
		memmove(last, last + 1, 3);
		if (read(fd, last + 3, 1) != 1)
			_exit(1);
	}
}

static _Noreturn void
play(int listener, const char *script, bool hang_up)
{
	int fd;
	char c;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		_exit(1);
	for (;;) {
		size_t n = strcspn(script, UNTIL_PING);

		play_part(fd, script, n);
		if (script[n] == '\0')
			break;
		await_ping(fd);
		script += n + 1;
	}
	if (hang_up)
		(void)shutdown(fd, SHUT_WR);
	while (read(fd, &c, 1) > 0)
		;
	_exit(0);
}

static void
stage_play(struct stage *s, const char *script, bool hang_up)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	s->node.port = ntohs(sin.sin_port);
	s->pid = fork();
	if (s->pid == 0)
		play(fd, script, hang_up);
	(void)close(fd);
}

static void
open_client(struct stage *s)
{
	s->c = client_open(&s->access, TIMEOUT, &s->e);
	if (s->c == NULL)
		fail_msg("%s", s->e.msg);
}

static void
request_over_tcp_by_name_gets_its_reply(void **state)
{
	struct stage *s = *state;
	redisReply *r;

	stage_play(s, "+OK\r\n:42\r\n-ERR an error is a reply\r\n", false);
	open_client(s);
	r = client_command(s->c, &s->e, "INCR", "x", NULL);
	assert_int_equal(r->integer, 42);
	freeReplyObject(r);
	r = client_command(s->c, &s->e, "INCR", "x", NULL);
	assert_int_equal(r->type, REDIS_REPLY_ERROR);
	freeReplyObject(r);
}

static void
replies_that_came_early_are_kept_in_order(void **state)
{
	struct stage *s = *state;
	struct buf script = {0};

	buf_addstr(&script, "+OK\r\n");
	for (int i = 0; i < 1000; i++)
		buf_addf(&script, ":%d\r\n", i);
	stage_play(s, script.p, false);
	open_client(s);
	for (int i = 0; i < 1000; i++) {
		redisReply *r = client_next(s->c, TIMEOUT, &s->e);

		assert_int_equal(r->integer, i);
		freeReplyObject(r);
	}
	buf_free(&script);
}

/* Bursts of 10, 20, 40, ... replies: each is more than there was room for. */
static bool
ends_burst(int i)
{
	int n = (i + 11) / 10;

	return (i + 11) % 10 == 0 && (n & (n - 1)) == 0;
}

static void
replies_keep_their_order_while_more_come_and_some_are_taken(void **state)
{
	struct stage *s = *state;
	struct buf script = {0};

	buf_addstr(&script, "+OK\r\n");
	for (int i = 0; i < 1000; i++)
		buf_addf(&script, ":%d\r\n%s", i, ends_burst(i) ? UNTIL_PING : "");
	stage_play(s, script.p, false);
	open_client(s);
	for (int i = 0; i < 1000; i++) {
		redisReply *r;

		if (ends_burst(i))
			client_append(s->c, 1, (const char *const[]){"PING"}, NULL);
		r = client_next(s->c, TIMEOUT, &s->e);
		if (r == NULL)
			fail_msg("%d: %s", i, s->e.msg);
		assert_int_equal(r->integer, i);
		freeReplyObject(r);
	}
	buf_free(&script);
}

static void
silence_is_a_time_out_that_can_be_tried_again(void **state)
{
	struct stage *s = *state;

	stage_play(s, "+OK\r\n", false);
	open_client(s);
	assert_null(client_next(s->c, 10 * USEC_PER_MS, &s->e));
	assert_int_equal(s->e.sys, ETIMEDOUT);
	s->e.sys = 0;
	assert_null(client_next(s->c, 10 * USEC_PER_MS, &s->e));
	assert_int_equal(s->e.sys, ETIMEDOUT);
}

static void
server_that_never_greets_is_given_up(void **state)
{
	struct stage *s = *state;

	stage_play(s, "", false);
	s->c = client_open(&s->access, 50 * USEC_PER_MS, &s->e);
	assert_null(s->c);
	assert_string_equal(s->e.msg, "redis did not answer in time");
}

static void
lost_connection_stays_lost_and_keeps_its_reason(void **state)
{
	struct stage *s = *state;

	stage_play(s, "+OK\r\n", true);
	open_client(s);
	for (int i = 0; i < 2; i++) {
		assert_null(client_command(s->c, &s->e, "PING", NULL));
		assert_string_equal(s->e.msg, "redis closed the connection");
	}
}

static void
wrong_password_says_so(void **state)
{
	struct stage *s = *state;
	char password[] = "hunter2";

	s->access.url.password = password;
	stage_play(s, "-WRONGPASS invalid username-password pair or user is disabled.\r\n", false);
	s->c = client_open(&s->access, TIMEOUT, &s->e);
	assert_null(s->c);
	assert_non_null(strstr(s->e.msg, "redis refused the password: WRONGPASS"));
	assert_null(strstr(s->e.msg, "hunter2"));
}

static void
unknown_host_is_named(void **state)
{
	struct stage *s = *state;

	(void)snprintf(s->node.host, sizeof s->node.host, "no.invalid");
	assert_null(client_open(&s->access, TIMEOUT, &s->e));
	assert_non_null(strstr(s->e.msg, "cannot find the redis host no.invalid: "));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(request_over_tcp_by_name_gets_its_reply),
	    STAGED(replies_that_came_early_are_kept_in_order),
	    STAGED(replies_keep_their_order_while_more_come_and_some_are_taken),
	    STAGED(silence_is_a_time_out_that_can_be_tried_again),
	    STAGED(server_that_never_greets_is_given_up),
	    STAGED(lost_connection_stays_lost_and_keeps_its_reason),
	    STAGED(wrong_password_says_so),
	    STAGED(unknown_host_is_named),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
