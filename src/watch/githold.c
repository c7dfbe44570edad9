#include "watch/githold.h"

/*
 * How long movement in the work tree alone can hold: a large checkout writes for
 * many seconds without a sign in the git directory, but next to a lock that
 * nobody owns any more a busy writer must not stop publishing for ever.
 */
#define TREE_CAPS 12

static bool
git_at_work(const struct githold *h)
{
	return h->index_lock || h->head_lock || h->rebase;
}

void
githold_init(struct githold *h, const struct githold_config *cfg)
{
	*h = (struct githold){.cfg = *cfg};
}

static bool
idle(const struct githold *h)
{
	return !h->settling && (!git_at_work(h) || h->expired);
}

static void
begin(struct githold *h, usec_t now)
{
	if (idle(h))
		h->since = now;
	h->moved = h->activity = now;
	h->expired = h->stale = h->settling = false;
}

static void
release(struct githold *h, usec_t now)
{
	h->expired = h->stale = false;
	h->settling = true;
	h->released = now;
}

void
githold_set(struct githold *h, bool index_lock, bool head_lock, bool rebase, usec_t now)
{
	bool was = git_at_work(h);

	if (h->index_lock == index_lock && h->head_lock == head_lock && h->rebase == rebase)
		return;
	if (index_lock || head_lock || rebase)
		begin(h, now);
	if (h->rebase && !rebase)
		h->since = now;
	h->index_lock = index_lock;
	h->head_lock = head_lock;
	h->rebase = rebase;
	if (was && !git_at_work(h))
		release(h, now);
}

void
githold_moved(struct githold *h, usec_t now)
{
	begin(h, now);
	if (!git_at_work(h))
		release(h, now);
}

void
githold_activity(struct githold *h, usec_t now)
{
	if (git_at_work(h) && now < h->moved + TREE_CAPS * h->cfg.cap)
		h->activity = now;
}

/* Commands in quick succession extend the wait, but only to the cap. */
static usec_t
settled(const struct githold *h)
{
	usec_t end = h->released + h->cfg.quiet;

	return usec_min(end, h->since + h->cfg.cap);
}

bool
githold_held(struct githold *h, usec_t now)
{
	if (h->settling && now >= settled(h))
		h->settling = false;
	if (git_at_work(h) && !h->expired && now >= h->activity + h->cfg.cap) {
		h->expired = true;
		h->stale = h->index_lock || h->head_lock;
	}
	return !idle(h);
}

usec_t
githold_deadline(const struct githold *h)
{
	if (idle(h))
		return USEC_NEVER;
	return h->settling ? settled(h) : h->activity + h->cfg.cap;
}

const char *
githold_operation(const struct githold *h)
{
	if (h->rebase)
		return "rebase";
	return h->index_lock || h->head_lock ? "index.lock" : "";
}
