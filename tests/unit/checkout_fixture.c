#include "checkout_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

/* libgit2 1.5 leaks a little when it opens a repository of format 1 (git_regexp_match without a match). */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n";
}

static char fixture_dir[64];

static int
fixture_shell(const char *command)
{
	char *line = mem_printf("cd %s && { %s\n}", fixture_dir, command);
	int r = system(line); /* a test's own commands */

	free(line);
	return r;
}

int
fixture_setup(void **state)
{
	(void)state;
	(void)snprintf(fixture_dir, sizeof fixture_dir, "/tmp/shelfd-repo-XXXXXX");
	if (mkdtemp(fixture_dir) == NULL)
		return -1;
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	unsetenv("GIT_INDEX_FILE");
	setenv("HOME", fixture_dir, 1);
	setenv("XDG_CONFIG_HOME", fixture_dir, 1);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
	setenv("GIT_AUTHOR_NAME", "a", 1);
	setenv("GIT_AUTHOR_EMAIL", "a@example.org", 1);
	setenv("GIT_COMMITTER_NAME", "a", 1);
	setenv("GIT_COMMITTER_EMAIL", "a@example.org", 1);
	return fixture_shell("git init -q -b main");
}

int
fixture_teardown(void **state)
{
	char *line = mem_printf("rm -rf %s", fixture_dir);
	int r = system(line);

	(void)state;
	free(line);
	return r;
}

const char *
fixture_path(void)
{
	return fixture_dir;
}

static char *__attribute__((format(printf, 1, 0))) fixture_format(const char *fmt, va_list ap)
{
	char *s;

	assert_true(vasprintf(&s, fmt, ap) >= 0);
	return s;
}

void
fixture_run(const char *fmt, ...)
{
	va_list ap;
	char *command;

	va_start(ap, fmt);
	command = fixture_format(fmt, ap);
	va_end(ap);
	if (fixture_shell(command) != 0)
		fail_msg("command failed: %s", command);
	free(command);
}

char *
fixture_output(const char *fmt, ...)
{
	struct buf out = {0};
	char *command, *line, part[4096];
	va_list ap;
	size_t n;
	FILE *f;

	va_start(ap, fmt);
	command = fixture_format(fmt, ap);
	va_end(ap);
	line = mem_printf("cd %s && { %s\n}", fixture_dir, command);
	f = popen(line, "r");
	assert_non_null(f);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(&out, part, n);
	(void)pclose(f);
	free(line);
	free(command);
	if (out.n > 0 && out.p[out.n - 1] == '\n')
		out.p[out.n - 1] = '\0';
	return buf_steal(&out);
}

void
fixture_write(const char *path, const char *content)
{
	char *full = mem_printf("%s/%s", fixture_dir, path);
	FILE *f;

	if (strchr(path, '/') != NULL)
		fixture_run("mkdir -p \"$(dirname '%s')\"", path);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(content, 1, strlen(content), f), strlen(content));
	assert_int_equal(fclose(f), 0);
	free(full);
}

struct repo *
fixture_open(const char *below)
{
	static const char *const prefixes[] = {"skills", "tools", NULL};
	char *root = mem_printf("%s/%s", fixture_dir, below);
	struct repo *r = NULL;
	struct err e;

	if (repo_open(root, false, prefixes, &r, &e) != 0)
		fail_msg("%s", e.msg);
	free(root);
	assert_non_null(r);
	return r;
}

struct moved {
	char *v[256];
	size_t n;
};

static void
fixture_moved(void *arg, const char *path)
{
	struct moved *m = arg;

	assert_true(m->n < 256);
	m->v[m->n++] = mem_strdup(path);
}

static int
fixture_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
fixture_refresh(struct repo *r, bool *ret_ignore)
{
	struct moved m = {.n = 0};
	struct buf out = {0};
	struct err e;

	if (repo_refresh(r, fixture_moved, &m, ret_ignore, &e) != 0)
		fail_msg("%s", e.msg);
	qsort(m.v, m.n, sizeof m.v[0], fixture_compare);
	for (size_t i = 0; i < m.n; i++) {
		buf_addf(&out, "%s ", m.v[i]);
		free(m.v[i]);
	}
	return buf_steal(&out);
}
