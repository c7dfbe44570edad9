#include "git/checkout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int
checkout_error(struct err *e, const char *what)
{
	const git_error *ge = git_error_last();

	return err_set(e, "%s: %s", what, ge != NULL ? ge->message : "unknown error");
}

/* Options are the library's, not a repository's; each call sets the same but for the owner check. */
static int
checkout_options(bool trust_owner, struct err *e)
{
	static const git_config_level_t levels[] = {
	    GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
	/* What these change does not concern a reader of HEAD and the index. */
	static const char *const extensions[] = {"worktreeconfig", "partialclone", "preciousobjects"};
	int r = 0;

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		r |= git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, (int)levels[i], "");
	r |= git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, trust_owner ? 0 : 1);
	r |= git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, sizeof extensions / sizeof extensions[0]);
	/* Each tree is read once; what is kept of it is ours. */
	r |= git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	return r == 0 ? 0 : checkout_error(e, "libgit2 does not take its options");
}

/* We, or root for the user who called sudo, as git has it. */
static bool
checkout_is_me(uid_t uid)
{
	const char *sudo = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
	char *end;

	if (uid == geteuid())
		return true;
	return sudo != NULL && *sudo != '\0' && strtoul(sudo, &end, 10) == uid && *end == '\0';
}

static int
checkout_check_owner(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0 || checkout_is_me(st.st_uid))
		return 0;
	return err_set(e,
	    "%s belongs to UID %u and shelfd runs as UID %u, so git does not trust it; run as its owner or set "
	    "source.trust_owner: true",
	    path, (unsigned int)st.st_uid, (unsigned int)geteuid());
}

/*
 * The work tree, its .git and the folder that a .git file points to. libgit2
 * checks too, but lets root open everything and does not tell the UIDs.
 */
static int
checkout_check_owners(const char *root, const char *git_dir, struct err *e)
{
	char *dir = mem_strdup(root), *dot_git, *slash;
	int r = 0;

	for (;;) {
		dot_git = mem_printf("%s/.git", dir);
		slash = strrchr(dir, '/');
		if (access(dot_git, F_OK) == 0 || slash == NULL)
			break;
		free(dot_git);
		*slash = '\0';
	}
	if (checkout_check_owner(dir[0] != '\0' ? dir : "/", e) != 0 || checkout_check_owner(dot_git, e) != 0 ||
	    checkout_check_owner(git_dir, e) != 0)
		r = -1;
	free(dot_git);
	free(dir);
	return r;
}

/* libgit2 found none. 0 when there is none; -1 when that cannot be seen at the root. */
static int
checkout_absent(const char *root, struct err *e)
{
	char *dot_git = mem_printf("%s/.git", root);
	struct stat st;
	int r = 0;

	if (lstat(dot_git, &st) != 0 && errno != ENOENT && errno != ENOTDIR)
		r = err_sys(e, errno, "%s", dot_git);
	free(dot_git);
	return r;
}

/* 1: there is a repository that may be opened. */
static int
checkout_find(const char *root, bool trust_owner, struct err *e)
{
	git_buf git_dir = GIT_BUF_INIT;
	int r = 1;

	if (git_repository_discover(&git_dir, root, 0, NULL) != 0)
		return checkout_absent(root, e);
	if (!trust_owner && checkout_check_owners(root, git_dir.ptr, e) != 0)
		r = -1;
	git_buf_dispose(&git_dir);
	return r;
}

int
checkout_open(const char *root, bool trust_owner, git_repository **ret, struct err *e)
{
	const git_error *ge;
	int r;

	if (checkout_options(trust_owner, e) != 0)
		return -1;
	r = checkout_find(root, trust_owner, e);
	if (r != 1)
		return r;
	r = git_repository_open_ext(ret, root, 0, NULL);
	if (r == 0 && git_repository_workdir(*ret) == NULL) {
		git_repository_free(*ret);
		r = GIT_ENOTFOUND;
	}
	if (r == 0)
		return 1;
	if (r == GIT_ENOTFOUND)
		return 0;
	ge = git_error_last();
	if (ge == NULL || strstr(ge->message, "unsupported extension") == NULL)
		return checkout_error(e, root);
	if (strstr(ge->message, "objectformat") != NULL)
		err_set(e, "%s: a git repository with SHA-256 object ids is not supported", root);
	else
		(void)checkout_error(e, root);
	return 0;
}
