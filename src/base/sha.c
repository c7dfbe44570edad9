#include "base/sha.h"

#include <openssl/evp.h>
#include <pthread.h>
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

static EVP_MD *md_sha256, *md_sha1;

static void
sha_fetch(void)
{
	md_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	md_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	sha_must(md_sha256 != NULL && md_sha1 != NULL);
}

/* Looking an algorithm up takes longer than hashing a small file: once for the whole process, which keeps them. */
static void
sha_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, sha_fetch);
}

static EVP_MD_CTX *
sha_context(EVP_MD *const *md)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	sha_once();
	sha_must(c != NULL && EVP_DigestInit_ex(c, *md, NULL));
	return c;
}

void
sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE])
{
	struct sha256_ctx *c = sha256_begin();

	sha256_update(c, p, n);
	sha256_end(c, out);
}

void
sha_git_blob(const void *p, size_t n, uint8_t out[GIT_ID_SIZE])
{
	EVP_MD_CTX *c = sha_context(&md_sha1);
	char head[32];
	int len = snprintf(head, sizeof head, "blob %zu", n);

	sha_must(EVP_DigestUpdate(c, head, (size_t)len + 1));
	sha_must(EVP_DigestUpdate(c, p, n));
	sha_must(EVP_DigestFinal_ex(c, out, NULL));
	EVP_MD_CTX_free(c);
}

struct sha256_ctx *
sha256_begin(void)
{
	return (struct sha256_ctx *)sha_context(&md_sha256);
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
