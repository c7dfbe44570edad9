#include "redis/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fs.h"
#include "base/mem.h"
#include "redis/tls_verify.h"

#define WHY_SIZE 640

struct tls {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO_METHOD *socket_bio;
	int fd; /* the caller's */
	char *where;
	char *host;
	char refused[WHY_SIZE]; /* what is wrong with the server's certificate; "" when nothing was found */
	bool established;
	bool wants_write;
};

void
tls_files_free(struct tls_files *f)
{
	free(f->ca_file);
	free(f->ca_path);
	free(f->cert_file);
	free(f->key_file);
	free(f->server_name);
	*f = (struct tls_files){0};
}

/* The reason of the last failure in OpenSSL's own words; empties its queue. */
static const char *
openssl_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

	ERR_clear_error();
	return reason != NULL ? reason : "unknown error";
}

/* OpenSSL would ask on the terminal. */
static int
no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out, (void)size, (void)writing, (void)arg;
	return -1;
}

static int
use_key(SSL_CTX *ctx, const char *file, struct err *e)
{
	struct buf pem = {0};
	EVP_PKEY *key;
	BIO *bio;
	int rc = 0;

	if (fs_read_secret(file, &pem, e) != 0) {
		buf_free(&pem);
		return -1;
	}
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	if (key == NULL)
		rc = err_set(e, "%s: no private key in PEM without a passphrase: %s", file, openssl_reason());
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		rc = err_set(e, "%s: the key does not belong to the certificate: %s", file, openssl_reason());
	EVP_PKEY_free(key);
	BIO_free(bio);
	explicit_bzero(pem.p, pem.cap);
	buf_free(&pem);
	return rc;
}

static int
use_authorities(SSL_CTX *ctx, const struct tls_files *f, struct err *e)
{
	if (f->ca_file == NULL && f->ca_path == NULL && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return err_set(e, "tls: no certificates of authorities on this machine: %s", openssl_reason());
	if (f->ca_file != NULL && SSL_CTX_load_verify_file(ctx, f->ca_file) != 1)
		return err_set(e, "%s: no certificate in PEM: %s", f->ca_file, openssl_reason());
	if (f->ca_path != NULL && SSL_CTX_load_verify_dir(ctx, f->ca_path) != 1)
		return err_set(e, "%s: %s", f->ca_path, openssl_reason());
	return 0;
}

static int
use_files(SSL_CTX *ctx, const struct tls_files *f, struct err *e)
{
	if (use_authorities(ctx, f, e) != 0)
		return -1;
	if ((f->cert_file == NULL) != (f->key_file == NULL))
		return err_set(e, "tls: %s is given and %s is not; both or none",
		    f->cert_file != NULL ? "cert_file" : "key_file", f->cert_file != NULL ? "key_file" : "cert_file");
	if (f->cert_file == NULL)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, f->cert_file) != 1)
		return err_set(e, "%s: no certificate in PEM: %s", f->cert_file, openssl_reason());
	return use_key(ctx, f->key_file, e);
}

