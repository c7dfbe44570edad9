/*
 * Settings: from YAML bytes, the environment and flags to one value. Pure;
 * every error is reported at once, with line and column.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"
#include "manifest/kind.h"
#include "manifest/problem.h"

struct settings {
	char *catalog; /* "main" */
	struct {
		char *name; /* "main" */
		char *root; /* as written; NULL: the current folder */
		int priority;
		bool trust_owner;
	} source;
	struct {
		char *url; /* NULL: not set, redis://127.0.0.1:6379; its syntax is not checked here */
		int url_line, url_column; /* where the file has it; 0 when it is from elsewhere */
		char *user; /* NULL: the address's, or none */
		char *password_file; /* NULL: the address's, or none */
		struct {
			char *ca_file, *ca_path; /* NULL: the system's authorities */
			char *cert_file, *key_file; /* NULL: none */
			char *server_name; /* NULL: the host of the address */
		} tls;
		struct {
			char *user, *password_file; /* NULL: none */
		} sentinel;
		int min_replicas; /* 0: not looked at */
		usec_t timeout; /* of a request; 5 s */
	} redis;
	struct collections collections;
	char *schemas; /* a folder of the user's; NULL: none */
	int schemas_line, schemas_column; /* where the file has it; 0 when it is from elsewhere */
	struct dialects *dialects; /* of dialects_load, or NULL; the collections borrow them */
	struct {
		usec_t quiet; /* 10 ms */
		usec_t writer; /* 100 ms */
		usec_t max_delay; /* 1 s */
		usec_t git_quiet; /* 50 ms */
		usec_t git_hold; /* 5 s */
		usec_t poll; /* 2 s */
		usec_t audit; /* 10 min */
		bool polling; /* false: only what has no events */
	} watch;
	struct {
		char *socket; /* NULL: control.sock in the runtime folder */
	} control;
	enum log_level log_level;
	char *runtime_dir; /* NULL: chosen at start */
	char *state_dir; /* NULL: chosen at start */
};

void settings_init(struct settings *s); /* the defaults */
void settings_free(struct settings *s);

/*
 * Replace s by what a configuration file says, over the defaults. Returns -1
 * with at least one error in ps, and then s is untouched. Codes: config-syntax
 * (and those of yaml.h), config-unknown-key, config-value.
 */
int settings_parse(struct settings *s, const char *bytes, size_t n, struct problems *ps);

/*
 * Apply SHELFD_... variables; an empty one counts as not set. get is getenv(3) or
 * a stand-in. Every wrong value is added to ps, with the variable's name in the
 * message, and -1 is returned.
 */
int settings_environment(struct settings *s, const char *(*get)(void *, const char *), void *arg, struct problems *ps);

/* 1-64 of [A-Za-z0-9._-]. */
bool settings_catalog_valid(const char *name);

/* "10ms", "2s", "5m", "1h" -> microseconds. "64KiB", "1MiB", "512B" -> bytes. -1 for anything else. */
int settings_duration(const char *text, usec_t *ret);
int settings_size(const char *text, uint64_t *ret);

#endif
