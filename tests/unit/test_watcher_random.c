/*
 * Random file operations, alone and at the same time as the watcher looks: when
 * it is quiet, what was told equals what is on the disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"
#include "watcher_fixture.h"

#define ROUNDS 40
#define ROUNDS_DURING 15
#define OPERATIONS 60
#define PATH_SIZE 64

/* A path one to four parts below a top; some tops are watched and one is not. */
static const char *
random_path(struct random *r, char path[PATH_SIZE])
{
	static const char *const tops[] = {"skills", "skills", "tools", "outside"};
	int n = snprintf(path, PATH_SIZE, "%s", tops[random_below(r, 4)]);

	for (unsigned parts = 1 + random_below(r, 4); parts > 0; parts--)
		n += snprintf(path + n, (size_t)(PATH_SIZE - n), "/%c", 'a' + (int)random_below(r, 3));
	return path;
}

/* Whatever the system refuses (a file on the way, a folder into itself) is no operation. */
static void
write_one(struct fixture *f, struct random *r, const char *path)
{
	int fd =
	    openat(f->dir, path, O_WRONLY | O_CREAT | O_CLOEXEC | (random_below(r, 2) == 0 ? O_TRUNC : O_APPEND), 0644);

	if (fd < 0)
		return;
	(void)!write(fd, "text", 1 + random_below(r, 4));
	(void)close(fd);
}

static void
make_folders(struct fixture *f, char *path)
{
	for (char *p = path; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdirat(f->dir, path, 0755);
			*p = '/';
		}
	(void)mkdirat(f->dir, path, 0755);
}

static void
erase_folder(struct fixture *f, const char *path)
{
	char below[PATH_SIZE + 2];

	if (unlinkat(f->dir, path, 0) == 0 || unlinkat(f->dir, path, AT_REMOVEDIR) == 0)
		return;
	for (char c = 'a'; c <= 'c'; c++) {
		int n = snprintf(below, sizeof below, "%s/%c", path, c);

		if (n < PATH_SIZE && faccessat(f->dir, below, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			erase_folder(f, below);
	}
	(void)unlinkat(f->dir, path, AT_REMOVEDIR);
}

static void
operate(struct fixture *f, struct random *r)
{
	char a[PATH_SIZE], b[PATH_SIZE];

	(void)random_path(r, a);
	(void)random_path(r, b);
	switch (random_below(r, 12)) {
	case 0:
	case 1:
	case 2:
		write_one(f, r, a);
		break;
	case 3:
	case 4:
		make_folders(f, a);
		break;
	case 5:
	case 6:
	case 7:
		(void)renameat(f->dir, a, f->dir, b);
		break;
	case 8:
		(void)renameat2(f->dir, a, f->dir, b, RENAME_EXCHANGE);
		break;
	case 9:
		erase_folder(f, a);
		break;
	case 10:
		(void)!symlinkat(b, f->dir, a);
		break;
	default:
		(void)!fchmodat(f->dir, a, random_below(r, 2) == 0 ? 0755 : 0700, 0);
		break;
	}
}

static void
run_a_while(struct fixture *f, struct random *r)
{
	usec_t deadline;

	fixture_run(f);
	deadline = watcher_deadline(f->w);
	if (random_below(r, 2) == 0)
		f->now += random_below(r, 20) * USEC_PER_MS;
	else if (deadline != USEC_NEVER && deadline > f->now)
		f->now = deadline;
}

static void
operations_between_looks_end_in_the_exact_state(void **state)
{
	struct fixture *f = *state;
	struct random r = random_seeded("watcher");

	folders(f, "outside/a/b");
	folders(f, "skills");
	fixture_start(f);
	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < OPERATIONS; k++) {
			operate(f, &r);
			if (random_below(&r, 4) == 0)
				run_a_while(f, &r);
			if (random_below(&r, 100) == 0)
				fixture_scan(f);
		}
		fixture_sync(f);
		fixture_assert_exact(f);
		fixture_clear(f);
	}
}

static pid_t
start_operating(struct fixture *f, struct random *r)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int k = 0; k < 10 * OPERATIONS; k++)
			operate(f, r);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void
operations_during_looks_end_in_the_exact_state(void **state)
{
	struct fixture *f = *state;
	struct random r = random_seeded("watcher, at the same time");

	folders(f, "outside/a/b");
	fixture_start(f);
	for (int i = 0; i < ROUNDS_DURING; i++) {
		pid_t pid = start_operating(f, &r);
		int status;

		while (waitpid(pid, &status, WNOHANG) == 0)
			run_a_while(f, &r);
		assert_int_equal(status, 0);
		fixture_sync(f);
		fixture_assert_exact(f);
		fixture_clear(f);
		(void)random_below(&r, 2);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(operations_between_looks_end_in_the_exact_state),
	    TEST(operations_during_looks_end_in_the_exact_state),
	};

	return cmocka_run_group_tests_name("watcher_random", tests, NULL, NULL);
}
