#include "ctl/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/out.h"
#include "ctl/path.h"
#include "manifest/read.h"

#define WALK_EPOCH 1

struct walk {
	int fd; /* the root */
	const struct collections *collections;
	const struct strings *limits; /* none: everything */
	struct facts *facts; /* NULL: only folders count */
};

/* Is path what another path would be as a folder of its own: tools/js.yaml, tools/js? */
static bool
walk_twin(const char *path, const char *file)
{
	const char *dot = strrchr(file, '.');
	size_t n = strlen(path);

	return dot != NULL && n == (size_t)(dot - file) && memcmp(path, file, n) == 0;
}

/* Can what lies in this folder matter for what is asked for: on the way to it, in it, or a rival for its id? */
static bool
walk_near(const struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->collections->n; i++)
		if (w->collections->v[i].id_from != NULL)
			return true;
	for (size_t i = 0; i < w->limits->n; i++) {
		const char *limit = w->limits->v[i];

		if (path_within(path, limit) || path_within(limit, path) || walk_twin(path, limit))
			return true;
	}
	return w->limits->n == 0;
}

/* One name of a folder: tell the facts, or remember a folder to look into. */
static void
walk_name(const struct walk *w, int dirfd_, const char *path, const char *name, struct strings *todo)
{
	const struct collection *c = collections_find(w->collections, path);
	struct signature sig;
	char target[4096];
	struct stat st;
	ssize_t n;

	if (c != NULL && path[0] != '\0' && strcmp(collection_relative(c, path), "") != 0 && kind_ignored(c, path))
		return;
	if (fstatat(dirfd_, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (w->facts == NULL && !S_ISDIR(st.st_mode))
		return;
	signature_of(&st, &sig);
	if (S_ISDIR(st.st_mode)) {
		if ((c != NULL || collections_leads_to(w->collections, path)) && walk_near(w, path))
			strings_add(todo, path);
	} else if (S_ISLNK(st.st_mode)) {
		n = readlinkat(dirfd_, name, target, sizeof target - 1);
		if (n < 0)
			return;
		target[n] = '\0';
		(void)facts_saw(w->facts, path, FACT_SYMLINK, &sig, target, true, WALK_EPOCH);
	} else {
		(void)facts_saw(
		    w->facts, path, S_ISREG(st.st_mode) ? FACT_FILE : FACT_OTHER, &sig, NULL, true, WALK_EPOCH);
	}
}

/* -1: it cannot be looked into. */
static int
walk_folder(const struct walk *w, const char *path, struct strings *todo)
{
	int fd = read_open_beneath(w->fd, path, O_DIRECTORY);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		out_note("%s: cannot look into this folder: %s", path, strerror(errno));
		return -1;
	}
	dir = fdopendir(fd);
	if (dir == NULL) {
		(void)close(fd);
		return -1;
	}
	while ((entry = readdir(dir)) != NULL) {
		char *child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		child = path_join(path, entry->d_name);
		walk_name(w, dirfd(dir), child, entry->d_name, todo);
		free(child);
	}
	(void)closedir(dir);
	return 0;
}

/* Returns the number of folders; *ret_rc becomes -1 when one could not be looked into. */
static size_t
walk_all(const struct walk *w, int *ret_rc)
{
	struct strings todo = {0};
	size_t n = 0;

	strings_add(&todo, "");
	while (todo.n > 0) {
		char *path = todo.v[--todo.n];

		n++;
		if (walk_folder(w, path, &todo) != 0)
			*ret_rc = -1;
		free(path);
	}
	strings_free(&todo);
	return n;
}

int
walk_tree(int rootfd, const struct collections *cs, const struct strings *limits, struct facts *f)
{
	struct walk w = {.fd = rootfd, .collections = cs, .limits = limits, .facts = f};
	int rc = 0;

	(void)walk_all(&w, &rc);
	return rc;
}

size_t
walk_folders(int rootfd, const struct collections *cs)
{
	const struct strings everything = {0};
	struct walk w = {.fd = rootfd, .collections = cs, .limits = &everything};
	int rc = 0;

	return walk_all(&w, &rc);
}
