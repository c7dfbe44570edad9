#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_private.h"
#include "base/jsonw.h"
#include "base/text.h"
#include "manifest/json.h"
#include "manifest/value.h"

enum { PATHS_MAX = 1000 };

static void
api_health(struct agent *a, struct http_request *req, const struct http_view *view)
{
	(void)a, (void)view;
	http_respond(req, 200, "{\"status\":\"ok\"}", NULL);
}

static void
api_ready(struct agent *a, struct http_request *req, const struct http_view *view)
{
	const char *trouble = agent_link_trouble(a);
	struct buf out = {0};
	struct jsonw w;

	(void)view;
	if (a->ready && publisher_state(a->publisher) != PUBLISHER_STANDBY) {
		http_respond(req, 200, "{\"status\":\"ready\"}", NULL);
		return;
	}
	jsonw_init(&w, &out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "status", "not ready");
	if (!a->scanned)
		jsonw_str(&w, "failing", "source");
	else
		jsonw_str(&w, "failing", a->link.wire.conn == NULL || trouble[0] != '\0' ? "redis" : "first sync");
	jsonw_str(&w, "redis", publisher_state_word(publisher_state(a->publisher)));
	jsonw_str(&w, "condition", trouble);
	jsonw_object_end(&w);
	http_respond(req, 503, buf_str(&out), NULL);
	buf_free(&out);
}

