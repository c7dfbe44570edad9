#include "ctl/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"

static const struct option_def defs[OPT_COUNT_OF] = {
    [OPT_CONFIG] = {"config", 'c', "FILE", "read this configuration file"},
    [OPT_REDIS] = {"redis", 0, "URL", "redis[s]:, unix:, sentinel: or cluster:, embedded"},
    [OPT_CACERT] = {"cacert", 0, "FILE", "TLS: certificates of those to trust"},
    [OPT_CERT] = {"cert", 0, "FILE", "TLS: our certificate"},
    [OPT_KEY] = {"key", 0, "FILE", "TLS: its key"},
    [OPT_CATALOG] = {"catalog", 0, "NAME", "the catalog (default main)"},
    [OPT_SOCKET] = {"socket", 0, "PATH", "the control socket of shelfd"},
    [OPT_JSON] = {"json", 0, NULL, "print JSON: one object, or one a line"},
    [OPT_COLOR] = {"color", 0, "WHEN", "auto, always or never"},
    [OPT_HELP] = {"help", 'h', NULL, "say what the verb does, with examples"},
    [OPT_VERSION] = {"version", 'V', NULL, "print the version"},
    [OPT_ROOT] = {"root", 'C', "DIR", "the source root (default: the git checkout)"},
    [OPT_TYPE] = {"type", 't', "TYPE", "only this type (lint, parse: take the file for it)"},
    [OPT_FORMAT] = {"format", 'f', "FORMAT", "text, json, sarif, github; parse: markdown, yaml, json"},
    [OPT_SCHEMA] = {"schema", 0, "SCHEMA", "the schema: a file, a dialect, or an $id"},
    [OPT_SCHEMAS] = {"schemas", 0, "DIR", "a folder of schemas to refer to, or URI=DIR"},
    [OPT_DRAFT] = {"draft", 0, "DRAFT", "7 or 2020-12 (default), without a $schema"},
    [OPT_FORMATS] = {"formats", 0, NULL, "assert \"format\", which says nothing otherwise"},
    [OPT_STRICT] = {"strict", 0, NULL, "use the strict profile"},
    [OPT_CHANGED] = {"changed", 0, "[=REV]", "only what git says differs from REV (HEAD)"},
    [OPT_FIX] = {"fix", 0, NULL, "mend what can only be meant in one way"},
    [OPT_DRY_RUN] = {"dry-run", 0, NULL, "with --fix: show it, write nothing"},
    [OPT_YES] = {"yes", 'y', NULL, "with --fix: do not ask on a terminal"},
    [OPT_SINCE] = {"since", 's', "REV", "begin after this revision (REV or GENERATION.REV)"},
    [OPT_SNAPSHOT] = {"snapshot", 0, NULL, "begin with all items that are there"},
    [OPT_COUNT] = {"count", 'n', "N", "at most N (watch: end after N changes)"},
    [OPT_WAIT] = {"wait", 'w', NULL, "wait until the result is in Redis"},
    [OPT_BARRIER] = {"barrier", 0, NULL, "only wait until what was saved before is in Redis"},
    [OPT_TIMEOUT] = {"timeout", 0, "DURATION", "give up after this long (default 60s)"},
    [OPT_WORDS] = {"words", 0, NULL, "print what can stand at the last of these words"},
};

const struct option_def *
options_def(enum option_id id)
{
	return &defs[id];
}

static enum option_id
options_by_letter(char letter)
{
	for (int id = OPT_NONE + 1; id < OPT_COUNT_OF; id++)
		if (defs[id].letter == letter)
			return (enum option_id)id;
	return OPT_NONE;
}

static enum option_id
options_by_name(const char *name, size_t n)
{
	for (int id = OPT_NONE + 1; id < OPT_COUNT_OF; id++)
		if (strlen(defs[id].name) == n && memcmp(defs[id].name, name, n) == 0)
			return (enum option_id)id;
	return OPT_NONE;
}

