/* TLS against a server in a child process, with certificates that are made for the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "redis/client.h"

#define TIMEOUT (20 * USEC_PER_SEC)
#define BULK 300000

/* Everything is made once: certificates of two authorities, and what is wrong with some of them in their names. */
static const char make_certificates[] =
    "set -e\n"
    "key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; chmod 600 $1.key; }\n"
    "authority() { key $1; openssl req -x509 -new -key $1.key -subj \"/CN=$2\" -days 2 -out $1.crt; }\n"
    "issue() { key $1; openssl req -new -key $1.key -subj /CN=$1 | openssl x509 -req -CA $2.crt -CAkey $2.key -days $3"
    " -extfile ext -out $1.crt; }\n"
    "authority ca 'Right Authority'\nauthority other 'Other Authority'\n"
    "echo subjectAltName=DNS:localhost,DNS:redis.example.org,IP:127.0.0.1 >ext\n"
    "issue good ca 2\nissue expired ca -1\nissue foreign other 2\nissue client ca 2\n"
    "echo subjectAltName=DNS:elsewhere.example.org,IP:192.0.2.1 >ext\nissue elsewhere ca 2\n"
    "cp good.key open.key\nchmod 644 open.key\n"
    "openssl pkey -in good.key -aes128 -passout pass:x -out locked.key\nchmod 600 locked.key\n";

static char dir[] = "/tmp/shelfd-tls-XXXXXX";
static bool have_openssl;
static time_t begun;

static int
run(const char *script)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		if (chdir(dir) != 0 || freopen("/dev/null", "w", stdout) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(126);
		(void)execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	return status;
}

static int
make_all(void **state)
{
	(void)state;
	begun = time(NULL);
	if (mkdtemp(dir) == NULL)
		return -1;
	have_openssl = run("openssl version") == 0;
	return have_openssl && run(make_certificates) != 0 ? -1 : 0;
}

static int
remove_all(void **state)
{
	char *script = mem_printf("rm -rf %s", dir);
	int rc;

	(void)state;
	rc = run(script);
	free(script);
	return rc;
}

