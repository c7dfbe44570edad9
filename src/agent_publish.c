#include "agent_private.h"

enum {
	AHEAD_GATHER = 64, /* bundles assembled in one step, so that Redis is not kept waiting */
	AHEAD_SET = 256, /* changes that make a set worth while */
};

static void
publish_submit(struct agent *a, usec_t now)
{
	const char *commit = a->repo != NULL ? repo_commit(a->repo) : NULL;
	const char *branch = a->repo != NULL ? repo_branch(a->repo) : NULL;

	if (a->changeset.n == 0 && !a->changeset.more && publisher_batch_open(a->publisher))
		changeset_repeat(&a->changeset, a->catalog, a->published);
	if (a->changeset.n == 0 && a->changeset.n_problems == 0 &&
	    (a->changeset.more || publisher_head_is(a->publisher, commit, branch))) {
		changeset_free(&a->changeset);
		return;
	}
	a->publishing = true;
	publisher_submit(a->publisher, &a->changeset, commit, branch, now, clock_wall_ms());
}

void
agent_publish_again(struct agent *a, struct changeset *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		catalog_touch_key(a->catalog, cs->changes[i].key);
	for (size_t i = 0; i < cs->n_problems; i++)
		catalog_touch_path(a->catalog, cs->problems[i].path);
	changeset_free(cs);
}

static void
ahead_end(struct agent *a)
{
	claims_free(a->claims);
	a->claims = NULL;
	a->ahead = AHEAD_OVER;
}

static bool
is_unknown(void *arg, const char *path)
{
	return watcher_unknown(arg, path);
}

void
agent_diff(struct agent *a, struct changeset *ret)
{
	changeset_diff(a->catalog, a->published, ret);
	a->unsure_version = watcher_unknown_version(a->watcher);
	changeset_hold(ret, is_unknown, a->watcher, &a->unsure);
}

/* Something can be looked at again: what was put off is decided anew. */
static void
unsure_again(struct agent *a)
{
	struct buf key = {0};

	if (a->unsure.n == 0 || a->unsure_version == watcher_unknown_version(a->watcher))
		return;
	while (textset_take(&a->unsure, &key))
		catalog_touch_key(a->catalog, buf_str(&key));
	buf_free(&key);
}

bool
agent_published(const struct agent *a)
{
	const char *commit = a->repo != NULL ? repo_commit(a->repo) : NULL;
	const char *branch = a->repo != NULL ? repo_branch(a->repo) : NULL;

	return !a->publishing && facts_assembled(a->facts) && !catalog_touched(a->catalog) &&
	    publisher_idle(a->publisher) && publisher_head_is(a->publisher, commit, branch);
}

void
agent_publish(struct agent *a, usec_t now)
{
	unsure_again(a);
	facts_assemble(a->facts, agent_candidate, a);
	if (!publisher_idle(a->publisher) || agent_guard_waits(a))
		return;
	ahead_end(a);
	if (a->opt.dry_run) {
		agent_dry_run(a);
		agent_stop(a, AGENT_DONE);
		return;
	}
	agent_diff(a, &a->changeset);
	if (agent_guard(a, now)) {
		agent_publish_again(a, &a->changeset);
		return;
	}
	agent_guard_passed(a);
	publish_submit(a, now);
}

static void
claim(void *arg, const struct collection *collection, const char *path, bool entry)
{
	claims_add(arg, collection, path, entry);
}

void
agent_publish_whole(struct agent *a, const char *path)
{
	if (a->ahead == AHEAD_OVER || a->opt.dry_run)
		return;
	if (a->claims == NULL)
		a->claims = claims_new(&a->settings->collections);
	facts_whole(a->facts, path, claim, a->claims);
}

static bool
is_settled(void *arg, const char *key)
{
	return claims_single(arg, key);
}

/*
 * Into an empty Redis only: there is nothing to delete then, nothing to rename,
 * and most of the time goes into writing everything for the first time.
 */
static bool
ahead_allowed(struct agent *a)
{
	if (a->ahead == AHEAD_OPEN && published_items(a->published) == 0)
		a->ahead = AHEAD_BEGUN;
	if (a->ahead == AHEAD_OPEN)
		ahead_end(a);
	return a->ahead == AHEAD_BEGUN && a->claims != NULL;
}

bool
agent_publish_ahead(struct agent *a, usec_t now)
{
	bool more;

	if (a->ahead == AHEAD_OVER || a->opt.dry_run || a->head_asked)
		return false;
	more = facts_assemble_ahead(a->facts, AHEAD_GATHER, agent_candidate, a);
	if (publisher_idle(a->publisher) && ahead_allowed(a) && catalog_touched_keys(a->catalog) >= a->ahead_at) {
		changeset_diff_ahead(a->catalog, a->published, is_settled, a->claims, &a->changeset);
		a->ahead_at = catalog_touched_keys(a->catalog) + AHEAD_SET;
		publish_submit(a, now);
	}
	return more;
}
