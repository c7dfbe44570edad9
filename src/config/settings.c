#include "config/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/collection.h"
#include "config/reader.h"
#include "manifest/dialect.h"
#include "manifest/place.h"
#include "manifest/yaml.h"

/* A file as it is read: the settings, and what its collections take over. */
struct file {
	struct settings s;
	struct collection_defaults defaults;
};

static void
read_catalog(struct reader *r, const struct member *m, void *to)
{
	if (m->value->type == VALUE_STRING && settings_catalog_valid(m->value->text))
		reader_string(r, m, to);
	else
		reader_wrong(r, m, "1 to 64 of A-Z a-z 0-9 . _ -");
}

static void
read_level(struct reader *r, const struct member *m, void *to)
{
	if (m->value->type != VALUE_STRING || log_level_parse(m->value->text, to) != 0)
		reader_wrong(r, m, "error, warning, info or debug");
}

static void
read_watch_mode(struct reader *r, const struct member *m, void *to)
{
	bool *polling = to;
	const char *word = m->value->type == VALUE_STRING ? m->value->text : "";

	if (strcmp(word, "auto") != 0 && strcmp(word, "polling") != 0)
		reader_wrong(r, m, "auto or polling");
	else
		*polling = strcmp(word, "polling") == 0;
}

/* Its syntax is for the caller to check, who can tell the place. */
static void
read_url(struct reader *r, const struct member *m, void *to)
{
	struct settings *s = to;

	reader_string(r, m, &s->redis.url);
	s->redis.url_line = m->value->line;
	s->redis.url_column = m->value->column;
}

static void
read_schemas(struct reader *r, const struct member *m, void *to)
{
	struct settings *s = to;

	reader_string(r, m, &s->schemas);
	s->schemas_line = m->value->line;
	s->schemas_column = m->value->column;
}

/* Read after everything else, because the defaults may stand below it. */
static void
read_collections(struct reader *r, const struct member *m, void *to)
{
	(void)r, (void)m, (void)to;
}

#define AT(member) offsetof(struct file, member)

