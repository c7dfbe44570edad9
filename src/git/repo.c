#include "git/repo.h"

#include <errno.h>
#include <git2.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "git/checkout.h"
#include "git/head.h"
#include "git/ignore.h"
#include "git/stamp.h"
#include "git/tracked.h"

struct repo {
	git_repository *git;
	struct checkout_identity identity; /* when it was opened */
	char *git_dir, *common_dir;
	char *workdir; /* absolute, no trailing slash */
	char *below; /* root relative to workdir, "" when equal */
	char **prefixes;
	struct buf path; /* a path relative to workdir */

	struct head *head; /* NULL until it was read */

	char *index_path;
	struct stamp index_stamp;
	struct tracked tracked;
	bool index_unreadable;

	struct ignore *ignore;
};

static char *
repo_without_slash(const char *path)
{
	size_t n = strlen(path);

	return mem_strndup(path, n > 1 && path[n - 1] == '/' ? n - 1 : n);
}

/* The part of root below workdir; NULL when it is not below it (core.worktree names another place). */
static char *
repo_below(const char *root, const char *workdir)
{
	size_t n = strlen(workdir);

	if (strcmp(workdir, "/") == 0)
		return mem_strdup(root + 1);
	if (strncmp(root, workdir, n) != 0 || (root[n] != '/' && root[n] != '\0'))
		return NULL;
	return mem_strdup(root[n] == '/' ? root + n + 1 : root + n);
}

static void
repo_copy_prefixes(struct repo *r, const char *const *prefixes)
{
	size_t n = 0;

	while (prefixes[n] != NULL)
		n++;
	r->prefixes = mem_zalloc((n + 1) * sizeof r->prefixes[0]);
	for (size_t i = 0; i < n; i++)
		r->prefixes[i] = mem_strdup(prefixes[i]);
}

static struct repo *
repo_new(git_repository *git, const char *root, const char *const *prefixes)
{
	char *workdir = repo_without_slash(git_repository_workdir(git));
	char *below = repo_below(root, workdir), *exclude;
	struct repo *r;

	if (below == NULL) {
		free(workdir);
		git_repository_free(git);
		return NULL;
	}
	r = mem_zalloc(sizeof *r);
	r->git = git;
	r->workdir = workdir;
	r->below = below;
	r->git_dir = repo_without_slash(git_repository_path(git));
	r->common_dir = repo_without_slash(git_repository_commondir(git));
	r->index_path = mem_printf("%s/index", r->git_dir);
	repo_copy_prefixes(r, prefixes);
	exclude = mem_printf("%s/info/exclude", r->common_dir);
	r->ignore = ignore_new(strcmp(workdir, "/") == 0 ? "" : workdir, exclude);
	free(exclude);
	return r;
}

/* Nothing in it is read yet. */
static int
repo_find(const char *root, bool trust_owner, const char *const *prefixes, struct repo **ret, struct err *e)
{
	char real[PATH_MAX];
	struct checkout_identity identity;
	git_repository *git;
	struct repo *r = NULL;
	int found;

	if (e != NULL)
		*e = (struct err){0};
	if (realpath(root, real) == NULL)
		return err_sys(e, errno, "%s", root);
	if (git_libgit2_init() < 0)
		return checkout_error(e, "libgit2 does not start");
	checkout_identify(real, &identity); /* before it is opened: what changes in between is seen later */
	found = checkout_open(real, trust_owner, &git, e);
	if (found == 1)
		r = repo_new(git, real, prefixes);
	if (r == NULL) {
		checkout_identity_free(&identity);
		if (found >= 0)
			*ret = NULL;
		return found < 0 ? -1 : 0;
	}
	r->identity = identity;
	*ret = r;
	return 0;
}

void
repo_free(struct repo *r)
{
	if (r == NULL)
		return;
	ignore_free(r->ignore);
	head_free(r->head);
	tracked_free(&r->tracked);
	for (char **p = r->prefixes; *p != NULL; p++)
		free(*p);
	free(r->prefixes);
	buf_free(&r->path);
	free(r->index_path);
	free(r->below);
	free(r->workdir);
	free(r->common_dir);
	free(r->git_dir);
	checkout_identity_free(&r->identity);
	git_repository_free(r->git);
	free(r);
}

