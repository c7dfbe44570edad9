#include "base/sha.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

/* OpenSSL fails here only without memory or without a working provider. */
static void
sha_must(int ok)
{
	if (ok != 1) {
		(void)fputs("openssl: digest failed\n", stderr);
		abort();
	}
}

void
sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE])
{
	sha_must(SHA256(p, n, out) != NULL);
}

void
sha_git_blob(const void *p, size_t n, uint8_t out[GIT_ID_SIZE])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	char head[32];
	int len = snprintf(head, sizeof head, "blob %zu", n);

	sha_must(md != NULL && EVP_DigestInit_ex(md, EVP_sha1(), NULL));
	sha_must(EVP_DigestUpdate(md, head, (size_t)len + 1));
	sha_must(EVP_DigestUpdate(md, p, n));
	sha_must(EVP_DigestFinal_ex(md, out, NULL));
	EVP_MD_CTX_free(md);
}

struct sha256_ctx *
sha256_begin(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	sha_must(md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL));
	return (struct sha256_ctx *)md;
}

void
sha256_update(struct sha256_ctx *c, const void *p, size_t n)
{
	sha_must(EVP_DigestUpdate((EVP_MD_CTX *)c, p, n));
}

void
sha256_end(struct sha256_ctx *c, uint8_t out[SHA256_SIZE])
{
	sha_must(EVP_DigestFinal_ex((EVP_MD_CTX *)c, out, NULL));
	EVP_MD_CTX_free((EVP_MD_CTX *)c);
}
