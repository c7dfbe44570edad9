#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "manifest/read.h"

struct place {
	char dir[64];
	int fd;
};

static void
put_file(const struct place *p, const char *name, const void *bytes, size_t n)
{
	int fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(close(fd), 0);
}

static int
set_up(void **state)
{
	struct place *p = mem_zalloc(sizeof *p);

	(void)snprintf(p->dir, sizeof p->dir, "/tmp/test_read.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->fd >= 0);
	assert_int_equal(mkdirat(p->fd, "root", 0755), 0);
	assert_int_equal(mkdirat(p->fd, "root/a", 0755), 0);
	put_file(p, "outside", "secret", 6);
	put_file(p, "root/a/f", "hello\n", 6);
	put_file(p, "root/empty", "", 0);
	assert_int_equal(symlinkat("a/f", p->fd, "root/link"), 0);
	assert_int_equal(symlinkat("a", p->fd, "root/folder-link"), 0);
	assert_int_equal(symlinkat("../outside", p->fd, "root/out"), 0);
	assert_int_equal(symlinkat("nothing", p->fd, "root/dangling"), 0);
	assert_int_equal(mkfifoat(p->fd, "root/fifo", 0644), 0);
	*state = p;
	return 0;
}

/* No shell, no walk: the names are known. */
static int
tear_down(void **state)
{
	static const char *const names[] = {"outside", "root/a/f", "root/a/g", "root/empty", "root/link",
	    "root/folder-link", "root/out", "root/dangling", "root/fifo", "root/socket", "root/big", "root/new", NULL};
	struct place *p = *state;

	for (size_t i = 0; names[i] != NULL; i++)
		(void)unlinkat(p->fd, names[i], 0);
	(void)unlinkat(p->fd, "root/a", AT_REMOVEDIR);
	(void)unlinkat(p->fd, "root", AT_REMOVEDIR);
	(void)close(p->fd);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static int
set_up_fallback(void **state)
{
	read_force_fallback(true);
	return set_up(state);
}

static int
tear_down_fallback(void **state)
{
	read_force_fallback(false);
	return tear_down(state);
}

static int
open_root(const struct place *p)
{
	int fd = openat(p->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static enum read_result
try_read(const struct place *p, const char *path)
{
	struct buf b = {0};
	struct signature sig;
	struct err e;
	int root = open_root(p);
	enum read_result r = read_file(root, path, &b, &sig, &e);

	(void)close(root);
	buf_free(&b);
	return r;
}

static void
a_file_is_read_whole_with_its_signature(void **state)
{
	const struct place *p = *state;
	struct buf b = {0};
	struct signature sig, want;
	struct stat st;
	struct err e;
	int root = open_root(p);

	buf_addstr(&b, "old content that is replaced");
	assert_int_equal(read_file(root, "a/f", &b, &sig, &e), READ_OK);
	assert_string_equal(buf_str(&b), "hello\n");
	assert_int_equal(b.n, 6);
	assert_int_equal(fstatat(root, "a/f", &st, 0), 0);
	signature_of(&st, &want);
	assert_true(signature_equal(&sig, &want));
	assert_int_equal(sig.size, 6);
	assert_int_equal(read_file(root, "empty", &b, &sig, &e), READ_OK);
	assert_int_equal(b.n, 0);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
	(void)close(root);
}

static void
what_is_not_there_is_gone(void **state)
{
	assert_int_equal(try_read(*state, "nothing"), READ_GONE);
	assert_int_equal(try_read(*state, "nothing/a"), READ_GONE);
	assert_int_equal(try_read(*state, "a/f/x"), READ_GONE);
}

static void
symlinks_are_never_followed(void **state)
{
	assert_int_equal(try_read(*state, "link"), READ_SYMLINK);
	assert_int_equal(try_read(*state, "out"), READ_SYMLINK);
	assert_int_equal(try_read(*state, "dangling"), READ_SYMLINK);
	assert_int_equal(try_read(*state, "folder-link"), READ_SYMLINK);
	assert_int_equal(try_read(*state, "folder-link/f"), READ_SYMLINK);
}

static void
nothing_outside_of_the_root_is_read(void **state)
{
	assert_int_equal(try_read(*state, "../outside"), READ_ERROR);
	assert_int_equal(try_read(*state, "a/../../outside"), READ_ERROR);
	assert_int_equal(try_read(*state, "a/../a/f"), READ_ERROR);
	assert_int_equal(try_read(*state, "/etc/passwd"), READ_ERROR);
}

/* The alarm ends the program if the read should wait for a writer. */
static void
a_fifo_a_socket_a_folder_are_not_regular_and_never_waited_for(void **state)
{
	const struct place *p = *state;
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(un.sun_path, sizeof un.sun_path, "%s/root/socket", p->dir);
	assert_int_equal(bind(s, (struct sockaddr *)&un, sizeof un), 0);
	(void)alarm(10);
	assert_int_equal(try_read(p, "fifo"), READ_NOT_REGULAR);
	assert_int_equal(try_read(p, "socket"), READ_NOT_REGULAR);
	assert_int_equal(try_read(p, "a"), READ_NOT_REGULAR);
	assert_int_equal(try_read(p, ""), READ_NOT_REGULAR);
	(void)alarm(0);
	(void)close(s);
}

static void
one_byte_over_the_limit_is_too_large_and_says_how_large(void **state)
{
	const struct place *p = *state;
	struct buf b = {0};
	struct signature sig = {0};
	struct err e;
	int root = open_root(p);
	int fd = openat(root, "big", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(ftruncate(fd, LIMIT_FILE), 0);
	assert_int_equal(read_file(root, "big", &b, &sig, &e), READ_OK);
	assert_int_equal(b.n, LIMIT_FILE);
	assert_int_equal(ftruncate(fd, LIMIT_FILE + 1), 0);
	assert_int_equal(read_file(root, "big", &b, &sig, &e), READ_TOO_LARGE);
	assert_int_equal(sig.size, LIMIT_FILE + 1);
	buf_free(&b);
	(void)close(fd);
	(void)close(root);
}

static void
digests_of_files_of_any_size_are_those_of_their_bytes(void **state)
{
	const struct place *p = *state;
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, LIMIT_FILE + 12345};
	int root = open_root(p);

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint8_t have[SHA256_SIZE], want[SHA256_SIZE];
		char *bytes = mem_zalloc(sizes[i] + 1);
		struct signature sig;
		struct err e;

		for (size_t k = 0; k < sizes[i]; k++)
			bytes[k] = (char)(k * 7 + k / 251);
		put_file(p, "root/big", bytes, sizes[i]);
		sha256(bytes, sizes[i], want);
		assert_int_equal(read_digest(root, "big", have, &sig, &e), READ_OK);
		assert_memory_equal(have, want, sizeof want);
		assert_int_equal(sig.size, sizes[i]);
		free(bytes);
	}
	(void)close(root);
}

static void
a_digest_obeys_the_same_rules(void **state)
{
	const struct place *p = *state;
	static const struct {
		const char *path;
		enum read_result want;
	} rows[] = {{"nothing", READ_GONE}, {"link", READ_SYMLINK}, {"fifo", READ_NOT_REGULAR},
	    {"folder-link/f", READ_SYMLINK}, {"../outside", READ_ERROR}};
	int root = open_root(p);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t sha[SHA256_SIZE] = {42};
		struct signature sig;
		struct err e;

		assert_int_equal(read_digest(root, rows[i].path, sha, &sig, &e), rows[i].want);
		assert_int_equal(sha[0], 42);
	}
	(void)close(root);
}

static void
an_error_names_its_cause(void **state)
{
	const struct place *p = *state;
	struct buf b = {0};
	struct signature sig;
	struct err e;
	int root = open_root(p);

	assert_int_equal(read_file(root, "../outside", &b, &sig, &e), READ_ERROR);
	assert_int_equal(e.sys, EXDEV);
	assert_non_null(strstr(e.msg, strerror(EXDEV)));
	assert_int_equal(read_file(root, "../outside", &b, &sig, NULL), READ_ERROR);
	buf_free(&b);
	(void)close(root);
}

/* Files of sysfs say 4096 bytes and give fewer: exactly what a file that was cut off between fstat and read looks like. */
static void
fewer_bytes_than_the_size_promises_are_unstable(void **state)
{
	static const char *const names[] = {
	    "kernel/mm/transparent_hugepage/enabled", "kernel/uevent_seqnum", "devices/system/cpu/online", NULL};
	int sys = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool found = false;

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
descriptors_are_closed_on_exec_and_do_not_block(void **state)
{
	int root = open_root(*state), fd = read_open_beneath(root, "a/f", 0);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	(void)close(fd);
	fd = read_open_beneath(root, "a", O_DIRECTORY);
	assert_true(fd >= 0);
	(void)close(fd);
	fd = read_open_beneath(root, "", O_DIRECTORY);
	assert_true(fd >= 0);
	(void)close(fd);
	fd = read_open_beneath(root, "a/f", O_PATH);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(read_open_beneath(root, "a/f", O_DIRECTORY), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(read_open_beneath(root, "folder-link", O_DIRECTORY), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(read_open_beneath(root, "link", O_PATH), -1);
	assert_int_equal(errno, ELOOP);
	(void)close(root);
}

/* In a child: a system call filter, as older container runtimes have it, refuses openat2 with this errno. */
static int
read_under_filter(const struct place *p, uint32_t refuse)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refuse),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = sizeof code / sizeof *code, .filter = code};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) != 0)
			_exit(77);
		if (try_read(p, "a/f") != READ_OK || try_read(p, "link") != READ_SYMLINK)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_filter_or_kernel_without_openat2_does_not_matter(void **state)
{
	int eperm = read_under_filter(*state, EPERM), enosys = read_under_filter(*state, ENOSYS);

	if (eperm == 77)
		skip();
	assert_int_equal(eperm, 0);
	assert_int_equal(enosys, 0);
}

#define BOTH_WAYS(f)                                                           \
	{#f, f, set_up, tear_down, NULL},                                      \
	{                                                                      \
#f " (by parts)", f, set_up_fallback, tear_down_fallback, NULL \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_WAYS(a_file_is_read_whole_with_its_signature),
	    BOTH_WAYS(what_is_not_there_is_gone),
	    BOTH_WAYS(symlinks_are_never_followed),
	    BOTH_WAYS(nothing_outside_of_the_root_is_read),
	    BOTH_WAYS(a_fifo_a_socket_a_folder_are_not_regular_and_never_waited_for),
	    BOTH_WAYS(descriptors_are_closed_on_exec_and_do_not_block),
	    BOTH_WAYS(a_digest_obeys_the_same_rules),
	    BOTH_WAYS(an_error_names_its_cause),
	    cmocka_unit_test_setup_teardown(one_byte_over_the_limit_is_too_large_and_says_how_large, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(digests_of_files_of_any_size_are_those_of_their_bytes, set_up, tear_down),
	    cmocka_unit_test(fewer_bytes_than_the_size_promises_are_unstable),
	    cmocka_unit_test_setup_teardown(
		a_file_that_is_replaced_all_the_time_is_never_read_half_or_missed, set_up, tear_down),
	    cmocka_unit_test(signatures_differ_when_any_part_does),
	    cmocka_unit_test(a_signature_younger_than_20_ms_or_of_the_future_is_racy),
	    cmocka_unit_test_setup_teardown(a_filter_or_kernel_without_openat2_does_not_matter, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