bool
repo_is_current(const struct repo *r, const char *root)
{
	struct checkout_identity now;
	bool same;

	checkout_identify(root, &now);
	same = checkout_identity_same(&r->identity, &now);
	checkout_identity_free(&now);
	return same;
}

const char *
repo_git_dir(const struct repo *r)
{
	return r->git_dir;
}

const char *
repo_common_dir(const struct repo *r)
{
	return r->common_dir;
}

int
repo_read_head(const struct repo *r, struct head **ret, struct err *e)
{
	return head_read(r->git, r->below, (const char *const *)r->prefixes, r->head, ret, e);
}

/* Returns what was known. */
static struct head *
repo_swap_head(struct repo *r, struct head *h)
{
	struct head *old = r->head;

	if (old != NULL && !h->moved) {
		h->tree = old->tree;
		old->tree = NULL;
	}
	r->head = h;
	return old;
}

void
repo_take_head(struct repo *r, struct head *h)
{
	head_free(repo_swap_head(r, h));
}

static int
repo_refresh_head(struct repo *r, struct err *e)
{
	struct head *h;

	if (repo_read_head(r, &h, e) != 0)
		return -1;
	repo_take_head(r, h);
	return 0;
}

/* What the index says by now. */
struct index_state {
	struct stamp stamp;
	struct tracked tracked;
	bool unreadable; /* shelfd cannot read its format: see repo_tracked */
};

/* Read the index if it moved: 1; 0 when it is as before; -1 when it cannot be read just now. */
static int
repo_read_index(const struct repo *r, struct index_state *ret, struct err *e)
{
	struct index_state is = {.stamp = stamp_take(r->index_path)};
	struct err why;

	if (is.stamp.failed)
		return err_sys(e, errno, "%s cannot be looked at", r->index_path);
	if (stamp_same(&r->index_stamp, &is.stamp))
		return 0;
	switch (tracked_read(r->index_path, r->below, &is.tracked, &why)) {
	case TRACKED_OK:
		break;
	case TRACKED_FORMAT:
		/* A split or sparse index. What HEAD has stands in for what is tracked. */
		if (!r->index_unreadable)
			log_warning("%s; taking the files of HEAD as the tracked ones", why.msg);
		is.unreadable = true;
		break;
	case TRACKED_ERROR:
		return err_set(e, "%s", why.msg);
	}
	*ret = is;
	return 1;
}

static void
repo_take_index(struct repo *r, const struct index_state *is, struct tracked *ret_old)
{
	*ret_old = r->tracked;
	r->tracked = is->tracked;
	r->index_stamp = is->stamp;
	r->index_unreadable = is->unreadable;
}

/* core.excludesFile: absolute, below $HOME, or relative to the work tree. */
static void
repo_refresh_excludes(struct repo *r)
{
	git_buf value = GIT_BUF_INIT;
	git_config *config = NULL;
	const char *home = getenv("HOME");
	char *path = NULL;

	if (git_repository_config(&config, r->git) == 0 &&
	    git_config_get_string_buf(&value, config, "core.excludesfile") == 0 && value.size > 0) {
		if (value.ptr[0] == '/')
			path = mem_strdup(value.ptr);
		else if (strncmp(value.ptr, "~/", 2) != 0)
			path = mem_printf("%s/%s", r->workdir, value.ptr);
		else if (home != NULL)
			path = mem_printf("%s%s", home, value.ptr + 1);
	}
	ignore_set_global(r->ignore, path);
	free(path);
	git_buf_dispose(&value);
	git_config_free(config);
}

struct report {
	const struct repo *r;
	void (*moved)(void *, const char *path);
	void *arg;
};

