#include "watch/gitdir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

/*
 * The work tree's own folder, the shared one and info/ below that. Without
 * linked work trees the first two are one folder and the second has no watch.
 * refs/heads is not here: git takes HEAD.lock when it moves the current branch.
 */
enum folder { OWN, SHARED, INFO, FOLDERS };

struct gitdir {
	bool blind; /* one that is there could not be watched */
	char *path[FOLDERS];
	int wd[FOLDERS];
};

static const char *const own_names[] = {"index.lock", "HEAD.lock", "HEAD", "index", "ORIG_HEAD", "MERGE_HEAD",
    "rebase-merge", "rebase-apply",
    /* of a git directory that is being made */
    "objects", "refs", NULL};
static const char *const shared_names[] = {"packed-refs", "config", NULL};
static const char *const info_names[] = {"exclude", NULL};

struct gitdir *
gitdir_new(const char *git_dir, const char *common_dir)
{
	struct gitdir *g = mem_zalloc(sizeof *g);

	if (common_dir == NULL)
		common_dir = git_dir;
	g->path[OWN] = mem_strdup(git_dir);
	g->path[SHARED] = strcmp(common_dir, git_dir) != 0 ? mem_strdup(common_dir) : NULL;
	g->path[INFO] = mem_printf("%s/info", common_dir);
	for (int i = 0; i < FOLDERS; i++)
		g->wd[i] = -1;
	return g;
}

void
gitdir_free(struct gitdir *g)
{
	if (g == NULL)
		return;
	for (int i = 0; i < FOLDERS; i++)
		free(g->path[i]);
	free(g);
}

void
gitdir_watch(struct gitdir *g, struct inotify *in)
{
	g->blind = false;
	for (int i = 0; i < FOLDERS; i++) {
		if (g->wd[i] >= 0 || g->path[i] == NULL)
			continue;
		g->wd[i] = inotify_watch_path(in, g->path[i]);
		g->blind |= g->wd[i] < 0 && errno != ENOENT && errno != ENOTDIR;
	}
}

bool
gitdir_blind(const struct gitdir *g)
{
	return g->blind;
}

void
gitdir_rewatch(struct gitdir *g, struct inotify *in)
{
	for (int i = 0; i < FOLDERS; i++) {
		inotify_unwatch(in, g->wd[i]);
		g->wd[i] = -1;
	}
	gitdir_watch(g, in);
}

void
gitdir_unwatch(struct gitdir *g, struct inotify *in, bool (*shared)(void *arg, int wd), void *arg)
{
	for (int i = 0; i < FOLDERS; i++) {
		if (g->wd[i] >= 0 && !shared(arg, g->wd[i]))
			inotify_unwatch(in, g->wd[i]);
		g->wd[i] = -1;
	}
}

bool
gitdir_watches(const struct gitdir *g, int wd)
{
	for (int i = 0; i < FOLDERS; i++)
		if (g->wd[i] == wd)
			return true;
	return false;
}

static bool
is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static bool
name_counts(const struct gitdir *g, enum folder folder, const char *name)
{
	switch (folder) {
	case OWN:
		return is_one_of(name, own_names) || (g->path[SHARED] == NULL && name_counts(g, SHARED, name));
	case SHARED:
		return strcmp(name, "info") == 0 || is_one_of(name, shared_names);
	default:
		return is_one_of(name, info_names);
	}
}

bool
gitdir_event(struct gitdir *g, struct inotify *in, int wd, uint32_t mask, const char *name)
{
	int folder = 0;

	while (folder < FOLDERS && g->wd[folder] != wd)
		folder++;
	if (folder == FOLDERS)
		return false;
	if ((mask & IN_IGNORED) != 0) {
		g->wd[folder] = -1;
		return true;
	}
	if (!name_counts(g, (enum folder)folder, name))
		return false;
	if (strcmp(name, "info") == 0)
		gitdir_watch(g, in);
	return true;
}

static bool
exists(const struct gitdir *g, const char *name)
{
	char *path = mem_printf("%s/%s", g->path[OWN], name);
	struct stat st;
	bool there = lstat(path, &st) == 0;

	free(path);
	return there;
}

struct gitdir_state
gitdir_look(const struct gitdir *g)
{
	return (struct gitdir_state){
	    .index_lock = exists(g, "index.lock"),
	    .head_lock = exists(g, "HEAD.lock"),
	    .rebase = exists(g, "rebase-merge") || exists(g, "rebase-apply"),
	};
}

const char *
gitdir_path(const struct gitdir *g)
{
	return g->path[OWN];
}
