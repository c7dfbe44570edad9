#include "redis/tls_verify.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/text.h"

#define NAMES_SHOWN 8

static const char *
time_text(const ASN1_TIME *t, char *out, size_t size)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1 || strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		(void)snprintf(out, size, "an unknown day");
	return out;
}

static const char *
issuer_text(const X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL, *raw = NULL;
	struct buf text = {0};
	long n;

	if (bio != NULL && cert != NULL &&
	    X509_NAME_print_ex(bio, X509_get_issuer_name(cert), 0, XN_FLAG_ONELINE) > 0) {
		n = BIO_get_mem_data(bio, &p);
		if (n > 0)
			buf_add(&text, p, (size_t)n);
	}
	raw = buf_steal(&text);
	text_escape_to(out, size, *raw != '\0' ? raw : "nobody");
	free(raw);
	BIO_free(bio);
	return out;
}

/* One of the names that a certificate is issued for; false for a kind that no host has. */
static bool
add_name(struct buf *out, const GENERAL_NAME *name)
{
	char ip[INET6_ADDRSTRLEN];
	const ASN1_STRING *s;
	int kind;

	s = GENERAL_NAME_get0_value(name, &kind);
	if (kind == GEN_DNS) {
		buf_add(out, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
		return true;
	}
	if (kind != GEN_IPADD || (ASN1_STRING_length(s) != 4 && ASN1_STRING_length(s) != 16))
		return false;
	if (inet_ntop(ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), ip, sizeof ip) != NULL)
		buf_addstr(out, ip);
	return true;
}

static const char *
names_text(const X509 *cert, char *out, size_t size)
{
	GENERAL_NAMES *names = cert != NULL ? X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL) : NULL;
	struct buf text = {0};
	int shown = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < NAMES_SHOWN; i++) {
		struct buf one = {0};

		if (add_name(&one, sk_GENERAL_NAME_value(names, i)))
			buf_addf(&text, "%s%s", shown++ > 0 ? ", " : "", buf_str(&one));
		buf_free(&one);
	}
	GENERAL_NAMES_free(names);
	text_escape_to(out, size, text.n > 0 ? buf_str(&text) : "no host");
	buf_free(&text);
	return out;
}

void
tls_verify_explain(X509_STORE_CTX *ctx, const char *host, char *out, size_t size)
{
	const X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	/* What the server sent, or one of the authorities that signed it. */
	const char *whose = X509_STORE_CTX_get_error_depth(ctx) > 0 ? "has an authority that " : "";
	char text[300];

	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		(void)snprintf(out, size, "is for another host: for %s, not for %s",
		    names_text(X509_STORE_CTX_get0_cert(ctx), text, sizeof text), host);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		(void)snprintf(out, size, "%sexpired on %s", whose,
		    time_text(cert != NULL ? X509_get0_notAfter(cert) : NULL, text, sizeof text));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		(void)snprintf(out, size, "%sis not valid before %s", whose,
		    time_text(cert != NULL ? X509_get0_notBefore(cert) : NULL, text, sizeof text));
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		(void)snprintf(out, size,
		    "is signed by an unknown authority, %s; name that one's certificate in redis.tls.ca_file",
		    issuer_text(cert, text, sizeof text));
		break;
	default:
		(void)snprintf(out, size, "is not valid: %s", X509_verify_cert_error_string(error));
		break;
	}
}
