#include <string.h>

#include "agent_private.h"
#include "base/log.h"

#define GUARD_ITEMS 20 /* a collection that has no more is not guarded */
#define GUARD_AFTER (1 * USEC_PER_SEC) /* a mount, a clone, a server that was restarted are through by then */

static bool
is_of_type(const char *key, const char *type)
{
	size_t n = strlen(type);

	return strncmp(key, type, n) == 0 && key[n] == '/';
}

static size_t
lost_of(const struct changeset *cs, const char *type)
{
	size_t n = 0;

	for (size_t i = 0; i < cs->n; i++)
		n += cs->changes[i].op == OP_DELETED && is_of_type(cs->changes[i].key, type);
	return n;
}

static size_t
published_of(const struct published *p, const char *type)
{
	size_t n = 0;

	for (const struct published_item *i = published_next(p, NULL); i != NULL; i = published_next(p, i->key))
		n += is_of_type(i->key, type);
	return n;
}

/* At a start nobody saw how it went; later what had an event was not missed by a look at everything. */
static bool
is_explained(const struct agent *a, size_t lost)
{
	return a->git_worked || (a->ready && a->missed <= lost / 2);
}

/* The collection that loses more than half of its items for no reason that is known; NULL: none does. */
static const struct collection *
suspicious_loss(const struct agent *a, size_t *ret_lost, size_t *ret_had)
{
	const struct collections *cs = &a->settings->collections;

	for (size_t i = 0; i < cs->n; i++) {
		*ret_lost = lost_of(&a->changeset, cs->v[i].type);
		if (2 * *ret_lost <= GUARD_ITEMS || is_explained(a, *ret_lost))
			continue;
		*ret_had = published_of(a->published, cs->v[i].type);
		if (*ret_had > GUARD_ITEMS && 2 * *ret_lost > *ret_had)
			return &cs->v[i];
	}
	return NULL;
}

bool
agent_guard(struct agent *a, usec_t now)
{
	size_t lost, had;
	const struct collection *c = suspicious_loss(a, &lost, &had);

	if (c == NULL)
		return false;
	if (a->guard == GUARD_LOOKED) {
		log_warning("%zu of %zu items of type %s are gone, as a second look confirms", lost, had, c->type);
		return false;
	}
	log_warning(
	    "%zu of %zu items of type %s are gone all at once and nothing tells why: looking once more before they "
	    "are deleted",
	    lost, had, c->type);
	a->guard = GUARD_WAITS;
	a->guard_at = now + GUARD_AFTER;
	a->guarded++;
	return true;
}

void
agent_guard_passed(struct agent *a)
{
	a->guard = GUARD_OFF;
	a->missed = 0;
	a->git_worked = false;
}

bool
agent_guard_waits(const struct agent *a)
{
	return a->guard == GUARD_WAITS;
}

void
agent_guard_run(struct agent *a, usec_t now)
{
	struct err e;

	if (a->guard != GUARD_WAITS || now < a->guard_at || a->held)
		return;
	/* In a lost root nothing can be confirmed. */
	if (watcher_scan(a->watcher, NULL, "guard", now, &e) != 0)
		a->guard_at = now + GUARD_AFTER;
	else
		a->guard = GUARD_LOOKED;
}

usec_t
agent_guard_deadline(const struct agent *a)
{
	return a->guard == GUARD_WAITS && !a->held ? a->guard_at : USEC_NEVER;
}
