/* A folder for the files of a test, and the ways in which they go bad. */
#ifndef TESTS_UNIT_STATE_FIXTURE_H
#define TESTS_UNIT_STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static inline int
folder_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* *state is the path of a file that is not there, in a folder that is not there. */
static inline int
state_setup(void **state)
{
	char folder[] = "/tmp/shelfd-state-XXXXXX";

	if (mkdtemp(folder) == NULL)
		return -1;
	*state = mem_printf("%s/deeper/file", folder);
	return 0;
}

static inline int
state_teardown(void **state)
{
	char *path = *state;

	path[strlen(path) - strlen("/deeper/file")] = '\0';
	(void)nftw(path, folder_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
	return 0;
}

static inline void
run_sql(const char *file, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Overwrite n bytes at an offset with garbage. */
static inline void
spoil(const char *file, off_t at, size_t n)
{
	char *garbage = mem_alloc(n);
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	memset(garbage, 0xa5, n);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, garbage, n, at), n);
	assert_int_equal(close(fd), 0);
	free(garbage);
}

static inline off_t
file_size(const char *file)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return st.st_size;
}

#endif
