#include "ctl/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* Take the last part off a clean path. */
static void
path_pop(struct buf *b)
{
	while (b->n > 0 && b->p[--b->n] != '/')
		;
	if (b->p != NULL)
		b->p[b->n] = '\0';
}

/* ".." above the start of a relative path stays as it is. */
static void
path_push(struct buf *b, const char *part, size_t n, bool absolute)
{
	bool up = n == 2 && memcmp(part, "..", 2) == 0;
	const char *last = b->n > 0 ? strrchr(b->p, '/') : NULL;

	last = last != NULL ? last + 1 : buf_str(b);
	if (n == 0 || (n == 1 && part[0] == '.') || (up && absolute && b->n == 0))
		return;
	if (up && b->n > 0 && strcmp(last, "..") != 0) {
		path_pop(b);
		return;
	}
	if (b->n > 0 || absolute)
		buf_addch(b, '/');
	buf_add(b, part, n);
}

char *
path_clean(const char *path)
{
	struct buf b = {0};
	bool absolute = path[0] == '/';

	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		path_push(&b, path, n, absolute);
		path += n;
		path += *path == '/';
	}
	if (b.n == 0 && absolute)
		buf_addch(&b, '/');
	return buf_steal(&b);
}

char *
path_join(const char *root, const char *rel)
{
	if (rel[0] == '\0')
		return mem_strdup(root);
	return mem_printf("%s%s%s", root, root[0] == '\0' || strcmp(root, "/") == 0 ? "" : "/", rel);
}

char *
path_absolute(const char *path)
{
	char *cwd, *joined, *clean;

	if (path[0] == '/')
		return path_clean(path);
	cwd = getcwd(NULL, 0);
	joined = mem_printf("%s/%s", cwd != NULL ? cwd : "", path);
	clean = path_clean(joined);
	free(joined);
	free(cwd);
	return clean;
}

bool
path_within(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n == 0 || strcmp(prefix, "/") == 0)
		return true;
	return strncmp(path, prefix, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

const char *
path_below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n == 0)
		return path;
	if (strcmp(prefix, "/") == 0)
		return path + 1;
	return path[n] == '/' ? path + n + 1 : path + n;
}

char *
path_shown(const char *absolute)
{
	char *cwd = getcwd(NULL, 0), *shown;
	const char *below = absolute;

	if (cwd != NULL && path_within(absolute, cwd))
		below = path_below(absolute, cwd);
	shown = mem_strdup(below[0] != '\0' ? below : ".");
	free(cwd);
	return shown;
}

char *
path_parent(const char *absolute)
{
	struct buf b = {0};

	buf_addstr(&b, absolute);
	path_pop(&b);
	if (b.n == 0)
		buf_addch(&b, '/');
	return buf_steal(&b);
}
