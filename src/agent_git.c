#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"
#include "base/log.h"
#include "base/mem.h"

#define AGAIN_AFTER (2 * USEC_PER_SEC)

static int
git_open(const struct agent *a, bool whole, struct repo **ret, struct err *e)
{
	const struct collections *cs = &a->settings->collections;
	const char **prefixes = mem_zalloc((cs->n + 1) * sizeof *prefixes);
	int r;

	for (size_t i = 0; i < cs->n; i++)
		prefixes[i] = cs->v[i].path;
	e->msg[0] = '\0';
	r = (whole ? repo_open : repo_begin)(a->root, a->settings->source.trust_owner, prefixes, ret, e);
	free(prefixes);
	if (r == 0 && *ret == NULL && e->msg[0] != '\0')
		log_warning("git: %s; going on without it", e->msg);
	return r;
}

int
agent_git_open(struct agent *a, struct err *e)
{
	a->git_again = USEC_NEVER;
	return git_open(a, false, &a->repo, e);
}

static void
head_read(struct job *j)
{
	struct agent *a = (struct agent *)((char *)j - offsetof(struct agent, head_job));

	if (repo_read_head(a->repo, &a->head, &a->head_why) != 0)
		a->head = NULL;
}

static void
head_done(struct agent *a, struct job *j)
{
	(void)j;
	a->head_asked = false;
	if (a->head != NULL) {
		repo_take_head(a->repo, a->head);
	} else {
		log_error("git: %s", a->head_why.msg);
		agent_stop(a, AGENT_FAILED);
	}
}

void
agent_git_begin(struct agent *a)
{
	if (a->repo == NULL)
		return;
	a->head_job = (struct job){.work = head_read, .done = head_done};
	a->head_asked = true;
	agent_jobs_add(a, &a->head_job);
}

static void
git_failed(struct agent *a, const char *why)
{
	if (strcmp(a->git_why, why) != 0)
		log_warning("git: %s; going on with what is known until it can be read", why);
	(void)snprintf(a->git_why, sizeof a->git_why, "%s", why);
	a->git_again = clock_now() + AGAIN_AFTER;
}

static void
git_works(struct agent *a)
{
	if (a->git_why[0] != '\0')
		log_info("git: all can be read again");
	a->git_why[0] = '\0';
}

static void
git_moved(void *arg, const char *path)
{
	struct agent *a = arg;
	const struct manifest *m = facts_manifest(a->facts, path);

	/* A conflict that came or went changes what the same bytes mean. */
	if ((a->repo != NULL && repo_conflicted(a->repo, path)) || (m != NULL && !m->ok))
		facts_touch(a->facts, path);
	facts_reassemble(a->facts, path);
}

/* Another checkout, or none any more: every item's git state and all that is ignored may be another. */
static void
git_reopen(struct agent *a)
{
	struct repo *fresh = NULL;
	struct err e;

	if (git_open(a, true, &fresh, &e) != 0) {
		git_failed(a, e.msg);
		return;
	}
	git_works(a);
	if (fresh == NULL && a->repo == NULL)
		return;
	if (fresh == NULL)
		log_info("git: the source is in no checkout any more");
	else
		log_info("git: the source is in another checkout now: %s", repo_git_dir(fresh));
	repo_free(a->repo);
	a->repo = fresh;
	watcher_set_git(
	    a->watcher, fresh != NULL ? repo_git_dir(fresh) : NULL, fresh != NULL ? repo_common_dir(fresh) : NULL);
	facts_each_manifest(a->facts, git_moved, a);
	a->rescan = true;
}

static void
git_refresh(struct agent *a)
{
	bool ignore = false;
	struct err e;

	if (repo_refresh(a->repo, git_moved, a, &ignore, &e) != 0)
		git_failed(a, e.msg);
	else if (repo_unread(a->repo) != NULL)
		git_failed(a, repo_unread(a->repo)->msg);
	else
		git_works(a);
	a->rescan |= ignore;
}

void
agent_git_look(struct agent *a)
{
	a->git_again = a->head_asked ? 0 : USEC_NEVER;
	if (a->head_asked)
		return;
	if (a->repo != NULL && repo_is_current(a->repo, a->root))
		git_refresh(a);
	else if (watcher_root_here(a->watcher))
		git_reopen(a);
}

void
agent_git_run(struct agent *a, usec_t now)
{
	/* Ignore files are read when somebody asks. */
	if (a->repo != NULL && a->git_again == USEC_NEVER && repo_unread(a->repo) != NULL)
		git_failed(a, repo_unread(a->repo)->msg);
	if (now >= a->git_again && !a->held && !a->head_asked)
		agent_git_look(a);
}

usec_t
agent_git_deadline(const struct agent *a)
{
	return a->held || a->head_asked ? USEC_NEVER : a->git_again;
}
