#include "config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void
show(const struct problems *ps, struct buf *out)
{
	for (size_t i = 0; i < ps->n; i++) {
		const struct problem *p = &ps->v[i];

		buf_addf(
		    out, "%d:%d %s %s; %s\n", p->line, p->column, p->code, p->message, p->hint != NULL ? p->hint : "");
	}
}

void
parse_good(struct settings *s, const char *text)
{
	struct problems ps = {0};
	struct buf out = {0};

	settings_init(s);
	if (settings_parse(s, text, strlen(text), &ps) != 0) {
		show(&ps, &out);
		fail_msg("refused: %s of\n%s", buf_str(&out), text);
	}
	problems_free(&ps);
}

/* The line wanted ("line:column code word") against the problem; false when they differ. */
static bool
problem_is(const struct problem *p, const char *want, size_t n)
{
	char place[128];
	size_t k = (size_t)snprintf(place, sizeof place, "%d:%d %s ", p->line, p->column, p->code);
	char word[128];

	if (n < k || strncmp(want, place, k) != 0)
		return false;
	(void)snprintf(word, sizeof word, "%.*s", (int)(n - k), want + k);
	return strstr(p->message, word) != NULL || (p->hint != NULL && strstr(p->hint, word) != NULL);
}

void
parse_bad(const char *text, const char *want)
{
	struct settings s, before;
	struct problems ps = {0};
	struct buf out = {0};
	const char *line = want;
	bool same = true;

	settings_init(&s);
	settings_init(&before);
	assert_int_equal(settings_parse(&s, text, strlen(text), &ps), -1);
	assert_settings_equal(&s, &before);
	for (size_t i = 0; i < ps.n; i++) {
		size_t n = strcspn(line, "\n");

		same = same && problem_is(&ps.v[i], line, n);
		line += line[n] == '\n' ? n + 1 : n;
	}
	if (!same || *line != '\0') {
		show(&ps, &out);
		fail_msg("of\n%sgot\n%swanted\n%s", text, buf_str(&out), want);
	}
	problems_free(&ps);
	settings_free(&before);
	settings_free(&s);
}

const char *
words_of(char **list, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (; *list != NULL && n < size; list++)
		n += (size_t)snprintf(out + n, size - n, "%s ", *list);
	return out;
}

static void
assert_same_text(const char *what, const char *a, const char *b)
{
	if (a == NULL || b == NULL ? a != b : strcmp(a, b) != 0)
		fail_msg("%s: %s and %s", what, a != NULL ? a : "none", b != NULL ? b : "none");
}

static void
assert_same_words(const char *what, char **a, char **b)
{
	char x[512], y[512];

	assert_same_text(what, words_of(a, x, sizeof x), words_of(b, y, sizeof y));
}

static void
assert_same_number(const char *what, int64_t a, int64_t b)
{
	if (a != b)
		fail_msg("%s: %lld and %lld", what, (long long)a, (long long)b);
}

static void
assert_same_collection(const struct collection *a, const struct collection *b)
{
	assert_same_text("type", a->type, b->type);
	assert_same_text("path", a->path, b->path);
	assert_same_words("entry", a->entry, b->entry);
	assert_same_words("flat", a->flat, b->flat);
	assert_same_words("ignore", a->ignore, b->ignore);
	assert_same_number("id_from", a->id_from != NULL, b->id_from != NULL);
	if (a->id_from != NULL)
		assert_same_words("id_from", a->id_from, b->id_from);
	assert_same_words("fields.name", a->fields.name, b->fields.name);
	assert_same_words("fields.version", a->fields.version, b->fields.version);
	assert_same_words("fields.description", a->fields.description, b->fields.description);
	assert_same_words("fields.dependencies", a->fields.dependencies, b->fields.dependencies);
	assert_same_words("fields.tags", a->fields.tags, b->fields.tags);
	assert_same_words("fields.owner", a->fields.owner, b->fields.owner);
	assert_same_words("fields.status", a->fields.status, b->fields.status);
	assert_same_text("schema", a->schema, b->schema);
	assert_same_number("profile", a->profile, b->profile);
	assert_same_number("rules", (int64_t)a->levels.n, (int64_t)b->levels.n);
	assert_same_number("on_invalid", a->on_invalid, b->on_invalid);
}

void
assert_settings_equal(const struct settings *a, const struct settings *b)
{
	assert_same_text("catalog", a->catalog, b->catalog);
	assert_same_text("source.name", a->source.name, b->source.name);
	assert_same_text("source.root", a->source.root, b->source.root);
	assert_same_number("source.priority", a->source.priority, b->source.priority);
	assert_same_number("source.trust_owner", a->source.trust_owner, b->source.trust_owner);
	assert_same_text("redis.url", a->redis.url, b->redis.url);
	assert_same_text("redis.user", a->redis.user, b->redis.user);
	assert_same_text("redis.tls.ca_file", a->redis.tls.ca_file, b->redis.tls.ca_file);
	assert_same_text("redis.tls.ca_path", a->redis.tls.ca_path, b->redis.tls.ca_path);
	assert_same_text("redis.tls.cert_file", a->redis.tls.cert_file, b->redis.tls.cert_file);
	assert_same_text("redis.tls.key_file", a->redis.tls.key_file, b->redis.tls.key_file);
	assert_same_text("redis.tls.server_name", a->redis.tls.server_name, b->redis.tls.server_name);
	assert_same_text("redis.sentinel.user", a->redis.sentinel.user, b->redis.sentinel.user);
	assert_same_text(
	    "redis.sentinel.password_file", a->redis.sentinel.password_file, b->redis.sentinel.password_file);
	assert_same_number("redis.min_replicas", a->redis.min_replicas, b->redis.min_replicas);
	assert_same_text("redis.password_file", a->redis.password_file, b->redis.password_file);
	assert_same_number("redis.timeout", a->redis.timeout, b->redis.timeout);
	assert_same_text("schemas", a->schemas, b->schemas);
	assert_same_number("collections", (int64_t)a->collections.n, (int64_t)b->collections.n);
	for (size_t i = 0; i < a->collections.n; i++)
		assert_same_collection(&a->collections.v[i], &b->collections.v[i]);
	assert_same_number("watch.quiet", a->watch.quiet, b->watch.quiet);
	assert_same_number("watch.writer", a->watch.writer, b->watch.writer);
	assert_same_number("watch.max_delay", a->watch.max_delay, b->watch.max_delay);
	assert_same_number("watch.git_quiet", a->watch.git_quiet, b->watch.git_quiet);
	assert_same_number("watch.git_hold", a->watch.git_hold, b->watch.git_hold);
	assert_same_text("control.socket", a->control.socket, b->control.socket);
	assert_same_number("log.level", a->log_level, b->log_level);
	assert_same_text("runtime_dir", a->runtime_dir, b->runtime_dir);
	assert_same_text("state_dir", a->state_dir, b->state_dir);
}