static void
repo_report_conflict(void *arg, const char *path)
{
	const struct report *rp = arg;

	for (char **p = rp->r->prefixes; *p != NULL; p++) {
		size_t n = strlen(*p);

		if (n == 0 || (strncmp(path, *p, n) == 0 && (path[n] == '/' || path[n] == '\0'))) {
			rp->moved(rp->arg, path);
			return;
		}
	}
}

int
repo_refresh(struct repo *r, void (*moved)(void *, const char *path), void *arg, bool *ret_ignore, struct err *e)
{
	struct report report = {.r = r, .moved = moved, .arg = arg};
	struct index_state is = {0};
	struct tracked old = {0};
	struct head *h, *known;
	int index = repo_read_index(r, &is, e);
	bool ignore;

	if (index < 0)
		return -1;
	if (repo_read_head(r, &h, e) != 0) {
		tracked_free(&is.tracked);
		return -1;
	}
	if (index > 0)
		repo_take_index(r, &is, &old);
	known = repo_swap_head(r, h);
	repo_refresh_excludes(r);
	ignore = ignore_refresh(r->ignore);
	ignore = ignore || (index > 0 && !tracked_same_paths(&old, &r->tracked)) || (h->moved && r->index_unreadable);
	if (h->moved && moved != NULL)
		headtree_diff(head_tree(known), h->tree, moved, arg);
	if (index > 0 && moved != NULL)
		tracked_diff_conflicts(&old, &r->tracked, repo_report_conflict, &report);
	head_free(known);
	tracked_free(&old);
	*ret_ignore = ignore;
	return 0;
}

int
repo_begin(const char *root, bool trust_owner, const char *const *prefixes, struct repo **ret, struct err *e)
{
	struct index_state is = {0};
	struct tracked none;
	struct repo *r;
	int index;

	if (repo_find(root, trust_owner, prefixes, &r, e) != 0)
		return -1;
	index = r != NULL ? repo_read_index(r, &is, e) : 0;
	if (index > 0)
		repo_take_index(r, &is, &none);
	if (index >= 0 && r != NULL)
		repo_refresh_excludes(r);
	/* What HEAD has stands in for an index that cannot be read. */
	if (index < 0 || (r != NULL && r->index_unreadable && repo_refresh_head(r, e) != 0)) {
		repo_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

int
repo_open(const char *root, bool trust_owner, const char *const *prefixes, struct repo **ret, struct err *e)
{
	if (repo_begin(root, trust_owner, prefixes, ret, e) != 0)
		return -1;
	if (*ret == NULL || repo_refresh_head(*ret, e) == 0)
		return 0;
	repo_free(*ret);
	*ret = NULL;
	return -1;
}

const char *
repo_commit(const struct repo *r)
{
	return r->head != NULL && r->head->born ? r->head->commit : NULL;
}

const char *
repo_branch(const struct repo *r)
{
	return r->head != NULL ? r->head->branch : NULL;
}

const uint8_t *
repo_head_blob(const struct repo *r, const char *path)
{
	return headtree_blob(head_tree(r->head), path);
}

static bool
repo_tracked(const struct repo *r, const char *path, bool folder)
{
	return r->index_unreadable ? headtree_has(head_tree(r->head), path) : tracked_has(&r->tracked, path, folder);
}

/* From a path relative to root, "" for root itself. */
static const char *
repo_from_workdir(struct repo *r, const char *path)
{
	buf_clear(&r->path);
	buf_addstr(&r->path, r->below);
	if (r->below[0] != '\0' && path[0] != '\0')
		buf_addch(&r->path, '/');
	buf_addstr(&r->path, path);
	return buf_str(&r->path);
}

void
repo_plain(struct repo *r, const char *folder)
{
	ignore_plain(r->ignore, repo_from_workdir(r, folder));
}

bool
repo_ignored(struct repo *r, const char *path, bool directory)
{
	return ignore_matches(r->ignore, repo_from_workdir(r, path), directory) && !repo_tracked(r, path, directory);
}

bool
repo_conflicted(const struct repo *r, const char *path)
{
	return tracked_conflicted(&r->tracked, path);
}

const struct err *
repo_unread(const struct repo *r)
{
	return ignore_unread(r->ignore);
}
