#include "ctl/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 65536

static int
child_spawn(const char *const *argv, int out, int talk, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return rc;
	}
	/* What this program ignores would be ignored by the other one too. */
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	(void)posix_spawnattr_setsigdefault(&attr, &defaults);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, talk, STDERR_FILENO);
	if (rc == 0)
		rc = posix_spawnp(ret, argv[0], &actions, &attr, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int
child_drain(int fd, struct buf *out)
{
	for (;;) {
		ssize_t k = read(fd, buf_reserve(out, PIECE), PIECE);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return (int)k;
		buf_commit(out, (size_t)k);
	}
}

static int
child_failed(const char *name, int talk, int status, struct err *e)
{
	char said[512];
	ssize_t n = pread(talk, said, sizeof said - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (said[0] != '\0')
		return err_set(e, "%s: %s", name, said);
	if (WIFSIGNALED(status))
		return err_set(e, "%s was ended by signal %d", name, WTERMSIG(status));
	return err_set(e, "%s failed (%d)", name, WEXITSTATUS(status));
}

static int
child_wait(const char *name, pid_t pid, int fd, int talk, struct buf *out, struct err *e)
{
	int got = child_drain(fd, out), sys = errno, status = 0;
	pid_t ended;

	do
		ended = waitpid(pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (got != 0)
		return err_sys(e, sys, "%s", name);
	if (ended < 0)
		return err_sys(e, errno, "%s", name);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : child_failed(name, talk, status, e);
}

int
child_run(const char *const *argv, struct buf *out, struct err *e)
{
	int ends[2] = {-1, -1}, talk = memfd_create("stderr", MFD_CLOEXEC), rc;
	pid_t pid = 0;

	if (talk < 0 || pipe2(ends, O_CLOEXEC) != 0) {
		rc = err_sys(e, errno, "%s", argv[0]);
	} else {
		rc = child_spawn(argv, ends[1], talk, &pid);
		(void)close(ends[1]);
		rc = rc != 0 ? err_sys(e, rc, "%s", argv[0]) : child_wait(argv[0], pid, ends[0], talk, out, e);
		(void)close(ends[0]);
	}
	if (talk >= 0)
		(void)close(talk);
	return rc;
}
