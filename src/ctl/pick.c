#include "ctl/pick.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "ctl/changed.h"
#include "ctl/judge.h"
#include "ctl/path.h"
#include "ctl/scan.h"
#include "ctl/source.h"
#include "ctl/strings.h"

static void
pick_scanned(struct pick *p, const struct scan *s, const char *root, const struct scanned *m)
{
	struct buf problems = {0};

	if (!scan_problems(s, m, &problems))
		buf_addstr(&problems, "[]");
	p->each(p->arg,
	    &(struct picked){.root = root,
		.path = m->path,
		.encoded = m->encoded,
		.manifest = m->manifest,
		.problems = problems.p,
		.problems_n = problems.n});
	buf_free(&problems);
}

/* All manifests of a root, or those at or below limits (NULL: all). */
static int
pick_root(struct pick *p, const char *root, const struct collections *cs, const struct strings *limits)
{
	const struct scanned *all;
	struct scan *s;
	struct err e;
	size_t n;

	s = scan_new(root, cs, &e);
	if (s == NULL) {
		out_say("%s", e.msg);
		return e.sys == EACCES ? CTL_PERMISSION : CTL_FAILURE;
	}
	for (size_t i = 0; limits != NULL && i < limits->n; i++)
		scan_limit(s, limits->v[i]);
	if (scan_run(s, false) != 0)
		p->incomplete = true;
	all = scan_all(s, &n);
	for (size_t i = 0; i < n; i++)
		pick_scanned(p, s, root, &all[i]);
	scan_free(s);
	return CTL_OK;
}

/* Any other file of the root that is meant: a list of changed files may name it. */
static bool
pick_passed_over(const struct pick *p, const char *absolute)
{
	const struct collections *cs = &p->c->settings.collections;
	char *root = source_root(p->c);
	bool meant = session_opt(p->c, OPT_ROOT) != NULL || source_has_collection(cs, root);
	bool over =
	    session_opt(p->c, OPT_TYPE) == NULL && meant && path_within(absolute, root) && !judge_known(cs, absolute);

	free(root);
	return over;
}

static int
pick_lone_file(struct pick *p, const char *absolute)
{
	struct judge j;
	struct manifest *m;
	struct buf encoded = {0}, problems = {0};
	char *file;
	int rc = judge_guess(p->c, absolute, &j);

	if (rc != CTL_OK)
		return rc;
	m = judge_read(&j);
	file = path_shown(absolute);
	text_percent_encode(&encoded, file, strlen(file));
	problems_json(&m->problems, &problems);
	p->each(p->arg,
	    &(struct picked){.root = j.root,
		.path = j.path,
		.encoded = buf_str(&encoded),
		.manifest = m,
		.problems = buf_str(&problems),
		.problems_n = problems.n});
	buf_free(&problems);
	buf_free(&encoded);
	free(file);
	manifest_unref(m);
	judge_free(&j);
	return CTL_OK;
}

static bool
pick_has_entry(const struct collection *c, const char *folder)
{
	bool found = false;

	for (char **name = c->entry; *name != NULL && !found; name++) {
		char *path = path_join(folder, *name);
		struct stat st;

		found = lstat(path, &st) == 0;
		free(path);
	}
	return found;
}

/* A folder in no collection, taken for one of this type, or for the place of bundles of it. */
static int
pick_lone_folder(struct pick *p, const struct collection *type, const char *folder)
{
	char *nothing[] = {NULL}, nowhere[] = "", *root = mem_strdup(folder);
	struct collection c = *type;
	struct collections cs = {.v = &c, .n = 1};
	struct strings limits = {0};
	int rc;

	c.path = nowhere;
	if (session_opt(p->c, OPT_TYPE) == NULL)
		c.flat = nothing;
	if (pick_has_entry(type, folder)) {
		free(root);
		root = path_parent(folder);
		strings_add(&limits, path_below(folder, root));
	}
	rc = pick_root(p, root, &cs, limits.n > 0 ? &limits : NULL);
	strings_free(&limits);
	free(root);
	return rc;
}

static int
pick_lone(struct pick *p, const char *absolute, bool folder)
{
	const struct collections *cs = &p->c->settings.collections;
	const char *type = session_opt(p->c, OPT_TYPE);
	const struct collection *c;
	int rc = CTL_OK;

	if (!folder)
		return pick_passed_over(p, absolute) ? CTL_OK : pick_lone_file(p, absolute);
	if (type != NULL) {
		c = judge_type(p->c, type);
		return c != NULL ? pick_lone_folder(p, c, absolute) : CTL_USAGE;
	}
	for (size_t i = 0; i < cs->n && rc == CTL_OK; i++)
		rc = pick_lone_folder(p, &cs->v[i], absolute);
	return rc;
}

