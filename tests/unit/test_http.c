/* The control socket: requests in, answers out, now or later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "http/server.h"

#define LATE "GET /late HTTP/1.1\r\nHost: h\r\n\r\n"

struct world {
	struct http_server *server;
	char *dir, *path;
	struct http_request *late; /* asked, to be answered by the test */
	int gone;
	struct buf body;
};

static void
handler(void *arg, struct http_request *req, const struct http_view *view)
{
	struct world *w = arg;
	const char *q;

	buf_clear(&w->body);
	buf_add(&w->body, view->body, view->body_len);
	if (strcmp(view->path, "/late") == 0) {
		w->late = req;
		return;
	}
	if (strcmp(view->path, "/method") == 0) {
		http_respond(req, 405, "{}", "GET");
		return;
	}
	q = http_query(req, "q");
	http_respond_error(req, 200, q != NULL ? q : view->method);
}

static void
gone(void *arg, struct http_request *req)
{
	struct world *w = arg;

	assert_ptr_equal(req, w->late);
	w->gone++;
}

static int
setup(void **state)
{
	struct world *w = mem_zalloc(sizeof *w);
	struct err e;

	w->dir = mem_strdup("/tmp/shelfd-http-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->path = mem_printf("%s/control.sock", w->dir);
	w->server = http_server_new(w->path, handler, gone, w, &e);
	assert_non_null(w->server);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	http_server_free(w->server);
	assert_int_equal(access(w->path, F_OK), -1);
	assert_int_equal(rmdir(w->dir), 0);
	buf_free(&w->body);
	free(w->dir);
	free(w->path);
	free(w);
	return 0;
}

static int
dial(const struct world *w)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	memcpy(addr.sun_path, w->path, strlen(w->path) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	return fd;
}

/* Run the server until the client has the end marker, the peer closes, or done says so; at most ten seconds. */
static void
run(struct world *w, int fd, const char *end, struct buf *answer)
{
	for (int i = 0; i < 1000; i++) {
		struct pollfd fds[2] = {
		    {.fd = http_server_fd(w->server), .events = POLLIN}, {.fd = fd, .events = POLLIN}};
		ssize_t n;

		http_server_run(w->server);
		(void)poll(fds, 2, 10);
		if (end == NULL && w->late != NULL)
			return;
		if (fds[1].revents == 0)
			continue;
		n = read(fd, buf_reserve(answer, 4096), 4096);
		if (n <= 0)
			return;
		buf_commit(answer, (size_t)n);
		if (end != NULL && strstr(buf_str(answer), end) != NULL)
			return;
	}
	fail_msg("no answer in time: %s", buf_str(answer));
}

static void
send_text(int fd, const char *text, size_t n)
{
	assert_int_equal(write(fd, text, n), (ssize_t)n);
}

static void
assert_answers(struct world *w, const char *request, const char *status, const char *part)
{
	struct buf answer = {0};
	int fd = dial(w);

	send_text(fd, request, strlen(request));
	run(w, fd, part, &answer);
	assert_non_null(strstr(buf_str(&answer), status));
	assert_non_null(strstr(buf_str(&answer), part));
	assert_non_null(strstr(buf_str(&answer), "Cache-Control: no-store"));
	buf_free(&answer);
	(void)close(fd);
}

static void
answers_with_method_query_and_body(void **state)
{
	struct world *w = *state;

	assert_answers(w, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200", "{\"error\":\"GET\"}");
	assert_answers(w, "GET /x?q=a%20b HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200", "{\"error\":\"a b\"}");
	assert_answers(
	    w, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200", "{\"error\":\"POST\"}");
	assert_string_equal(buf_str(&w->body), "abc");
	assert_answers(w, "GET /method HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 405", "Allow: GET");
}

static void
head_is_asked_like_get_and_answered_without_body(void **state)
{
	static const char request[] = "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	struct world *w = *state;
	struct buf answer = {0};
	int fd = dial(w);

	send_text(fd, request, sizeof request - 1);
	run(w, fd, "no such text", &answer);
	assert_non_null(strstr(buf_str(&answer), "HTTP/1.1 200"));
	assert_non_null(strstr(buf_str(&answer), "Content-Length: 15\r\n")); /* of {"error":"GET"} */
	assert_null(strstr(buf_str(&answer), "error"));
	buf_free(&answer);
	(void)close(fd);
}

static void
headers_of_7_kib_pass_and_of_20_kib_do_not(void **state)
{
	struct world *w = *state;
	struct buf request = {0}, answer = {0};
	int fd = dial(w);

	for (size_t kib = 7; kib <= 20; kib += 13) {
		buf_clear(&request);
		buf_addstr(&request, "GET /x HTTP/1.1\r\nHost: h\r\n");
		for (size_t i = 0; i < kib; i++)
			buf_addf(&request, "X-%zu: %01000d\r\n", i, 0);
		buf_addstr(&request, "\r\n");
		send_text(fd, request.p, request.n);
		buf_clear(&answer);
		run(w, fd, "\r\n\r\n", &answer);
		assert_non_null(strstr(buf_str(&answer), kib == 7 ? "HTTP/1.1 200" : "HTTP/1.1 431"));
	}
	buf_free(&request);
	buf_free(&answer);
	(void)close(fd);
}

static void
an_answer_may_come_later(void **state)
{
	struct world *w = *state;
	struct buf answer = {0};
	int fd = dial(w);

	send_text(fd, LATE, sizeof LATE - 1);
	run(w, fd, NULL, &answer);
	assert_non_null(w->late);
	assert_true(http_server_deadline(w->server, 1) > 1);
	http_respond(w->late, 200, "{\"late\":true}", NULL);
	assert_int_equal(http_server_deadline(w->server, 1), 1);
	run(w, fd, "{\"late\":true}", &answer);
	assert_int_equal(w->gone, 0);
	buf_free(&answer);
	(void)close(fd);
}

static void
a_server_that_ends_answers_who_still_waits(void **state)
{
	struct world *w = *state;
	struct buf answer = {0};
	struct err e;
	int fd = dial(w);
	char text[512];
	ssize_t n;

	send_text(fd, LATE, sizeof LATE - 1);
	run(w, fd, NULL, &answer);
	http_server_free(w->server);
	assert_int_equal(w->gone, 1);
	n = read(fd, text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "HTTP/1.1 503"));
	(void)close(fd);
	w->server = http_server_new(w->path, handler, gone, w, &e);
	assert_non_null(w->server);
	buf_free(&answer);
}

static void
a_body_over_the_limit_is_refused(void **state)
{
	struct world *w = *state;
	struct buf answer = {0};
	char chunk[65536];
	int fd = dial(w);

	memset(chunk, 'x', sizeof chunk);
	send_text(fd, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1114112\r\n\r\n", 54);
	for (int i = 0; i < 17; i++) {
		size_t sent = 0;

		while (sent < sizeof chunk) {
			ssize_t n = send(fd, chunk + sent, sizeof chunk - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n > 0)
				sent += (size_t)n;
			else
				http_server_run(w->server);
		}
	}
	run(w, fd, "larger than 1 MiB", &answer);
	assert_non_null(strstr(buf_str(&answer), "HTTP/1.1 413"));
	buf_free(&answer);
	(void)close(fd);
}

static void
the_socket_is_for_owner_and_group_only(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void
a_second_server_is_refused_and_a_dead_socket_replaced(void **state)
{
	struct world *w = *state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct http_server *second;
	char *dead = mem_printf("%s/dead.sock", w->dir);
	struct err e;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_null(http_server_new(w->path, handler, gone, w, &e));
	assert_non_null(strstr(e.msg, "already running"));
	memcpy(addr.sun_path, dead, strlen(dead) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	(void)close(fd);
	second = http_server_new(dead, handler, gone, w, &e);
	assert_non_null(second);
	http_server_free(second);
	free(dead);
}

#define SERVERS 100

static void
often_path(const struct world *w, int i, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(ret->sun_path, sizeof ret->sun_path, "%s/often%d", w->dir, i);
}

/* Connects to each socket in turn as soon as it is there; returns 1 when one that is there refuses. */
static int
knock(const struct world *w)
{
	for (int i = 0; i < SERVERS;) {
		struct sockaddr_un addr;
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		often_path(w, i, &addr);
		if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
			i++;
		else if (errno != ENOENT)
			return 1;
		(void)close(fd);
	}
	return 0;
}

static void
a_socket_that_is_seen_is_served(void **state)
{
	struct world *w = *state;
	struct http_server *servers[SERVERS];
	struct sockaddr_un addr;
	struct err e;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(knock(w));
	for (int i = 0; i < SERVERS; i++) {
		often_path(w, i, &addr);
		servers[i] = http_server_new(addr.sun_path, handler, gone, w, &e);
		assert_non_null(servers[i]);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* Only now: whoever has found the path of a socket that closes is refused. */
	for (int i = 0; i < SERVERS; i++)
		http_server_free(servers[i]);
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct world *w = *state;
	char *file = mem_printf("%s/file", w->dir);
	FILE *f = fopen(file, "w");
	struct err e;

	assert_non_null(f);
	(void)fclose(f);
	assert_null(http_server_new(file, handler, gone, w, &e));
	assert_non_null(strstr(e.msg, "no socket"));
	assert_int_equal(unlink(file), 0);
	free(file);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(answers_with_method_query_and_body),
	    TEST(head_is_asked_like_get_and_answered_without_body),
	    TEST(headers_of_7_kib_pass_and_of_20_kib_do_not),
	    TEST(an_answer_may_come_later),
	    TEST(a_server_that_ends_answers_who_still_waits),
	    TEST(a_body_over_the_limit_is_refused),
	    TEST(the_socket_is_for_owner_and_group_only),
	    TEST(a_second_server_is_refused_and_a_dead_socket_replaced),
	    TEST(a_socket_that_is_seen_is_served),
	    TEST(a_file_that_is_no_socket_is_left_alone),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
