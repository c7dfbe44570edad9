/* shelfctl sync: ask the daemon to look, or wait for it. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/text.h"
#include "ctl/control.h"
#include "ctl/json.h"
#include "ctl/path.h"
#include "ctl/verbs.h"

#define SYNC_TIMEOUT (60 * USEC_PER_SEC)
#define SYNC_STATUS_TIMEOUT (5 * USEC_PER_SEC)

/* The root of the daemon's source, NULL when it does not say. */
static char *
sync_root(const char *socket)
{
	struct document *d = NULL;
	struct buf raw = {0};
	const struct value *v;
	const char *root = NULL;
	char *clean = NULL;

	if (control_status(socket, SYNC_STATUS_TIMEOUT, &d, &v, NULL) != CTL_OK)
		return NULL;
	v = value_get(v, "source");
	root = v != NULL ? ctl_json_text(v, "root") : NULL;
	if (root != NULL && root[0] == '/' && text_percent_decode(&raw, root, strlen(root)) == 0)
		clean = path_clean(buf_str(&raw));
	buf_free(&raw);
	document_free(d);
	return clean;
}

/*
 * What the daemon calls a path: below the current folder when that is in the
 * source, else below its root as it stands.
 */
static char *
sync_path(const char *arg, const char *root)
{
	char *absolute = path_absolute(arg), *rel, *cwd = path_absolute(".");

	if (root != NULL && path_within(absolute, root) && (arg[0] == '/' || path_within(cwd, root)))
		rel = path_clean(path_below(absolute, root));
	else
		rel = path_clean(arg);
	free(cwd);
	free(absolute);
	return rel;
}

/* JSON cannot name every file. */
static int
sync_paths_check(int argc, const char *const *argv)
{
	for (int i = 0; i < argc; i++) {
		size_t n = strlen(argv[i]);

		if (utf8_valid_prefix(argv[i], n) == n)
			continue;
		out_say("%s: a name that is not UTF-8 cannot be asked for; name the folder it is in", argv[i]);
		return CTL_USAGE;
	}
	return CTL_OK;
}

static void
sync_body(const struct ctl *c, const char *socket, int argc, const char *const *argv, struct buf *body)
{
	bool barrier = session_flag(c, OPT_BARRIER);
	char *root = argc > 0 ? sync_root(socket) : NULL;
	struct jsonw w;

	jsonw_init(&w, body);
	jsonw_object(&w, NULL);
	jsonw_array(&w, "paths");
	for (int i = 0; i < argc; i++) {
		char *path = sync_path(argv[i], root);

		jsonw_str(&w, NULL, path);
		free(path);
	}
	jsonw_array_end(&w);
	jsonw_bool(&w, "wait", barrier || session_flag(c, OPT_WAIT));
	jsonw_bool(&w, "scan", !barrier);
	jsonw_object_end(&w);
	free(root);
}

static const char *
sync_count(const struct value *v, const char *key)
{
	const char *text = ctl_json_text(v, key);

	return text != NULL ? text : "0";
}

static void
sync_text(struct buf *b, const struct value *v, bool barrier)
{
	const struct value *ms = value_get(v, "duration_ms");
	double seconds = 0;

	if (strcmp(sync_count(v, "status"), "accepted") == 0) {
		buf_addstr(b, "sync accepted\n");
		return;
	}
	if (barrier) {
		buf_addf(b, "everything saved before is in redis: revision %s\n", sync_count(v, "rev"));
		return;
	}
	if (ms != NULL)
		seconds = (ms->type == VALUE_INT            ? (double)ms->integer
				  : ms->type == VALUE_FLOAT ? ms->number
							    : 0) /
		    1000;
	buf_addf(b, "sync complete: %s created, %s updated, %s deleted, %s unchanged, %s errors in %.2f s\n",
	    sync_count(v, "created"), sync_count(v, "updated"), sync_count(v, "deleted"), sync_count(v, "unchanged"),
	    sync_count(v, "errors"), seconds);
}

static int
sync_refused(long status, const struct value *v)
{
	const char *why = v != NULL ? ctl_json_text(v, "error") : NULL;

	out_say("shelfd answers: %s (HTTP %ld)", why != NULL ? why : "an error without a reason", status);
	if (status == 401 || status == 403)
		return CTL_PERMISSION;
	return status == 408 || status == 504 ? CTL_TIMEOUT : CTL_FAILURE;
}

static int
sync_answer(struct ctl *c, long status, const struct buf *answer)
{
	struct document *d = NULL;
	const struct value *v = ctl_json_parse(buf_str(answer), answer->n, &d);
	struct buf b = {0};
	int rc = CTL_OK;

	if (status != 200 && status != 202) {
		rc = sync_refused(status, v);
	} else if (v == NULL) {
		out_say("shelfd gave an answer that is no JSON");
		rc = CTL_FAILURE;
	} else if (c->out.json) {
		struct buf canonical = {0};

		value_canonical(v, &canonical);
		out_json(&c->out, &b, buf_str(&canonical), canonical.n);
		buf_free(&canonical);
	} else {
		struct buf text = {0};

		sync_text(&text, v, session_flag(c, OPT_BARRIER));
		out_addn(&c->out, &b, STYLE_PLAIN, buf_str(&text), text.n - 1);
		buf_addch(&b, '\n');
		buf_free(&text);
	}
	document_free(d);
	out_write(&b);
	buf_free(&b);
	return rc;
}

int
verb_sync(struct ctl *c, int argc, const char *const *argv)
{
	usec_t timeout = SYNC_TIMEOUT;
	struct buf body = {0}, answer = {0};
	char *socket;
	struct err e;
	long status = 0;
	int rc;

	if (options_duration(c->opt, OPT_TIMEOUT, &timeout, &e) != 0) {
		out_say("%s", e.msg);
		return CTL_USAGE;
	}
	if (session_flag(c, OPT_BARRIER) && argc > 0) {
		out_say("--barrier looks at no paths; leave them out or use --wait");
		return CTL_USAGE;
	}
	rc = sync_paths_check(argc, argv);
	if (rc == CTL_OK)
		rc = session_settings(c);
	if (rc != CTL_OK)
		return rc;
	socket = session_socket(c);
	sync_body(c, socket, argc, argv, &body);
	rc = control_request(socket, "/api/v1/sync", buf_str(&body), timeout, &status, &answer, &e);
	if (rc != CTL_OK)
		out_say("%s", e.msg);
	else
		rc = sync_answer(c, status, &answer);
	buf_free(&answer);
	buf_free(&body);
	free(socket);
	return rc;
}
