#include "ctl/source.h"

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

/* The nearest folder at or above a path for which test says yes, or NULL. */
static char *
source_ascend(const char *absolute, bool (*test)(const void *, const char *dir), const void *arg)
{
	char *dir = mem_strdup(absolute);

	while (!test(arg, dir)) {
		char *up = path_parent(dir);
		bool top = strcmp(up, dir) == 0;

		free(dir);
		dir = up;
		if (top) {
			free(dir);
			return NULL;
		}
	}
	return dir;
}

static bool
source_is_checkout(const void *arg, const char *dir)
{
	char *git = path_join(dir, ".git");
	bool there = access(git, F_OK) == 0;

	(void)arg;
	free(git);
	return there;
}

static bool
source_leads(const struct collections *cs, const char *root, const char *absolute)
{
	const char *rel;

	if (!path_within(absolute, root))
		return false;
	rel = path_below(absolute, root);
	return collections_find(cs, rel) != NULL || collections_leads_to(cs, rel);
}

struct above {
	const struct collections *cs;
	const char *absolute;
};

static bool
source_is_above(const void *arg, const char *dir)
{
	const struct above *a = arg;

	return collections_find(a->cs, path_below(a->absolute, dir)) != NULL;
}

bool
source_has_collection(const struct collections *cs, const char *dir)
{
	bool found = false;

	for (size_t i = 0; i < cs->n && !found; i++) {
		char *path = path_join(dir, cs->v[i].path);

		found = cs->v[i].path[0] != '\0' && access(path, F_OK) == 0;
		free(path);
	}
	return found;
}

static char *
source_find(const struct ctl *c, const char *absolute)
{
	const struct collections *cs = &c->settings.collections;
	const struct above above = {.cs = cs, .absolute = absolute};
	char *root;

	if (c->settings.source.root != NULL) {
		root = path_absolute(c->settings.source.root);
		if (source_leads(cs, root, absolute))
			return root;
		free(root);
	}
	root = source_ascend(absolute, source_is_checkout, NULL);
	if (root != NULL && source_leads(cs, root, absolute))
		return root;
	free(root);
	if (source_has_collection(cs, absolute))
		return mem_strdup(absolute);
	return source_ascend(absolute, source_is_above, &above);
}

void
source_locate(const struct ctl *c, const char *absolute, char **ret_root, char **ret_rel)
{
	const char *option = session_opt(c, OPT_ROOT);
	char *root = option != NULL ? path_absolute(option) : source_find(c, absolute);

	if (root != NULL && source_leads(&c->settings.collections, root, absolute)) {
		*ret_rel = mem_strdup(path_below(absolute, root));
		*ret_root = root;
		return;
	}
	free(root);
	*ret_rel = NULL;
	*ret_root = path_parent(absolute);
}

/* Take over dir when collections lie in it. */
static char *
source_if_used(const struct ctl *c, char *dir)
{
	if (dir != NULL && source_has_collection(&c->settings.collections, dir))
		return dir;
	free(dir);
	return NULL;
}

char *
source_root(const struct ctl *c)
{
	const char *option = session_opt(c, OPT_ROOT), *set = c->settings.source.root;
	char *cwd = path_absolute("."), *root;

	if (option != NULL) {
		free(cwd);
		return path_absolute(option);
	}
	root = source_if_used(c, mem_strdup(cwd));
	if (root == NULL)
		root = source_if_used(c, source_ascend(cwd, source_is_checkout, NULL));
	if (root == NULL && set != NULL)
		root = path_absolute(set);
	if (root == NULL)
		return cwd;
	free(cwd);
	return root;
}
