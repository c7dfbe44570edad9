#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "watch/settle.h"

#define MS USEC_PER_MS
#define DIR1 UINT64_C(7)
#define DIR2 UINT64_C(8)

static int
setup(void **state)
{
	const struct settle_config cfg = {.quiet = 10 * MS, .writer = 100 * MS, .max_delay = 1000 * MS};

	*state = settle_new(&cfg);
	return 0;
}

static int
teardown(void **state)
{
	settle_free(*state);
	return 0;
}

static void
assert_next(struct settle *s, usec_t now, const char *name)
{
	struct settle_due due;

	assert_true(settle_next(s, now, &due));
	assert_string_equal(due.name, name);
}

static void
assert_none(struct settle *s, usec_t now)
{
	struct settle_due due;

	assert_false(settle_next(s, now, &due));
}

static void
a_save_is_due_at_once(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_OTHER, 100 * MS);
	settle_touch(s, DIR1, "a", SETTLE_WRITE, 101 * MS);
	assert_true(settle_deadline(s) == 201 * MS);
	assert_none(s, 101 * MS);
	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 102 * MS);
	assert_true(settle_deadline(s) == 102 * MS);
	assert_next(s, 102 * MS, "a");
	assert_none(s, 2000 * MS);
	assert_true(settle_deadline(s) == USEC_NEVER);
}

static void
a_new_name_waits_until_it_is_quiet(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "sedXYZ", SETTLE_NEW, 100 * MS);
	settle_touch(s, DIR1, "sedXYZ", SETTLE_WRITE, 101 * MS);
	settle_touch(s, DIR1, "sedXYZ", SETTLE_COMPLETE, 102 * MS);
	assert_none(s, 111 * MS);
	assert_next(s, 112 * MS, "sedXYZ");
	settle_touch(s, DIR1, "sedXYZ", SETTLE_COMPLETE, 200 * MS);
	assert_next(s, 200 * MS, "sedXYZ");
}

static void
a_name_that_is_removed_and_made_again_is_due_at_once(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_TREE, 100 * MS);
	settle_touch(s, DIR1, "a", SETTLE_NEW, 101 * MS);
	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 102 * MS);
	assert_next(s, 102 * MS, "a");
}

static void
a_second_save_within_quiet_waits_until_it_is_quiet(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 100 * MS);
	assert_next(s, 100 * MS, "a");
	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 109 * MS);
	assert_none(s, 118 * MS);
	assert_next(s, 119 * MS, "a");
	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 119 * MS);
	assert_next(s, 119 * MS, "a");
}

static void
incomplete_events_wait_until_quiet(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_OTHER, 0);
	settle_touch(s, DIR1, "a", SETTLE_OTHER, 9 * MS);
	assert_none(s, 18 * MS);
	assert_next(s, 19 * MS, "a");
}

static void
an_open_writer_waits_longer(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_WRITE, 0);
	settle_touch(s, DIR1, "a", SETTLE_OTHER, 1 * MS);
	assert_none(s, 100 * MS);
	assert_next(s, 101 * MS, "a");
}

static void
a_continuous_writer_is_due_at_the_cap(void **state)
{
	struct settle *s = *state;
	struct settle_due due;
	int looks = 0;

	for (usec_t now = 0; now < 10000 * MS; now += 5 * MS) {
		settle_touch(s, DIR1, "a", SETTLE_WRITE, now);
		while (settle_next(s, now, &due))
			looks++;
	}
	assert_in_range(looks, 9, 10);
}

static void
due_names_come_in_the_order_of_their_first_event(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "late", SETTLE_WRITE, 0);
	settle_touch(s, DIR2, "b", SETTLE_OTHER, 1 * MS);
	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 2 * MS);
	assert_int_equal(settle_count(s), 3);
	assert_next(s, 2 * MS, "a");
	settle_touch(s, DIR1, "c", SETTLE_COMPLETE, 150 * MS);
	assert_next(s, 150 * MS, "late");
	assert_next(s, 150 * MS, "b");
	assert_next(s, 150 * MS, "c");
	assert_int_equal(settle_count(s), 0);
}

