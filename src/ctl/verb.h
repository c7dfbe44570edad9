/* A verb of shelfctl as data, and the codes that the program ends with. */
#ifndef CTL_VERB_H
#define CTL_VERB_H

#include "ctl/options.h"

/* Stable: scripts rely on them. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILURE = 1,
	CTL_USAGE = 2,
	CTL_NO_DAEMON = 3,
	CTL_PERMISSION = 4,
	CTL_FINDINGS = 5,
	CTL_NO_REDIS = 6,
	CTL_TIMEOUT = 7,
};

struct ctl;

#define VERB_OPTIONS 12

struct verb {
	const char *name;
	const char *args; /* "[TYPE]", for the usage line */
	int min_args, max_args; /* max_args -1: any number */
	const char *summary; /* one line */
	const char *text; /* what it does, for --help; ends with a new line */
	const char *examples; /* lines, each with its new line */
	enum option_id options[VERB_OPTIONS]; /* its own, beside the global ones; ends with OPT_NONE */
	/* argv holds argc arguments. Returns an enum ctl_exit; has said why when it is not CTL_OK. */
	int (*run)(struct ctl *c, int argc, const char *const *argv);
};

/* All verbs in the order of the help; the end has name NULL. */
const struct verb *verbs_all(void);

/* NULL for an unknown name. */
const struct verb *verbs_find(const char *name);

/* The known name nearest to a word, or NULL. */
const char *verbs_nearest(const char *word);

#endif
