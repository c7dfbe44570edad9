/* A consumer that does what follow wants, against a made-up Redis to which everything happens that can happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/follow.h"
#include "random.h"

#define ITEMS 8
#define REVS 512 /* in one life */
#define RUNS 3000
#define STEPS 200

struct redis {
	char generation[16];
	uint64_t rev, floor;
	uint64_t items[ITEMS]; /* revision; 0: not there */
	uint64_t tombs[ITEMS]; /* revision of the deletion; 0: none is kept */
	int changed[REVS + 1]; /* the stream: item + 1, negative: deleted, 0: the entry is lost */
	bool older; /* it came back with older data: whoever writes next begins a new life */
};

struct consumer {
	struct follow f;
	uint64_t items[ITEMS];
};

static void
redis_put(struct redis *r, size_t i, bool drop, bool lose)
{
	assert_true(r->rev < REVS);
	r->rev++;
	r->items[i] = drop ? 0 : r->rev;
	r->tombs[i] = drop ? r->rev : 0;
	r->changed[r->rev] = lose ? 0 : drop ? -(int)(i + 1) : (int)(i + 1);
}

/* All that is there is published again, from revision 1 on. */
static void
redis_new_life(struct redis *r, unsigned *lives)
{
	const struct redis before = *r;

	*r = (struct redis){0};
	(void)snprintf(r->generation, sizeof r->generation, "g%u", ++*lives);
	for (size_t i = 0; i < ITEMS; i++)
		if (before.items[i] != 0)
			redis_put(r, i, false, false);
}

static void
redis_change(struct redis *r, struct random *rnd, unsigned *lives, bool lose)
{
	size_t i = random_below(rnd, ITEMS);

	if (r->older)
		redis_new_life(r, lives);
	redis_put(r, i, r->items[i] != 0 && random_below(rnd, 3) == 0, lose);
}

static void
redis_drop_tombs(struct redis *r, uint64_t until)
{
	uint64_t oldest = 0;
	bool dropped = false;

	for (size_t i = 0; i < ITEMS; i++) {
		if (r->tombs[i] != 0 && r->tombs[i] <= until) {
			r->tombs[i] = 0;
			dropped = true;
		} else if (r->tombs[i] != 0 && (oldest == 0 || r->tombs[i] < oldest)) {
			oldest = r->tombs[i];
		}
	}
	/* As the script does; with none left it can only name what no longer can be. */
	if (dropped)
		r->floor = oldest != 0 ? oldest : r->rev + 1;
}

static void
redis_happen(struct redis *r, struct redis *saved, struct random *rnd, unsigned *lives)
{
	unsigned upto = random_below(rnd, (unsigned)r->rev + 1);

	switch (random_below(rnd, 12)) {
	case 0:
		redis_change(r, rnd, lives, true);
		break;
	case 1: /* trimmed */
		memset(r->changed, 0, sizeof r->changed[0] * (upto + 1));
		break;
	case 2:
		redis_drop_tombs(r, upto);
		break;
	case 3:
		if (random_below(rnd, 4) == 0)
			redis_new_life(r, lives);
		break;
	case 4:
		*saved = *r;
		break;
	case 5:
		if (random_below(rnd, 4) == 0) {
			*r = *saved;
			r->older = true;
		}
		break;
	default:
		redis_change(r, rnd, lives, false);
	}
}

static void
consumer_apply(struct consumer *c, int change, uint64_t rev)
{
	c->items[(change > 0 ? change : -change) - 1] = change > 0 ? rev : 0;
}

static void
consumer_read(struct consumer *c, const struct redis *r)
{
	uint64_t behind = c->f.rev;
	bool all = c->f.want == FOLLOW_ALL;

	if (!follow_read(&c->f, r->generation, r->rev, r->floor))
		return;
	for (size_t i = 0; i < ITEMS; i++) {
		if (all || r->items[i] > behind)
			c->items[i] = r->items[i];
		else if (r->tombs[i] > behind)
			c->items[i] = 0;
	}
}

static void
consumer_entries(struct consumer *c, const struct redis *r, struct random *rnd)
{
	unsigned n = 0, most = 1 + random_below(rnd, 10);

	for (uint64_t rev = c->f.rev + 1; rev <= r->rev && n < most; rev++) {
		if (r->changed[rev] == 0)
			continue;
		n++;
		/* Some come twice, as they may where an answer is read again. */
		for (int k = random_below(rnd, 4) == 0 ? 2 : 1; k > 0; k--)
			if (follow_entry(&c->f, r->generation, rev))
				consumer_apply(c, r->changed[rev], rev);
	}
	follow_entries_end(&c->f, n);
}

static void
consumer_step(struct consumer *c, const struct redis *r, struct random *rnd)
{
	switch (c->f.want) {
	case FOLLOW_HEAD:
		follow_head(&c->f, r->generation, r->rev);
		break;
	case FOLLOW_ALL:
	case FOLLOW_BETWEEN:
		consumer_read(c, r);
		break;
	case FOLLOW_BIRTH:
	case FOLLOW_PEEK:
	case FOLLOW_WAIT:
		consumer_entries(c, r, rnd);
		break;
	case FOLLOW_REST:
		follow_rested(&c->f);
		break;
	}
}

static void
whatever_happens_to_redis_a_consumer_ends_equal_to_it(void **state)
{
	struct random rnd = random_seeded("follow");

	(void)state;
	for (int run = 0; run < RUNS; run++) {
		unsigned lives = 0;
		struct redis r = {0}, saved;
		struct consumer c = {0};

		redis_new_life(&r, &lives);
		saved = r;
		follow_init_snapshot(&c.f);
		for (int i = 0; i < STEPS; i++) {
			if (random_below(&rnd, 2) == 0)
				redis_happen(&r, &saved, &rnd, &lives);
			else if (random_below(&rnd, 20) == 0)
				follow_lost(&c.f);
			else
				consumer_step(&c, &r, &rnd);
		}
		for (int i = 0; i < STEPS; i++)
			consumer_step(&c, &r, &rnd);
		assert_string_equal(c.f.generation, r.generation);
		assert_int_equal(c.f.rev, r.rev);
		assert_memory_equal(c.items, r.items, sizeof r.items);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_happens_to_redis_a_consumer_ends_equal_to_it),
	};

	return cmocka_run_group_tests_name("follow_random", tests, NULL, NULL);
}
