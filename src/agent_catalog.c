#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_private.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

static enum git_state
git_state_of(const struct agent *a, const char *path, const uint8_t blob[GIT_ID_SIZE])
{
	const uint8_t *head;

	if (a->repo == NULL)
		return GIT_STATE_NONE;
	head = repo_head_blob(a->repo, path);
	if (head == NULL)
		return GIT_STATE_UNTRACKED;
	return memcmp(head, blob, GIT_ID_SIZE) == 0 ? GIT_STATE_COMMITTED : GIT_STATE_MODIFIED;
}

static void
on_saw(void *arg, const char *path, enum entry_kind kind, const struct signature *sig, const char *target, bool force,
    uint32_t epoch)
{
	static const enum fact_kind kinds[] = {
	    [ENTRY_FILE] = FACT_FILE,
	    [ENTRY_SYMLINK] = FACT_SYMLINK,
	    [ENTRY_OTHER] = FACT_OTHER,
	};
	struct agent *a = arg;

	if (facts_saw(a->facts, path, kinds[kind], sig, target, force, epoch) && watcher_auditing(a->watcher))
		watcher_suspect(a->watcher, path);
	agent_read_ahead(a);
}

static void
on_gone(void *arg, const char *path)
{
	struct agent *a = arg;

	facts_gone(a->facts, path);
}

static void
on_plain(void *arg, const char *path)
{
	struct agent *a = arg;

	if (a->repo != NULL)
		repo_plain(a->repo, path);
}

static bool
on_ignored(void *arg, const char *path, bool directory)
{
	struct agent *a = arg;

	return a->repo != NULL && repo_ignored(a->repo, path, directory);
}

/* The folder of a path, beneath the root. -1 with errno: ELOOP for a symlink on the way. */
static int
open_folder_of(const struct agent *a, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char *folder = mem_strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
	int fd = read_open_beneath(watcher_root_fd(a->watcher), folder, O_PATH | O_DIRECTORY), saved = errno;

	free(folder);
	*ret_name = slash != NULL ? slash + 1 : path;
	errno = saved;
	return fd;
}

/*
 * A file that a scan did not see: gone, or ignored now. An error is no proof. Behind a symlink
 * nothing is ours, even if it leads to a file of that name.
 */
static bool
is_gone(struct agent *a, const char *path, bool *ret_ignored)
{
	const char *name;
	struct stat st;
	int fd = open_folder_of(a, path, &name);
	int r = fd >= 0 ? fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) : -1, sys = errno;

	if (fd >= 0)
		(void)close(fd);
	*ret_ignored = r == 0 && !S_ISDIR(st.st_mode) && on_ignored(a, path, false);
	if (r == 0)
		return S_ISDIR(st.st_mode) || *ret_ignored;
	return sys == ENOENT || sys == ENOTDIR || sys == ELOOP;
}

static bool
really_gone(void *arg, const char *path)
{
	struct agent *a = arg;
	bool ignored;

	if (!is_gone(a, path, &ignored))
		return false;
	if (!ignored && facts_manifest(a->facts, path) != NULL)
		a->missed++;
	if (watcher_auditing(a->watcher))
		watcher_suspect(a->watcher, path);
	return true;
}

static void
on_whole(void *arg, const char *path)
{
	agent_publish_whole(arg, path);
}

static void
on_scanned(void *arg, const char *prefix, uint32_t epoch)
{
	struct agent *a = arg;

	a->scanned |= *prefix == '\0';
	facts_sweep(a->facts, prefix, epoch, really_gone, a);
	if (*prefix == '\0')
		agent_publish_whole(a, prefix);
}

/* An unreadable root says nothing of a single item. */
static void
on_unknown(void *arg, const char *path, const struct err *e, bool first, uint32_t epoch)
{
	struct agent *a = arg;

	facts_unknown(a->facts, path, *path != '\0' ? strerror(e->sys) : NULL, epoch);
	if (first)
		log_warning("cannot be looked at, and is tried again: %s", e->msg);
}