static char *
file(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

struct stage {
	pid_t pid;
	struct redis_node node;
	struct redis_access access;
	struct client *c;
	struct err e;
};

/* How the server is. */
struct play {
	const char *cert; /* its name; NULL: it does not speak TLS */
	bool wants_client;
	int max_version; /* 0: any */
};

static int
setup(void **state)
{
	struct stage *s = mem_zalloc(sizeof *s);

	(void)snprintf(s->node.host, sizeof s->node.host, "localhost");
	s->access.url = (struct redis_url){.scheme = REDIS_TCP, .tls = true, .nodes = &s->node, .n_nodes = 1};
	s->access.tls.ca_file = file("ca.crt");
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
	tls_files_free(&s->access.tls);
	free(s);
	return 0;
}

/* Answers the greeting, and each further request with a long string. */
static void
play_redis(SSL *ssl)
{
	char in[4096], *out = mem_alloc(BULK + 32);
	int n = snprintf(out, 32, "$%d\r\n", BULK);

	memset(out + n, 'x', BULK);
	memcpy(out + n + BULK, "\r\n", 2);
	if (SSL_read(ssl, in, sizeof in) <= 0 || SSL_write(ssl, "+OK\r\n", 5) != 5)
		_exit(1);
	while (SSL_read(ssl, in, sizeof in) > 0)
		if (SSL_write(ssl, out, n + BULK + 2) <= 0)
			_exit(1);
	free(out);
}

static _Noreturn void
play_plain(int fd)
{
	char c;

	(void)send(fd, "-ERR Protocol error: unauthenticated bulk length\r\n", 50, MSG_NOSIGNAL);
	while (read(fd, &c, 1) > 0)
		;
	_exit(0);
}

static _Noreturn void
play(int listener, const struct play *how)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char *cert, *key, *ca = file("ca.crt");
	SSL *ssl;
	int fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = accept(listener, NULL, NULL);
	if (how->cert == NULL)
		play_plain(fd);
	cert = mem_printf("%s/%s.crt", dir, how->cert);
	key = mem_printf("%s/%s.key", dir, how->cert);
	if (SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_load_verify_file(ctx, ca) != 1)
		_exit(1);
	if (how->wants_client)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (how->max_version != 0 &&
	    (SSL_CTX_set_max_proto_version(ctx, how->max_version) != 1 ||
		SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0") != 1))
		_exit(1);
	ssl = SSL_new(ctx);
	if (SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1)
		play_redis(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	free(cert);
	free(key);
	free(ca);
	_exit(0);
}

static void
stage_play(struct stage *s, struct play how)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!have_openssl) {
		print_message("skipped: no openssl on this machine\n");
		(void)close(fd);
		skip();
	}
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	s->node.port = ntohs(sin.sin_port);
	s->pid = fork();
	if (s->pid == 0)
		play(fd, &how);
	(void)close(fd);
}

static void
assert_connects(struct stage *s)
{
	s->c = client_open(&s->access, TIMEOUT, &s->e);
	if (s->c == NULL)
		fail_msg("%s", s->e.msg);
}

static void
assert_refused(struct stage *s, const char *part)
{
	redisReply *r;

	s->c = client_open(&s->access, TIMEOUT, &s->e);
	if (s->c != NULL) {
		r = client_command(s->c, &s->e, "PING", NULL);
		if (r != NULL)
			fail_msg("it was accepted");
	}
	if (strstr(s->e.msg, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", s->e.msg, part);
}

static void
right_certificate_carries_requests_and_long_replies(void **state)
{
	struct stage *s = *state;
	redisReply *r;

	stage_play(s, (struct play){.cert = "good"});
	assert_connects(s);
	for (int i = 0; i < 20; i++) {
		r = client_command(s->c, &s->e, "GET", "x", NULL);
		if (r == NULL)
			fail_msg("%s", s->e.msg);
		assert_int_equal(r->len, BULK);
		assert_int_equal(r->str[0], 'x');
		assert_int_equal(r->str[BULK - 1], 'x');
		freeReplyObject(r);
	}
}

static void
right_certificate_for_an_address_instead_of_a_name_works(void **state)
{
	struct stage *s = *state;

	(void)snprintf(s->node.host, sizeof s->node.host, "127.0.0.1");
	stage_play(s, (struct play){.cert = "good"});
	assert_connects(s);
}

static void
configured_server_name_counts_instead_of_the_host(void **state)
{
	struct stage *s = *state;

	s->access.tls.server_name = mem_strdup("elsewhere.example.org");
	stage_play(s, (struct play){.cert = "elsewhere"});
	assert_connects(s);
}

static void
certificate_for_another_name_is_refused_with_both_names(void **state)
{
	struct stage *s = *state;

	stage_play(s, (struct play){.cert = "elsewhere"});
	assert_refused(s, "is for another host: for elsewhere.example.org, 192.0.2.1, not for localhost");
}

static void
certificate_for_another_address_is_refused(void **state)
{
	struct stage *s = *state;

	(void)snprintf(s->node.host, sizeof s->node.host, "127.0.0.1");
	stage_play(s, (struct play){.cert = "elsewhere"});
	assert_refused(s, "is for another host: for elsewhere.example.org, 192.0.2.1, not for 127.0.0.1");
}

static void
expired_certificate_is_refused_with_its_day(void **state)
{
	struct stage *s = *state;
	char part[64];
	time_t day;
	struct tm tm;

	stage_play(s, (struct play){.cert = "expired"});
	assert_refused(s, " expired on ");
	/* A day before the test began, which may have been before midnight. */
	day = begun - 24 * 3600;
	(void)strftime(part, sizeof part, " expired on %Y-%m-%d ", gmtime_r(&day, &tm));
	if (strstr(s->e.msg, part) != NULL)
		return;
	day = time(NULL) - 24 * 3600;
	(void)strftime(part, sizeof part, " expired on %Y-%m-%d ", gmtime_r(&day, &tm));
	assert_non_null(strstr(s->e.msg, part));
}

static void
unknown_authority_is_refused_by_name(void **state)
{
	struct stage *s = *state;

	stage_play(s, (struct play){.cert = "foreign"});
	assert_refused(s, "is signed by an unknown authority, CN = Other Authority;");
}

static void
authorities_of_the_system_do_not_know_ours(void **state)
{
	struct stage *s = *state;

	free(s->access.tls.ca_file);
	s->access.tls.ca_file = NULL;
	stage_play(s, (struct play){.cert = "good"});
	assert_refused(s, "is signed by an unknown authority, CN = Right Authority;");
}

static void
certificate_of_ours_is_shown_when_it_is_asked_for(void **state)
{
	struct stage *s = *state;
	redisReply *r;

	s->access.tls.cert_file = file("client.crt");
	s->access.tls.key_file = file("client.key");
	stage_play(s, (struct play){.cert = "good", .wants_client = true});
	assert_connects(s);
	r = client_command(s->c, &s->e, "PING", NULL);
	assert_non_null(r);
	freeReplyObject(r);
}

static void
missing_certificate_of_ours_is_told_as_such(void **state)
{
	struct stage *s = *state;

	stage_play(s, (struct play){.cert = "good", .wants_client = true});
	assert_refused(s, "wants a certificate of ours: see redis.tls.cert_file");
}

static void
certificate_of_ours_that_the_server_does_not_know_is_told_as_such(void **state)
{
	struct stage *s = *state;

	s->access.tls.cert_file = file("foreign.crt");
	s->access.tls.key_file = file("foreign.key");
	stage_play(s, (struct play){.cert = "good", .wants_client = true});
	assert_refused(s, "refused our certificate: ");
}

static void
tls_1_1_is_too_old(void **state)
{
	struct stage *s = *state;

	stage_play(s, (struct play){.cert = "good", .max_version = TLS1_1_VERSION});
	assert_refused(s, "does not speak tls 1.2 or later");
}

static void
tls_1_2_is_enough(void **state)
{
	struct stage *s = *state;

	stage_play(s, (struct play){.cert = "good", .max_version = TLS1_2_VERSION});
	assert_connects(s);
}

static void
server_without_tls_is_told_as_such(void **state)
{
	struct stage *s = *state;

	stage_play(s, (struct play){.cert = NULL});
	assert_refused(s, "does not speak tls there");
}

static void
server_that_wants_tls_and_hangs_up_is_guessed(void **state)
{
	struct stage *s = *state;

	s->access.url.tls = false;
	stage_play(s, (struct play){.cert = "good"});
	assert_refused(s, "if it wants tls, use rediss://");
}

static void
assert_files(const char *cert, const char *key, const char *ca, const char *part)
{
	struct tls_files f = {0};
	struct err e = {0};

	f.cert_file = cert != NULL ? file(cert) : NULL;
	f.key_file = key != NULL ? file(key) : NULL;
	f.ca_file = ca != NULL ? file(ca) : NULL;
	assert_int_equal(tls_files_check(&f, &e), part == NULL ? 0 : -1);
	if (part != NULL && strstr(e.msg, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.msg, part);
	tls_files_free(&f);
}

static void
files_that_are_of_no_use_are_named_before_anything_is_connected(void **state)
{
	(void)state;
	if (!have_openssl)
		skip();
	assert_files("good.crt", "good.key", "ca.crt", NULL);
	assert_files(NULL, NULL, NULL, NULL);
	assert_files("good.crt", NULL, NULL, "cert_file is given and key_file is not");
	assert_files(NULL, "good.key", NULL, "key_file is given and cert_file is not");
	assert_files("none.crt", "good.key", NULL, "none.crt: no certificate in PEM: ");
	assert_files("good.crt", "client.key", NULL, "client.key: the key does not belong to the certificate");
	assert_files("good.crt", "open.key", NULL, "open.key: mode 0644 is too open for a secret");
	assert_files("good.crt", "locked.key", NULL, "locked.key: no private key in PEM without a passphrase");
	assert_files("good.crt", "good.crt", NULL, "good.crt: ");
	assert_files(NULL, NULL, "none.crt", "none.crt: ");
	assert_files(NULL, NULL, "good.key", "good.key: ");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(right_certificate_carries_requests_and_long_replies),
	    STAGED(right_certificate_for_an_address_instead_of_a_name_works),
	    STAGED(configured_server_name_counts_instead_of_the_host),
	    STAGED(certificate_for_another_name_is_refused_with_both_names),
	    STAGED(certificate_for_another_address_is_refused),
	    STAGED(expired_certificate_is_refused_with_its_day),
	    STAGED(unknown_authority_is_refused_by_name),
	    STAGED(authorities_of_the_system_do_not_know_ours),
	    STAGED(certificate_of_ours_is_shown_when_it_is_asked_for),
	    STAGED(missing_certificate_of_ours_is_told_as_such),
	    STAGED(certificate_of_ours_that_the_server_does_not_know_is_told_as_such),
	    STAGED(tls_1_1_is_too_old),
	    STAGED(tls_1_2_is_enough),
	    STAGED(server_without_tls_is_told_as_such),
	    STAGED(server_that_wants_tls_and_hangs_up_is_guessed),
	    cmocka_unit_test(files_that_are_of_no_use_are_named_before_anything_is_connected),
	};

	return cmocka_run_group_tests_name("tls", tests, make_all, remove_all);
}
