#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/githold.h"

#define MS USEC_PER_MS
#define SEC USEC_PER_SEC

static const struct githold_config cfg = {.quiet = 20 * MS, .cap = 5 * SEC};

static struct githold
fresh(void)
{
	struct githold h;

	githold_init(&h, &cfg);
	return h;
}

static void
nothing_is_held_without_git(void **state)
{
	struct githold h = fresh();

	(void)state;
	githold_activity(&h, 0);
	githold_set(&h, false, false, false, 0);
	assert_false(githold_held(&h, 0));
	assert_true(githold_deadline(&h) == USEC_NEVER);
	assert_string_equal(githold_operation(&h), "");
}

static void
a_lock_holds_until_a_quiet_period_after_its_release(void **state)
{
	struct githold h = fresh();

	(void)state;
	githold_set(&h, true, false, false, 100 * MS);
	assert_true(githold_held(&h, 3 * SEC));
	assert_string_equal(githold_operation(&h), "index.lock");
	githold_set(&h, false, false, false, 3 * SEC);
	assert_true(githold_deadline(&h) == 3 * SEC + 20 * MS);
	assert_true(githold_held(&h, 3 * SEC + 19 * MS));
	assert_false(githold_held(&h, 3 * SEC + 20 * MS));
	assert_true(githold_deadline(&h) == USEC_NEVER);
	assert_false(h.stale);
}

static void
a_lock_that_comes_again_within_the_quiet_period_holds_on(void **state)
{
	struct githold h = fresh();

	(void)state;
	githold_set(&h, true, false, false, 0);
	githold_set(&h, false, false, false, 10 * MS);
	githold_set(&h, false, true, false, 25 * MS);
	assert_true(githold_held(&h, 60 * MS));
	githold_set(&h, false, false, false, 60 * MS);
	assert_true(githold_held(&h, 79 * MS));
	assert_false(githold_held(&h, 80 * MS));
}

static void
a_lock_without_activity_ends_at_the_cap_and_is_stale(void **state)
{
	struct githold h = fresh();

	(void)state;
	githold_set(&h, true, false, false, 1 * SEC);
	assert_true(githold_deadline(&h) == 6 * SEC);
	assert_true(githold_held(&h, 6 * SEC - 1));
	assert_false(h.stale);
	assert_false(githold_held(&h, 6 * SEC));
	assert_true(h.stale);
	assert_true(githold_deadline(&h) == USEC_NEVER);
	assert_string_equal(githold_operation(&h), "index.lock");

	/* A busy work tree beside a stale lock is not held again; git itself is. */
	githold_activity(&h, 7 * SEC);
	assert_false(githold_held(&h, 7 * SEC));
	githold_set(&h, true, true, false, 8 * SEC);
	assert_true(githold_held(&h, 8 * SEC));
	assert_false(h.stale);
}

static void
activity_in_the_work_tree_extends_a_hold_but_not_for_ever(void **state)
{
	struct githold h = fresh();
	usec_t now = 0;

	(void)state;
	githold_set(&h, true, false, false, now);
	for (; now < 30 * SEC; now += 4 * SEC) {
		githold_activity(&h, now);
		assert_true(githold_held(&h, now));
	}
	for (; now < 120 * SEC; now += 4 * SEC)
		githold_activity(&h, now);
	assert_false(githold_held(&h, now));
	assert_true(h.stale);
}

static void
a_rebase_holds_while_it_moves_and_a_stopped_one_does_not(void **state)
{
	struct githold h = fresh();
	usec_t now = 0;

	(void)state;
	githold_set(&h, false, false, true, now);
	for (int pick = 0; pick < 20; pick++) {
		githold_set(&h, true, false, true, now += 100 * MS);
		githold_set(&h, false, false, true, now += 900 * MS);
		assert_true(githold_held(&h, now));
		assert_string_equal(githold_operation(&h), "rebase");
	}
	assert_true(githold_held(&h, now + 5 * SEC - 1));
	assert_false(githold_held(&h, now + 5 * SEC));
	assert_false(h.stale);
	assert_string_equal(githold_operation(&h), "rebase");

	/* git rebase --continue, and its end */
	now += 3600 * SEC;
	githold_set(&h, true, false, true, now);
	assert_true(githold_held(&h, now));
	githold_set(&h, false, false, false, now += SEC);
	assert_true(githold_held(&h, now + 19 * MS));
	assert_false(githold_held(&h, now + 20 * MS));
}

static void
a_lock_that_nobody_saw_costs_one_quiet_period(void **state)
{
	struct githold h = fresh();

	(void)state;
	githold_moved(&h, 1 * SEC);
	assert_true(githold_held(&h, 1 * SEC));
	assert_string_equal(githold_operation(&h), "");
	assert_true(githold_deadline(&h) == 1 * SEC + 20 * MS);
	assert_false(githold_held(&h, 1 * SEC + 20 * MS));
}

static void
endless_short_commands_hold_no_longer_than_the_cap(void **state)
{
	struct githold h = fresh();
	usec_t now = 0;

	(void)state;
	while (now < 20 * SEC) {
		githold_set(&h, true, false, false, now);
		githold_set(&h, false, false, false, now += 5 * MS);
		if (!githold_held(&h, now))
			break;
		now += 5 * MS;
	}
	assert_in_range(now, 5 * SEC, 5 * SEC + 10 * MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_held_without_git),
	    cmocka_unit_test(a_lock_holds_until_a_quiet_period_after_its_release),
	    cmocka_unit_test(a_lock_that_comes_again_within_the_quiet_period_holds_on),
	    cmocka_unit_test(a_lock_without_activity_ends_at_the_cap_and_is_stale),
	    cmocka_unit_test(activity_in_the_work_tree_extends_a_hold_but_not_for_ever),
	    cmocka_unit_test(a_rebase_holds_while_it_moves_and_a_stopped_one_does_not),
	    cmocka_unit_test(a_lock_that_nobody_saw_costs_one_quiet_period),
	    cmocka_unit_test(endless_short_commands_hold_no_longer_than_the_cap),
	};

	return cmocka_run_group_tests_name("githold", tests, NULL, NULL);
}
