/*
 * The texts of a manifest in the making: gathered in one buf and, when it
 * turns out good, put behind the struct in one allocation, since a catalog holds
 * tens of thousands of them.
 */
#ifndef MANIFEST_TEXTS_H
#define MANIFEST_TEXTS_H

#include "base/buf.h"
#include "manifest/manifest.h"

#define TEXTS_MAX 9

struct texts {
	struct buf bytes;
	struct {
		size_t member; /* offset in struct manifest */
		size_t at; /* offset in bytes */
	} slot[TEXTS_MAX];
	size_t n;
};

/* A copy of n bytes for the char pointer at offset member of struct manifest, with a NUL behind them. */
void texts_put(struct texts *s, size_t member, const char *p, size_t n);

/* The same where those bytes may stand in the string that was put last already: then they are not kept twice. */
void texts_put_within(struct texts *s, size_t member, const char *p, size_t n);

/* m grown by all of them, its members set; s is empty then. */
struct manifest *texts_take(struct texts *s, struct manifest *m);

void texts_free(struct texts *s);

#endif
