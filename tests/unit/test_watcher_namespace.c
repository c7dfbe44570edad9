/* What needs a user namespace of our own: mounts, and the limit of watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/mem.h"
#include "watcher_fixture.h"

static bool
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* Become root of a namespace where only we are. */
static bool
enter_namespace(void)
{
	char *users = mem_printf("0 %ld 1", (long)geteuid()), *groups = mem_printf("0 %ld 1", (long)getegid());
	bool ok = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_text("/proc/self/uid_map", users) &&
	    write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", groups) &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;

	free(users);
	free(groups);
	return ok;
}

static char *
at(const struct fixture *f, const char *path)
{
	return mem_printf("%s/root/%s", f->top, path);
}

static void
s36_at_the_watch_limit_everything_is_still_told(void **state)
{
	struct fixture *f = *state;
	struct watcher_stats stats;

	for (int i = 0; i < 30; i++) {
		char *path = mem_printf("skills/%d/SKILL.md", i);

		put(f, path, "x");
		free(path);
	}
	assert_true(write_text("/proc/sys/user/max_inotify_watches", "10"));
	fixture_start(f);
	assert_true(write_text("/proc/sys/user/max_inotify_watches", "100000"));
	fixture_assert_told(f);
	watcher_stats(f->w, &stats);
	assert_in_range(stats.watches, 5, 10);
	assert_int_equal(stats.unwatched, 32 - stats.watches);

	/* The next look at a folder watches it. */
	fixture_scan(f);
	fixture_sync(f);
	fixture_assert_exact(f);
}

static void
s39_a_folder_mounted_at_two_places_is_told_at_both(void **state)
{
	struct fixture *f = *state;
	char *from, *to;

	put(f, "skills/a/b/SKILL.md", "x");
	folders(f, "skills/z");
	from = at(f, "skills/a");
	to = at(f, "skills/z");
	assert_int_equal(mount(from, to, NULL, MS_BIND, NULL), 0);
	fixture_start(f);
	fixture_assert_told(f);
	assert_int_equal(f->n, 2);
	fixture_scan(f);
	fixture_sync(f);
	put(f, "skills/z/b/SKILL.md", "changed through the other mount");
	fixture_sync(f);
	assert_true(fixture_told(f, "saw skills/a/b/SKILL.md") || fixture_told(f, "saw skills/z/b/SKILL.md"));
	assert_int_equal(umount(to), 0);
	free(from);
	free(to);
}

static void
s37_what_is_unmounted_is_unknown_and_not_deleted(void **state)
{
	struct fixture *f = *state;
	char *to;

	folders(f, "skills/m");
	to = at(f, "skills/m");
	assert_int_equal(mount("none", to, "tmpfs", 0, NULL), 0);
	put(f, "skills/m/a/SKILL.md", "x");
	fixture_start(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(umount(to), 0);
	fixture_sync(f);
	assert_true(fixture_told(f, "unknown skills/m"));
	assert_int_equal(f->n, 1);
	free(to);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(s36_at_the_watch_limit_everything_is_still_told),
	    TEST(s39_a_folder_mounted_at_two_places_is_told_at_both),
	    TEST(s37_what_is_unmounted_is_unknown_and_not_deleted),
	};

	if (!enter_namespace()) {
		(void)puts("skipped: no user namespace of our own may be made here");
		return 77;
	}
	return cmocka_run_group_tests_name("watcher_namespace", tests, NULL, NULL);
}
