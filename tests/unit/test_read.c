#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "read_place.h"

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
	    cmocka_unit_test_setup_teardown(a_filter_or_kernel_without_openat2_does_not_matter, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