static void
a_deferred_name_is_due_at_its_cap_and_not_deferred_again(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 100 * MS);
	assert_next(s, 100 * MS, "a");
	assert_true(settle_defer(s, DIR1, "a", 101 * MS));
	assert_int_equal(settle_count(s), 1);
	assert_true(settle_deadline(s) == 1100 * MS);
	assert_none(s, 1099 * MS);
	assert_next(s, 1100 * MS, "a");
	assert_false(settle_defer(s, DIR1, "a", 1100 * MS));
}

static void
a_deferred_name_is_due_when_its_save_completes(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 100 * MS);
	assert_next(s, 100 * MS, "a");
	assert_true(settle_defer(s, DIR1, "a", 100 * MS));
	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 300 * MS);
	assert_next(s, 300 * MS, "a");
	/* The cap counts from the first event, however often it looks half-written. */
	assert_true(settle_defer(s, DIR1, "a", 300 * MS));
	assert_true(settle_deadline(s) == 1100 * MS);
}

static void
a_name_touched_while_it_is_read_keeps_the_cap_of_its_burst(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 100 * MS);
	assert_next(s, 100 * MS, "a");
	settle_touch(s, DIR1, "a", SETTLE_WRITE, 1050 * MS);
	assert_true(settle_deadline(s) == 1150 * MS);
	assert_true(settle_defer(s, DIR1, "a", 1060 * MS));
	assert_true(settle_deadline(s) == 1100 * MS);
}

static void
only_what_was_just_looked_at_can_be_deferred(void **state)
{
	struct settle *s = *state;

	assert_false(settle_defer(s, DIR1, "a", 0));
	settle_found(s, DIR1, "a", 0, 0);
	assert_none(s, 5000 * MS);
	settle_found(s, DIR1, "b", 0, 5000 * MS);
	assert_true(settle_defer(s, DIR1, "b", 5100 * MS));
	assert_false(settle_defer(s, DIR1, "a", 5100 * MS));
	assert_next(s, 6000 * MS, "b");
}

static void
a_forgotten_directory_is_never_due(void **state)
{
	struct settle *s = *state;

	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 0);
	settle_touch(s, DIR1, "b", SETTLE_WRITE, 0);
	settle_touch(s, DIR2, "c", SETTLE_COMPLETE, 0);
	settle_forget(s, DIR1);
	assert_int_equal(settle_count(s), 1);
	assert_next(s, 5000 * MS, "c");
	assert_none(s, 5000 * MS);
}

static void
a_barrier_waits_for_what_was_touched_before_it_only(void **state)
{
	struct settle *s = *state;
	uint64_t barrier;

	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 0);
	assert_next(s, 0, "a");
	barrier = settle_seq(s);
	settle_touch(s, DIR1, "b", SETTLE_OTHER, 1 * MS);
	assert_false(settle_waiting(s, barrier));
	assert_true(settle_waiting(s, settle_seq(s)));
	/* Half-written: what was touched before the barrier is not told yet. */
	assert_true(settle_defer(s, DIR1, "a", 2 * MS));
	assert_true(settle_waiting(s, barrier));
	assert_next(s, 1000 * MS, "a");
	assert_false(settle_waiting(s, barrier));
}

static void
what_a_name_leads_to_counts_for_the_barriers_of_that_name(void **state)
{
	struct settle *s = *state;
	struct settle_due due;
	uint64_t barrier;

	settle_touch(s, DIR1, "folder", SETTLE_COMPLETE, 0);
	barrier = settle_seq(s);
	settle_touch(s, DIR1, "later", SETTLE_COMPLETE, 0);
	assert_true(settle_next(s, 0, &due));
	assert_string_equal(due.name, "folder");
	settle_found(s, DIR2, "in it", due.since, 0);
	assert_true(settle_defer(s, DIR2, "in it", 0));
	assert_true(settle_waiting(s, barrier));
	assert_true(settle_next(s, 0, &due));
	settle_found(s, DIR2, "in the later one", due.since, 0);
	assert_true(settle_defer(s, DIR2, "in the later one", 0));
	assert_next(s, 1000 * MS, "in it");
	assert_false(settle_waiting(s, barrier));
}

/* Read half-written again and again: the barrier waits for one more burst, and not as long as that goes on. */
static void
a_barrier_waits_twice_at_most_for_a_name_that_is_never_whole(void **state)
{
	struct settle *s = *state;
	uint64_t barrier;

	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 0);
	barrier = settle_seq(s);
	for (int i = 0; i < 3; i++) {
		usec_t end = (i + 1) * 1000 * MS;

		assert_next(s, end, "a");
		assert_false(settle_waiting(s, barrier));
		settle_touch(s, DIR1, "a", SETTLE_WRITE, end);
		assert_true(settle_defer(s, DIR1, "a", end));
		assert_int_equal(settle_waiting(s, barrier), i == 0);
	}
}

