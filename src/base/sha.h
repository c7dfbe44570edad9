/*
 * SHA-256 (FIPS 180-4) and git's blob id. Piece by piece it is nettle's: struct sha256_ctx, sha256_init, and in the end
 * sha256_digest (nettle/sha2.h); sha256_add takes bytes of any type in between.
 */
#ifndef BASE_SHA_H
#define BASE_SHA_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE SHA256_DIGEST_SIZE
#define GIT_ID_SIZE 20

void sha256_add(struct sha256_ctx *c, const void *p, size_t n);

void sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE]);

/* SHA-1 over "blob <n>\0" and the bytes (gitformat-pack(5), git-hash-object(1)). */
void sha_git_blob(const void *p, size_t n, uint8_t out[GIT_ID_SIZE]);

#endif
