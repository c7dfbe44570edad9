#include "ctl/diagnosis.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/json.h"

#define QUEUE_LEAST 16384 /* the kernel's default */
#define CLOCK_APART 5000 /* milliseconds */

/* The value of a line "name:value" of INFO; the caller frees. NULL: there is none. */
static char *
info_get(const char *info, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = info; *line != '\0';) {
		size_t len = strcspn(line, "\r\n");

		if (len > n && strncmp(line, name, n) == 0 && line[n] == ':')
			return mem_strndup(line + n + 1, len - n - 1);
		line += len;
		line += strspn(line, "\r\n");
	}
	return NULL;
}

static uint64_t
info_number(const char *info, const char *name)
{
	char *text = info_get(info, name);
	uint64_t n = text != NULL ? strtoull(text, NULL, 10) : 0;

	free(text);
	return n;
}

/* 6.2 or later; a version that is not told counts as one. */
static bool
version_fits(const char *version)
{
	char *end;
	unsigned long major, minor = 0;

	if (version == NULL)
		return true;
	major = strtoul(version, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major > 6 || (major == 6 && minor >= 2);
}

static void
info_server(struct checkup *cu, const char *url, const char *info)
{
	char *version = info_get(info, "redis_version"), *valkey = info_get(info, "valkey_version");
	char *role = info_get(info, "role");
	const char *name = valkey != NULL ? "valkey" : "redis", *shown = valkey != NULL ? valkey : version;

	if (!version_fits(version))
		checkup_add(cu, "redis", VERDICT_FAILED, "install Redis 6.2 or later, or Valkey",
		    "%s: version %s is too old", url, version);
	else if (role != NULL && strcmp(role, "slave") == 0)
		checkup_add(cu, "redis", VERDICT_FAILED, "name the primary in redis.url",
		    "%s: this is a replica, to which nothing can be written", url);
	else
		checkup_add(cu, "redis", VERDICT_OK, NULL, "%s: %s %s", url, name,
		    shown != NULL ? shown : "of an unknown version");
	free(role);
	free(valkey);
	free(version);
}

static void
info_memory(struct checkup *cu, const char *info)
{
	char *policy = info_get(info, "maxmemory_policy");
	uint64_t max = info_number(info, "maxmemory"), used = info_number(info, "used_memory");
	unsigned int percent = max != 0 ? (unsigned int)((double)used * 100 / (double)max) : 0;

	if (policy != NULL && max == 0)
		checkup_add(cu, "redis-memory", VERDICT_OK, NULL, "no limit (maxmemory 0)");
	else if (policy != NULL && strncmp(policy, "allkeys", 7) == 0)
		checkup_add(cu, "redis-memory", VERDICT_WARNING,
		    "set it to noeviction: CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
		    "maxmemory-policy is %s: a full Redis would throw parts of the catalog away", policy);
	else if (policy != NULL && percent >= 90)
		checkup_add(cu, "redis-memory", VERDICT_WARNING, "raise maxmemory: a full Redis takes no changes",
		    "%u %% of maxmemory are used", percent);
	else if (policy != NULL)
		checkup_add(cu, "redis-memory", VERDICT_OK, NULL, "%u %% of maxmemory are used, %s", percent, policy);
	free(policy);
}

void
diagnose_info(struct checkup *cu, const char *url, const char *info)
{
	info_server(cu, url, info);
	info_memory(cu, info);
}

void
diagnose_clock(struct checkup *cu, int64_t ours, int64_t redis)
{
	int64_t apart = ours > redis ? ours - redis : redis - ours;

	if (apart > CLOCK_APART)
		checkup_add(cu, "clock", VERDICT_WARNING, "let NTP set the clocks of both machines",
		    "the clocks here and at Redis are %.0f s apart", (double)apart / 1000);
	else
		checkup_add(cu, "clock", VERDICT_OK, NULL, "as at Redis, within %d s", CLOCK_APART / 1000);
}

void
diagnose_watches(struct checkup *cu, const char *sysctl, uint64_t limit, uint64_t folders, uint64_t unwatched)
{
	/* Other programs of the same user have watches too. */
	char *hint =
	    mem_printf("sysctl -w %s=%" PRIu64 ", and the same line in /etc/sysctl.d/", sysctl, limit + 2 * folders);

	if (unwatched != 0)
		checkup_add(cu, "watches", VERDICT_FAILED, hint,
		    "%" PRIu64 " of %" PRIu64 " folders are not watched, and %s is %" PRIu64, unwatched, folders,
		    sysctl, limit);
	else if (limit == 0)
		checkup_add(cu, "watches", VERDICT_WARNING, "is /proc mounted?",
		    "%s cannot be read, and %" PRIu64 " folders need a watch", sysctl, folders);
	else if (folders > limit)
		checkup_add(cu, "watches", VERDICT_FAILED, hint,
		    "%s is %" PRIu64 ", and %" PRIu64 " folders need a watch", sysctl, limit, folders);
	else if (folders > limit - limit / 5)
		checkup_add(cu, "watches", VERDICT_WARNING, hint,
		    "%s is %" PRIu64 ", nearly used up by %" PRIu64 " folders", sysctl, limit, folders);
	else
		checkup_add(
		    cu, "watches", VERDICT_OK, NULL, "%" PRIu64 " folders, and %s is %" PRIu64, folders, sysctl, limit);
	free(hint);
}

void
diagnose_queue(struct checkup *cu, uint64_t limit)
{
	if (limit != 0 && limit < QUEUE_LEAST)
		checkup_add(cu, "event-queue", VERDICT_WARNING,
		    "sysctl -w fs.inotify.max_queued_events=16384, and the same line in /etc/sysctl.d/",
		    "fs.inotify.max_queued_events is %" PRIu64
		    ": a large checkout overflows it, and everything is looked at again",
		    limit);
	else if (limit != 0)
		checkup_add(cu, "event-queue", VERDICT_OK, NULL, "fs.inotify.max_queued_events is %" PRIu64, limit);
}

static uint64_t
number_of(const struct value *v, const char *key)
{
	const char *text = ctl_json_text(v, key);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static void
watching_mode(struct checkup *cu, const struct value *watch)
{
	const char *mode = ctl_json_text(watch, "mode");

	if (mode == NULL)
		return;
	if (strcmp(mode, "lost") == 0)
		checkup_add(cu, "watching", VERDICT_FAILED,
		    "put the checkout back to its place, or mount it: it is taken up by itself and nothing was deleted",
		    "the source is lost");
	else if (strcmp(mode, "inotify") == 0)
		checkup_add(
		    cu, "watching", VERDICT_OK, NULL, "inotify, %" PRIu64 " watches", number_of(watch, "watches"));
	else if (strcmp(mode, "partial") == 0)
		checkup_add(cu, "watching", VERDICT_WARNING, "see watches and file-system",
		    "inotify but for a part of the folders, which are looked at again and again");
	else
		checkup_add(cu, "watching", VERDICT_WARNING, "see file-system and probe",
		    "%s: everything is looked at again and again", mode);
}

static void
watching_troubles(struct checkup *cu, const struct value *watch)
{
	const char *stale = ctl_json_text(watch, "git_stale_lock");
	uint64_t unreadable = number_of(watch, "unreadable"), overflows = number_of(watch, "overflows");
	uint64_t unstable = number_of(watch, "unstable");

	if (unreadable != 0)
		checkup_add(cu, "reading", VERDICT_WARNING, "the log names them; each is tried again by itself",
		    "%" PRIu64 " files or folders cannot be read", unreadable);
	if (unstable != 0)
		checkup_add(cu, "changing", VERDICT_WARNING, "let their writers make a new file and rename it",
		    "%" PRIu64 " files change while they are read", unstable);
	if (stale != NULL && strcmp(stale, "true") == 0)
		checkup_add(cu, "git-lock", VERDICT_WARNING,
		    "remove index.lock or HEAD.lock there if no git command is running",
		    "a stale lock is in the git directory");
	if (overflows != 0)
		checkup_add(cu, "overflows", VERDICT_WARNING,
		    "nothing is missing, but raise fs.inotify.max_queued_events if it happens often",
		    "the queue of events overflowed %" PRIu64 " times, and everything was looked at again", overflows);
	else
		checkup_add(cu, "overflows", VERDICT_OK, NULL, "none");
}

void
diagnose_watching(struct checkup *cu, const struct value *watch)
{
	uint64_t drift = number_of(watch, "drift");

	watching_mode(cu, watch);
	watching_troubles(cu, watch);
	if (ctl_json_text(watch, "drift") == NULL)
		return;
	if (drift != 0)
		checkup_add(cu, "drift", VERDICT_WARNING,
		    "the log names them; if they were not made through a hard link or another mount, report a bug of "
		    "shelfd",
		    "%" PRIu64 " changes had no event and were found by the audit", drift);
	else
		checkup_add(cu, "drift", VERDICT_OK, NULL, "none found by the audit");
}

/* It is over, but whoever reads the catalog had to start over, and what brought it about may come again. */
static void
diagnose_reset(struct checkup *cu, const struct value *reset)
{
	const char *time = ctl_json_text(reset, "time"), *reason = ctl_json_text(reset, "reason");

	checkup_add(cu, "generation", VERDICT_WARNING,
	    "let Redis keep what it confirms: appendonly, a maxmemory-policy that evicts nothing, "
	    "min-replicas-to-write",
	    "a new one was begun at %s: %s", time != NULL ? time : "?", reason != NULL ? reason : "?");
}

void
diagnose_publishing(struct checkup *cu, const struct value *redis)
{
	const char *state = ctl_json_text(redis, "state"), *condition = ctl_json_text(redis, "condition");
	const struct value *reset = value_get(redis, "reset");

	if (state == NULL)
		return;
	if (reset != NULL)
		diagnose_reset(cu, reset);
	if (strcmp(state, "standby") == 0)
		checkup_add(cu, "publishing", VERDICT_WARNING, "it takes over when the other one ends", "standby: %s",
		    condition != NULL ? condition : "");
	else if (condition != NULL && condition[0] != '\0')
		checkup_add(cu, "publishing", VERDICT_FAILED, "shelfd goes on by itself once Redis takes its changes",
		    "%s: %s", state, condition);
	else
		checkup_add(cu, "publishing", VERDICT_OK, NULL, "%s", state);
}

static bool
is_listed(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* The name in the other case; false: it has no letter (of ASCII, which every folding knows). */
static bool
swap_case(char *name)
{
	bool any = false;

	for (; *name != '\0'; name++) {
		bool lower = *name >= 'a' && *name <= 'z', upper = *name >= 'A' && *name <= 'Z';

		if (lower || upper)
			*name = (char)(*name ^ 0x20);
		any |= lower || upper;
	}
	return any;
}

int
diagnose_case(const char *const *names, bool (*same)(void *arg, const char *a, const char *b), void *arg)
{
	for (const char *const *name = names; *name != NULL; name++) {
		char *other = mem_strdup(*name);
		/* Two names that are there both may be links to one file. */
		bool usable = swap_case(other) && !is_listed(names, other);
		int r = usable ? same(arg, *name, other) : -1;

		free(other);
		if (usable)
			return r;
	}
	return -1;
}
