/*
 * settle against a plain model: the model keeps everything that ever happened to
 * a name and reads the rules of settle.h off that history, with no memory of its
 * own and nothing forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "watch/settle.h"

#define MS USEC_PER_MS
#define NAMES 6
#define DIRS 3
#define STEPS 60000
#define HISTORY 4096

enum what { TOUCHED, HANDED, FOUND, DEFERRED, CARRIED };

struct happened {
	enum what what;
	enum settle_event ev;
	usec_t at;
	uint64_t seq;
	uint64_t since; /* FOUND */
};

struct history {
	struct happened h[HISTORY];
	int n;
};

struct burst {
	bool waits;
	bool tree; /* its last event removed or moved something */
	usec_t first, due;
	uint64_t seq, since;
	bool carried; /* it may count for earlier barriers than its own */
};

static const struct settle_config cfg = {.quiet = 10 * MS, .writer = 100 * MS, .max_delay = 1000 * MS};
static const char *const names[NAMES] = {"a", "b", "c", "aa", "ab", "SKILL.md"};

/* Was there a complete event less than `quiet` before h->h[i]? */
static bool
completed_shortly_before(const struct history *h, int i)
{
	for (int k = i - 1; k >= 0; k--)
		if (h->h[k].what == TOUCHED && h->h[k].ev == SETTLE_COMPLETE)
			return h->h[i].at - h->h[k].at < cfg.quiet;
	return false;
}

/* Is the last event of the burst from `from` to i, events of attributes aside, a write? */
static bool
being_written(const struct history *h, int from, int i)
{
	for (int k = i; k >= from; k--)
		if (h->h[k].what == TOUCHED && (h->h[k].ev == SETTLE_WRITE || h->h[k].ev == SETTLE_COMPLETE))
			return h->h[k].ev == SETTLE_WRITE;
	return false;
}

/* The burst that the event at i belongs to, or continues, began with a creation. */
static bool
began_new(const struct history *h, int i)
{
	bool waits = false, new = false;

	for (int k = 0; k <= i; k++) {
		if (h->h[k].what == TOUCHED && !waits)
			new = h->h[k].ev == SETTLE_NEW;
		if (h->h[k].what == FOUND)
			new = false;
		if (h->h[k].what != CARRIED)
			waits = h->h[k].what == TOUCHED || h->h[k].what == DEFERRED;
	}
	return new;
}

static usec_t
due_after(const struct history *h, int from, int i)
{
	const struct happened *e = &h->h[i];

	if (e->ev == SETTLE_COMPLETE && !completed_shortly_before(h, i) && !began_new(h, i))
		return e->at;
	return e->at + (being_written(h, from, i) ? cfg.writer : cfg.quiet);
}

/* The burst that waits; or, with waits false, the one handed out last (first is -1: none was). */
static struct burst
burst_of(const struct history *h)
{
	struct burst now = {.first = -1}, handed = {.first = -1};
	int from = 0;

	for (int i = 0; i < h->n; i++) {
		const struct happened *e = &h->h[i];

		switch (e->what) {
		case TOUCHED:
			if (!now.waits) {
				now = (struct burst){.waits = true, .first = e->at, .seq = e->seq, .since = e->seq};
				from = i;
			}
			now.due = usec_min(due_after(h, from, i), now.first + cfg.max_delay);
			now.tree = e->ev == SETTLE_TREE;
			break;
		case HANDED:
			handed = now;
			now.waits = false;
			from = i;
			break;
		case FOUND:
			handed = (struct burst){.first = e->at, .seq = e->seq, .since = e->since};
			now = handed;
			from = i;
			break;
		case DEFERRED:
			if (!now.waits)
				now.due = USEC_NEVER;
			now.waits = true;
			now.first = handed.first;
			now.seq = handed.seq;
			now.since = handed.since;
			now.carried = handed.carried;
			now.due = usec_min(now.due, handed.first + cfg.max_delay);
			break;
		case CARRIED:
			now.carried = true;
			break;
		}
	}
	return now;
}

/* The first of the burst handed out last, -1: none. */
static usec_t
handed_first(const struct history *h)
{
	struct history before = *h;

	while (before.n > 0) {
		const struct happened *e = &before.h[--before.n];

		if (e->what == FOUND)
			return e->at;
		if (e->what == HANDED)
			return burst_of(&before).first;
	}
	return -1;
}

static void
add(struct history *h, enum what what, enum settle_event ev, usec_t at, uint64_t seq)
{
	if (h->n == HISTORY)
		fail_msg("the history is full");
	h->h[h->n++] = (struct happened){.what = what, .ev = ev, .at = at, .seq = seq};
}

/* Start the history over when the name has been quiet for very long. */
static void
shorten(struct history *h, usec_t now)
{
	if (h->n > 0 && !burst_of(h).waits && now - h->h[h->n - 1].at > 10 * cfg.max_delay)
		h->n = 0;
}

struct model {
	struct history h[DIRS][NAMES];
	usec_t last_tree; /* event of any name */
	uint64_t seq;
	usec_t now;
};

/* When the burst is due by the state of all names: a removal waits for the removals of others. */
static usec_t
due_of(const struct model *m, const struct burst *b)
{
	usec_t due = b->due;

	if (b->tree && due < m->last_tree + cfg.quiet)
		due = usec_min(m->last_tree + cfg.quiet, b->first + cfg.max_delay);
	return due;
}

