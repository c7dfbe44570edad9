#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	assert_true(watcher_deadline(f->w) > f->now + USEC_PER_SEC);
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
	assert_true(watcher_deadline(f->w) > f->now + USEC_PER_SEC);
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
	assert_true(fixture_told(f, "unknown again skills/a/b"));
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
	fixture_scan(f);
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
	fixture_scan(f);
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
s16_a_root_that_goes_away_deletes_nothing_and_is_taken_up_again_when_it_is_back(void **state)
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
	fixture_sync(f);
	watcher_stats(f->w, &stats);
	assert_true(stats.lost); /* a new checkout is not there before it is filled */
	assert_int_equal(f->n, 1);
	put(f, "skills/b/SKILL.md", "x");
	fixture_sync(f);
	watcher_stats(f->w, &stats);
	assert_false(stats.lost);
	fixture_assert_exact(f);
	put(f, "skills/b/SKILL.md", "y");
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s16_a_root_that_is_moved_away_and_back_is_looked_at_again(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	assert_int_equal(renameat(f->dir, "../root", f->git, "../away"), 0);
	fixture_sync(f);
	put(f, "skills/a/SKILL.md", "written while it was away");
	put(f, "skills/new/SKILL.md", "x");
	assert_int_equal(renameat(f->git, "../away", f->git, "../root"), 0);
	fixture_sync(f);
	fixture_assert_exact(f);
	assert_int_equal(f->n, 2);
}

/* Make root/ a link to the folder of that name beside it. */
static void
flip(struct fixture *f, const char *to)
{
	assert_int_equal(symlinkat(to, f->git, "../next"), 0);
	assert_int_equal(renameat(f->git, "../next", f->git, "../root"), 0);
	(void)close(f->dir);
	f->dir = openat(f->git, "../root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
r13_a_root_that_is_a_link_is_followed_when_it_is_flipped(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	assert_int_equal(renameat(f->git, "../root", f->git, "../one"), 0);
	assert_int_equal(mkdirat(f->git, "../two", 0755), 0);
	flip(f, "two");
	put(f, "skills/b/SKILL.md", "x");
	flip(f, "one");
	fixture_start(f);
	fixture_assert_exact(f);
	for (int i = 0; i < 5; i++) {
		flip(f, i % 2 == 0 ? "two" : "one");
		fixture_sync(f);
		fixture_assert_told(f);
		put(f, "skills/c/SKILL.md", i % 2 == 0 ? "x" : "y");
		fixture_sync(f);
		fixture_assert_told(f);
		assert_int_equal(f->n, 2);
	}
}

static void
r13_what_happens_in_the_folder_that_a_link_has_left_is_not_told(void **state)
{
	struct fixture *f = *state;
	int old;

	put(f, "skills/a/SKILL.md", "x");
	assert_int_equal(renameat(f->git, "../root", f->git, "../one"), 0);
	assert_int_equal(mkdirat(f->git, "../two", 0755), 0);
	flip(f, "two");
	put(f, "skills/a/SKILL.md", "x");
	flip(f, "one");
	fixture_start(f);
	old = dup(f->dir);
	flip(f, "two");
	assert_int_equal(unlinkat(old, "skills/a/SKILL.md", 0), 0);
	assert_int_equal(unlinkat(old, "skills/a", AT_REMOVEDIR), 0);
	fixture_run(f);
	fixture_sync(f);
	assert_false(fixture_told(f, "gone skills/a/SKILL.md"));
	assert_false(fixture_told(f, "gone skills/a"));
	assert_false(fixture_told(f, "gone skills"));
	fixture_assert_exact(f);
	(void)close(old);
}

static void
a_root_that_is_removed_deletes_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, "skills/a/SKILL.md", "x");
	fixture_start(f);
	erase(f, "skills");
	erase(f, "LICENSE");
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

static void
what_lies_in_a_collections_root_is_told_as_whole_when_it_is(void **state)
{
	struct fixture *f = *state;
	const char *a, *b;

	put(f, "skills/a/SKILL.md", "x");
	put(f, "skills/a/x/y/z.md", "x");
	put(f, "skills/b/SKILL.md", "x");
	put(f, "skills/flat.md", "x");
	fixture_start(f);
	fixture_scan(f);
	a = strstr(buf_str(&f->log), "whole skills/a\n");
	b = strstr(buf_str(&f->log), "whole skills/b\n");
	assert_non_null(a);
	assert_non_null(b);
	assert_null(strstr(a, "skills/a/"));
	assert_null(strstr(b, "skills/b/"));
	assert_null(strstr(a, "skills/flat.md"));
	assert_null(strstr(buf_str(&f->log), "whole skills/a/x\n"));
	assert_non_null(strstr(b, "scanned\n"));
}

static void
what_is_touched_during_a_look_at_everything_is_told_after_it_and_before_the_barrier(void **state)
{
	struct fixture *f = *state;
	uint64_t barrier;

	for (int i = 0; i < 300; i++) {
		char path[64];

		(void)snprintf(path, sizeof path, "skills/s%d/SKILL.md", i);
		put(f, path, "x");
	}
	fixture_start(f);
	assert_int_equal(watcher_scan(f->w, NULL, "request", f->now, NULL), 0);
	watcher_run(f->w, f->now);
	assert_true(watcher_scanning(f->w));
	assert_int_equal(watcher_deadline(f->w), 0);
	put(f, "skills/new/SKILL.md", "x");
	move(f, "skills/s0", "skills/moved0");
	move(f, "skills/s299", "skills/moved299");
	assert_int_equal(watcher_barrier(f->w, &barrier, NULL), 0);
	watcher_read(f->w, f->now);
	watcher_run(f->w, f->now);
	assert_true(watcher_scanning(f->w));
	assert_false(watcher_passed(f->w, barrier));
	fixture_sync(f);
	fixture_assert_exact(f);
	assert_false(watcher_scanning(f->w));
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
	    AS_NOBODY(a_folder_that_was_not_readable_is_read_when_it_is),
	    AS_NOBODY(a_file_that_was_out_of_reach_is_told_when_its_folder_opens),
	    AS_NOBODY(a_root_that_was_not_readable_is_read_when_it_is),
	    AS_NOBODY(what_changed_behind_a_closed_folder_is_told_when_that_opens),
	    TEST(s33_lost_events_end_in_the_exact_state),
	    TEST(what_looks_half_written_is_told_again_at_the_cap),
	    TEST(one_path_can_be_looked_at_on_request),
	    TEST(s16_a_root_that_goes_away_deletes_nothing_and_is_taken_up_again_when_it_is_back),
	    TEST(s16_a_root_that_is_moved_away_and_back_is_looked_at_again),
	    TEST(r13_a_root_that_is_a_link_is_followed_when_it_is_flipped),
	    TEST(r13_what_happens_in_the_folder_that_a_link_has_left_is_not_told),
	    TEST(a_root_that_is_removed_deletes_nothing),
	    TEST(a_watcher_without_its_root_is_refused),
	    TEST(what_lies_in_a_collections_root_is_told_as_whole_when_it_is),
	    TEST(what_is_touched_during_a_look_at_everything_is_told_after_it_and_before_the_barrier),
	};

	return cmocka_run_group_tests_name("watcher", tests, NULL, NULL);
}
