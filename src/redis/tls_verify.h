/* What is wrong with a server's certificate, in plain words. Nobody but tls.c includes this. */
#ifndef REDIS_TLS_VERIFY_H
#define REDIS_TLS_VERIFY_H

#include <openssl/x509_vfy.h>
#include <stddef.h>

/* A sentence without a subject ("expired on ...") on the error that ctx stands at; host is whom it should be for. */
void tls_verify_explain(X509_STORE_CTX *ctx, const char *host, char *out, size_t size);

#endif
