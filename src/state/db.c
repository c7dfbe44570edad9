#include "state/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define READ_INTERRUPTED 100 /* in a row */
#define VALUE_MAX (16 * 1024 * 1024) /* bytes, whatever a damaged file says */

int
db_fail(sqlite3 *db, const char *path, struct err *e)
{
	int rc = sqlite3_errcode(db);

	(void)err_set(e, "%s: %s", path, sqlite3_errmsg(db));
	/* A table that our statements name is not there: no file of ours. */
	if (e != NULL && (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB || rc == SQLITE_ERROR))
		e->sys = EILSEQ;
	return -1;
}

int
db_exec(sqlite3 *db, const char *path, const char *sql, struct err *e)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(db, path, e);
}

sqlite3_stmt *
db_prepare(sqlite3 *db, const char *path, const char *sql, struct err *e)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK)
		return st;
	(void)db_fail(db, path, e);
	return NULL;
}

/* The one number that a statement gives; -1 when it fails. */
static int
db_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	int n = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int(st, 0);
	return sqlite3_finalize(st) == SQLITE_OK ? n : -1;
}

static int
db_make_tables(sqlite3 *db, const char *path, const struct db_layout *l, struct err *e)
{
	char *sql =
	    mem_printf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", l->tables, l->id, l->version);
	int r = db_exec(db, path, sql, e);

	free(sql);
	return r;
}

static int
db_check_tables(sqlite3 *db, const char *path, const struct db_layout *l, enum db_mode mode, struct err *e)
{
	int tables = db_number(db, "SELECT count(*) FROM sqlite_schema"), id, version;

	if (tables < 0)
		return db_fail(db, path, e);
	if (tables == 0 && mode == DB_MAKE)
		return db_make_tables(db, path, l, e);
	if (tables == 0)
		return err_sys(e, ENOENT, "%s: it is empty", path); /* whoever made it was killed then */
	id = db_number(db, "PRAGMA application_id");
	version = db_number(db, "PRAGMA user_version");
	if (id == l->id && version == l->version)
		return 0;
	(void)err_set(e, "%s: it was made by another version of shelfd", path);
	if (e != NULL)
		e->sys = EILSEQ;
	return -1;
}

/* Two that make it at the same time take turns. */
static int
db_check(sqlite3 *db, const char *path, const struct db_layout *l, enum db_mode mode, struct err *e)
{
	if (mode == DB_LOOK)
		return db_check_tables(db, path, l, mode, e);
	if (db_exec(db, path, "BEGIN IMMEDIATE", e) != 0 || db_check_tables(db, path, l, mode, e) != 0)
		return -1;
	return db_exec(db, path, "COMMIT", e);
}

/* Folder and file, for nobody else to read: SQLite would let everybody. */
static int
db_make(const char *path, struct err *e)
{
	char *folder = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	int r = fs_mkdirs(folder, 0700, e), fd;

	free(folder);
	if (r != 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : err_sys(e, errno, "%s", path);
	(void)close(fd);
	return 0;
}

/* SQLite tries again for as long as a read is interrupted, and the loop would wait for it. */
static ssize_t
read_bounded(int fd, void *buf, size_t n, off_t at)
{
	for (int i = 0; i < READ_INTERRUPTED; i++) {
		ssize_t r = pread(fd, buf, n, at);

		if (r >= 0 || errno != EINTR)
			return r;
	}
	errno = EIO;
	return -1;
}

/* sqlite3.h, "OS Interface Object": the calls of the unix VFS can be replaced by name. */
static void
db_bound_reads(void)
{
	static const char *const names[] = {"pread", "pread64"};
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

	for (size_t i = 0; i < 2 && vfs != NULL && vfs->iVersion >= 3; i++)
		if (vfs->xGetSystemCall(vfs, names[i]) != NULL)
			(void)vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)read_bounded);
}

static pthread_once_t reads_bound = PTHREAD_ONCE_INIT;

sqlite3 *
db_open(const char *path, const struct db_layout *l, enum db_mode mode, usec_t patience, struct err *e)
{
	static const char manners[] =
	    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = OFF";
	int flags = SQLITE_OPEN_READWRITE | (mode == DB_MAKE ? SQLITE_OPEN_CREATE : 0);
	sqlite3 *db = NULL;

	if (mode == DB_LOOK && access(path, F_OK) != 0) {
		(void)err_sys(e, errno, "%s", path);
		return NULL;
	}
	if (mode == DB_MAKE && db_make(path, e) != 0)
		return NULL;
	(void)pthread_once(&reads_bound, db_bound_reads);
	if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		(void)db_fail(db, path, e);
		db_close(db);
		return NULL;
	}
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	(void)sqlite3_busy_timeout(db, (int)(patience / USEC_PER_MS));
	if (db_exec(db, path, l->manners, e) == 0 && db_exec(db, path, manners, e) == 0 &&
	    db_check(db, path, l, mode, e) == 0)
		return db;
	db_close(db);
	return NULL;
}

void
db_close(sqlite3 *db)
{
	(void)sqlite3_close(db); /* what is not committed is rolled back */
}

int
db_discard(const char *path, struct err *e)
{
	static const char *const beside[] = {"", "-journal", "-wal", "-shm"};
	int r = 0;

	for (size_t i = 0; i < sizeof beside / sizeof beside[0] && r == 0; i++) {
		char *file = mem_printf("%s%s", path, beside[i]);

		if (unlink(file) != 0 && errno != ENOENT)
			r = err_sys(e, errno, "%s: cannot be deleted", file);
		free(file);
	}
	return r;
}
