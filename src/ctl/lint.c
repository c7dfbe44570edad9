/* shelfctl lint: manifests on disk, checked without a daemon. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "ctl/findings.h"
#include "ctl/json.h"
#include "ctl/judge.h"
#include "ctl/path.h"
#include "ctl/scan.h"
#include "ctl/source.h"
#include "ctl/strings.h"
#include "ctl/verbs.h"

struct lint {
	struct ctl *c;
	struct buf b;
	struct tally tally;
	size_t manifests;
	bool incomplete; /* a folder could not be looked into */
};

static void
lint_finding(struct lint *l, const struct finding *f)
{
	tally_add(&l->tally, f->severity);
	finding_print(&l->c->out, &l->b, f);
}

static void
lint_scanned(struct lint *l, const struct scan *s, const char *root, const struct scanned *m)
{
	struct document *d = NULL;
	struct buf json = {0};
	const struct value *v = NULL;
	char *absolute = path_join(root, m->path), *file = path_shown(absolute);

	l->manifests++;
	if (scan_problems(s, m, &json))
		v = ctl_json_parse(json.p, json.n, &d);
	for (size_t i = 0; v != NULL && i < v->array.len; i++) {
		struct finding f;

		if (finding_of_value(&f, file, m->encoded, v->array.items[i]))
			lint_finding(l, &f);
	}
	document_free(d);
	buf_free(&json);
	free(file);
	free(absolute);
}

/* All manifests of a root, or those at or below limits (NULL: all). */
static int
lint_root(struct lint *l, const char *root, const struct collections *cs, const struct strings *limits)
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
		l->incomplete = true;
	all = scan_all(s, &n);
	for (size_t i = 0; i < n; i++)
		lint_scanned(l, s, root, &all[i]);
	scan_free(s);
	out_write(&l->b);
	return CTL_OK;
}

/* Any other file of the checkout: a list of changed files may name it. */
static bool
lint_passed_over(const struct lint *l, const char *absolute)
{
	char *root = source_root(l->c);
	bool over = session_opt(l->c, OPT_TYPE) == NULL && path_within(absolute, root) &&
	    source_has_collection(&l->c->settings.collections, root) &&
	    !judge_known(&l->c->settings.collections, absolute);

	free(root);
	return over;
}

static int
lint_lone_file(struct lint *l, const char *absolute)
{
	struct judge j;
	struct manifest *m;
	struct buf path = {0};
	char *file;
	int rc = judge_guess(l->c, absolute, &j);

	if (rc != CTL_OK)
		return rc;
	m = judge_read(&j);
	file = path_shown(absolute);
	text_percent_encode(&path, file, strlen(file));
	l->manifests++;
	for (size_t i = 0; i < m->problems.n; i++) {
		struct finding f;

		finding_of_problem(&f, file, buf_str(&path), &m->problems.v[i]);
		lint_finding(l, &f);
	}
	out_write(&l->b);
	buf_free(&path);
	free(file);
	manifest_unref(m);
	judge_free(&j);
	return CTL_OK;
}

static bool
lint_has_entry(const struct collection *c, const char *folder)
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
lint_lone_folder(struct lint *l, const struct collection *type, const char *folder)
{
	char *nothing[] = {NULL}, nowhere[] = "", *root = mem_strdup(folder);
	struct collection c = *type;
	struct collections cs = {.v = &c, .n = 1};
	struct strings limits = {0};
	int rc;

	c.path = nowhere;
	if (session_opt(l->c, OPT_TYPE) == NULL)
		c.flat = nothing;
	if (lint_has_entry(type, folder)) {
		free(root);
		root = path_parent(folder);
		strings_add(&limits, path_below(folder, root));
	}
	rc = lint_root(l, root, &cs, limits.n > 0 ? &limits : NULL);
	strings_free(&limits);
	free(root);
	return rc;
}

static int
lint_lone(struct lint *l, const char *absolute, bool folder)
{
	const struct collections *cs = &l->c->settings.collections;
	const char *type = session_opt(l->c, OPT_TYPE);
	const struct collection *c;
	int rc = CTL_OK;

	if (!folder)
		return lint_passed_over(l, absolute) ? CTL_OK : lint_lone_file(l, absolute);
	if (type != NULL) {
		c = judge_type(l->c, type);
		return c != NULL ? lint_lone_folder(l, c, absolute) : CTL_USAGE;
	}
	for (size_t i = 0; i < cs->n && rc == CTL_OK; i++)
		rc = lint_lone_folder(l, &cs->v[i], absolute);
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
lint_path(struct lint *l, const char *arg, struct groups *g)
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
	if (session_opt(l->c, OPT_TYPE) == NULL)
		source_locate(l->c, absolute, &root, &rel);
	if (rel != NULL)
		groups_add(g, root, rel);
	else
		rc = lint_lone(l, absolute, S_ISDIR(st.st_mode));
	free(rel);
	free(root);
	free(absolute);
	return rc;
}

static int
lint_named(struct lint *l, int argc, const char *const *argv)
{
	const struct collections *cs = &l->c->settings.collections;
	struct groups g = {0};
	int rc = CTL_OK;

	for (int i = 0; i < argc && rc == CTL_OK; i++)
		rc = lint_path(l, argv[i], &g);
	for (size_t i = 0; i < g.n && rc == CTL_OK; i++)
		rc = lint_root(l, g.v[i].root, cs, &g.v[i].limits);
	groups_free(&g);
	return rc;
}

static int
lint_default(struct lint *l)
{
	const struct collections *cs = &l->c->settings.collections;
	char *root = source_root(l->c);
	int rc;

	if (!source_has_collection(cs, root)) {
		struct buf names = {0};

		for (size_t i = 0; i < cs->n; i++)
			buf_addf(&names, "%s%s/", i > 0 ? ", " : "", cs->v[i].path);
		out_say("nothing to lint in %s: it has no %s; name a path, or a root with -C", root, buf_str(&names));
		buf_free(&names);
		free(root);
		return CTL_FAILURE;
	}
	rc = lint_root(l, root, cs, NULL);
	free(root);
	return rc;
}

static int
lint_format(struct ctl *c)
{
	const char *format = session_opt(c, OPT_FORMAT);

	if (format == NULL)
		return CTL_OK;
	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
		out_say("--format %s: text or json was expected", format);
		return CTL_USAGE;
	}
	c->out.json = strcmp(format, "json") == 0;
	return CTL_OK;
}

static void
lint_summary(const struct lint *l)
{
	struct buf b = {0};

	tally_text(&l->tally, &b);
	out_note("%zu manifest%s: %s", l->manifests, l->manifests == 1 ? "" : "s", buf_str(&b));
	buf_free(&b);
}

int
verb_lint(struct ctl *c, int argc, const char *const *argv)
{
	struct lint l = {.c = c};
	int rc = lint_format(c);

	if (rc == CTL_OK)
		rc = session_settings(c);
	if (rc != CTL_OK)
		return rc;
	judge_profile(c);
	rc = argc == 0 ? lint_default(&l) : lint_named(&l, argc, argv);
	buf_free(&l.b);
	if (rc != CTL_OK)
		return rc;
	lint_summary(&l);
	if (l.tally.errors > 0)
		return CTL_FINDINGS;
	return l.incomplete ? CTL_FAILURE : CTL_OK;
}
