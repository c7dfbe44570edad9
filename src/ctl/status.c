/* shelfctl status: the daemon, Redis and the catalog, by whoever answers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/control.h"
#include "ctl/json.h"
#include "ctl/store.h"
#include "ctl/verbs.h"

#define STATUS_TIMEOUT (5 * USEC_PER_SEC)

struct status {
	struct ctl *c;
	const struct out *out;
	char *socket, *redis;
	/* Redis; head NULL: it did not answer, and why. */
	redisReply *head, *heartbeat;
	char *lease;
	struct err redis_why;
	/* The daemon; daemon NULL: it did not answer, and why. */
	struct document *document;
	const struct value *daemon;
	int daemon_rc;
	struct err daemon_why;
};

static void
status_ask_redis(struct status *s)
{
	struct store r = {.catalog = s->c->settings.catalog};
	struct err *e = &s->redis_why;

	if (session_redis_try(s->c, usec_min(STATUS_TIMEOUT, s->c->settings.redis.timeout), &r.client, e) != 0)
		return;
	s->head = store_hash(&r, "head", e);
	if (s->head != NULL)
		s->heartbeat = store_hash(&r, "heartbeat", e);
	if (s->heartbeat != NULL)
		s->lease = store_string(&r, "lease", e);
	if (s->heartbeat == NULL) {
		freeReplyObject(s->head);
		s->head = NULL;
	}
	client_free(r.client);
}

static bool
status_beats(const struct status *s)
{
	return s->heartbeat != NULL && s->heartbeat->elements > 0;
}

/* What both know: the daemon's word first, then Redis's. */
static const char *
status_know(const struct status *s, const char *key)
{
	const char *text = s->daemon != NULL ? ctl_json_text(s->daemon, key) : NULL;

	if (text == NULL && status_beats(s))
		text = reply_text(s->heartbeat, key);
	if (text == NULL && s->head != NULL)
		text = reply_text(s->head, key);
	return text;
}

static const char *
status_source(const struct status *s, const char *key)
{
	const struct value *source = s->daemon != NULL ? value_get(s->daemon, "source") : NULL;
	const char *text = source != NULL ? ctl_json_text(source, key) : NULL;

	if (text == NULL && s->head != NULL)
		text = reply_text(s->head, key);
	return text;
}

static void
status_json_hash(struct jsonw *w, const char *key, const redisReply *hash)
{
	static const char *const numbers[] = {
	    "rev", "items", "problems", "floor", "schema", "epoch", "batch_base", "pid", "pending", NULL};

	jsonw_object(w, key);
	for (size_t i = 0; i + 1 < hash->elements; i += 2) {
		const redisReply *name = hash->element[i], *v = hash->element[i + 1];
		bool number = strncmp(name->str, "type_rev:", 9) == 0;

		for (size_t k = 0; numbers[k] != NULL && !number; k++)
			number = strcmp(numbers[k], name->str) == 0;
		if (number && v->len > 0)
			ctl_json_member(w, name->str, v->str, v->len);
		else
			jsonw_strn(w, name->str, v->str, v->len);
	}
	jsonw_object_end(w);
}

/* The same members whoever answered; those that nobody knows are left out. */
static void
status_json_summary(const struct status *s, struct jsonw *w)
{
	static const char *const words[] = {"generation", "state", "version", "host", "started", NULL};
	static const char *const numbers[] = {"rev", "items", "problems", "pending", "pid", NULL};
	static const char *const source[] = {"root", "commit", "branch", NULL};

	for (size_t i = 0; words[i] != NULL; i++)
		jsonw_str_opt(w, words[i], status_know(s, words[i]));
	for (size_t i = 0; numbers[i] != NULL; i++) {
		const char *text = status_know(s, numbers[i]);

		if (text != NULL && text[0] != '\0')
			ctl_json_member(w, numbers[i], text, strlen(text));
	}
	for (size_t i = 0; source[i] != NULL; i++)
		jsonw_str_opt(w, source[i], status_source(s, source[i]));
}