static SSL_CTX *
context_new(const struct tls_files *f, struct err *e)
{
	SSL_CTX *ctx;

	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL) {
		(void)err_set(e, "tls: %s", openssl_reason());
		return NULL;
	}
	/* A stream of replies tells itself where it ends, so a close without a goodbye is a close like others. */
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* The output moves in memory while it grows. */
	(void)SSL_CTX_set_mode(
	    ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		(void)err_set(e, "tls: %s", openssl_reason());
	else if (use_files(ctx, f, e) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

int
tls_files_check(const struct tls_files *f, struct err *e)
{
	SSL_CTX *ctx = context_new(f, e);

	if (ctx == NULL)
		return -1;
	SSL_CTX_free(ctx);
	return 0;
}

/* OpenSSL's own sockets raise SIGPIPE. */
static int
bio_write(BIO *bio, const char *p, int n)
{
	const int *fd = BIO_get_data(bio);
	ssize_t done;

	BIO_clear_retry_flags(bio);
	do
		done = send(*fd, p, (size_t)n, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	if (done < 0 && errno == EAGAIN)
		BIO_set_retry_write(bio);
	return (int)done;
}

static int
bio_read(BIO *bio, char *p, int n)
{
	const int *fd = BIO_get_data(bio);
	ssize_t done;

	BIO_clear_retry_flags(bio);
	do
		done = recv(*fd, p, (size_t)n, 0);
	while (done < 0 && errno == EINTR);
	if (done < 0 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	if (done == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)done;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *p)
{
	(void)number, (void)p;
	if (command == BIO_CTRL_EOF)
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	return command == BIO_CTRL_FLUSH;
}

static int
attach_socket(struct tls *t, struct err *e)
{
	BIO *bio;

	t->socket_bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
	if (t->socket_bio == NULL || BIO_meth_set_write(t->socket_bio, bio_write) != 1 ||
	    BIO_meth_set_read(t->socket_bio, bio_read) != 1 || BIO_meth_set_ctrl(t->socket_bio, bio_ctrl) != 1 ||
	    (bio = BIO_new(t->socket_bio)) == NULL)
		return err_set(e, "tls: %s", openssl_reason());
	BIO_set_data(bio, &t->fd);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	return 0;
}

static int
note_refusal(int ok, X509_STORE_CTX *ctx)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);

	if (!ok)
		tls_verify_explain(ctx, t->host, t->refused, sizeof t->refused);
	return ok;
}

static bool
is_ip(const char *host)
{
	char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static int
expect_host(struct tls *t, struct err *e)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
	bool ip = is_ip(t->host);

	SSL_set_verify(t->ssl, SSL_VERIFY_PEER, note_refusal);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if ((ip ? X509_VERIFY_PARAM_set1_ip_asc(param, t->host) : X509_VERIFY_PARAM_set1_host(param, t->host, 0)) !=
		1 ||
	    (!ip && SSL_set_tlsext_host_name(t->ssl, t->host) != 1))
		return err_set(e, "tls: %s cannot be the name of a server", t->host);
	return 0;
}

struct tls *
tls_open(const struct tls_files *f, int fd, const char *host, const char *where, struct err *e)
{
	struct tls *t;
	SSL_CTX *ctx = context_new(f, e);

	if (ctx == NULL)
		return NULL;
	t = mem_zalloc(sizeof *t);
	t->ctx = ctx;
	t->fd = fd;
	t->where = mem_strdup(where);
	t->host = mem_strdup(f->server_name != NULL ? f->server_name : host);
	t->wants_write = true;
	t->ssl = SSL_new(ctx);
	if (t->ssl == NULL) {
		(void)err_set(e, "tls: %s", openssl_reason());
	} else {
		(void)SSL_set_app_data(t->ssl, t);
		if (attach_socket(t, e) == 0 && expect_host(t, e) == 0) {
			SSL_set_connect_state(t->ssl);
			return t;
		}
	}
	tls_free(t);
	return NULL;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	/* Tell the other side when the socket takes it; nobody waits for the answer. */
	if (t->established) {
		ERR_clear_error();
		(void)SSL_shutdown(t->ssl);
	}
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	BIO_meth_free(t->socket_bio);
	ERR_clear_error();
	free(t->where);
	free(t->host);
	free(t);
}

bool
tls_wants_write(const struct tls *t)
{
	return t->wants_write;
}

/* What the alert of the other side, or the lack of one, means to whoever configured this. */
static int
explain_failure(const struct tls *t, struct err *e)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
		return err_set(e, "%s does not speak tls there: %s", t->where, openssl_reason());
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		return err_set(e, "%s does not speak tls 1.2 or later: %s", t->where, openssl_reason());
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return err_set(e, "%s wants a certificate of ours: see redis.tls.cert_file", t->where);
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return err_set(e, "%s refused our certificate: %s", t->where, openssl_reason());
	default:
		return err_set(e, "%s: tls: %s", t->where, openssl_reason());
	}
}

/* After a call that did not do what it should: 0 to wait, TLS_CLOSED, or -1. system: errno behind the call. */
static int
what_failed(struct tls *t, int rc, int system, struct err *e)
{
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		t->wants_write = false;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		t->wants_write = true;
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		t->established = false;
		return system != 0 ? err_sys(e, system, "%s", t->where) : TLS_CLOSED;
	default:
		t->established = false;
		return explain_failure(t, e);
	}
}

int
tls_handshake(struct tls *t, struct err *e)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(t->ssl);
	if (rc == 1) {
		t->established = true;
		t->wants_write = false;
		return 1;
	}
	rc = what_failed(t, rc, errno, e);
	if (rc == 0)
		return 0;
	if (t->refused[0] != '\0')
		return err_set(e, "the certificate of %s %s", t->where, t->refused);
	if (rc == TLS_CLOSED)
		return err_set(e, "%s closed the connection during the tls handshake", t->where);
	return -1;
}

ssize_t
tls_read(struct tls *t, void *p, size_t n, struct err *e)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read(t->ssl, p, n < INT_MAX ? (int)n : INT_MAX);
	if (rc > 0)
		t->wants_write = false;
	return rc > 0 ? rc : what_failed(t, rc, errno, e);
}

/* A server that refuses our certificate hangs up, and what it said before that can still be read. */
static ssize_t
last_words(struct tls *t, int system, struct err *e)
{
	struct err said;
	ssize_t rc = 1;
	char unread[4096];

	for (int round = 0; rc > 0 && round < 16; round++)
		rc = tls_read(t, unread, sizeof unread, &said);
	t->established = false;
	if (rc == -1 && said.sys == 0 && e != NULL)
		*e = said;
	if (rc == -1 && said.sys == 0)
		return -1;
	return system != 0 ? err_sys(e, system, "%s", t->where) : TLS_CLOSED;
}

ssize_t
tls_write(struct tls *t, const void *p, size_t n, struct err *e)
{
	int rc, system;

	ERR_clear_error();
	errno = 0;
	rc = SSL_write(t->ssl, p, n < INT_MAX ? (int)n : INT_MAX);
	system = errno;
	if (rc > 0) {
		t->wants_write = false;
		return rc;
	}
	if (SSL_get_error(t->ssl, rc) == SSL_ERROR_SYSCALL)
		return last_words(t, system, e);
	return what_failed(t, rc, system, e);
}
