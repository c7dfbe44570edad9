#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "read_place.h"

/* Every read of the module comes here: the linker puts it in front of pread(3), by either of its names. */
static struct {
	int calls;
	int spoil; /* so many reads from now on find the file changed underneath */
	int fd; /* of that file */
	size_t most; /* bytes a call gives, 0: what is asked for */
	int fail; /* errno of the next call, 0: none */
} reads;

ssize_t __wrap_pread(int fd, void *p, size_t n, off_t at);
ssize_t __wrap_pread64(int fd, void *p, size_t n, off_t at);

ssize_t
__wrap_pread(int fd, void *p, size_t n, off_t at)
{
	struct iovec v = {p, reads.most != 0 && reads.most < n ? reads.most : n};
	ssize_t done;

	reads.calls++;
	if (reads.fail != 0) {
		errno = reads.fail;
		reads.fail = 0;
		return -1;
	}
	done = preadv(fd, &v, 1, at);
	if (reads.spoil > 0) {
		reads.spoil--;
		assert_true(lseek(reads.fd, 0, SEEK_END) >= 0);
		assert_int_equal(write(reads.fd, "+", 1), 1);
	}
	return done;
}

ssize_t
__wrap_pread64(int fd, void *p, size_t n, off_t at)
{
	return __wrap_pread(fd, p, n, at);
}

static void
a_file_that_grows_while_it_is_read_is_read_again(void **state)
{
	const struct place *p = *state;
	struct buf b = {0};
	struct signature sig;
	struct err e;
	int root = open_root(p);

	reads.fd = openat(root, "a/f", O_WRONLY | O_CLOEXEC);
	reads.spoil = 2;
	reads.calls = 0;
	assert_int_equal(read_file(root, "a/f", &b, &sig, &e), READ_OK);
	assert_string_equal(buf_str(&b), "hello\n++");
	assert_int_equal(sig.size, 8);
	assert_int_equal(reads.calls, 3);
	(void)close(reads.fd);
	buf_free(&b);
	(void)close(root);
}

static void
a_file_that_never_stands_still_is_given_up_as_unstable(void **state)
{
	const struct place *p = *state;
	struct buf b = {0};
	struct signature sig;
	uint8_t sha[SHA256_SIZE] = {42};
	struct err e;
	int root = open_root(p);

	reads.fd = openat(root, "a/f", O_WRONLY | O_CLOEXEC);
	reads.spoil = 1000;
	reads.calls = 0;
	assert_int_equal(read_file(root, "a/f", &b, &sig, &e), READ_UNSTABLE);
	assert_true(reads.calls < 10);
	assert_int_equal(read_digest(root, "a/f", sha, &sig, &e), READ_UNSTABLE);
	assert_int_equal(sha[0], 42);
	reads.spoil = 0;
	(void)close(reads.fd);
	buf_free(&b);
	(void)close(root);
}

static void
a_file_that_is_cut_off_between_stat_and_read_is_unstable(void **state)
{
	static const char *const names[] = {
	    "kernel/mm/transparent_hugepage/enabled", "devices/system/cpu/online", NULL};
	int sys = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool found = false;

	/* Files of sysfs say that they have 4096 bytes and give fewer. */
	(void)state;
	for (size_t i = 0; sys >= 0 && names[i] != NULL; i++) {
		uint8_t sha[SHA256_SIZE];
		struct buf b = {0};
		struct signature sig;
		struct err e;

		if (faccessat(sys, names[i], R_OK, 0) != 0)
			continue;
		found = true;
		assert_int_equal(read_file(sys, names[i], &b, &sig, &e), READ_UNSTABLE);
		assert_int_equal(read_digest(sys, names[i], sha, &sig, &e), READ_UNSTABLE);
		buf_free(&b);
	}
	if (sys >= 0)
		(void)close(sys);
	if (!found)
		skip();
}

static void
short_and_interrupted_reads_are_continued(void **state)
{
	const struct place *p = *state;
	struct buf b = {0};
	struct signature sig;
	uint8_t have[SHA256_SIZE], want[SHA256_SIZE];
	struct err e;
	int root = open_root(p);

	sha256("hello\n", 6, want);
	reads.most = 1;
	reads.fail = EINTR;
	assert_int_equal(read_file(root, "a/f", &b, &sig, &e), READ_OK);
	assert_string_equal(buf_str(&b), "hello\n");
	assert_int_equal(read_digest(root, "a/f", have, &sig, &e), READ_OK);
	assert_memory_equal(have, want, sizeof want);
	reads.most = 0;
	buf_free(&b);
	(void)close(root);
}

static void
a_file_that_stands_still_takes_one_read(void **state)
{
	reads.calls = 0;
	assert_int_equal(try_read(*state, "a/f"), READ_OK);
	assert_int_equal(reads.calls, 1);
}