static void
status_json(const struct status *s, struct buf *b)
{
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "catalog", s->c->settings.catalog);
	jsonw_bool(&w, "running", s->daemon != NULL || status_beats(s));
	status_json_summary(s, &w);
	jsonw_object(&w, "redis");
	jsonw_str(&w, "url", s->redis);
	jsonw_bool(&w, "reachable", s->head != NULL);
	if (s->head == NULL)
		jsonw_str(&w, "error", s->redis_why.msg);
	jsonw_object_end(&w);
	if (s->head != NULL)
		status_json_hash(&w, "head", s->head);
	if (status_beats(s))
		status_json_hash(&w, "heartbeat", s->heartbeat);
	jsonw_str_opt(&w, "lease", s->lease);
	jsonw_str(&w, "socket", s->socket);
	if (s->daemon != NULL) {
		struct buf canonical = {0};

		value_canonical(s->daemon, &canonical);
		jsonw_raw(&w, "daemon", buf_str(&canonical), canonical.n);
		buf_free(&canonical);
	}
	jsonw_object_end(&w);
	out_json(s->out, b, buf_str(&json), json.n);
	buf_free(&json);
}

/* One line; text is escaped. */
static void __attribute__((format(printf, 5, 6)))
status_line(const struct status *s, struct buf *b, const char *name, enum style style, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	out_add(s->out, b, STYLE_BOLD, name);
	buf_addf(b, "%*s", (int)(12 - strlen(name)), "");
	out_add(s->out, b, style, text);
	buf_addch(b, '\n');
	free(text);
}

static void
status_text_daemon(const struct status *s, struct buf *b)
{
	const char *state = status_know(s, "state"), *pid = status_know(s, "pid"), *host = status_know(s, "host");
	const char *version = status_know(s, "version"), *started = status_know(s, "started");
	const char *pending = status_know(s, "pending");
	bool waits = pending != NULL && strcmp(pending, "0") != 0;

	if (s->daemon == NULL && !status_beats(s)) {
		status_line(
		    s, b, "shelfd", STYLE_RED, "not running%s", s->lease != NULL ? " (a lease is still held)" : "");
		return;
	}
	status_line(s, b, "shelfd", STYLE_GREEN, "running: version %s, pid %s%s%s, since %s",
	    version != NULL ? version : "?", pid != NULL ? pid : "?", host != NULL ? " on " : "",
	    host != NULL ? host : "", started != NULL ? started : "?");
	if (state != NULL)
		status_line(s, b, "state", STYLE_PLAIN, "%s%s%s%s", state, waits ? " (" : "", waits ? pending : "",
		    waits ? " changes pending)" : "");
	if (s->daemon == NULL)
		status_line(s, b, "socket", STYLE_YELLOW, "%s", s->daemon_why.msg);
}

static void
status_text_redis(const struct status *s, struct buf *b)
{
	const struct value *redis = s->daemon != NULL ? value_get(s->daemon, "redis") : NULL;
	const char *state = redis != NULL ? ctl_json_text(redis, "state") : NULL;
	const char *condition = redis != NULL ? ctl_json_text(redis, "condition") : NULL;
	const struct value *reset = redis != NULL ? value_get(redis, "reset") : NULL;

	if (s->daemon == NULL && status_beats(s))
		condition = reply_text(s->heartbeat, "condition");
	if (s->head != NULL)
		status_line(s, b, "redis", STYLE_GREEN, "%s", s->redis);
	else
		status_line(s, b, "redis", STYLE_RED, "%s: %s", s->redis, s->redis_why.msg);
	if (condition != NULL && condition[0] != '\0')
		status_line(s, b, "publisher", STYLE_YELLOW, "%s%s%s", state != NULL ? state : "",
		    state != NULL ? ": " : "", condition);
	else if (state != NULL && s->head == NULL)
		status_line(s, b, "publisher", STYLE_YELLOW, "%s", state);
	if (reset != NULL)
		status_line(s, b, "generation", STYLE_YELLOW, "begun anew at %s: %s", ctl_json_text(reset, "time"),
		    ctl_json_text(reset, "reason"));
}

