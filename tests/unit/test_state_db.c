/* What SQLite does with reads that are interrupted or fail: what can be read is, and nobody waits for ever. */
#include "state_fixture.h"

#include <errno.h>
#include <sys/uio.h>

#include "state/db.h"

/* Every read of SQLite comes here: the linker puts it in front of pread(3), by either of its names. */
static struct {
	int calls;
	int interrupted; /* so many reads from now on; FOR_EVER */
	int fail; /* errno of all reads, 0: none */
} reads;

#define FOR_EVER (-1)
#define TOO_MANY 100000 /* calls, before one says that it is for ever indeed */

ssize_t __wrap_pread(int fd, void *p, size_t n, off_t at);
ssize_t __wrap_pread64(int fd, void *p, size_t n, off_t at);

ssize_t
__wrap_pread(int fd, void *p, size_t n, off_t at)
{
	struct iovec v = {p, n};

	if (++reads.calls > TOO_MANY)
		fail_msg("it still tries to read");
	if (reads.interrupted != 0) {
		reads.interrupted -= reads.interrupted > 0;
		errno = EINTR;
		return -1;
	}
	if (reads.fail != 0) {
		errno = reads.fail;
		return -1;
	}
	return preadv(fd, &v, 1, at);
}

ssize_t
__wrap_pread64(int fd, void *p, size_t n, off_t at)
{
	return __wrap_pread(fd, p, n, at);
}

static const struct db_layout layout = {1, 1, "", "CREATE TABLE t (n); INSERT INTO t VALUES (7)"};

static void
make(const char *file)
{
	struct err e;
	sqlite3 *db;

	memset(&reads, 0, sizeof reads);
	db = db_open(file, &layout, DB_MAKE, 0, &e);
	if (db == NULL)
		fail_msg("%s", e.msg);
	db_close(db);
}

static void
assert_whole(const char *file)
{
	struct err e;
	sqlite3 *db = db_open(file, &layout, DB_LOOK, 0, &e);
	sqlite3_stmt *st;

	if (db == NULL)
		fail_msg("%s", e.msg);
	st = db_prepare(db, file, "SELECT n FROM t", &e);
	assert_non_null(st);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(st, 0), 7);
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	db_close(db);
}

static void
a_read_that_is_interrupted_a_while_goes_on(void **state)
{
	const char *file = *state;
	int undisturbed;

	make(file);
	reads.calls = 0;
	assert_whole(file);
	undisturbed = reads.calls;
	assert_true(undisturbed > 0);
	reads.calls = 0;
	reads.interrupted = 99;
	assert_whole(file);
	assert_int_equal(reads.calls, undisturbed + 99);
}

static void
a_read_that_is_always_interrupted_is_given_up_and_the_file_is_not_taken_for_damaged(void **state)
{
	const char *file = *state;
	struct err e;

	make(file);
	reads.interrupted = FOR_EVER;
	assert_null(db_open(file, &layout, DB_LOOK, 0, &e));
	assert_int_not_equal(e.sys, EILSEQ);
	assert_int_not_equal(e.sys, ENOENT);
	assert_non_null(strstr(e.msg, file));
	assert_int_not_equal(reads.calls, 0);
	reads.interrupted = 0;
	assert_whole(file);
}

static void
a_read_that_fails_is_given_up_at_once(void **state)
{
	const char *file = *state;
	struct err e;

	make(file);
	reads.calls = 0;
	reads.fail = EIO;
	assert_null(db_open(file, &layout, DB_LOOK, 0, &e));
	assert_int_not_equal(e.sys, EILSEQ);
	assert_in_range(reads.calls, 1, 10); /* SQLite asks again here and there, for another page */
	reads.fail = 0;
	assert_whole(file);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, state_setup, state_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_read_that_is_interrupted_a_while_goes_on),
	    TEST(a_read_that_is_always_interrupted_is_given_up_and_the_file_is_not_taken_for_damaged),
	    TEST(a_read_that_fails_is_given_up_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
