#include <errno.h>

#include "watch/inner.h"

const char *
path_set(struct watcher *w, const struct node *dir, const char *name)
{
	buf_clear(&w->path);
	tree_path(dir, &w->path);
	if (name != NULL) {
		if (w->path.n > 0)
			buf_addch(&w->path, '/');
		buf_addstr(&w->path, name);
	}
	return buf_str(&w->path);
}

bool
path_counts(const struct watcher *w, const char *path)
{
	const struct collection *c;

	if (collections_leads_to(w->collections, path))
		return true;
	c = collections_find(w->collections, path);
	return c != NULL && (*collection_relative(c, path) == '\0' || !kind_ignored(c, path));
}

bool
path_enters(struct watcher *w, const char *path)
{
	return path_counts(w, path) && !w->sink.ignored(w->arg, path, true);
}

bool
path_is_told(struct watcher *w, const char *path)
{
	const struct collection *c = collections_find(w->collections, path);

	return c != NULL && *collection_relative(c, path) != '\0' && !kind_ignored(c, path) &&
	    !w->sink.ignored(w->arg, path, false);
}

/* ELOOP: a symlink stands where the path had a folder. */
bool
errno_is_gone(int sys)
{
	return sys == ENOENT || sys == ENOTDIR || sys == ELOOP;
}
