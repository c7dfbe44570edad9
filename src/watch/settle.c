#include "watch/settle.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/rbtree.h"

enum state {
	WAITING, /* in `waiting` by its time, and in `order` */
	READY, /* due: in `ready` by its first event, and in `order` */
	HANDED, /* remembered in `handed` for what may follow */
};

struct entry {
	uint64_t dir;
	enum state state;
	bool tree; /* waits for the whole burst of removals and moves */
	bool writing; /* somebody has it open for writing */
	bool new; /* the burst began with its creation */
	bool was_handed; /* handed_first and handed_seq count */
	bool completed; /* complete_at counts */
	usec_t complete_at; /* of the last complete event */
	usec_t last; /* event */
	usec_t due;
	/* The burst, and the one that was handed out last: a deferred look continues it. */
	usec_t first, handed_first;
	uint64_t seq, handed_seq;
	uint64_t since, handed_since; /* for barriers: that of the first touch, or of the touch that led to the name */
	RB_ENTRY(entry) by_name;
	RB_ENTRY(entry) by_time; /* in `waiting` or `ready` */
	RB_ENTRY(entry) by_since;
	TAILQ_ENTRY(entry) by_age;
	const char *name;
	char text[]; /* the name: a key for a search has none */
};

RB_HEAD(names, entry);
RB_HEAD(times, entry);
RB_HEAD(firsts, entry);
RB_HEAD(seqs, entry);
TAILQ_HEAD(ages, entry);

struct settle {
	struct settle_config cfg;
	struct names names; /* all */
	struct times waiting;
	struct firsts ready;
	struct seqs order; /* WAITING and READY */
	struct ages handed;
	size_t count; /* in order */
	usec_t last_tree; /* event of this kind, whatever its name */
	uint64_t seq;
};

static int
compare_names(const struct entry *a, const struct entry *b)
{
	if (a->dir != b->dir)
		return a->dir < b->dir ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int
compare_seqs(const struct entry *a, const struct entry *b)
{
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static int
compare_since(const struct entry *a, const struct entry *b)
{
	return a->since != b->since ? (a->since < b->since ? -1 : 1) : compare_seqs(a, b);
}

static int
compare_times(const struct entry *a, const struct entry *b)
{
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return compare_seqs(a, b);
}

RBTREE_GENERATE(names, entry, by_name, compare_names)
RBTREE_GENERATE(times, entry, by_time, compare_times)
RBTREE_GENERATE(firsts, entry, by_time, compare_seqs)
RBTREE_GENERATE(seqs, entry, by_since, compare_since)

struct settle *
settle_new(const struct settle_config *cfg)
{
	struct settle *s = mem_zalloc(sizeof *s);

	s->cfg = *cfg;
	RB_INIT(&s->names);
	RB_INIT(&s->waiting);
	RB_INIT(&s->ready);
	RB_INIT(&s->order);
	TAILQ_INIT(&s->handed);
	return s;
}

static struct entry *
entry_find(const struct settle *s, uint64_t dir, const char *name)
{
	struct entry key = {.dir = dir, .name = name};

	return RB_FIND(names, UNCONST(&s->names), &key);
}

/* A new entry stands nowhere but in names. */
static struct entry *
entry_new(struct settle *s, uint64_t dir, const char *name)
{
	size_t size = strlen(name) + 1;
	struct entry *e = mem_zalloc(sizeof *e + size);

	e->dir = dir;
	memcpy(e->text, name, size);
	e->name = e->text;
	(void)RB_INSERT(names, &s->names, e);
	return e;
}

static void
entry_wait(struct settle *s, struct entry *e, usec_t due)
{
	e->state = WAITING;
	e->due = usec_min(due, e->first + s->cfg.max_delay);
	(void)RB_INSERT(times, &s->waiting, e);
	(void)RB_INSERT(seqs, &s->order, e);
	s->count++;
}

static void
entry_hand(struct settle *s, struct entry *e)
{
	e->state = HANDED;
	e->writing = false;
	e->was_handed = true;
	e->handed_first = e->first;
	e->handed_seq = e->seq;
	e->handed_since = e->since;
	TAILQ_INSERT_TAIL(&s->handed, e, by_age);
}

/* Out of everything but names. */
static void
entry_take_out(struct settle *s, struct entry *e)
{
	if (e->state == HANDED) {
		TAILQ_REMOVE(&s->handed, e, by_age);
		return;
	}
	if (e->state == WAITING)
		(void)RB_REMOVE(times, &s->waiting, e);
	else
		(void)RB_REMOVE(firsts, &s->ready, e);
	(void)RB_REMOVE(seqs, &s->order, e);
	s->count--;
}

static void
entry_free(struct settle *s, struct entry *e)
{
	entry_take_out(s, e);
	(void)RB_REMOVE(names, &s->names, e);
	free(e);
}

void
settle_free(struct settle *s)
{
	struct entry *e;

	if (s == NULL)
		return;
	while ((e = RB_MIN(names, &s->names)) != NULL)
		entry_free(s, e);
	free(s);
}

/* Drop what can have no influence any more. Needs no timer: a few calls late is as good. */
static void
forget_old(struct settle *s, usec_t now)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&s->handed)) != NULL && now >= e->last + s->cfg.quiet &&
	    now >= e->handed_first + s->cfg.max_delay)
		entry_free(s, e);
}