static int
options_unknown(const char *word, size_t n, struct err *e)
{
	const char *names[OPT_COUNT_OF];
	char *name = mem_strndup(word, n);
	const char *near;

	for (int id = OPT_NONE + 1; id < OPT_COUNT_OF; id++)
		names[id - 1] = defs[id].name;
	names[OPT_COUNT_OF - 1] = NULL;
	near = text_nearest(name, names);
	if (near != NULL)
		(void)err_set(e, "unknown option --%s; did you mean --%s?", name, near);
	else
		(void)err_set(e, "unknown option --%s", name);
	free(name);
	return -1;
}

/* The value of an option that needs one: what follows in the word, else the next word. */
static const char *
options_value(const char *const *argv, int argc, int *i, const char *rest)
{
	if (rest != NULL)
		return rest;
	if (*i + 1 >= argc)
		return NULL;
	return argv[++*i];
}

static int
options_long(struct options *o, int argc, const char *const *argv, int *i, struct err *e)
{
	const char *word = argv[*i] + 2, *eq = strchr(word, '=');
	size_t n = eq != NULL ? (size_t)(eq - word) : strlen(word);
	enum option_id id = options_by_name(word, n);

	if (id == OPT_NONE)
		return options_unknown(word, n, e);
	if (defs[id].arg == NULL) {
		if (eq != NULL)
			return err_set(e, "--%s takes no value", defs[id].name);
		o->value[id] = "";
		return 0;
	}
	if (defs[id].arg[0] == '[') {
		o->value[id] = eq != NULL ? eq + 1 : "";
		return 0;
	}
	o->value[id] = options_value(argv, argc, i, eq != NULL ? eq + 1 : NULL);
	if (o->value[id] == NULL)
		return err_set(e, "--%s needs a value: --%s %s", defs[id].name, defs[id].name, defs[id].arg);
	return 0;
}

static int
options_short(struct options *o, int argc, const char *const *argv, int *i, struct err *e)
{
	for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
		enum option_id id = options_by_letter(*p);

		if (id == OPT_NONE)
			return err_set(e, "unknown option -%s", p);
		if (defs[id].arg == NULL) {
			o->value[id] = "";
			continue;
		}
		o->value[id] = options_value(argv, argc, i, p[1] != '\0' ? p + 1 : NULL);
		if (o->value[id] == NULL)
			return err_set(e, "-%c needs a value: -%c %s", *p, *p, defs[id].arg);
		break;
	}
	return 0;
}

int
options_read(struct options *ret, int argc, const char *const *argv, struct err *e)
{
	bool words = false;

	*ret = (struct options){0};
	ret->args = mem_alloc(sizeof *ret->args * ((size_t)argc + 1));
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		int rc = 0;

		if (words || word[0] != '-' || word[1] == '\0')
			ret->args[ret->n_args++] = word;
		else if (strcmp(word, "--") == 0)
			words = true;
		else if (word[1] == '-')
			rc = options_long(ret, argc, argv, &i, e);
		else
			rc = options_short(ret, argc, argv, &i, e);
		if (rc != 0)
			return -1;
	}
	ret->args[ret->n_args] = NULL;
	return 0;
}

void
options_free(struct options *o)
{
	free(o->args);
	*o = (struct options){0};
}

int
options_u64(const struct options *o, enum option_id id, uint64_t *ret, struct err *e)
{
	const char *text = o->value[id];
	unsigned long long v;
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
		return err_set(e, "--%s %s: a number was expected", defs[id].name, text);
	*ret = v;
	return 0;
}

int
options_duration(const struct options *o, enum option_id id, usec_t *ret, struct err *e)
{
	const char *text = o->value[id];

	if (text != NULL && settings_duration(text, ret) != 0)
		return err_set(e, "--%s %s: a duration was expected, like 500ms, 10s or 5m", defs[id].name, text);
	return 0;
}
