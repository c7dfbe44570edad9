/* Names of keys and channels: shelf:{<catalog>}:... Pure. */
#ifndef REDIS_KEYS_H
#define REDIS_KEYS_H

#include <stdbool.h>

/* "shelf:{<catalog>}:" and suffix. The caller frees. */
char *keys_make(const char *catalog, const char *suffix);

/* The slot of a Redis Cluster in which all keys of the catalog are, 0 to 16383. */
unsigned int keys_slot(const char *catalog);

/* 1-64 of [A-Za-z0-9._-]. */
bool keys_catalog_valid(const char *catalog);

#endif