static void
on_git(void *arg)
{
	agent_git_look(arg);
}

const struct watcher_sink agent_watcher_sink = {
    .saw = on_saw,
    .gone = on_gone,
    .whole = on_whole,
    .scanned = on_scanned,
    .unknown = on_unknown,
    .plain = on_plain,
    .ignored = on_ignored,
    .git = on_git,
};

static void
candidate_unreadable(const struct candidate_facts *facts, struct problems *ps)
{
	char path[512];

	if (strcmp(facts->unreadable_path, facts->path) == 0)
		problems_addf(ps, "unreadable", SEVERITY_ERROR, 0, 0, "check its permissions",
		    "the file cannot be read: %s", facts->unreadable);
	else
		problems_addf(ps, "member-unreadable", SEVERITY_ERROR, 0, 0, "check its permissions",
		    "a file of the bundle cannot be read: %s: %s",
		    text_escape_to(path, sizeof path, facts->unreadable_path), facts->unreadable);
}

static struct item *
candidate_item(const struct agent *a, const struct candidate_facts *facts, const char *path)
{
	struct item_place at = {
	    .source = a->settings->source.name,
	    .path = path,
	    .files = facts->files,
	    .git_state = git_state_of(a, facts->path, facts->manifest->git_blob),
	};

	memcpy(at.bundle_sha256, facts->bundle_sha256, sizeof at.bundle_sha256);
	return item_new(facts->collection->type, facts->manifest, &at);
}

/* "<type>/<id>" of a manifest, NULL when it gives none. The caller frees. */
static char *
candidate_key(const struct candidate_facts *facts)
{
	const struct collection *c = facts->collection;
	struct buf key = {0};
	size_t type;

	buf_addstr(&key, c->type);
	buf_addch(&key, '/');
	type = key.n;
	if (facts->manifest != NULL && facts->manifest->ok)
		buf_addstr(&key, facts->manifest->id);
	else if (c->id_from == NULL && facts->entry)
		kind_entry_id(c, facts->path, &key);
	else if (c->id_from == NULL)
		kind_flat_id(c, facts->path, &key);
	if (key.n != type)
		return buf_steal(&key);
	buf_free(&key);
	return NULL;
}

/* Errors only: what a warning is about is published all the same. */
static void
candidate_log(const char *path, const struct problems *ps)
{
	char shown[512], message[1024];

	for (size_t i = 0; i < ps->n; i++) {
		const struct problem *p = &ps->v[i];

		if (p->severity == SEVERITY_ERROR)
			log_warning("%s:%d:%d: %s [%s]", text_escape_to(shown, sizeof shown, path), p->line, p->column,
			    text_escape_to(message, sizeof message, p->message), p->code);
	}
}

void
agent_candidate(void *arg, const struct candidate_facts *facts)
{
	struct agent *a = arg;
	struct candidate cand = {.source = a->settings->source.name, .priority = a->settings->source.priority};
	struct problems ps = {0};
	struct buf path = {0};
	char *key;

	text_percent_encode(&path, facts->path, strlen(facts->path));
	cand.path = buf_str(&path);
	if (facts->manifest == NULL && facts->unreadable == NULL) {
		catalog_remove(a->catalog, cand.source, cand.path);
		buf_free(&path);
		return;
	}
	key = candidate_key(facts);
	cand.key = key;
	cand.rank = facts->rank;
	cand.withdraw = facts->collection->on_invalid == ON_INVALID_WITHDRAW;
	if (facts->manifest != NULL)
		problems_copy(&ps, &facts->manifest->problems);
	if (facts->unreadable != NULL)
		candidate_unreadable(facts, &ps);
	else if (facts->manifest->ok)
		cand.item = candidate_item(a, facts, cand.path);
	if (facts->unreadable == NULL) /* else whoever could not read it has said so, once */
		candidate_log(facts->path, &ps);
	cand.problems = &ps;
	catalog_put(a->catalog, &cand);
	problems_free(&ps);
	free(key);
	buf_free(&path);
}
