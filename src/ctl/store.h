/*
 * Reading a catalog in Redis: head, indexes, items. What comes back is whatever
 * somebody wrote there: sizes are counted, nothing is trusted to be printable.
 */
#ifndef CTL_STORE_H
#define CTL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ctl/strings.h"
#include "redis/client.h"

struct store {
	struct client *client;
	const char *catalog;
};

/* One command, its words ending with NULL; key words must be whole. An error reply is a failure. */
redisReply *store_call(struct store *r, struct err *e, const char *const *words);

/* A hash as a flat array of fields and values; an empty one when the key is absent. */
redisReply *store_hash(struct store *r, const char *suffix, struct err *e);

/* A string key; NULL when it is absent (or is no string). The caller frees. */
char *store_string(struct store *r, const char *suffix, struct err *e);

/* A field of such an array, NULL when it has none (or no string). */
const redisReply *reply_get(const redisReply *hash, const char *field);
const char *reply_text(const redisReply *hash, const char *field);
uint64_t reply_u64(const redisReply *hash, const char *field); /* 0 when absent or no number */

/* Types that have had a change, sorted, from head (of store_hash). */
void store_types_of(const redisReply *head, struct strings *ret);
int store_types(struct store *r, struct strings *ret, struct err *e);

/* Every "<type>/<id>" of the catalog, or of one type, sorted. */
int store_keys(struct store *r, const char *type, struct strings *ret, struct err *e);

/*
 * Read items in the order of keys. fields (ends with NULL) names what is wanted;
 * NULL: all. each gets a flat array as of store_hash, with absent fields left
 * out; items that are gone are passed over.
 */
typedef void store_each(void *arg, const char *key, const redisReply *item);
int store_items(
    struct store *r, const struct strings *keys, const char *const *fields, store_each *each, void *arg, struct err *e);

#endif
