/* The Lua scripts that run inside Redis, embedded at build time. */
#ifndef REDIS_SCRIPT_H
#define REDIS_SCRIPT_H

enum script { SCRIPT_APPLY, SCRIPT_LEASE, SCRIPTS };

const char *script_text(enum script s);

#endif
