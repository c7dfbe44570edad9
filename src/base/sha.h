/* SHA-256 and git's blob id, over OpenSSL's EVP. */
#ifndef BASE_SHA_H
#define BASE_SHA_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define GIT_ID_SIZE 20

void sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE]);

/* SHA-1 over "blob <n>\0" and the bytes (gitformat-pack(5), git-hash-object(1)). */
void sha_git_blob(const void *p, size_t n, uint8_t out[GIT_ID_SIZE]);

/* Incremental SHA-256 for what does not fit in memory. sha256_end frees it. */
struct sha256_ctx;
struct sha256_ctx *sha256_begin(void);
void sha256_update(struct sha256_ctx *c, const void *p, size_t n);
void sha256_end(struct sha256_ctx *c, uint8_t out[SHA256_SIZE]);

#endif