static void
a_file_under_a_lease_is_not_waited_for(void **state)
{
	const struct place *p = *state;
	int fd = openat(p->fd, "root/a/f", O_WRONLY | O_CLOEXEC);
	enum read_result r;

	assert_true(fd >= 0);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0) {
		(void)close(fd);
		skip();
	}
	(void)signal(SIGIO, SIG_IGN);
	(void)alarm(10);
	r = try_read(p, "a/f");
	(void)alarm(0);
	(void)close(fd);
	assert_int_equal(r, READ_UNSTABLE);
}

static void
replace_many_times(int root)
{
	static char page[32768];

	for (int i = 0; i < 2000; i++) {
		int fd = openat(root, "new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		memset(page, 'a' + i % 26, sizeof page);
		if (fd < 0 || write(fd, page, sizeof page) != (ssize_t)sizeof page || close(fd) != 0)
			_exit(1);
		if (renameat(root, "new", root, "a/g") != 0)
			_exit(1);
	}
	_exit(0);
}

static void
a_file_that_is_replaced_all_the_time_is_never_read_half_or_missed(void **state)
{
	const struct place *p = *state;
	int root = open_root(p), status = -1;
	struct buf b = {0};
	struct signature sig;
	struct err e;
	size_t good = 0;
	pid_t pid;

	put_file(p, "root/a/g", "x", 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		replace_many_times(root);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		enum read_result r = read_file(root, "a/g", &b, &sig, &e);

		assert_true(r == READ_OK || r == READ_UNSTABLE);
		if (r != READ_OK)
			continue;
		good++;
		assert_int_equal(b.n, sig.size);
		for (size_t i = 1; i < b.n; i++)
			assert_int_equal(b.p[i], b.p[0]);
	}
	assert_int_equal(status, 0);
	assert_int_equal(read_file(root, "a/g", &b, &sig, &e), READ_OK);
	assert_true(good > 0);
	buf_free(&b);
	(void)close(root);
}

static void
signatures_differ_when_any_part_does(void **state)
{
	const struct signature base = {.dev = 1, .ino = 2, .size = 3, .mtime_ns = 4, .ctime_ns = 5, .mode = 6};
	struct signature s;

	(void)state;
	assert_true(signature_equal(&base, &base));
	s = base, s.dev++;
	assert_false(signature_equal(&s, &base));
	s = base, s.ino++;
	assert_false(signature_equal(&s, &base));
	s = base, s.size++;
	assert_false(signature_equal(&s, &base));
	s = base, s.mtime_ns++;
	assert_false(signature_equal(&s, &base));
	s = base, s.ctime_ns++;
	assert_false(signature_equal(&s, &base));
	s = base, s.mode++;
	assert_false(signature_equal(&s, &base));
}

static void
a_signature_younger_than_20_ms_or_of_the_future_is_racy(void **state)
{
	const int64_t now = INT64_C(1700000000000000000), ms = 1000000;
	struct signature s = {.mtime_ns = now - 20 * ms, .ctime_ns = now - 20 * ms};

	(void)state;
	assert_false(signature_racy(&s, now));
	s.mtime_ns++;
	assert_true(signature_racy(&s, now));
	s.mtime_ns = now - 1000 * ms;
	s.ctime_ns = now - 19 * ms;
	assert_true(signature_racy(&s, now));
	s.ctime_ns = now + 5 * ms;
	assert_true(signature_racy(&s, now));
}

static void
a_read_that_fails_is_an_error_and_no_deletion(void **state)
{
	const struct place *p = *state;
	struct buf b = {0};
	struct signature sig;
	struct err e;
	int root = open_root(p);

	reads.fail = EIO;
	assert_int_equal(read_file(root, "a/f", &b, &sig, &e), READ_ERROR);
	assert_int_equal(e.sys, EIO);
	buf_free(&b);
	(void)close(root);
}

#define WITH_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(a_file_that_grows_while_it_is_read_is_read_again),
	    WITH_PLACE(a_file_that_never_stands_still_is_given_up_as_unstable),
	    WITH_PLACE(a_file_that_is_cut_off_between_stat_and_read_is_unstable),
	    WITH_PLACE(short_and_interrupted_reads_are_continued),
	    WITH_PLACE(a_file_that_stands_still_takes_one_read),
	    WITH_PLACE(a_file_under_a_lease_is_not_waited_for),
	    WITH_PLACE(a_file_that_is_replaced_all_the_time_is_never_read_half_or_missed),
	    WITH_PLACE(signatures_differ_when_any_part_does),
	    WITH_PLACE(a_signature_younger_than_20_ms_or_of_the_future_is_racy),
	    WITH_PLACE(a_read_that_fails_is_an_error_and_no_deletion),
	};

	return cmocka_run_group_tests_name("read_stable", tests, NULL, NULL);
}
