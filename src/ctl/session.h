/*
 * What a verb works with: options, settings as shelfd finds them, Redis. Each
 * function that returns an enum ctl_exit has said why when it is not CTL_OK.
 */
#ifndef CTL_SESSION_H
#define CTL_SESSION_H

#include "base/err.h"
#include "config/settings.h"
#include "ctl/options.h"
#include "ctl/out.h"
#include "ctl/verb.h"
#include "redis/client.h"

struct ctl {
	const struct options *opt;
	struct out out;
	struct settings settings; /* after session_settings */
	bool loaded;
};

void session_free(struct ctl *c);

/* Defaults, the file, the environment, the options, in this order; once. */
int session_settings(struct ctl *c);

/* The settings, with the dialects of their collections: for what judges manifests. */
int session_dialects(struct ctl *c);

/* The folder of sockets. After session_settings; the caller frees. */
char *session_runtime_dir(const struct ctl *c);

/* Path of the control socket. After session_settings; the caller frees. */
char *session_socket(const struct ctl *c);

/* Where Redis is, without secrets, for messages. After session_settings; the caller frees. */
char *session_redis_text(const struct ctl *c);

/* Connect; loads the settings. The caller frees (client_free). */
int session_redis(struct ctl *c, struct client **ret);

/* The same, quietly: -1 with why. After session_settings. */
int session_redis_try(const struct ctl *c, usec_t timeout, struct client **ret, struct err *e);

/* Say why Redis did not do what was asked; the exit code that fits. */
int session_redis_failed(const struct ctl *c, const struct err *e);

/* Is it that we may not, rather than that it cannot be reached? */
bool session_refused(const struct err *e);

/* The option's value, NULL when it was not given. */
const char *session_opt(const struct ctl *c, enum option_id id);
bool session_flag(const struct ctl *c, enum option_id id);

/* getenv(3) in the shape that config/ wants. */
const char *session_getenv(void *arg, const char *name);

#endif
