#include "ctl/source.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/path.h"

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

/* Take over dir when collections lie in it. */
static char *
source_if_used(const struct ctl *c, char *dir)
{
	if (dir != NULL && source_has_collection(&c->settings.collections, dir))
		return dir;
	free(dir);
	return NULL;
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
	root = source_if_used(c, path_absolute("."));
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
	*ret_root = NULL;
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
