#include "watch/anchor.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	ANCHORS_MAX = 32,
	LINKS_MAX = 40, /* as the kernel has it */
};

/* A folder on the way, and the name in it that the way goes through; NULL: any. */
struct anchor {
	char *folder, *name;
	int wd;
};

struct anchors {
	char *root;
	struct anchor v[ANCHORS_MAX];
	size_t n;
};

struct anchors *
anchors_new(const char *root)
{
	struct anchors *as = mem_zalloc(sizeof *as);

	as->root = mem_strdup(root);
	return as;
}

static void
anchors_clear(struct anchors *as)
{
	for (size_t i = 0; i < as->n; i++) {
		free(as->v[i].folder);
		free(as->v[i].name);
	}
	as->n = 0;
}

void
anchors_free(struct anchors *as)
{
	if (as == NULL)
		return;
	anchors_clear(as);
	free(as->root);
	free(as);
}

static void
anchors_put(struct anchors *as, const char *folder, const char *name)
{
	if (as->n == ANCHORS_MAX)
		return; /* the slow look at the root sees the rest */
	as->v[as->n++] = (struct anchor){
	    .folder = mem_strdup(*folder != '\0' ? folder : "/"), .name = mem_strdup_opt(name), .wd = -1};
}

/* The way from a folder: what is still to be walked. */
struct walk {
	struct buf at; /* "" is the root of all; no trailing slash */
	char *rest;
	int links;
};

/* Take the next part off the rest; "" at the end. */
static void
walk_part(struct walk *w, char name[NAME_MAX + 1])
{
	const char *s = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(s, "/");
	char *rest = mem_strdup(s + n);

	if (n > NAME_MAX)
		n = 0;
	memcpy(name, s, n);
	name[n] = '\0';
	free(w->rest);
	w->rest = rest;
}

static void
walk_up(struct walk *w)
{
	const char *s = buf_str(&w->at), *slash = strrchr(s, '/');
	char *up = mem_strndup(s, slash != NULL ? (size_t)(slash - s) : 0);

	buf_clear(&w->at);
	buf_addstr(&w->at, up);
	free(up);
}

/* The part that was just added is a symlink: go where it leads. false: it cannot be followed. */
static bool
walk_link(struct walk *w)
{
	char target[PATH_MAX];
	ssize_t n = readlink(buf_str(&w->at), target, sizeof target - 1);
	char *rest;

	if (n <= 0 || ++w->links > LINKS_MAX)
		return false;
	target[n] = '\0';
	rest = mem_printf("%s/%s", target, w->rest);
	free(w->rest);
	w->rest = rest;
	if (target[0] == '/')
		buf_clear(&w->at);
	else
		walk_up(w);
	return true;
}

static bool
rest_is_empty(const struct walk *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

static void
anchors_find(struct anchors *as, bool inside)
{
	struct walk w = {.rest = mem_strdup(as->root)};
	char name[NAME_MAX + 1];
	bool whole = true;

	for (walk_part(&w, name); *name != '\0' && whole; walk_part(&w, name)) {
		char *folder;
		struct stat st;

		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			walk_up(&w);
			continue;
		}
		folder = mem_strdup(buf_str(&w.at));
		buf_addf(&w.at, "/%s", name);
		whole = lstat(buf_str(&w.at), &st) == 0;
		if (!whole || S_ISLNK(st.st_mode) || rest_is_empty(&w))
			anchors_put(as, folder, name);
		if (whole && S_ISLNK(st.st_mode))
			whole = walk_link(&w);
		free(folder);
	}
	if (whole && inside)
		anchors_put(as, buf_str(&w.at), NULL);
	buf_free(&w.at);
	free(w.rest);
}

static bool
is_watched(const struct anchors *as, int wd)
{
	for (size_t i = 0; i < as->n; i++)
		if (as->v[i].wd == wd)
			return true;
	return false;
}

void
anchors_watch(struct anchors *as, struct inotify *in, bool inside, bool (*shared)(void *arg, int wd), void *arg)
{
	int old[ANCHORS_MAX];
	size_t n_old = as->n;

	for (size_t i = 0; i < n_old; i++)
		old[i] = as->v[i].wd;
	anchors_clear(as);
	anchors_find(as, inside);
	for (size_t i = 0; i < as->n; i++)
		as->v[i].wd = inotify_watch_names(in, as->v[i].folder);
	for (size_t i = 0; i < n_old; i++)
		if (old[i] >= 0 && !is_watched(as, old[i]) && !shared(arg, old[i]))
			inotify_unwatch(in, old[i]);
}

bool
anchors_event(const struct anchors *as, int wd, const char *name)
{
	for (size_t i = 0; i < as->n; i++)
		if (as->v[i].wd == wd && (*name == '\0' || as->v[i].name == NULL || strcmp(as->v[i].name, name) == 0))
			return true;
	return false;
}