static void
status_redis(const struct agent *a, struct jsonw *w)
{
	char *url = redis_url_text(&a->link.access.url), at[CLOCK_RFC3339_SIZE];
	char *server =
	    a->link.wire.conn != NULL && a->link.wire.node.host[0] != '\0' ? redis_node_text(&a->link.wire.node) : NULL;

	jsonw_object(w, "redis");
	jsonw_str(w, "url", url);
	jsonw_str_opt(w, "server", server);
	jsonw_bool(w, "embedded", a->link.access.embedded);
	jsonw_str(w, "state", publisher_state_word(publisher_state(a->publisher)));
	jsonw_str(w, "condition", agent_link_trouble(a));
	if (a->link.reset[0] != '\0') {
		clock_rfc3339(a->link.reset_ms, at);
		jsonw_object(w, "reset");
		jsonw_str(w, "time", at);
		jsonw_str(w, "reason", a->link.reset);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	free(url);
	free(server);
}

static void
status_source(const struct agent *a, struct jsonw *w)
{
	struct buf root = {0};

	text_percent_encode(&root, a->root, strlen(a->root));
	jsonw_object(w, "source");
	jsonw_str(w, "name", a->settings->source.name);
	jsonw_str(w, "root", buf_str(&root));
	jsonw_bool(w, "git", a->repo != NULL);
	if (a->repo != NULL) {
		jsonw_str_opt(w, "commit", repo_commit(a->repo));
		jsonw_str_opt(w, "branch", repo_branch(a->repo));
	}
	if (a->git_why[0] != '\0')
		jsonw_str(w, "git_error", a->git_why);
	jsonw_object_end(w);
	buf_free(&root);
}

static void
status_local_state(const struct agent *a, struct jsonw *w)
{
	const char *trouble = agent_state_trouble(a);
	struct buf folder = {0};

	text_percent_encode(&folder, a->state_dir, strlen(a->state_dir));
	jsonw_object(w, "local_state");
	jsonw_str(w, "folder", buf_str(&folder));
	if (trouble[0] != '\0')
		jsonw_str(w, "error", trouble);
	jsonw_object_end(w);
	buf_free(&folder);
}

/* When the last event was read, by the wall clock. */
static void
status_last_event(const struct watcher_stats *s, struct jsonw *w)
{
	char text[CLOCK_RFC3339_SIZE];

	if (s->last_event == 0)
		return;
	clock_rfc3339(clock_wall_ms() - (clock_now() - s->last_event) / USEC_PER_MS, text);
	jsonw_str(w, "last_event", text);
}

/* Files that changed while they were read, and are read again. */
static int64_t
status_unstable(const struct agent *a)
{
	const struct retry *r;
	int64_t n = 0;

	LIST_FOREACH(r, &a->retries, entry)
	{
		n++;
	}
	return n;
}

static void
status_watch(const struct agent *a, struct jsonw *w)
{
	struct watcher_stats s;

	watcher_stats(a->watcher, &s);
	jsonw_object(w, "watch");
	jsonw_str(w, "mode", s.mode);
	jsonw_int(w, "watches", (int64_t)s.watches);
	jsonw_int(w, "watch_limit", (int64_t)s.watch_limit);
	jsonw_int(w, "unwatched", (int64_t)s.unwatched);
	jsonw_int(w, "unreadable", (int64_t)s.unreadable);
	jsonw_int(w, "unstable", status_unstable(a));
	jsonw_int(w, "waiting", (int64_t)s.waiting);
	jsonw_int(w, "events", (int64_t)s.events);
	jsonw_int(w, "overflows", (int64_t)s.overflows);
	jsonw_int(w, "scans", (int64_t)s.scans);
	jsonw_object(w, "rescans");
	for (size_t i = 0; i < WATCHER_REASONS && s.rescans[i].reason != NULL; i++)
		jsonw_int(w, s.rescans[i].reason, (int64_t)s.rescans[i].n);
	jsonw_object_end(w);
	jsonw_int(w, "drift", (int64_t)s.drift);
	jsonw_int(w, "guarded", (int64_t)a->guarded);
	status_last_event(&s, w);
	jsonw_int(w, "files", (int64_t)facts_count(a->facts));
	jsonw_str(w, "git_operation", s.git_operation);
	jsonw_bool(w, "git_stale_lock", s.git_stale_lock);
	jsonw_object_end(w);
}

static void
api_status(struct agent *a, struct http_request *req, const struct http_view *view)
{
	char started[CLOCK_RFC3339_SIZE];
	const char *generation = publisher_generation(a->publisher);
	struct buf out = {0}, sync = {0};
	struct jsonw w;

	(void)view;
	clock_rfc3339(a->born_ms, started);
	jsonw_init(&w, &out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "catalog", a->settings->catalog);
	jsonw_str_opt(&w, "generation", generation);
	jsonw_int(&w, "rev", (int64_t)publisher_rev(a->publisher));
	jsonw_str(&w, "state", a->ready ? "ready" : "starting");
	jsonw_int(&w, "items", (int64_t)published_items(a->published));
	jsonw_int(&w, "broken", (int64_t)catalog_broken(a->catalog));
	jsonw_int(&w, "problems", (int64_t)published_problem_paths(a->published));
	jsonw_int(&w, "pending", a->publishing ? (int64_t)a->changeset.n : 0);
	jsonw_str(&w, "version", PACKAGE_VERSION);
	jsonw_int(&w, "pid", (int64_t)getpid());
	jsonw_str(&w, "started", started);
	status_redis(a, &w);
	status_source(a, &w);
	status_watch(a, &w);
	status_local_state(a, &w);
	if (a->last_sync.any) {
		agent_sync_json(&a->last_sync, &sync);
		jsonw_raw(&w, "last_sync", buf_str(&sync), sync.n);
	}
	jsonw_object_end(&w);
	http_respond(req, 200, buf_str(&out), NULL);
	buf_free(&out);
	buf_free(&sync);
}

/* Beneath the root, and in a collection. */
static bool
path_usable(const struct agent *a, const struct value *v)
{
	if (v->type != VALUE_STRING || v->text_len == 0 || v->text[0] == '/' || strlen(v->text) != v->text_len)
		return false;
	for (const char *s = v->text; s != NULL; s = strchr(s, '/')) {
		s += *s == '/';
		if (strncmp(s, "..", 2) == 0 && (s[2] == '/' || s[2] == '\0'))
			return false;
	}
	return collections_find(&a->settings->collections, v->text) != NULL;
}

static bool
body_flag(const struct value *root, const char *name, bool otherwise)
{
	const struct value *v = value_get(root, name);

	return v != NULL && v->type == VALUE_BOOL ? v->boolean : otherwise;
}

/* Look at the paths asked for, or at everything. Returns -1 when it has answered with an error. */
static int
sync_scan(struct agent *a, struct http_request *req, const struct value *paths)
{
	struct err e;
	usec_t now = clock_now();

	if (paths == NULL || paths->array.len == 0) {
		/* The rules of an ignore file that was edited through another name, which has no event. */
		if (!a->held)
			agent_git_look(a);
		if (agent_sync_start(a, "request", now, &e) == 0) {
			a->rescan = false;
			return 0;
		}
		http_respond_error(req, 503, e.msg);
		return -1;
	}
	for (size_t i = 0; i < paths->array.len; i++) {
		if (!path_usable(a, paths->array.items[i])) {
			http_respond_error(
			    req, 400, "a path must lie in a collection, relative to the source's root, without '..'");
			return -1;
		}
	}
	agent_sync_begin(a, "request", now);
	for (size_t i = 0; i < paths->array.len; i++) {
		if (watcher_scan(a->watcher, paths->array.items[i]->text, "request", now, &e) != 0) {
			http_respond_error(req, 500, e.msg);
			return -1;
		}
	}
	return 0;
}

static void
sync_body(struct agent *a, struct http_request *req, const struct value *root)
{
	const struct value *paths = value_get(root, "paths");
	bool scan = body_flag(root, "scan", true);

	if (root != NULL && root->type != VALUE_OBJECT) {
		http_respond_error(req, 400, "the body must be a JSON object");
		return;
	}
	if (paths != NULL && (paths->type != VALUE_ARRAY || paths->array.len > PATHS_MAX)) {
		http_respond_error(req, 400, "paths must be an array of at most 1000 strings");
		return;
	}
	if (scan && sync_scan(a, req, paths) != 0)
		return;
	if (body_flag(root, "wait", false))
		agent_wait(a, req, scan);
	else
		http_respond(req, 202, "{\"status\":\"accepted\"}", NULL);
}

static void
api_sync(struct agent *a, struct http_request *req, const struct http_view *view)
{
	struct document *d = document_new();
	struct problems ps = {0};
	const struct value *root = NULL;

	if (view->body_len != 0)
		root = json_parse(d, view->body, view->body_len, &ps);
	if (ps.n != 0)
		http_respond_error(req, 400, ps.v[0].message);
	else
		sync_body(a, req, root);
	problems_free(&ps);
	document_free(d);
}

static const struct route {
	const char *method, *path;
	void (*answer)(struct agent *a, struct http_request *req, const struct http_view *view);
} routes[] = {
    {"GET", "/healthz", api_health},
    {"GET", "/readyz", api_ready},
    {"GET", "/api/v1/sync/status", api_status},
    {"POST", "/api/v1/sync", api_sync},
};

void
agent_api(void *arg, struct http_request *req, const struct http_view *view)
{
	const char *allow = NULL;

	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (strcmp(view->path, routes[i].path) != 0)
			continue;
		if (strcmp(view->method, routes[i].method) == 0 ||
		    (strcmp(view->method, "HEAD") == 0 && strcmp(routes[i].method, "GET") == 0)) {
			routes[i].answer(arg, req, view);
			return;
		}
		allow = routes[i].method;
	}
	if (allow != NULL)
		http_respond(req, 405, "{\"error\":\"method not allowed\"}", allow);
	else
		http_respond_error(req, 404, "no such resource");
}

void
agent_api_gone(void *arg, struct http_request *req)
{
	agent_unwait(arg, req);
}
