#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "watcher_fixture.h"

static void
the_first_scan_tells_the_files_of_the_collections_only(void **state)
{
	struct fixture *f = *state;

	put(f, "README.md", "x");
	put(f, "src/skills/SKILL.md", "x");
	put(f, "skills/pdf/SKILL.md", "x");
	put(f, "skills/pdf/.hidden", "x");
	put(f, "skills/.git/x", "x");
	put(f, "skills/pdf/secret/key", "x");
	put(f, "tools/a.yaml", "x");
	assert_int_equal(symlinkat("/etc/passwd", f->dir, "tools/link.md"), 0);
	assert_int_equal(mkfifoat(f->dir, "tools/pipe.md", 0600), 0);
	f->ignored = "skills/pdf/secret";
	fixture_start_without_watch(f);
	assert_int_equal(watcher_fd(f->w), -1);
	assert_int_equal(f->n, 4);
	assert_true(fixture_told(f, "see skills/pdf/SKILL.md"));
	assert_true(fixture_told(f, "scanned"));
	fixture_assert_exact(f);
	assert_true(watcher_deadline(f->w) == USEC_NEVER);
}

static void
a_save_is_told_once_and_without_waiting(void **state)
{
	struct fixture *f = *state;
	usec_t begin;

	put(f, "skills/a/SKILL.md", "one");
	fixture_start(f);
	begin = f->now;
	put(f, "skills/a/SKILL.md", "two");
	fixture_run(f);
	assert_string_equal(buf_str(&f->log), "saw skills/a/SKILL.md\n");
	fixture_sync(f);
	assert_true(f->now == begin);
	put(f, "skills/a/SKILL.md.new", "three");
	move(f, "skills/a/SKILL.md.new", "skills/a/SKILL.md");
	f->now += 50 * USEC_PER_MS;
	fixture_clear(f);
	fixture_run(f);
	assert_int_equal(fixture_count(f, "saw skills/a/SKILL.md"), 1);
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
names_that_never_count_do_not_wake_anyone(void **state)
{
	struct fixture *f = *state;
	struct watcher_stats stats;

	put(f, "skills/a/SKILL.md", "one");
	fixture_start(f);
	put(f, "skills/a/.SKILL.md.swp", "x");
	put(f, "build.log", "x");
	put(f, "elsewhere/x/y", "x");
	watcher_read(f->w, f->now);
	watcher_stats(f->w, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_true(stats.events > 0);
	assert_true(watcher_deadline(f->w) == USEC_NEVER);
}

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
	assert_int_equal(watcher_scan(f->w, NULL, "request", f->now, NULL), 0);
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

static void
a_folder_that_was_not_readable_is_read_when_it_is(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/b/SKILL.md", "x");
	assert_int_equal(fchmodat(f->dir, "skills/a/b", 0, 0), 0);
	fixture_start(f);
	assert_int_equal(f->n, 0);
	assert_int_equal(watcher_scan(f->w, "skills/a", "request", f->now, NULL), 0);
	assert_true(fixture_told(f, "unknown skills/a/b"));
	assert_int_equal(fchmodat(f->dir, "skills/a/b", 0755, 0), 0);
	fixture_sync(f);
	fixture_assert_exact(f);
	assert_int_equal(f->n, 1);
}

/* root may read everything: the four tests above are another user's. */
static int
setup_as_nobody(void **state)
{
	if (geteuid() == 0 && seteuid(65534) != 0)
		return -1;
	return fixture_setup(state);
}

static int
teardown_as_nobody(void **state)
{
	int r = fixture_teardown(state);

	return getuid() == 0 && seteuid(0) != 0 ? -1 : r;
}

static void
a_file_that_was_out_of_reach_is_told_when_its_folder_opens(void **state)
{
	struct fixture *f = *state;
	int fd;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	fd = openat(f->dir, "skills/a/SKILL.md", O_WRONLY | O_CLOEXEC);
	assert_int_equal(fchmodat(f->dir, "skills/a", 0400, 0), 0);
	assert_int_equal(write(fd, "changed", 7), 7);
	assert_int_equal(close(fd), 0);
	fixture_sync(f);
	assert_true(fixture_told(f, "unknown skills/a/SKILL.md"));
	assert_false(fixture_told(f, "gone skills/a/SKILL.md"));
	assert_int_equal(fchmodat(f->dir, "skills/a", 0755, 0), 0);
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
a_root_that_was_not_readable_is_read_when_it_is(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	assert_int_equal(fchmod(f->dir, 0), 0);
	assert_int_equal(watcher_scan(f->w, NULL, "request", f->now, NULL), 0);
	assert_true(fixture_told(f, "unknown"));
	assert_int_equal(fchmod(f->dir, 0755), 0);
	put(f, "skills/b/SKILL.md", "x");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
what_changed_behind_a_closed_folder_is_told_when_that_opens(void **state)
{
	struct fixture *f = *state;
	int fd;

	put(f, "skills/a/b/SKILL.md", "x");
	fixture_start(f);
	fd = openat(f->dir, "skills/a/b", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		int top = i == 0 ? openat(f->dir, "skills/a", O_RDONLY | O_CLOEXEC) : dup(f->dir), file;

		assert_int_equal(fchmod(top, 0), 0);
		file = openat(fd, "SKILL.md", O_WRONLY | O_APPEND | O_CLOEXEC);
		assert_int_equal(write(file, "changed", 7), 7);
		assert_int_equal(close(file), 0);
		fixture_sync(f);
		assert_true(fixture_told(f, "unknown skills/a/b/SKILL.md"));
		assert_int_equal(fchmod(top, 0755), 0);
		fixture_sync(f);
		fixture_assert_exact(f);
		fixture_clear(f);
		(void)close(top);
	}
	(void)close(fd);
}

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
s33_lost_events_end_in_the_exact_state(void **state)
{
	struct fixture *f = *state;
	struct watcher_stats stats;

	put(f, "skills/a/SKILL.md", "x");
	put(f, "skills/b/gone.md", "x");
	fixture_start(f);
	for (int i = 0; i < 9000; i++) {
		put(f, "skills/a/one.txt", "x");
		put(f, "skills/a/two.txt", "x");
	}
	put(f, "skills/new/deep/SKILL.md", "x");
	erase(f, "skills/b");
	fixture_sync(f);
	watcher_stats(f->w, &stats);
	assert_int_equal(stats.overflows, 1);
	fixture_assert_exact(f);
	put(f, "skills/new/deep/SKILL.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
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
	assert_true(f->barrier < id);
	git_erase(f, "index.lock");
	fixture_run(f);
	assert_true(f->barrier < id);
	f->now += 20 * USEC_PER_MS;
	fixture_run(f);
	assert_int_equal(f->barrier, id);
	assert_true(fixture_told(f, "saw skills/a/SKILL.md"));
}

static void
what_looks_half_written_is_told_again_at_the_cap(void **state)
{
	struct fixture *f = *state;
	usec_t begin;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	begin = f->now;
	f->defer = true;
	put(f, "skills/a/SKILL.md", "");
	fixture_run(f);
	fixture_sync(f);
	assert_string_equal(
	    buf_str(&f->log), "saw skills/a/SKILL.md\nsaw skills/a/SKILL.md\ntaken skills/a/SKILL.md\n");
	assert_true(f->now == begin + USEC_PER_SEC);

	/* The same for a file that was found in a new folder; but not at a scan of everything. */
	fixture_clear(f);
	put(f, "skills/b/SKILL.md", "");
	fixture_run(f);
	assert_true(fixture_told(f, "see skills/b/SKILL.md"));
	assert_false(fixture_told(f, "taken skills/b/SKILL.md"));
	fixture_sync(f);
	assert_true(fixture_told(f, "taken skills/b/SKILL.md"));
	f->now += 10 * USEC_PER_SEC;
	fixture_clear(f);
	assert_int_equal(watcher_scan(f->w, NULL, "request", f->now, NULL), 0);
	assert_true(fixture_told(f, "taken skills/b/SKILL.md"));
}

static void
one_path_can_be_looked_at_on_request(void **state)
{
	struct fixture *f = *state;
	struct err e;

	put(f, "skills/a/SKILL.md", "x");
	put(f, "tools/x.yaml", "x");
	fixture_start(f);
	assert_int_equal(watcher_scan(f->w, "skills/a/SKILL.md", "request", f->now, &e), 0);
	assert_string_equal(buf_str(&f->log), "saw skills/a/SKILL.md\n");
	fixture_clear(f);
	assert_int_equal(watcher_scan(f->w, "skills/a", "request", f->now, &e), 0);
	assert_string_equal(buf_str(&f->log), "see skills/a/SKILL.md\nscanned skills/a\n");
	fixture_clear(f);
	assert_int_equal(watcher_scan(f->w, "skills/b/c", "request", f->now, &e), 0);
	assert_string_equal(buf_str(&f->log), "gone skills/b\n");
	put(f, "skills/new/deep/SKILL.md", "x");
	fixture_clear(f);
	assert_int_equal(watcher_scan(f->w, "skills/new/deep/SKILL.md", "request", f->now, &e), 0);
	assert_true(fixture_told(f, "see skills/new/deep/SKILL.md"));
	assert_int_equal(watcher_scan(f->w, "src/x.c", "request", f->now, &e), -1);
	assert_non_null(strstr(e.msg, "src/x.c: lies in no collection"));
	assert_int_equal(watcher_scan(f->w, "../private", "request", f->now, &e), -1);
	assert_int_equal(watcher_scan(f->w, "skills/../../x", "request", f->now, &e), -1);
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s16_a_root_that_goes_away_deletes_nothing_and_can_come_back(void **state)
{
	struct fixture *f = *state;
	struct watcher_stats stats;
	struct err e;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	folders(f, "tools");
	erase(f, "tools");
	assert_int_equal(renameat(f->dir, "../root", f->dir, "../away"), 0);
	put(f, "skills/a/SKILL.md", "written elsewhere");
	erase(f, "skills");
	fixture_sync(f);
	assert_string_equal(buf_str(&f->log), "");
	assert_int_equal(f->n, 1);
	watcher_stats(f->w, &stats);
	assert_true(stats.lost);
	assert_int_equal(watcher_scan(f->w, NULL, "request", f->now, &e), -1);
	assert_int_equal(f->n, 1);

	assert_int_equal(mkdirat(f->dir, "../root", 0755), 0);
	(void)close(f->dir);
	f->dir = openat(f->git, "../root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(f, "skills/b/SKILL.md", "x");
	assert_int_equal(watcher_scan(f->w, NULL, "request", f->now, &e), 0);
	fixture_assert_exact(f);
	put(f, "skills/b/SKILL.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
	watcher_stats(f->w, &stats);
	assert_false(stats.lost);
}

static void
a_root_that_is_removed_deletes_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	erase(f, "skills");
	assert_int_equal(unlinkat(f->dir, "../root", AT_REMOVEDIR), 0);
	fixture_sync(f);
	assert_string_equal(buf_str(&f->log), "");
	assert_int_equal(f->n, 1);
}

static void
a_watcher_without_its_root_is_refused(void **state)
{
	struct fixture *f = *state;
	char *root = mem_printf("%s/none", f->top);
	const struct watcher_config cfg = {.root = root, .collections = &f->collections};
	const struct watcher_sink sink = {0};
	struct err e;

	assert_null(watcher_new(&cfg, &sink, NULL, &e));
	assert_non_null(strstr(e.msg, root));
	assert_int_equal(e.sys, ENOENT);
	free(root);
}

int
main(void)
{
#define AS_NOBODY(f) cmocka_unit_test_setup_teardown(f, setup_as_nobody, teardown_as_nobody)
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(the_first_scan_tells_the_files_of_the_collections_only),
	    TEST(a_save_is_told_once_and_without_waiting),
	    TEST(names_that_never_count_do_not_wake_anyone),
	    TEST(s01_a_manifest_in_folders_made_at_once_is_told),
	    TEST(a_folder_is_read_after_each_step_of_its_making),
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
	    AS_NOBODY(a_folder_that_was_not_readable_is_read_when_it_is),
	    AS_NOBODY(a_file_that_was_out_of_reach_is_told_when_its_folder_opens),
	    AS_NOBODY(what_changed_behind_a_closed_folder_is_told_when_that_opens),
	    AS_NOBODY(a_root_that_was_not_readable_is_read_when_it_is),
	    TEST(what_git_ignores_is_neither_watched_nor_told),
	    TEST(while_git_has_its_lock_nothing_is_told_and_then_git_comes_first),
	    TEST(a_lock_that_came_and_went_unseen_still_lets_git_go_first),
	    TEST(s43_a_stale_lock_holds_up_to_the_cap),
	    TEST(a_long_checkout_is_held_while_files_move),
	    TEST(a_rebase_holds_between_its_picks),
	    TEST(exclude_files_and_packed_refs_of_the_git_directory_are_heard),
	    TEST(s17_a_git_directory_that_goes_away_stops_nothing),
	    TEST(s33_lost_events_end_in_the_exact_state),
	    TEST(a_barrier_waits_for_what_git_holds),
	    TEST(what_looks_half_written_is_told_again_at_the_cap),
	    TEST(one_path_can_be_looked_at_on_request),
	    TEST(s16_a_root_that_goes_away_deletes_nothing_and_can_come_back),
	    TEST(a_root_that_is_removed_deletes_nothing),
	    TEST(a_watcher_without_its_root_is_refused),
	};

	return cmocka_run_group_tests_name("watcher", tests, NULL, NULL);
}
