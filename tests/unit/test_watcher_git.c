#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "watcher_fixture.h"

static void
what_git_ignores_is_neither_watched_nor_told(void **state)
{
	struct fixture *f = *state;
	struct watcher_stats stats;

	put(f, "skills/a/SKILL.md", "x");
	put(f, "skills/node_modules/x/y/z.md", "x");
	f->ignored = "skills/node_modules";
	f->scan_on_git = true;
	fixture_start(f);
	watcher_stats(f->w, &stats);
	assert_int_equal(stats.watches, 3);
	put(f, "skills/node_modules/x/new.md", "x");
	fixture_sync(f);
	assert_string_equal(buf_str(&f->log), "");

	put(f, ".gitignore", "#");
	f->ignored = NULL;
	fixture_sync(f);
	assert_true(fixture_told(f, "git"));
	fixture_assert_exact(f);
	put(f, "skills/.gitignore", "node_modules");
	f->ignored = "skills/node_modules";
	fixture_sync(f);
	fixture_assert_exact(f);
	watcher_stats(f->w, &stats);
	assert_int_equal(stats.watches, 3);
}

static void
what_git_did_before_its_folder_was_watched_is_looked_at(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	assert_int_equal(f->gits, 1);
	fixture_sync(f);
	assert_int_equal(f->gits, 1);
	watcher_set_git(f->w, NULL, NULL);
	fixture_sync(f);
	assert_int_equal(f->gits, 2);
}

static void
while_git_has_its_lock_nothing_is_told_and_then_git_comes_first(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	git_put(f, "index.lock");
	for (int i = 0; i < 100; i++) {
		char *path = mem_printf("skills/%d/SKILL.md", i);

		put(f, path, "y");
		free(path);
		fixture_run(f);
		f->now += 10 * USEC_PER_MS;
	}
	assert_true(watcher_held(f->w, f->now));
	assert_string_equal(buf_str(&f->log), "");
	assert_int_equal(renameat(f->git, "index.lock", f->git, "index"), 0);
	fixture_run(f);
	assert_string_equal(buf_str(&f->log), "");
	f->now += 20 * USEC_PER_MS;
	fixture_run(f);
	assert_memory_equal(buf_str(&f->log), "git\n", 4);
	assert_int_equal(fixture_count(f, "git"), 1);
	assert_int_equal(f->n, 101);
	fixture_assert_exact(f);
}

static void
a_lock_that_came_and_went_unseen_still_lets_git_go_first(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	git_put(f, "index.lock");
	put(f, "skills/a/SKILL.md", "y");
	git_erase(f, "index.lock");
	fixture_run(f);
	assert_string_equal(buf_str(&f->log), "");
	f->now += 20 * USEC_PER_MS;
	fixture_run(f);
	assert_string_equal(buf_str(&f->log), "git\nsaw skills/a/SKILL.md\n");
}

static void
s43_a_stale_lock_holds_up_to_the_cap(void **state)
{
	struct fixture *f = *state;
	struct watcher_stats stats;
	usec_t begin;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	begin = f->now;
	git_put(f, "index.lock");
	put(f, "skills/a/SKILL.md", "y");
	fixture_sync(f);
	assert_true(f->now == begin + 5 * USEC_PER_SEC);
	assert_true(fixture_told(f, "saw skills/a/SKILL.md"));
	watcher_stats(f->w, &stats);
	assert_true(stats.git_stale_lock);
	assert_string_equal(stats.git_operation, "index.lock");
	begin = f->now += USEC_PER_SEC;
	put(f, "skills/a/SKILL.md", "z");
	fixture_sync(f);
	assert_true(f->now == begin);
}

static void
a_long_checkout_is_held_while_files_move(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	git_put(f, "index.lock");
	for (int i = 0; i < 10; i++) {
		put(f, "skills/a/SKILL.md", "y");
		fixture_run(f);
		f->now += 4 * USEC_PER_SEC;
		assert_true(watcher_held(f->w, f->now));
	}
	assert_string_equal(buf_str(&f->log), "");
}

static void
a_rebase_holds_between_its_picks(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	assert_int_equal(mkdirat(f->git, "rebase-merge", 0755), 0);
	for (int i = 0; i < 20; i++) {
		git_put(f, "index.lock");
		put(f, "skills/a/SKILL.md", "y");
		fixture_run(f);
		git_erase(f, "index.lock");
		fixture_run(f);
		f->now += USEC_PER_SEC;
		fixture_run(f);
	}
	assert_string_equal(buf_str(&f->log), "");
	git_erase(f, "rebase-merge");
	fixture_sync(f);
	assert_string_equal(buf_str(&f->log), "git\nsaw skills/a/SKILL.md\n");
}

static void
exclude_files_and_packed_refs_of_the_git_directory_are_heard(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	assert_int_equal(mkdirat(f->git, "info", 0755), 0);
	fixture_sync(f);
	fixture_clear(f);
	git_put(f, "info/exclude");
	fixture_sync(f);
	assert_string_equal(buf_str(&f->log), "git\n");
	git_put(f, "packed-refs");
	git_put(f, "description");
	fixture_sync(f);
	assert_string_equal(buf_str(&f->log), "git\ngit\n");
}

static void
s17_a_git_directory_that_goes_away_stops_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	git_put(f, "index.lock");
	fixture_run(f);
	assert_true(watcher_held(f->w, f->now));
	assert_int_equal(renameat(f->dir, "../git", f->dir, "../git-away"), 0);
	put(f, "skills/a/SKILL.md", "y");
	fixture_sync(f);
	assert_true(fixture_told(f, "saw skills/a/SKILL.md"));
}

static void
a_barrier_waits_for_what_git_holds(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	git_put(f, "index.lock");
	put(f, "skills/a/SKILL.md", "y");
	assert_int_equal(watcher_barrier(f->w, &id, NULL), 0);
	fixture_run(f);
	assert_false(watcher_passed(f->w, id));
	git_erase(f, "index.lock");
	fixture_run(f);
	assert_false(watcher_passed(f->w, id));
	f->now += 20 * USEC_PER_MS;
	fixture_run(f);
	assert_true(watcher_passed(f->w, id));
	assert_true(fixture_told(f, "saw skills/a/SKILL.md"));
}

static void
an_ignore_file_that_came_while_its_folder_was_not_watched_is_looked_at(void **state)
{
	struct fixture *f = *state;
	size_t gits;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	move(f, "skills", "elsewhere");
	move(f, "elsewhere", "skills");
	fixture_run(f); /* the watches are dropped, and git is looked at */
	gits = f->gits;
	put(f, "skills/a/.gitignore", "*");
	fixture_sync(f);
	assert_true(f->gits > gits);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(what_git_ignores_is_neither_watched_nor_told),
	    TEST(what_git_did_before_its_folder_was_watched_is_looked_at),
	    TEST(while_git_has_its_lock_nothing_is_told_and_then_git_comes_first),
	    TEST(a_lock_that_came_and_went_unseen_still_lets_git_go_first),
	    TEST(s43_a_stale_lock_holds_up_to_the_cap),
	    TEST(a_long_checkout_is_held_while_files_move),
	    TEST(a_rebase_holds_between_its_picks),
	    TEST(exclude_files_and_packed_refs_of_the_git_directory_are_heard),
	    TEST(s17_a_git_directory_that_goes_away_stops_nothing),
	    TEST(a_barrier_waits_for_what_git_holds),
	    TEST(an_ignore_file_that_came_while_its_folder_was_not_watched_is_looked_at),
	};

	return cmocka_run_group_tests_name("watcher_git", tests, NULL, NULL);
}
