/*
 * The options of all verbs in one table, and the reading of a command line.
 * A name means the same for every verb, so options may stand before or after it.
 */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

enum option_id {
	OPT_NONE,
	/* for every verb */
	OPT_CONFIG,
	OPT_REDIS,
	OPT_CACERT,
	OPT_CERT,
	OPT_KEY,
	OPT_CATALOG,
	OPT_SOCKET,
	OPT_JSON,
	OPT_COLOR,
	OPT_HELP,
	OPT_VERSION,
	/* for some */
	OPT_ROOT,
	OPT_TYPE,
	OPT_FORMAT,
	OPT_SCHEMA,
	OPT_SCHEMAS,
	OPT_DRAFT,
	OPT_FORMATS,
	OPT_STRICT,
	OPT_CHANGED,
	OPT_FIX,
	OPT_DRY_RUN,
	OPT_YES,
	OPT_SINCE,
	OPT_SNAPSHOT,
	OPT_COUNT,
	OPT_WAIT,
	OPT_BARRIER,
	OPT_TIMEOUT,
	OPT_WORDS,
	OPT_COUNT_OF,
};
#define OPT_GLOBAL_LAST OPT_VERSION

struct option_def {
	const char *name; /* without the dashes */
	char letter; /* or 0 */
	const char *arg; /* name of its value; NULL: takes none; "[=NAME]": may have one, in the same word */
	const char *help;
};

/* The row of an option. */
const struct option_def *options_def(enum option_id id);

struct options {
	const char *value[OPT_COUNT_OF]; /* NULL: not given; "" for one without a value; the last one counts */
	const char **args; /* what is no option, in order; owned, the strings are argv's */
	int n_args;
};

/*
 * Read argv[1...]. "--" ends the options; "-" is an argument. Returns -1 with a
 * sentence for the user; ret holds what came before, and needs options_free.
 */
int options_read(struct options *ret, int argc, const char *const *argv, struct err *e);
void options_free(struct options *o);

/* The value of an option as a number or a duration; -1 with a sentence when it is none. Not given: *ret is left alone. */
int options_u64(const struct options *o, enum option_id id, uint64_t *ret, struct err *e);
int options_duration(const struct options *o, enum option_id id, usec_t *ret, struct err *e);

#endif
