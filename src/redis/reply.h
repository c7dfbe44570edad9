/* What error replies say. Pure. */
#ifndef REDIS_REPLY_H
#define REDIS_REPLY_H

#include <hiredis/hiredis.h>

/*
 * What an error reply says; "" when r is no error. Redis before 7 says first where in a script the error was; that is
 * left out.
 */
const char *reply_error(const redisReply *r);

/* First word of an error reply ("OOM"), into a small array; "" when r is no error. */
void reply_error_word(const redisReply *r, char out[32]);

#endif
