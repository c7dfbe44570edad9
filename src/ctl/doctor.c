/* shelfctl doctor: is everything that shelfd depends on as it should be? */
#include "ctl/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/control.h"
#include "ctl/diagnosis.h"
#include "ctl/json.h"
#include "ctl/path.h"
#include "ctl/source.h"
#include "ctl/verbs.h"

#define DOCTOR_TIMEOUT (5 * USEC_PER_SEC)

static void
doctor_silent(struct doctor *d, int rc, const struct err *why)
{
	const char *hint = "its log says why; systemctl restart shelfd";

	if (rc == CTL_NO_DAEMON)
		hint = "start it: systemctl start shelfd, or shelfd -c FILE; --socket names another socket";
	else if (rc == CTL_PERMISSION)
		hint = "run this as shelfd's user, or as a member of the socket's group";
	checkup_add(&d->found, "daemon", VERDICT_FAILED, hint, "%s", why->msg);
}

static void
doctor_daemon(struct doctor *d, int rc, const struct err *why)
{
	const char *version, *state, *pid;

	if (d->daemon == NULL) {
		doctor_silent(d, rc, why);
		return;
	}
	version = ctl_json_text(d->daemon, "version");
	state = ctl_json_text(d->daemon, "state");
	pid = ctl_json_text(d->daemon, "pid");
	version = version != NULL ? version : "?";
	pid = pid != NULL ? pid : "?";
	if (strcmp(version, PACKAGE_VERSION) != 0)
		checkup_add(&d->found, "daemon", VERDICT_WARNING, "restart it after an upgrade",
		    "version %s, pid %s; this is shelfctl " PACKAGE_VERSION, version, pid);
	else if (state != NULL && strcmp(state, "ready") != 0)
		checkup_add(&d->found, "daemon", VERDICT_WARNING, "it is ready once everything is in Redis",
		    "version %s, pid %s: %s", version, pid, state);
	else
		checkup_add(&d->found, "daemon", VERDICT_OK, NULL, "version %s, pid %s", version, pid);
}

/* What the daemon watches, else what it would. */
static char *
doctor_root(const struct doctor *d)
{
	const struct value *source = d->daemon != NULL ? value_get(d->daemon, "source") : NULL;
	const char *text = source != NULL ? ctl_json_text(source, "root") : NULL;
	struct buf raw = {0};

	if (text != NULL && text_percent_decode(&raw, text, strlen(text)) == 0)
		return buf_steal(&raw);
	buf_free(&raw);
	if (session_opt(d->c, OPT_ROOT) == NULL && d->c->settings.source.root != NULL)
		return path_absolute(d->c->settings.source.root);
	return source_root(d->c);
}

static void
doctor_watching(struct doctor *d)
{
	const struct value *watch = d->daemon != NULL ? value_get(d->daemon, "watch") : NULL;

	const struct value *source = d->daemon != NULL ? value_get(d->daemon, "source") : NULL;
	const char *error = source != NULL ? ctl_json_text(source, "git_error") : NULL;

	if (watch != NULL)
		diagnose_watching(&d->found, watch);
	if (error != NULL)
		checkup_add(&d->found, "git", VERDICT_WARNING, "what was known stays; it is tried again by itself",
		    "%s", error);
}

static void
doctor_publishing(struct doctor *d)
{
	const struct value *redis = d->daemon != NULL ? value_get(d->daemon, "redis") : NULL;

	if (redis != NULL)
		diagnose_publishing(&d->found, redis);
}

static void
doctor_local_state(struct doctor *d)
{
	const struct value *local = d->daemon != NULL ? value_get(d->daemon, "local_state") : NULL;
	const char *error = local != NULL ? ctl_json_text(local, "error") : NULL;

	if (error != NULL)
		checkup_add(&d->found, "state_dir", VERDICT_WARNING,
		    "make the folder one that shelfd can write to, or name another (state_dir), and start it anew",
		    "%s", error);
}

static int
doctor_tell(const struct doctor *d)
{
	size_t failed = checkup_count(&d->found, VERDICT_FAILED);
	struct buf b = {0}, json = {0};
	struct jsonw w;

	if (d->c->out.json) {
		jsonw_init(&w, &json);
		checkup_json(&d->found, &w);
		out_json(&d->c->out, &b, buf_str(&json), json.n);
	} else {
		checkup_text(&d->found, &d->c->out, &b);
	}
	out_write(&b);
	buf_free(&json);
	buf_free(&b);
	return failed != 0 ? CTL_FINDINGS : CTL_OK;
}

int
verb_doctor(struct ctl *c, int argc, const char *const *argv)
{
	struct document *document = NULL;
	struct doctor d = {.c = c};
	struct err why;
	char *socket;
	int rc = session_settings(c);

	(void)argc;
	(void)argv;
	if (rc != CTL_OK)
		return rc;
	d.socket = socket = session_socket(c);
	rc = control_status(socket, DOCTOR_TIMEOUT, &document, &d.daemon, &why);
	d.root = doctor_root(&d);
	doctor_daemon(&d, rc, &why);
	doctor_redis(&d);
	doctor_publishing(&d);
	doctor_source(&d);
	doctor_limits(&d);
	doctor_probe(&d);
	doctor_watching(&d);
	doctor_local_state(&d);
	rc = doctor_tell(&d);
	checkup_free(&d.found);
	document_free(document);
	free(d.root);
	free(socket);
	return rc;
}