static const struct reader_key source_keys[] = {
    {"name", read_catalog, AT(s.source.name), NULL},
    {"root", reader_string, AT(s.source.root), NULL},
    {"priority", reader_int, AT(s.source.priority), NULL},
    {"trust_owner", reader_bool, AT(s.source.trust_owner), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key tls_keys[] = {
    {"ca_file", reader_string, AT(s.redis.tls.ca_file), NULL},
    {"ca_path", reader_string, AT(s.redis.tls.ca_path), NULL},
    {"cert_file", reader_string, AT(s.redis.tls.cert_file), NULL},
    {"key_file", reader_string, AT(s.redis.tls.key_file), NULL},
    {"server_name", reader_string, AT(s.redis.tls.server_name), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key sentinel_keys[] = {
    {"user", reader_string, AT(s.redis.sentinel.user), NULL},
    {"password_file", reader_string, AT(s.redis.sentinel.password_file), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key redis_keys[] = {
    {"url", read_url, AT(s), NULL},
    {"user", reader_string, AT(s.redis.user), NULL},
    {"password_file", reader_string, AT(s.redis.password_file), NULL},
    {"timeout", reader_duration, AT(s.redis.timeout), NULL},
    {"tls", NULL, 0, tls_keys},
    {"sentinel", NULL, 0, sentinel_keys},
    {"min_replicas", reader_int, AT(s.redis.min_replicas), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key watch_keys[] = {
    {"quiet", reader_duration, AT(s.watch.quiet), NULL},
    {"writer", reader_duration, AT(s.watch.writer), NULL},
    {"max_delay", reader_duration, AT(s.watch.max_delay), NULL},
    {"git_quiet", reader_duration, AT(s.watch.git_quiet), NULL},
    {"git_hold", reader_duration, AT(s.watch.git_hold), NULL},
    {"poll", reader_duration, AT(s.watch.poll), NULL},
    {"audit", reader_duration, AT(s.watch.audit), NULL},
    {"mode", read_watch_mode, AT(s.watch.polling), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key control_keys[] = {
    {"socket", reader_string, AT(s.control.socket), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key log_keys[] = {
    {"level", read_level, AT(s.log_level), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key file_keys[] = {
    {"catalog", read_catalog, AT(s.catalog), NULL},
    {"source", NULL, 0, source_keys},
    {"redis", NULL, 0, redis_keys},
    {"profile", read_profile, AT(defaults.profile), NULL},
    {"on_invalid", read_on_invalid, AT(defaults.on_invalid), NULL},
    {"rules", read_rules, AT(defaults.levels), NULL},
    {"ignore", read_patterns, AT(defaults.ignore), NULL},
    {"schemas", read_schemas, AT(s), NULL},
    {"collections", read_collections, 0, NULL},
    {"watch", NULL, 0, watch_keys},
    {"control", NULL, 0, control_keys},
    {"log", NULL, 0, log_keys},
    {"runtime_dir", reader_string, AT(s.runtime_dir), NULL},
    {"state_dir", reader_string, AT(s.state_dir), NULL},
    {NULL, NULL, 0, NULL},
};

void
settings_init(struct settings *s)
{
	*s = (struct settings){
	    .catalog = mem_strdup("main"),
	    .source = {.name = mem_strdup("main"), .priority = 100},
	    .redis = {.timeout = 5 * USEC_PER_SEC},
	    .watch =
		{
		    .quiet = 10 * USEC_PER_MS,
		    .writer = 100 * USEC_PER_MS,
		    .max_delay = USEC_PER_SEC,
		    .git_quiet = 50 * USEC_PER_MS,
		    .git_hold = 5 * USEC_PER_SEC,
		    .poll = 2 * USEC_PER_SEC,
		    .audit = 600 * USEC_PER_SEC,
		},
	    .log_level = LOG_LEVEL_INFO,
	};
	collections_default(&s->collections);
}

void
settings_free(struct settings *s)
{
	free(s->catalog);
	free(s->source.name);
	free(s->source.root);
	free(s->redis.url);
	free(s->redis.user);
	free(s->redis.password_file);
	free(s->redis.tls.ca_file);
	free(s->redis.tls.ca_path);
	free(s->redis.tls.cert_file);
	free(s->redis.tls.key_file);
	free(s->redis.tls.server_name);
	free(s->redis.sentinel.user);
	free(s->redis.sentinel.password_file);
	free(s->control.socket);
	free(s->runtime_dir);
	free(s->state_dir);
	free(s->schemas);
	collections_free(&s->collections);
	dialects_free(s->dialects);
	*s = (struct settings){0};
}

static void
file_read(struct file *f, const struct value *root, struct problems *ps)
{
	struct reader r = {.ps = ps};
	const struct settings *s = &f->s;

	if (root->type == VALUE_NULL)
		return; /* nothing but comments */
	if (root->type != VALUE_OBJECT) {
		problems_add(ps, "config-value", SEVERITY_ERROR, root->line, root->column, NULL,
		    "a configuration is a mapping of keys", NULL);
		return;
	}
	reader_object(&r, root, "", file_keys, f);
	collections_free(&f->s.collections);
	f->s.collections = (struct collections){0};
	collections_read(&r, value_member(root, "collections"), &f->defaults, &f->s.collections);
	if (s->watch.quiet > s->watch.max_delay || s->watch.writer > s->watch.max_delay) {
		const struct value *v = value_get(root, "watch");

		problems_add(ps, "config-value", SEVERITY_ERROR, v->line, v->column, NULL,
		    "watch: quiet and writer must not be longer than max_delay", NULL);
	}
}

int
settings_parse(struct settings *s, const char *bytes, size_t n, struct problems *ps)
{
	size_t valid = utf8_valid_prefix(bytes, n);
	const char *nul = memchr(bytes, '\0', valid);
	struct place at;
	struct document *d;
	struct file f = {0};
	struct value *root;

	if (nul != NULL)
		valid = (size_t)(nul - bytes);
	if (valid < n) {
		place_init(&at, bytes, valid, 1);
		place_to_byte(&at, valid);
		problems_add(ps, "config-syntax", SEVERITY_ERROR, at.line, at.column, NULL,
		    nul != NULL ? "there is a NUL byte; text has none" : "this byte is not UTF-8",
		    "save the file as UTF-8");
		return -1;
	}
	d = document_new();
	settings_init(&f.s);
	root = yaml_parse(d, bytes, n, 1, ps);
	if (root != NULL)
		file_read(&f, root, ps);
	document_free(d);
	kind_words_free(f.defaults.ignore);
	levels_free(&f.defaults.levels);
	problems_sort(ps);
	if (root == NULL || problems_have_errors(ps)) {
		settings_free(&f.s);
		return -1;
	}
	settings_free(s);
	*s = f.s;
	return 0;
}

/* A variable that is set and not empty. */
static const char *
environment_get(const char *(*get)(void *, const char *), void *arg, const char *name)
{
	const char *v = get(arg, name);

	return v != NULL && *v != '\0' ? v : NULL;
}

static void
environment_wrong(struct problems *ps, const char *name, const char *value, const char *expected)
{
	char shown[80];

	problems_addf(ps, "config-value", SEVERITY_ERROR, 0, 0, NULL, "wrong value for %s: %s; expected %s", name,
	    text_escape_to(shown, sizeof shown, value), expected);
}

static int
environment_profile(struct settings *s, const char *v)
{
	bool strict = strcmp(v, "strict") == 0;

	if (!strict && strcmp(v, "lenient") != 0)
		return -1;
	for (size_t i = 0; i < s->collections.n; i++)
		s->collections.v[i].profile = strict ? PROFILE_STRICT : PROFILE_LENIENT;
	return 0;
}

/* The variables that are more than a text. */
static int
environment_checked(struct settings *s, const char *(*get)(void *, const char *), void *arg, struct problems *ps)
{
	const char *v = environment_get(get, arg, "SHELFD_CATALOG");
	int r = 0;

	if (v != NULL && settings_catalog_valid(v)) {
		free(s->catalog);
		s->catalog = mem_strdup(v);
	} else if (v != NULL) {
		environment_wrong(ps, "SHELFD_CATALOG", v, "1 to 64 of A-Z a-z 0-9 . _ -");
		r = -1;
	}
	v = environment_get(get, arg, "SHELFD_LOG_LEVEL");
	if (v != NULL && log_level_parse(v, &s->log_level) != 0) {
		environment_wrong(ps, "SHELFD_LOG_LEVEL", v, "error, warning, info or debug");
		r = -1;
	}
	v = environment_get(get, arg, "SHELFD_PROFILE");
	if (v != NULL && environment_profile(s, v) != 0) {
		environment_wrong(ps, "SHELFD_PROFILE", v, "lenient or strict");
		r = -1;
	}
	return r;
}

int
settings_environment(struct settings *s, const char *(*get)(void *, const char *), void *arg, struct problems *ps)
{
	struct {
		const char *name;
		char **to;
	} const strings[] = {
	    {"SHELFD_ROOT", &s->source.root},
	    {"SHELFD_REDIS_URL", &s->redis.url},
	    {"SHELFD_REDIS_USER", &s->redis.user},
	    {"SHELFD_REDIS_PASSWORD_FILE", &s->redis.password_file},
	    {"SHELFD_REDIS_CA_FILE", &s->redis.tls.ca_file},
	    {"SHELFD_REDIS_CA_PATH", &s->redis.tls.ca_path},
	    {"SHELFD_REDIS_CERT_FILE", &s->redis.tls.cert_file},
	    {"SHELFD_REDIS_KEY_FILE", &s->redis.tls.key_file},
	    {"SHELFD_REDIS_SERVER_NAME", &s->redis.tls.server_name},
	    {"SHELFD_REDIS_SENTINEL_USER", &s->redis.sentinel.user},
	    {"SHELFD_REDIS_SENTINEL_PASSWORD_FILE", &s->redis.sentinel.password_file},
	    {"SHELFD_CONTROL_SOCKET", &s->control.socket},
	    {"SHELFD_RUNTIME_DIR", &s->runtime_dir},
	    {"SHELFD_STATE_DIR", &s->state_dir},
	    {"SHELFD_SCHEMAS", &s->schemas},
	};

	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
		const char *v = environment_get(get, arg, strings[i].name);

		if (v == NULL)
			continue;
		free(*strings[i].to);
		*strings[i].to = mem_strdup(v);
		if (strings[i].to == &s->redis.url)
			s->redis.url_line = s->redis.url_column = 0;
		if (strings[i].to == &s->schemas)
			s->schemas_line = s->schemas_column = 0;
	}
	return environment_checked(s, get, arg, ps);
}
