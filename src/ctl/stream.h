/* The records of a stream in Redis that are kept for looking back, the newest first. */
#ifndef CTL_STREAM_H
#define CTL_STREAM_H

#include "ctl/session.h"
#include "ctl/store.h"

#define STREAM_COUNT 20 /* records that are shown unless --count says otherwise */

/* A record: its id and its fields, a flat array as of store_hash. */
typedef void stream_each(void *arg, const char *id, const redisReply *fields);

/* Tell each of the newest `count` records of a stream; *ret_n: how many there were. An absent stream has none. */
int stream_newest(
    struct store *r, const char *suffix, uint64_t count, stream_each *each, void *arg, size_t *ret_n, struct err *e);

/* --count, STREAM_COUNT when it was not given. CTL_USAGE, and has said why, when it is no number above 0. */
int stream_count(const struct ctl *c, uint64_t *ret);

#endif