static void
status_text_catalog(const struct status *s, struct buf *b)
{
	const char *rev = status_know(s, "rev"), *generation = status_know(s, "generation");
	const char *items = status_know(s, "items"), *problems = status_know(s, "problems");
	const char *root = status_source(s, "root"), *commit = status_source(s, "commit");
	const char *branch = status_source(s, "branch");

	status_line(s, b, "catalog", STYLE_PLAIN, "%s", s->c->settings.catalog);
	if (rev != NULL)
		status_line(
		    s, b, "revision", STYLE_PLAIN, "%s (generation %s)", rev, generation != NULL ? generation : "?");
	if (items != NULL)
		status_line(s, b, "items", STYLE_PLAIN, "%s", items);
	if (problems != NULL)
		status_line(s, b, "problems", strcmp(problems, "0") != 0 ? STYLE_YELLOW : STYLE_PLAIN,
		    "in %s manifests", problems);
	if (root != NULL)
		status_line(s, b, "source", STYLE_PLAIN, "%s", root);
	if (commit != NULL || branch != NULL)
		status_line(s, b, "commit", STYLE_PLAIN, "%s%s%s%s", commit != NULL ? commit : "none",
		    branch != NULL ? " (" : "", branch != NULL ? branch : "", branch != NULL ? ")" : "");
}

static const char *
status_number(const struct value *v, const char *key)
{
	const char *text = ctl_json_text(v, key);

	return text != NULL ? text : "?";
}

static bool
status_nonzero(const struct value *v, const char *key)
{
	const char *text = ctl_json_text(v, key);

	return text != NULL && strcmp(text, "0") != 0;
}

/* "overflow 1, audit 3" */
static void
status_text_rescans(const struct status *s, struct buf *b, const struct value *w)
{
	const struct value *rescans = value_get(w, "rescans");
	const char *last = ctl_json_text(w, "last_event");
	struct buf text = {0};

	for (size_t i = 0; rescans != NULL && rescans->type == VALUE_OBJECT && i < rescans->object.len; i++)
		buf_addf(&text, "%s%s %s", i > 0 ? ", " : "", rescans->object.members[i].key,
		    status_number(rescans, rescans->object.members[i].key));
	if (text.n > 0)
		status_line(s, b, "looks", STYLE_PLAIN, "at everything: %s", buf_str(&text));
	if (last != NULL)
		status_line(s, b, "last event", STYLE_PLAIN, "%s", last);
	buf_free(&text);
}

/* What an operator should know of. */
static void
status_text_watch_faults(const struct status *s, struct buf *b, const struct value *w)
{
	const char *mode = ctl_json_text(w, "mode"), *stale = ctl_json_text(w, "git_stale_lock");
	const char *operation = ctl_json_text(w, "git_operation");
	const struct value *source = value_get(s->daemon, "source");
	const char *error = source != NULL ? ctl_json_text(source, "git_error") : NULL;

	if (mode != NULL && strcmp(mode, "lost") == 0)
		status_line(
		    s, b, "", STYLE_RED, "the source's root is lost; what is known of it stays until it is back");
	if (mode != NULL && strcmp(mode, "polling") == 0)
		status_line(s, b, "", STYLE_YELLOW, "events do not tell of every change: everything is polled");
	if (status_nonzero(w, "unwatched"))
		status_line(s, b, "", STYLE_YELLOW, "%s folders cannot be watched", status_number(w, "unwatched"));
	if (status_nonzero(w, "unreadable"))
		status_line(s, b, "", STYLE_YELLOW, "%s files or folders cannot be read, and are tried again",
		    status_number(w, "unreadable"));
	if (status_nonzero(w, "unstable"))
		status_line(s, b, "", STYLE_YELLOW, "%s files change while they are read, and are read again",
		    status_number(w, "unstable"));
	if (status_nonzero(w, "drift"))
		status_line(
		    s, b, "", STYLE_YELLOW, "audits found %s changes that no event told of", status_number(w, "drift"));
	if (error != NULL)
		status_line(s, b, "git", STYLE_YELLOW, "cannot be read, and is tried again: %s", error);
	if (operation != NULL && operation[0] != '\0')
		status_line(s, b, "git", STYLE_YELLOW, "at work: %s", operation);
	if (stale != NULL && strcmp(stale, "true") == 0)
		status_line(s, b, "git", STYLE_YELLOW, "a stale lock is left in the git directory");
}

