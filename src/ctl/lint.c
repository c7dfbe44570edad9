/* shelfctl lint: manifests on disk, checked without a daemon. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/changed.h"
#include "ctl/fix.h"
#include "ctl/json.h"
#include "ctl/judge.h"
#include "ctl/pick.h"
#include "ctl/report.h"
#include "ctl/source.h"
#include "ctl/verbs.h"

struct lint {
	struct ctl *c;
	enum report_format format;
	struct report report;
	struct tally tally;
	size_t manifests;
	struct fix *fix; /* NULL: only check */
};

/* The bytes that were checked; false when they are not there any more, which mostly shows in the size. */
static bool
lint_read(const struct picked *p, struct buf *ret)
{
	int root = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct signature sig;
	bool same = false;

	if (root < 0)
		return false;
	if (read_file(root, p->path, ret, &sig, NULL) == READ_OK)
		same = ret->n == p->manifest->size;
	(void)close(root);
	return same;
}

static void
lint_findings(struct lint *l, const struct picked *p, const struct value *problems)
{
	struct buf text = {0};
	bool known = l->format == REPORT_TEXT && lint_read(p, &text);
	char *file = picked_file(p);

	for (size_t i = 0; i < problems->array.len; i++) {
		struct finding f;

		if (!finding_of_value(&f, file, p->encoded, problems->array.items[i]))
			continue;
		tally_add(&l->tally, f.severity);
		report_add(&l->report, &f, known ? buf_str(&text) : NULL, text.n);
	}
	report_flush(&l->report);
	buf_free(&text);
	free(file);
}

static void
lint_check(void *arg, const struct picked *p)
{
	struct lint *l = arg;
	struct document *d = NULL;
	const struct value *problems;

	l->manifests++;
	if (strcmp(p->problems, "[]") == 0)
		return;
	problems = ctl_json_parse(p->problems, p->problems_n, &d);
	if (problems != NULL)
		lint_findings(l, p, problems);
	document_free(d);
}

static void
lint_propose(void *arg, const struct picked *p)
{
	struct lint *l = arg;

	fix_look(l->fix, p);
}

/* Show what can be mended, and mend it. *ret_left: files that stay as they are though they could be mended. */
static int
lint_fix(struct lint *l, struct pick *p, int argc, const char *const *argv, size_t *ret_left)
{
	bool dry = session_flag(l->c, OPT_DRY_RUN), ask;
	int rc;

	p->each = lint_propose;
	l->fix = fix_new(&l->c->out, l->format != REPORT_TEXT);
	rc = pick_run(p, argc, argv);
	ask = !session_flag(l->c, OPT_YES) && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (rc == CTL_OK && fix_count(l->fix) > 0) {
		if (!dry && (!ask || fix_confirm(l->fix)))
			rc = fix_write(l->fix);
		else
			*ret_left = fix_count(l->fix);
	}
	fix_free(l->fix);
	return rc;
}

static void
lint_summary(const struct lint *l, size_t left)
{
	struct buf b = {0};

	tally_text(&l->tally, &b);
	if (left > 0)
		buf_addf(&b, ", %zu file%s can be mended", left, left == 1 ? "" : "s");
	out_note("%zu manifest%s: %s", l->manifests, l->manifests == 1 ? "" : "s", buf_str(&b));
	buf_free(&b);
}

static int
lint_run(struct lint *l, struct pick *p, int argc, const char *const *argv)
{
	size_t left = 0;
	int rc = CTL_OK;

	if (session_flag(l->c, OPT_FIX))
		rc = lint_fix(l, p, argc, argv, &left);
	if (rc != CTL_OK)
		return rc;
	p->each = lint_check;
	report_begin(&l->report, &l->c->out, l->format);
	rc = pick_run(p, argc, argv);
	report_end(&l->report);
	if (rc != CTL_OK)
		return rc;
	lint_summary(l, left);
	if (l->tally.errors > 0 || left > 0)
		return CTL_FINDINGS;
	return p->incomplete ? CTL_FAILURE : CTL_OK;
}

static int
lint_options(struct lint *l)
{
	const char *format = session_opt(l->c, OPT_FORMAT);

	l->format = l->c->out.json ? REPORT_JSON : REPORT_TEXT;
	if (format != NULL && report_format(format, &l->format) != 0) {
		out_say("--format %s: text, json, sarif or github was expected", format);
		return CTL_USAGE;
	}
	if (!session_flag(l->c, OPT_FIX) && (session_flag(l->c, OPT_DRY_RUN) || session_flag(l->c, OPT_YES))) {
		out_say("--%s needs --fix", session_flag(l->c, OPT_DRY_RUN) ? "dry-run" : "yes");
		return CTL_USAGE;
	}
	return CTL_OK;
}

/* As git has it: a word that is no file but a commit is what to compare with. */
static bool
lint_takes_revision(const struct ctl *c, const char *word)
{
	struct stat st;
	char *root;
	bool is;

	if (lstat(word, &st) == 0)
		return false;
	root = source_root(c);
	is = changed_is_revision(root, word);
	free(root);
	return is;
}

int
verb_lint(struct ctl *c, int argc, const char *const *argv)
{
	struct lint l = {.c = c};
	struct pick p = {.c = c, .arg = &l, .changed = session_flag(c, OPT_CHANGED)};
	int rc = lint_options(&l);

	if (rc == CTL_OK)
		rc = session_dialects(c);
	if (rc != CTL_OK)
		return rc;
	if (p.changed && session_opt(c, OPT_CHANGED)[0] != '\0')
		p.rev = session_opt(c, OPT_CHANGED);
	else if (p.changed && argc > 0 && lint_takes_revision(c, argv[0])) {
		p.rev = argv[0];
		argc--;
		argv++;
	}
	judge_profile(c);
	return lint_run(&l, &p, argc, argv);
}