static void
many_names_at_once_are_quick(void **state)
{
	struct settle *s = *state;
	usec_t start = clock_now();
	struct settle_due due;
	int n = 0;

	for (int i = 0; i < 20000; i++) {
		char *name = mem_printf("name-%d", i * 7919 % 20000);

		settle_touch(s, (uint64_t)(i % 97), name, SETTLE_OTHER, i);
		settle_touch(s, (uint64_t)(i % 97), name, SETTLE_COMPLETE, i);
		free(name);
	}
	while (settle_next(s, 1000 * MS, &due))
		n++;
	assert_int_equal(n, 20000);
	assert_true(clock_now() - start < 2 * USEC_PER_SEC);
}

static void
removals_are_handed_out_together_once_the_last_is_quiet(void **state)
{
	struct settle *s = *state;
	struct settle_due due;

	settle_touch(s, DIR1, "a", SETTLE_TREE, 0);
	settle_touch(s, DIR2, "b", SETTLE_TREE, 6 * MS);
	settle_touch(s, DIR1, "c", SETTLE_TREE, 12 * MS);
	settle_touch(s, DIR1, "d", SETTLE_OTHER, 20 * MS);
	assert_false(settle_next(s, 21 * MS, &due));
	assert_int_equal(settle_deadline(s), 22 * MS);
	assert_true(settle_next(s, 22 * MS, &due));
	assert_string_equal(due.name, "a");
	assert_true(settle_next(s, 22 * MS, &due));
	assert_string_equal(due.name, "b");
	assert_true(settle_next(s, 22 * MS, &due));
	assert_string_equal(due.name, "c");
	assert_false(settle_next(s, 22 * MS, &due));
}

static void
removals_without_an_end_wait_no_longer_than_the_cap(void **state)
{
	struct settle *s = *state;
	struct settle_due due;
	usec_t t;

	settle_touch(s, DIR1, "first", SETTLE_TREE, 0);
	for (t = MS; !settle_next(s, t, &due); t += MS)
		settle_touch(s, DIR2, "others", SETTLE_TREE, t);
	assert_string_equal(due.name, "first");
	assert_int_equal(t, 1000 * MS);
}

static void
a_name_that_is_written_after_its_removal_is_due_at_once(void **state)
{
	struct settle *s = *state;
	struct settle_due due;

	settle_touch(s, DIR1, "a", SETTLE_TREE, 0);
	settle_touch(s, DIR1, "a", SETTLE_COMPLETE, 1 * MS);
	assert_true(settle_next(s, 1 * MS, &due));
	assert_false(settle_next(s, 50 * MS, &due));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(removals_are_handed_out_together_once_the_last_is_quiet),
	    TEST(removals_without_an_end_wait_no_longer_than_the_cap),
	    TEST(a_name_that_is_written_after_its_removal_is_due_at_once),
	    TEST(a_save_is_due_at_once),
	    TEST(a_new_name_waits_until_it_is_quiet),
	    TEST(a_name_that_is_removed_and_made_again_is_due_at_once),
	    TEST(a_second_save_within_quiet_waits_until_it_is_quiet),
	    TEST(incomplete_events_wait_until_quiet),
	    TEST(an_open_writer_waits_longer),
	    TEST(a_continuous_writer_is_due_at_the_cap),
	    TEST(due_names_come_in_the_order_of_their_first_event),
	    TEST(a_deferred_name_is_due_at_its_cap_and_not_deferred_again),
	    TEST(a_deferred_name_is_due_when_its_save_completes),
	    TEST(a_name_touched_while_it_is_read_keeps_the_cap_of_its_burst),
	    TEST(only_what_was_just_looked_at_can_be_deferred),
	    TEST(a_forgotten_directory_is_never_due),
	    TEST(a_barrier_waits_for_what_was_touched_before_it_only),
	    TEST(what_a_name_leads_to_counts_for_the_barriers_of_that_name),
	    TEST(a_barrier_waits_twice_at_most_for_a_name_that_is_never_whole),
	    TEST(many_names_at_once_are_quick),
	};

	return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