static void
check_state(const struct settle *s, const struct model *m, uint64_t barrier)
{
	usec_t due = USEC_NEVER, earliest = USEC_NEVER;
	uint64_t since = UINT64_MAX;
	bool carried = false;
	size_t count = 0;

	for (int d = 0; d < DIRS; d++)
		for (int n = 0; n < NAMES; n++) {
			struct burst b = burst_of(&m->h[d][n]);

			if (!b.waits)
				continue;
			count++;
			due = usec_min(due, due_of(m, &b));
			earliest = usec_min(earliest, b.due);
			since = b.since < since ? b.since : since;
			carried |= b.carried;
		}
	assert_int_equal(settle_count(s), count);
	assert_int_equal(settle_seq(s), m->seq);
	if (!carried || since <= barrier)
		assert_int_equal(settle_waiting(s, barrier), count > 0 && since <= barrier);
	/* It may be early where removals wait for others, but is never late. */
	assert_true(settle_deadline(s) <= due || settle_deadline(s) <= m->now);
	if (earliest > m->now)
		assert_true(settle_deadline(s) >= earliest);
}

/* The name that the rules hand out now: of the due ones that whose burst began first. */
static struct history *
expected_next(struct model *m, int *ret_dir, int *ret_name)
{
	struct history *best = NULL;
	uint64_t seq = UINT64_MAX;

	for (int d = 0; d < DIRS; d++)
		for (int n = 0; n < NAMES; n++) {
			struct burst b = burst_of(&m->h[d][n]);

			if (b.waits && due_of(m, &b) <= m->now && b.seq < seq) {
				seq = b.seq;
				best = &m->h[d][n];
				*ret_dir = d;
				*ret_name = n;
			}
		}
	return best;
}

/* false: nothing was due. */
static bool
take_one(struct settle *s, struct model *m)
{
	int d = 0, n = 0;
	struct history *h = expected_next(m, &d, &n);
	struct settle_due due;

	assert_int_equal(settle_next(s, m->now, &due), h != NULL);
	if (h == NULL) {
		assert_true(settle_deadline(s) > m->now); /* or the loop would spin */
		return false;
	}
	assert_int_equal(due.dir, d);
	assert_string_equal(due.name, names[n]);
	assert_true(due.first == burst_of(h).first);
	add(h, HANDED, SETTLE_OTHER, m->now, 0);
	return true;
}

static bool
removal_waits(const struct model *m)
{
	for (int d = 0; d < DIRS; d++)
		for (int n = 0; n < NAMES; n++) {
			struct burst b = burst_of(&m->h[d][n]);

			if (b.waits && b.tree)
				return true;
		}
	return false;
}

/* One; but all where removals are among them: what is due by then stays so even if others follow. */
static void
take_some(struct settle *s, struct model *m)
{
	while (take_one(s, m) && removal_waits(m))
		;
}

static void
defer_one(struct settle *s, struct model *m, int d, int n)
{
	struct history *h = &m->h[d][n];
	usec_t first = handed_first(h);
	bool open = first >= 0 && m->now < first + cfg.max_delay;
	bool want = open || burst_of(h).waits;

	assert_int_equal(settle_defer(s, (uint64_t)d, names[n], m->now), want);
	if (open)
		add(h, DEFERRED, SETTLE_OTHER, m->now, 0);
	else if (want)
		add(h, CARRIED, SETTLE_OTHER, m->now, 0);
}

static void
one_step(struct settle *s, struct model *m, struct random *r)
{
	static const usec_t steps[] = {0, 0, 1, 1, 3, 7, 9, 10, 11, 40, 90, 100, 300, 990};
	int d = (int)random_below(r, DIRS), n = (int)random_below(r, NAMES);
	unsigned what = random_below(r, 100);
	enum settle_event ev = (enum settle_event)random_below(r, 5);

	if (random_below(r, 3) == 0)
		m->now += steps[random_below(r, sizeof steps / sizeof *steps)] * MS;
	shorten(&m->h[d][n], m->now);
	if (what < 45) {
		settle_touch(s, (uint64_t)d, names[n], ev, m->now);
		m->last_tree = ev == SETTLE_TREE ? m->now : m->last_tree;
		add(&m->h[d][n], TOUCHED, ev, m->now, ++m->seq);
	} else if (what < 85) {
		take_some(s, m);
	} else if (what < 95) {
		defer_one(s, m, d, n);
	} else if (what < 99) {
		uint64_t since = m->seq - (m->seq > 20 ? random_below(r, 20) : 0);

		settle_found(s, (uint64_t)d, names[n], since, m->now);
		if (!burst_of(&m->h[d][n]).waits) {
			add(&m->h[d][n], FOUND, SETTLE_OTHER, m->now, ++m->seq);
			m->h[d][n].h[m->h[d][n].n - 1].since = since;
		}
	} else {
		settle_forget(s, (uint64_t)d);
		for (int i = 0; i < NAMES; i++)
			m->h[d][i].n = 0;
	}
	check_state(s, m, m->seq > 20 ? m->seq - random_below(r, 20) : 0);
}

static void
settle_follows_its_rules_in_any_sequence(void **state)
{
	static struct model m;
	struct random r = random_seeded("settle");
	struct settle *s = settle_new(&cfg);

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		if (i % 500 == 0) /* a quiet time, so that histories stay short */
			m.now += 11 * cfg.max_delay;
		one_step(s, &m, &r);
	}
	settle_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settle_follows_its_rules_in_any_sequence),
	};

	return cmocka_run_group_tests_name("settle_random", tests, NULL, NULL);
}