static void
status_text_watch(const struct status *s, struct buf *b)
{
	const struct value *w = s->daemon != NULL ? value_get(s->daemon, "watch") : NULL;
	const char *mode;

	if (w == NULL)
		return;
	mode = ctl_json_text(w, "mode");
	status_line(s, b, "watch", STYLE_PLAIN, "%s: %s of %s watches, %s events, %s overflows",
	    mode != NULL ? mode : "?", status_number(w, "watches"), status_number(w, "watch_limit"),
	    status_number(w, "events"), status_number(w, "overflows"));
	status_text_watch_faults(s, b, w);
	status_text_rescans(s, b, w);
}

static void
status_text_local_state(const struct status *s, struct buf *b)
{
	const struct value *local = s->daemon != NULL ? value_get(s->daemon, "local_state") : NULL;
	const char *error = local != NULL ? ctl_json_text(local, "error") : NULL;

	if (error != NULL)
		status_line(s, b, "state_dir", STYLE_YELLOW,
		    "cannot be used, so the next start takes longer, and may not know what redis has lost: %s", error);
}

static void
status_text_sync(const struct status *s, struct buf *b)
{
	const struct value *last = s->daemon != NULL ? value_get(s->daemon, "last_sync") : NULL;
	const char *trigger;

	if (last == NULL || last->type != VALUE_OBJECT)
		return;
	trigger = ctl_json_text(last, "trigger");
	status_line(s, b, "last sync", STYLE_PLAIN, "%s%s%s created, %s updated, %s deleted, %s unchanged, %s errors",
	    trigger != NULL ? trigger : "", trigger != NULL ? ": " : "", status_number(last, "created"),
	    status_number(last, "updated"), status_number(last, "deleted"), status_number(last, "unchanged"),
	    status_number(last, "errors"));
}

static int
status_judge(const struct status *s)
{
	if (s->daemon != NULL || status_beats(s))
		return CTL_OK;
	if (s->daemon_rc == CTL_PERMISSION) {
		out_say("%s", s->daemon_why.msg);
		return CTL_PERMISSION;
	}
	if (s->head == NULL) {
		out_say("%s, and %s (%s)", s->daemon_why.msg, s->redis_why.msg, s->redis);
		return CTL_NO_REDIS;
	}
	out_say("%s, and there is no heartbeat in redis", s->daemon_why.msg);
	return CTL_NO_DAEMON;
}

static void
status_print(const struct status *s)
{
	struct buf b = {0};

	if (s->out->json) {
		status_json(s, &b);
	} else if (s->head != NULL || s->daemon != NULL) {
		status_text_daemon(s, &b);
		status_text_redis(s, &b);
		status_text_catalog(s, &b);
		status_text_watch(s, &b);
		status_text_local_state(s, &b);
		status_text_sync(s, &b);
	}
	out_write(&b);
	buf_free(&b);
}

int
verb_status(struct ctl *c, int argc, const char *const *argv)
{
	struct status s = {.c = c, .out = &c->out};
	int rc = session_settings(c);

	(void)argc;
	(void)argv;
	if (rc != CTL_OK)
		return rc;
	s.socket = session_socket(c);
	s.redis = session_redis_text(c);
	status_ask_redis(&s);
	s.daemon_rc = control_status(s.socket, STATUS_TIMEOUT, &s.document, &s.daemon, &s.daemon_why);
	status_print(&s);
	rc = status_judge(&s);
	freeReplyObject(s.head);
	freeReplyObject(s.heartbeat);
	free(s.lease);
	document_free(s.document);
	free(s.redis);
	free(s.socket);
	return rc;
}
