#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watcher_fixture.h"

static void
s01_a_manifest_in_folders_made_at_once_is_told(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	put(f, "skills/p/q/r/s/SKILL.md", "x");
	fixture_sync(f);
	fixture_assert_exact(f);
	put(f, "skills/p/q/r/s/SKILL.md", "y");
	put(f, "skills/p/q/t/SKILL.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
a_folder_is_read_after_each_step_of_its_making(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	folders(f, "skills");
	fixture_run(f);
	folders(f, "skills/p");
	fixture_run(f);
	folders(f, "skills/p/q/r");
	fixture_run(f);
	put(f, "skills/p/q/r/SKILL.md", "x");
	fixture_run(f);
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
put_another(struct fixture *f)
{
	put(f, "skills/p/SKILL.md", "x");
}

static void
a_file_that_comes_while_its_folder_is_read_is_told(void **state)
{
	struct fixture *f = *state;

	fixture_start(f);
	f->until = "skills/p/first.md";
	f->meanwhile = put_another;
	put(f, "skills/p/first.md", "x");
	fixture_sync(f);
	assert_null(f->until);
	fixture_sync(f); /* the first barrier was older than the other file */
	fixture_assert_exact(f);
}

static void
s03_a_renamed_folder_is_followed(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/b/f.md", "x");
	fixture_start(f);
	move(f, "skills/a", "skills/c");
	put(f, "skills/c/b/f.md", "y");
	fixture_sync(f);
	assert_true(fixture_told(f, "gone skills/a"));
	fixture_assert_exact(f);
	put(f, "skills/c/b/f.md", "z");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s04_a_tree_renamed_twice_keeps_its_right_path(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/1/2/3/4/5/6/7/f.md", "x");
	fixture_start(f);
	move(f, "skills/1", "skills/a");
	move(f, "skills/a/2", "skills/a/b");
	put(f, "skills/a/b/3/4/5/6/7/f.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s05_a_name_that_begins_like_another_is_untouched(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/foo/SKILL.md", "x");
	put(f, "skills/foobar/SKILL.md", "x");
	fixture_start(f);
	move(f, "skills/foo", "skills/baz");
	fixture_sync(f);
	assert_null(strstr(buf_str(&f->log), "foobar"));
	fixture_assert_exact(f);
}

static void
s06_a_tree_moved_in_is_told_and_watched_at_every_depth(void **state)
{
	struct fixture *f = *state;

	put(f, "outside/a/SKILL.md", "x");
	put(f, "outside/a/b/c/f.txt", "x");
	put(f, "skills/z/SKILL.md", "x");
	fixture_start(f);
	move(f, "outside", "skills/in");
	fixture_sync(f);
	fixture_assert_exact(f);
	put(f, "skills/in/a/b/c/f.txt", "y");
	put(f, "skills/in/a/b/g.txt", "y");
	put(f, "skills/in/SKILL.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s07_a_tree_moved_out_is_gone_and_not_heard_of_again(void **state)
{
	struct fixture *f = *state;
	struct watcher_stats before, after;

	put(f, "skills/a/b/SKILL.md", "x");
	fixture_start(f);
	watcher_stats(f->w, &before);
	move(f, "skills/a", "outside");
	fixture_sync(f);
	fixture_assert_exact(f);
	watcher_stats(f->w, &after);
	assert_int_equal(after.watches, before.watches - 2);
	fixture_clear(f);
	put(f, "outside/b/SKILL.md", "y");
	fixture_sync(f);
	assert_string_equal(buf_str(&f->log), "");
}

static void
s08_a_folder_replaced_by_another_has_its_content(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/dir/SKILL.md", "old");
	put(f, "skills/dir/x/old.txt", "old");
	put(f, "alt/SKILL.md", "new");
	put(f, "alt/x/new.txt", "new");
	fixture_start(f);
	move(f, "skills/dir", "bye");
	move(f, "alt", "skills/dir");
	fixture_sync(f);
	fixture_assert_exact(f);
	put(f, "skills/dir/x/new.txt", "newer");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s09_a_folder_removed_and_made_again_is_watched(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/d/SKILL.md", "x");
	fixture_start(f);
	for (int i = 0; i < 20; i++) {
		erase(f, "skills/d");
		folders(f, "skills/d/sub");
		if (i % 3 == 0)
			fixture_run(f);
	}
	fixture_sync(f);
	put(f, "skills/d/sub/SKILL.md", "y");
	fixture_sync(f);
	assert_int_equal(f->n, 1);
	fixture_assert_exact(f);
}

static void
s10_a_folder_replaced_by_a_symlink_is_not_followed(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/foo/SKILL.md", "x");
	fixture_start(f);
	put(f, "skills/foo/other.txt", "x");
	watcher_read(f->w, f->now);
	move(f, "skills/foo", "skills/bar");
	assert_int_equal(symlinkat("bar", f->dir, "skills/foo"), 0);
	put(f, "skills/bar/SKILL.md", "y");
	watcher_run(f->w, f->now); /* does not know of the symlink */
	fixture_sync(f);
	assert_false(fixture_told(f, "unknown skills/foo/other.txt"));
	assert_int_equal(f->n, 3);
	fixture_assert_exact(f);
}

static void
s11_renames_back_and_forth_end_in_the_exact_state(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/b/SKILL.md", "x");
	fixture_start(f);
	for (int i = 0; i < 31; i++) {
		move(f, "skills/a", "skills/c");
		if (i % 5 == 0)
			fixture_run(f);
		move(f, "skills/c/b", "skills/b");
		move(f, "skills/b", "skills/c/b");
		move(f, "skills/c", "skills/a");
	}
	put(f, "skills/a/b/SKILL.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
	put(f, "skills/a/b/SKILL.md", "z");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s12_a_file_becomes_a_folder_and_back(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/x", "file");
	fixture_start(f);
	erase(f, "skills/x");
	put(f, "skills/x/SKILL.md", "in a folder");
	fixture_sync(f);
	fixture_assert_exact(f);
	erase(f, "skills/x");
	put(f, "skills/x", "file");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s12_the_same_seen_by_a_look_at_everything(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/x", "file");
	put(f, "skills/y/SKILL.md", "in a folder");
	put(f, "skills/z/SKILL.md", "x");
	fixture_start(f);
	erase(f, "skills/x");
	put(f, "skills/x/SKILL.md", "in a folder");
	erase(f, "skills/y");
	put(f, "skills/y", "file");
	move(f, "skills/z", "outside");
	put(f, "skills/z/SKILL.md", "another folder");
	fixture_scan(f);
	fixture_assert_told(f);
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s13_two_folders_exchanged_at_once(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/deep/one.txt", "1");
	put(f, "skills/b/deep/two.txt", "2");
	fixture_start(f);
	assert_int_equal(renameat2(f->dir, "skills/a", f->dir, "skills/b", RENAME_EXCHANGE), 0);
	fixture_sync(f);
	fixture_assert_exact(f);
	put(f, "skills/a/deep/two.txt", "22");
	put(f, "skills/b/deep/one.txt", "11");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s14_a_rename_over_an_empty_watched_folder(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	folders(f, "skills/b");
	fixture_start(f);
	move(f, "skills/a", "skills/b");
	fixture_sync(f);
	put(f, "skills/b/SKILL.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s18_symlinks_are_told_and_never_followed(void **state)
{
	struct fixture *f = *state;

	put(f, "outside/SKILL.md", "x");
	fixture_start(f);
	folders(f, "skills/a");
	assert_int_equal(symlinkat("../../outside", f->dir, "skills/a/out"), 0);
	assert_int_equal(symlinkat(".", f->dir, "skills/a/loop"), 0);
	assert_int_equal(symlinkat("nowhere", f->dir, "skills/a/dangling"), 0);
	assert_int_equal(symlinkat("outside", f->dir, "tools"), 0);
	fixture_sync(f);
	assert_int_equal(f->n, 3);
	fixture_assert_exact(f);
}

static void
s23_a_file_removed_and_made_again_is_never_gone(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	for (int i = 0; i < 10; i++) {
		erase(f, "skills/a/SKILL.md");
		fixture_run(f);
		f->now += 5 * USEC_PER_MS;
		put(f, "skills/a/SKILL.md", "y");
		fixture_run(f);
		f->now += 50 * USEC_PER_MS;
	}
	fixture_sync(f);
	assert_false(fixture_told(f, "gone skills/a/SKILL.md"));
	fixture_assert_exact(f);
}

static void
s27_links_into_the_tree_are_told(void **state)
{
	struct fixture *f = *state;

	put(f, "outside.md", "x");
	folders(f, "skills");
	fixture_start(f);
	assert_int_equal(linkat(f->dir, "outside.md", f->dir, "skills/linked.md", 0), 0);
	fixture_sync(f);
	assert_int_equal(f->n, 1);
	fixture_assert_exact(f);
}

static void
s32_odd_names_and_very_deep_folders_do_no_harm(void **state)
{
	struct fixture *f = *state;
	char longest[NAME_MAX + 1];
	int dir = dup(f->dir);

	memset(longest, 'x', NAME_MAX);
	longest[NAME_MAX] = '\0';
	put(f, "skills/\xff\n \x01/SKILL.md", "x");
	fixture_start(f);
	put(f, "skills/\xff\n \x01/new\nline", "x");
	folders(f, "skills/deep");
	assert_int_equal(fchdir(f->dir), 0);
	for (int i = 0; i < 20; i++) {
		int next;

		assert_int_equal(mkdirat(dir, i == 0 ? "skills/deep/d" : longest, 0755), 0);
		next = openat(dir, i == 0 ? "skills/deep/d" : longest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(dir);
		dir = next;
	}
	(void)close(dir);
	fixture_sync(f);
	assert_non_null(strstr(buf_str(&f->log), "unknown skills/deep/d/xxx"));
	assert_int_equal(f->n, 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(s01_a_manifest_in_folders_made_at_once_is_told),
	    TEST(a_folder_is_read_after_each_step_of_its_making),
	    TEST(a_file_that_comes_while_its_folder_is_read_is_told),
	    TEST(s03_a_renamed_folder_is_followed),
	    TEST(s04_a_tree_renamed_twice_keeps_its_right_path),
	    TEST(s05_a_name_that_begins_like_another_is_untouched),
	    TEST(s06_a_tree_moved_in_is_told_and_watched_at_every_depth),
	    TEST(s07_a_tree_moved_out_is_gone_and_not_heard_of_again),
	    TEST(s08_a_folder_replaced_by_another_has_its_content),
	    TEST(s09_a_folder_removed_and_made_again_is_watched),
	    TEST(s10_a_folder_replaced_by_a_symlink_is_not_followed),
	    TEST(s11_renames_back_and_forth_end_in_the_exact_state),
	    TEST(s12_a_file_becomes_a_folder_and_back),
	    TEST(s12_the_same_seen_by_a_look_at_everything),
	    TEST(s13_two_folders_exchanged_at_once),
	    TEST(s14_a_rename_over_an_empty_watched_folder),
	    TEST(s18_symlinks_are_told_and_never_followed),
	    TEST(s23_a_file_removed_and_made_again_is_never_gone),
	    TEST(s27_links_into_the_tree_are_told),
	    TEST(s32_odd_names_and_very_deep_folders_do_no_harm),
	};

	return cmocka_run_group_tests_name("watcher_tree", tests, NULL, NULL);
}