static usec_t
due_after(const struct settle *s, const struct entry *e, enum settle_event ev, usec_t now)
{
	bool leading = !e->new && (!e->completed || now - e->complete_at >= s->cfg.quiet);

	if (ev == SETTLE_COMPLETE && (leading || HAS_FAULT(FAULT_EVERY_EVENT)))
		return now;
	return now + (e->writing ? s->cfg.writer : s->cfg.quiet);
}

void
settle_touch(struct settle *s, uint64_t dir, const char *name, enum settle_event ev, usec_t now)
{
	struct entry *e = entry_find(s, dir, name);
	bool begins = e == NULL || e->state == HANDED;
	usec_t due;

	s->seq++;
	if (e == NULL)
		e = entry_new(s, dir, name);
	else
		entry_take_out(s, e);
	if (begins) {
		e->first = now;
		e->seq = e->since = s->seq;
		e->new = ev == SETTLE_NEW;
	}
	e->tree = ev == SETTLE_TREE;
	if (e->tree)
		s->last_tree = now;
	if (ev == SETTLE_COMPLETE || ev == SETTLE_WRITE)
		e->writing = ev == SETTLE_WRITE;
	due = due_after(s, e, ev, now);
	if (ev == SETTLE_COMPLETE) {
		e->completed = true;
		e->complete_at = now;
	}
	e->last = now;
	entry_wait(s, e, due);
	forget_old(s, now);
}

void
settle_found(struct settle *s, uint64_t dir, const char *name, uint64_t since, usec_t now)
{
	struct entry *e = entry_find(s, dir, name);

	/* What waits will be handed out, and what was handed out is known as well. */
	if (e != NULL && e->state != HANDED)
		return;
	s->seq++;
	if (e == NULL)
		e = entry_new(s, dir, name);
	else
		entry_take_out(s, e);
	e->first = e->last = now;
	e->seq = s->seq;
	e->since = since;
	e->new = false;
	entry_hand(s, e);
	forget_old(s, now);
}

void
settle_forget(struct settle *s, uint64_t dir)
{
	struct entry key = {.dir = dir, .name = ""};
	struct entry *e = RB_NFIND(names, &s->names, &key), *next;

	for (; e != NULL && e->dir == dir; e = next) {
		next = RB_NEXT(names, , e);
		entry_free(s, e);
	}
}

/* A removal whose time has come, while others were still made a moment ago: it waits for them, up to the cap. */
static bool
entry_burst_goes_on(const struct settle *s, struct entry *e, usec_t now)
{
	usec_t due = usec_min(s->last_tree + s->cfg.quiet, e->first + s->cfg.max_delay);

	if (!e->tree || due <= now)
		return false;
	e->due = due;
	return true;
}

bool
settle_next(struct settle *s, usec_t now, struct settle_due *ret)
{
	struct entry *e;

	forget_old(s, now);
	while ((e = RB_MIN(times, &s->waiting)) != NULL && e->due <= now) {
		(void)RB_REMOVE(times, &s->waiting, e);
		if (entry_burst_goes_on(s, e, now)) {
			(void)RB_INSERT(times, &s->waiting, e);
			continue;
		}
		e->state = READY;
		(void)RB_INSERT(firsts, &s->ready, e);
	}
	e = RB_MIN(firsts, &s->ready);
	if (e == NULL)
		return false;
	entry_take_out(s, e);
	entry_hand(s, e);
	*ret = (struct settle_due){.dir = e->dir, .name = e->name, .first = e->first, .since = e->since};
	return true;
}

/* What was handed out was of no use, and waits with what came after it: once, as that may go on for ever. */
static void
entry_carry(struct settle *s, struct entry *e)
{
	if (e->handed_since != e->handed_seq)
		return;
	(void)RB_REMOVE(seqs, &s->order, e);
	e->since = e->handed_since;
	(void)RB_INSERT(seqs, &s->order, e);
}

bool
settle_defer(struct settle *s, uint64_t dir, const char *name, usec_t now)
{
	struct entry *e = entry_find(s, dir, name);
	bool capped, waits;

	if (e == NULL)
		return false;
	waits = e->state != HANDED;
	capped = !e->was_handed || now >= e->handed_first + s->cfg.max_delay;
	if (capped && waits)
		entry_carry(s, e);
	if (capped)
		return waits;
	entry_take_out(s, e);
	e->first = e->handed_first;
	e->seq = e->handed_seq;
	e->since = HAS_FAULT(FAULT_BARRIER_EARLY) ? s->seq : e->handed_since;
	entry_wait(s, e, waits ? e->due : USEC_NEVER);
	return true;
}

usec_t
settle_deadline(const struct settle *s)
{
	const struct entry *e = RB_MIN(firsts, UNCONST(&s->ready));

	if (e == NULL)
		e = RB_MIN(times, UNCONST(&s->waiting));
	return e != NULL ? e->due : USEC_NEVER;
}

uint64_t
settle_seq(const struct settle *s)
{
	return s->seq;
}

bool
settle_waiting(const struct settle *s, uint64_t seq)
{
	const struct entry *e = RB_MIN(seqs, UNCONST(&s->order));

	return e != NULL && e->since <= seq;
}

size_t
settle_count(const struct settle *s)
{
	return s->count;
}