/* The paths of the command line that lie in one root. */
struct group {
	char *root;
	struct strings limits;
};

struct groups {
	struct group *v;
	size_t n;
};

static void
groups_add(struct groups *g, const char *root, const char *rel)
{
	size_t i = 0;

	while (i < g->n && strcmp(g->v[i].root, root) != 0)
		i++;
	if (i == g->n) {
		g->v = mem_realloc(g->v, g->n + 1, sizeof *g->v);
		g->v[g->n++] = (struct group){.root = mem_strdup(root)};
	}
	strings_add(&g->v[i].limits, rel);
}

static void
groups_free(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->v[i].root);
		strings_free(&g->v[i].limits);
	}
	free(g->v);
}

static int
pick_not_in_git(const char *arg)
{
	out_say("%s is in no collection of a checkout; --changed asks git about those only", arg);
	return CTL_USAGE;
}

static int
pick_path(struct pick *p, const char *arg, struct groups *g)
{
	char *absolute = path_absolute(arg), *root = NULL, *rel = NULL;
	struct stat st;
	int rc = CTL_OK;

	if (lstat(absolute, &st) != 0) {
		out_say("%s: %s", arg, strerror(errno));
		rc = errno == EACCES ? CTL_PERMISSION : CTL_FAILURE;
		free(absolute);
		return rc;
	}
	if (session_opt(p->c, OPT_TYPE) == NULL)
		source_locate(p->c, absolute, &root, &rel);
	if (rel != NULL)
		groups_add(g, root, rel);
	else if (p->changed)
		rc = pick_not_in_git(arg);
	else
		rc = pick_lone(p, absolute, S_ISDIR(st.st_mode));
	free(rel);
	free(root);
	free(absolute);
	return rc;
}

/* Of what was asked for, leave what changed. */
static int
pick_changed(const struct pick *p, struct group *g)
{
	struct strings all = {0}, left = {0};
	struct err e;

	if (changed_paths(g->root, p->rev, &all, &e) != 0) {
		out_say("%s", e.msg);
		return CTL_FAILURE;
	}
	for (size_t i = 0; i < all.n; i++)
		for (size_t k = 0; k < g->limits.n; k++)
			if (path_within(all.v[i], g->limits.v[k])) {
				strings_add(&left, all.v[i]);
				break;
			}
	strings_free(&all);
	strings_free(&g->limits);
	g->limits = left;
	return CTL_OK;
}

static int
pick_group(struct pick *p, struct group *g)
{
	int rc = p->changed ? pick_changed(p, g) : CTL_OK;

	if (rc == CTL_OK && g->limits.n > 0)
		rc = pick_root(p, g->root, &p->c->settings.collections, &g->limits);
	return rc;
}

static int
pick_named(struct pick *p, int argc, const char *const *argv)
{
	struct groups g = {0};
	int rc = CTL_OK;

	for (int i = 0; i < argc && rc == CTL_OK; i++)
		rc = pick_path(p, argv[i], &g);
	for (size_t i = 0; i < g.n && rc == CTL_OK; i++)
		rc = pick_group(p, &g.v[i]);
	groups_free(&g);
	return rc;
}

static int
pick_default(struct pick *p)
{
	const struct collections *cs = &p->c->settings.collections;
	struct groups g = {0};
	char *root = source_root(p->c);
	int rc = CTL_FAILURE;

	if (collections_find(cs, "") != NULL || source_has_collection(cs, root)) {
		groups_add(&g, root, "");
		rc = pick_group(p, &g.v[0]);
	} else {
		struct buf names = {0};

		for (size_t i = 0; i < cs->n; i++)
			buf_addf(&names, "%s%s/", i > 0 ? ", " : "", cs->v[i].path);
		out_say("nothing to lint in %s: it has no %s; name a path, or a root with -C", root, buf_str(&names));
		buf_free(&names);
	}
	groups_free(&g);
	free(root);
	return rc;
}

char *
picked_file(const struct picked *p)
{
	char *absolute = path_join(p->root, p->path), *file = path_shown(absolute);

	free(absolute);
	return file;
}

int
pick_run(struct pick *p, int argc, const char *const *argv)
{
	return argc > 0 ? pick_named(p, argc, argv) : pick_default(p);
}
