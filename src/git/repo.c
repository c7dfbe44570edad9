#include "git/repo.h"

#include <errno.h>
#include <git2.h>
#include <git2/sys/repository.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "git/checkout.h"
#include "git/headtree.h"
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

	bool born;
	git_oid head;
	char commit[GIT_OID_HEXSZ + 1];
	char *branch;
	struct headtree *tree; /* of root; NULL when HEAD does not have it */

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

int
repo_open(const char *root, bool trust_owner, const char *const *prefixes, struct repo **ret, struct err *e)
{
	char real[PATH_MAX];
	struct checkout_identity identity;
	git_repository *git;
	struct repo *r = NULL;
	bool ignore;
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
		(void)git_libgit2_shutdown();
		if (found >= 0)
			*ret = NULL;
		return found < 0 ? -1 : 0;
	}
	r->identity = identity;
	if (repo_refresh(r, NULL, NULL, &ignore, e) != 0) {
		repo_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

void
repo_free(struct repo *r)
{
	if (r == NULL)
		return;
	ignore_free(r->ignore);
	headtree_free(r->tree);
	tracked_free(&r->tracked);
	for (char **p = r->prefixes; *p != NULL; p++)
		free(*p);
	free(r->prefixes);
	buf_free(&r->path);
	free(r->branch);
	free(r->index_path);
	free(r->below);
	free(r->workdir);
	free(r->common_dir);
	free(r->git_dir);
	checkout_identity_free(&r->identity);
	git_repository_free(r->git);
	free(r);
	(void)git_libgit2_shutdown();
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

/* What HEAD says: *ret_branch (the caller frees) is NULL when detached, *ret_born false before the first commit. */
static int
repo_read_head(struct repo *r, char **ret_branch, git_oid *ret_id, bool *ret_born, struct err *e)
{
	static const char heads[] = "refs/heads/";
	git_reference *head;
	const char *target;
	int found;

	if (git_reference_lookup(&head, r->git, "HEAD") != 0)
		return checkout_error(e, "HEAD cannot be read");
	found = git_reference_name_to_id(ret_id, r->git, "HEAD");
	if (found != 0 && found != GIT_ENOTFOUND) {
		git_reference_free(head);
		return checkout_error(e, "HEAD cannot be resolved");
	}
	*ret_born = found == 0;
	target = git_reference_symbolic_target(head);
	if (target != NULL && strncmp(target, heads, sizeof heads - 1) == 0)
		target += sizeof heads - 1;
	*ret_branch = mem_strdup_opt(target);
	git_reference_free(head);
	return 0;
}

/* The id of root's tree in a commit. Returns 1, or 0 when the commit has no such folder or its objects are missing. */
static int
repo_root_tree(struct repo *r, const git_oid *commit_id, git_oid *ret, struct err *e)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	git_tree_entry *te = NULL;
	int found = git_commit_lookup(&commit, r->git, commit_id);

	if (found == 0 && r->below[0] == '\0') {
		git_oid_cpy(ret, git_commit_tree_id(commit));
	} else if (found == 0) {
		found = git_commit_tree(&tree, commit);
		if (found == 0)
			found = git_tree_entry_bypath(&te, tree, r->below);
		if (found == 0 && git_tree_entry_type(te) == GIT_OBJECT_TREE)
			git_oid_cpy(ret, git_tree_entry_id(te));
		else if (found == 0)
			found = GIT_ENOTFOUND;
	}
	git_tree_entry_free(te);
	git_tree_free(tree);
	git_commit_free(commit);
	if (found != 0 && found != GIT_ENOTFOUND)
		return checkout_error(e, "the commit of HEAD cannot be read");
	return found == 0 ? 1 : 0;
}

static int
repo_load_tree(struct repo *r, const git_oid *commit, struct headtree **ret, struct err *e)
{
	bool missing = false;
	git_oid id;
	int found = repo_root_tree(r, commit, &id, e);

	if (found < 0)
		return -1;
	if (found == 0) {
		*ret = NULL;
		return 0;
	}
	if (headtree_load(r->git, &id, (const char *const *)r->prefixes, r->tree, ret, &missing, e) != 0)
		return -1;
	if (missing)
		log_warning("objects of commit %s are missing in %s; their files count as untracked",
		    git_oid_tostr_s(commit), r->common_dir);
	return 0;
}

/* Take the new HEAD; *ret_old gets the tree before, which the caller frees. */
static int
repo_refresh_head(struct repo *r, struct headtree **ret_old, struct err *e)
{
	struct headtree *tree = NULL;
	git_oid id = {0};
	char *branch = NULL;
	bool born = false, moved;
	int loaded = 0;

	*ret_old = NULL;
	if (repo_read_head(r, &branch, &id, &born, e) != 0)
		return -1;
	moved = born != r->born || (born && !git_oid_equal(&id, &r->head));
	if (moved && born)
		loaded = repo_load_tree(r, &id, &tree, e);
	if (moved)
		/* Packs and what was read of them: not needed until HEAD moves again. */
		(void)git_repository__cleanup(r->git);
	if (loaded != 0) {
		free(branch);
		return -1;
	}
	free(r->branch);
	r->branch = branch;
	if (!moved)
		return 0;
	*ret_old = r->tree;
	r->tree = tree;
	r->born = born;
	r->head = id;
	(void)git_oid_tostr(r->commit, sizeof r->commit, &id);
	return 1;
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
	struct headtree *old_tree;
	struct tracked old = {0};
	int index = repo_read_index(r, &is, e), head;
	bool ignore;

	if (index < 0)
		return -1;
	head = repo_refresh_head(r, &old_tree, e);
	if (head < 0) {
		tracked_free(&is.tracked);
		return -1;
	}
	if (index > 0)
		repo_take_index(r, &is, &old);
	repo_refresh_excludes(r);
	ignore = ignore_refresh(r->ignore);
	ignore = ignore || (index > 0 && !tracked_same_paths(&old, &r->tracked)) || (head > 0 && r->index_unreadable);
	if (head > 0 && moved != NULL)
		headtree_diff(old_tree, r->tree, moved, arg);
	if (index > 0 && moved != NULL)
		tracked_diff_conflicts(&old, &r->tracked, repo_report_conflict, &report);
	headtree_free(old_tree);
	tracked_free(&old);
	*ret_ignore = ignore;
	return 0;
}

const char *
repo_commit(const struct repo *r)
{
	return r->born ? r->commit : NULL;
}

const char *
repo_branch(const struct repo *r)
{
	return r->branch;
}

const uint8_t *
repo_head_blob(const struct repo *r, const char *path)
{
	return headtree_blob(r->tree, path);
}

static bool
repo_tracked(const struct repo *r, const char *path, bool folder)
{
	return r->index_unreadable ? headtree_has(r->tree, path) : tracked_has(&r->tracked, path, folder);
}

bool
repo_ignored(struct repo *r, const char *path, bool directory)
{
	buf_clear(&r->path);
	if (r->below[0] != '\0')
		buf_addf(&r->path, "%s/", r->below);
	buf_addstr(&r->path, path);
	return ignore_matches(r->ignore, buf_str(&r->path), directory) && !repo_tracked(r, path, directory);
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
