#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "ctl/control.h"
#include "ctl/diagnosis.h"
#include "ctl/doctor.h"
#include "ctl/json.h"
#include "ctl/path.h"
#include "ctl/strings.h"
#include "ctl/walk.h"
#include "watch/inotify.h"

#define PROBE_PATIENCE (2 * USEC_PER_SEC)
#define BARRIER_PATIENCE (10 * USEC_PER_SEC) /* shelfd may wait 5 s for git */

static uint64_t
read_sysctl(const char *path)
{
	struct buf text = {0};
	uint64_t n = 0;

	if (fs_read(path, 64, &text, NULL) == 0)
		n = strtoull(buf_str(&text), NULL, 10);
	buf_free(&text);
	return n;
}

static uint64_t
watch_number(const struct doctor *d, const char *key)
{
	const struct value *watch = d->daemon != NULL ? value_get(d->daemon, "watch") : NULL;
	const char *text = watch != NULL ? ctl_json_text(watch, key) : NULL;

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static uint64_t
count_folders(const struct doctor *d)
{
	int fd = open(d->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t n = fd >= 0 ? walk_folders(fd, &d->c->settings.collections) : 0;

	if (fd >= 0)
		(void)close(fd);
	return n;
}

static void
limit_of_watches(struct doctor *d)
{
	const struct value *watch = d->daemon != NULL ? value_get(d->daemon, "watch") : NULL;
	const char *mode = watch != NULL ? ctl_json_text(watch, "mode") : NULL, *name;
	bool watching = mode != NULL && strcmp(mode, "lost") != 0;
	uint64_t unwatched = watching ? watch_number(d, "unwatched") : 0, limit = inotify_limit(&name);

	/* The daemon may be in another user namespace. */
	if (watching && watch_number(d, "watch_limit") != 0)
		limit = watch_number(d, "watch_limit");
	diagnose_watches(
	    &d->found, name, limit, watching ? watch_number(d, "watches") + unwatched : count_folders(d), unwatched);
}

static void
limit_of_instances(struct doctor *d)
{
	uint64_t system = read_sysctl("/proc/sys/fs/inotify/max_user_instances");
	uint64_t user = read_sysctl("/proc/sys/user/max_inotify_instances"); /* of a user namespace */
	const char *name = user < system ? "user.max_inotify_instances" : "fs.inotify.max_user_instances";
	struct err e;
	struct inotify *in = inotify_open(&e);

	if (in != NULL) {
		checkup_add(&d->found, "instances", VERDICT_OK, NULL, "one is free, and %s is %" PRIu64, name,
		    user < system ? user : system);
	} else {
		char *hint = mem_printf("sysctl -w %s=512, and the same line in /etc/sysctl.d/", name);

		checkup_add(&d->found, "instances", VERDICT_FAILED, hint, "none is free, and %s is %" PRIu64 " (%s)",
		    name, user < system ? user : system, e.msg);
		free(hint);
	}
	inotify_close(in);
}

void
doctor_limits(struct doctor *d)
{
	limit_of_watches(d);
	limit_of_instances(d);
	diagnose_queue(&d->found, read_sysctl("/proc/sys/fs/inotify/max_queued_events"));
}

struct probe {
	const char *name;
	bool came;
};

static void
probe_event(void *arg, const struct inotify_event *ev, const char *name)
{
	struct probe *p = arg;

	(void)ev;
	p->came |= strcmp(name, p->name) == 0;
}

/* Make a file in a folder and wait for its event. 1: it came; 0: it did not; -1: it could not be tried. */
static int
probe_folder(const char *dir, struct err *e)
{
	struct probe p = {.name = "probe"};
	char *path = path_join(dir, p.name);
	struct inotify *in = inotify_open(e);
	usec_t end = clock_now() + PROBE_PATIENCE, left;
	int fd = -1, r = -1;

	if (in == NULL)
		goto out;
	if (inotify_watch_path(in, dir) < 0 || (fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0) {
		(void)err_sys(e, errno, "%s", dir);
		goto out;
	}
	while (!p.came && (left = end - clock_now()) > 0) {
		struct pollfd ready = {.fd = inotify_fd(in), .events = POLLIN};

		(void)poll(&ready, 1, (int)(left / USEC_PER_MS) + 1);
		if (inotify_read(in, probe_event, &p, e) != 0)
			goto out;
	}
	r = p.came;
out:
	if (fd >= 0) {
		(void)close(fd);
		(void)unlink(path);
	}
	inotify_close(in);
	free(path);
	return r;
}

/* A folder of our own in the runtime folder, where that is there, else where temporary files go. */
static char *
probe_place(const struct doctor *d)
{
	const char *tmp = getenv("TMPDIR");
	char *runtime = session_runtime_dir(d->c), *dir = mem_printf("%s/doctor-XXXXXX", runtime);

	free(runtime);
	if (mkdtemp(dir) != NULL)
		return dir;
	free(dir);
	dir = mem_printf("%s/doctor-XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	if (mkdtemp(dir) != NULL)
		return dir;
	free(dir);
	return NULL;
}

static void
probe_alone(struct doctor *d)
{
	char *dir = probe_place(d);
	struct err e;
	int r;

	if (dir == NULL) {
		checkup_add(&d->found, "probe", VERDICT_WARNING, "set runtime_dir to a folder that can be written",
		    "no folder to try it in: %s", strerror(errno));
		return;
	}
	r = probe_folder(dir, &e);
	(void)rmdir(dir);
	if (r > 0)
		checkup_add(&d->found, "probe", VERDICT_OK, NULL, "a file that was made here had its event");
	else if (r == 0)
		checkup_add(&d->found, "probe", VERDICT_FAILED,
		    "set watch.polling: true, or run on a kernel with inotify",
		    "a file that was made in %s had no event within %d s", dir, (int)(PROBE_PATIENCE / USEC_PER_SEC));
	else
		checkup_add(&d->found, "probe", VERDICT_FAILED, "see instances and watches", "%s", e.msg);
	free(dir);
}

/* Events that the daemon has read by now; -1: it does not say. */
static int64_t
daemon_events(const struct doctor *d)
{
	struct document *document = NULL;
	const struct value *status, *watch;
	const char *text = NULL;
	int64_t n = -1;

	if (control_status(d->socket, BARRIER_PATIENCE, &document, &status, NULL) == CTL_OK) {
		watch = value_get(status, "watch");
		text = watch != NULL ? ctl_json_text(watch, "events") : NULL;
		n = text != NULL ? strtoll(text, NULL, 10) : -1;
	}
	document_free(document);
	return n;
}

/* shelfd writes a file into its private folder and answers when everything up to its event is published. */
static void
probe_daemon(struct doctor *d)
{
	static const char body[] = "{\"wait\":true,\"scan\":false}";
	int64_t before = daemon_events(d);
	usec_t begin = clock_now();
	struct buf answer = {0};
	struct err e;
	long status = 0;
	int rc = control_request(d->socket, "/api/v1/sync", body, BARRIER_PATIENCE, &status, &answer, &e);
	double ms = (double)(clock_now() - begin) / (double)USEC_PER_MS;

	if (rc != CTL_OK)
		checkup_add(
		    &d->found, "probe", VERDICT_FAILED, "see watching and publishing, and shelfd's log", "%s", e.msg);
	else if (status != 200)
		checkup_add(&d->found, "probe", VERDICT_FAILED, "see shelfd's log", "shelfd answers HTTP %ld", status);
	else if (daemon_events(d) > before)
		checkup_add(&d->found, "probe", VERDICT_OK, NULL,
		    "the event of a file in the private folder came, and all before it is published: %.1f ms", ms);
	else
		checkup_add(&d->found, "probe", VERDICT_WARNING, "see watching; a look at everything stood in",
		    "no event came for a file in the private folder");
	buf_free(&answer);
}

void
doctor_probe(struct doctor *d)
{
	const struct value *redis = d->daemon != NULL ? value_get(d->daemon, "redis") : NULL;
	const char *condition = redis != NULL ? ctl_json_text(redis, "condition") : NULL;

	/* It answers only when everything is published. */
	if (d->daemon == NULL || (condition != NULL && condition[0] != '\0'))
		probe_alone(d);
	else
		probe_daemon(d);
}
