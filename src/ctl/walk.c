#include "ctl/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/limits.h"
#include "ctl/out.h"
#include "ctl/path.h"
#include "manifest/read.h"

#define WALK_EPOCH 1

struct walk {
	int fd; /* the root */
	const struct collections *collections;
	const struct strings *limits; /* none: everything */
	const struct strings *ignored; /* NULL: nothing */
	struct facts *facts; /* NULL: only folders count */
};

/* Can what lies in this folder matter for what is asked for: on the way to it, in it, or a rival for its id? */
static bool
walk_near(const struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->collections->n; i++)
		if (w->collections->v[i].id_from != NULL)
			return true;
	return limits_hold(w->limits, path) || limits_below(w->limits, path) || limits_twin(w->limits, path);
}

static void
walk_symlink(const struct walk *w, int dir, const char *path, const char *name)
{
	const struct signature none = {0};
	char target[4096];
	ssize_t n = readlinkat(dir, name, target, sizeof target - 1);

	if (n < 0)
		return;
	target[n] = '\0';
	(void)facts_saw(w->facts, path, FACT_SYMLINK, &none, target, true, WALK_EPOCH);
}

/* What the folder says of a name, as far as its file system tells; DT_UNKNOWN: it is not there any more. */
static unsigned char
walk_type(int dir, const char *name, unsigned char told)
{
	struct stat st;

	if (told != DT_UNKNOWN)
		return told;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return DT_UNKNOWN;
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISLNK(st.st_mode) ? DT_LNK : S_ISREG(st.st_mode) ? DT_REG : DT_FIFO;
}

/* One name of a folder: tell the facts, or remember a folder to look into. Nothing is seen twice: signatures tell nothing. */
static void
walk_name(const struct walk *w, int dir, const char *path, const char *name, unsigned char told, struct strings *todo)
{
	const struct collection *c = collections_find(w->collections, path);
	const struct signature none = {0};
	unsigned char type;

	if (c != NULL && path[0] != '\0' && strcmp(collection_relative(c, path), "") != 0 && kind_ignored(c, path))
		return;
	if (w->ignored != NULL && strings_have(w->ignored, path))
		return;
	type = walk_type(dir, name, told);
	if (type == DT_DIR) {
		if ((c != NULL || collections_leads_to(w->collections, path)) && walk_near(w, path))
			strings_add(todo, path);
	} else if (w->facts == NULL || type == DT_UNKNOWN) {
		return;
	} else if (type == DT_LNK) {
		walk_symlink(w, dir, path, name);
	} else {
		(void)facts_saw(w->facts, path, type == DT_REG ? FACT_FILE : FACT_OTHER, &none, NULL, true, WALK_EPOCH);
	}
}

/* readdir(3) without what opendir(3) asks before: there are many folders, and most are small. */
static int
walk_names(const struct walk *w, int dir, const char *path, struct strings *todo)
{
	char buffer[32768] __attribute__((aligned(_Alignof(struct dirent64))));
	ssize_t n;

	while ((n = getdents64(dir, buffer, sizeof buffer)) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
			char *child;

			at += entry->d_reclen;
			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			child = path_join(path, entry->d_name);
			walk_name(w, dir, child, entry->d_name, entry->d_type, todo);
			free(child);
		}
	}
	return (int)n;
}

/* -1: it cannot be looked into. */
static int
walk_folder(const struct walk *w, const char *path, struct strings *todo)
{
	int fd = read_open_beneath(w->fd, path, O_DIRECTORY), rc;

	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		out_note("%s: cannot look into this folder: %s", path, strerror(errno));
		return -1;
	}
	rc = walk_names(w, fd, path, todo);
	if (rc != 0)
		out_note("%s: cannot look into this folder: %s", path, strerror(errno));
	(void)close(fd);
	return rc;
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
walk_tree(int rootfd, const struct collections *cs, const struct strings *limits, const struct strings *ignored,
    struct facts *f)
{
	struct walk w = {.fd = rootfd, .collections = cs, .limits = limits, .ignored = ignored, .facts = f};
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
