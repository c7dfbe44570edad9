#include "state/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "state/db.h"

/* The loop waits so long for another process that writes, which takes no longer than ours does. */
#define PATIENCE (20 * USEC_PER_MS)
#define LIVES "100" /* generations that are remembered */

static const struct db_layout layout = {
    .id = 0x73686c6a, /* "shlj" */
    .version = 1,
    .manners = "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL", /* many small transactions */
    .tables = "CREATE TABLE life (generation TEXT PRIMARY KEY, rev INTEGER NOT NULL, batch TEXT NOT NULL,"
	      " epoch INTEGER NOT NULL, owner TEXT NOT NULL, seen INTEGER NOT NULL);"
	      "CREATE TABLE running (boot TEXT NOT NULL)",
};

struct journal {
	sqlite3 *db;
	char *file, *boot;
	sqlite3_stmt *put;
	bool marked; /* that we run */
};

/* A generation's row. */
struct life {
	uint64_t rev, epoch;
	char batch[128], owner[64];
};

static void
journal_free(struct journal *j)
{
	(void)sqlite3_finalize(j->put);
	db_close(j->db);
	free(j->file);
	free(j->boot);
	free(j);
}

struct journal *
journal_open(const char *file, const char *boot, struct err *e)
{
	struct journal *j = mem_zalloc(sizeof *j);

	j->file = mem_strdup(file);
	j->boot = mem_strdup(boot);
	j->db = db_open(file, &layout, DB_MAKE, PATIENCE, e);
	if (j->db != NULL)
		j->put = db_prepare(j->db, file,
		    "INSERT INTO life VALUES (?1, ?2, ?3, ?4, ?5, unixepoch())"
		    " ON CONFLICT (generation) DO UPDATE SET rev = excluded.rev, batch = excluded.batch,"
		    " epoch = excluded.epoch, owner = excluded.owner, seen = excluded.seen"
		    " WHERE excluded.rev > life.rev",
		    e);
	if (j->put != NULL)
		return j;
	journal_free(j);
	return NULL;
}

static void
column_text(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(st, column);

	(void)snprintf(out, size, "%s", text != NULL ? (const char *)text : "");
}

static bool
life_find(struct journal *j, const char *generation, struct life *ret)
{
	sqlite3_stmt *st =
	    db_prepare(j->db, j->file, "SELECT rev, epoch, batch, owner FROM life WHERE generation = ?1", NULL);
	bool found;

	if (st == NULL)
		return false;
	(void)sqlite3_bind_text(st, 1, generation, -1, SQLITE_STATIC);
	found = sqlite3_step(st) == SQLITE_ROW;
	if (found) {
		ret->rev = (uint64_t)sqlite3_column_int64(st, 0);
		ret->epoch = (uint64_t)sqlite3_column_int64(st, 1);
		column_text(st, 2, ret->batch, sizeof ret->batch);
		column_text(st, 3, ret->owner, sizeof ret->owner);
	}
	(void)sqlite3_finalize(st);
	return found;
}

/* Does a statement without parameters give a row? text, if not NULL, is its first column. */
static bool
journal_has(struct journal *j, const char *sql, char *text, size_t size)
{
	sqlite3_stmt *st = db_prepare(j->db, j->file, sql, NULL);
	bool found = st != NULL && sqlite3_step(st) == SQLITE_ROW;

	if (found && text != NULL)
		column_text(st, 0, text, size);
	(void)sqlite3_finalize(st);
	return found;
}

bool
journal_any(struct journal *j)
{
	return journal_has(j, "SELECT 1 FROM life LIMIT 1", NULL, 0);
}

/* Was it left running when the machine went down? */
static bool
machine_crashed(struct journal *j)
{
	char boot[64];

	return journal_has(j, "SELECT boot FROM running", boot, sizeof boot) && strcmp(boot, j->boot) != 0;
}

bool
journal_behind(struct journal *j, const struct journal_point *head, char *why, size_t size)
{
	struct life was;

	if (!life_find(j, head->generation, &was) || HAS_FAULT(FAULT_NUMBERS_TWICE))
		return false;
	if (head->rev < was.rev)
		(void)snprintf(why, size, "redis is at revision %llu of %llu that it had confirmed",
		    (unsigned long long)head->rev, (unsigned long long)was.rev);
	else if (head->rev == was.rev && head->batch[0] != '\0' && was.batch[0] != '\0' &&
	    strcmp(head->batch, was.batch) != 0)
		(void)snprintf(why, size, "redis has another change as revision %llu than it had confirmed",
		    (unsigned long long)was.rev);
	/* Taking the lease raises the epoch of another owner: a number that was used already was forgotten. */
	else if (head->epoch < was.epoch || (head->epoch == was.epoch && strcmp(head->owner, was.owner) != 0))
		(void)snprintf(
		    why, size, "redis has forgotten that epoch %llu was used", (unsigned long long)was.epoch);
	else if (machine_crashed(j))
		(void)snprintf(why, size,
		    "the machine went down while shelfd was running, so nobody knows whether redis has lost revisions");
	else
		return false;
	return true;
}

bool
journal_witness(struct journal *j, const struct journal_point *head, uint64_t *ret_rev, char *ret_batch, size_t size)
{
	struct life was;

	if (!life_find(j, head->generation, &was) || was.batch[0] == '\0' ||
	    (head->rev == was.rev && head->batch[0] != '\0'))
		return false;
	*ret_rev = was.rev;
	(void)snprintf(ret_batch, size, "%s", was.batch);
	return true;
}

/* Who runs is on the disk before the first revision that may not be. */
static int
journal_mark(struct journal *j, struct err *e)
{
	sqlite3_stmt *st;
	int r;

	if (db_exec(j->db, j->file,
		"PRAGMA synchronous = FULL; BEGIN IMMEDIATE; DELETE FROM running;"
		"DELETE FROM life WHERE generation NOT IN"
		" (SELECT generation FROM life ORDER BY seen DESC LIMIT " LIVES ")",
		e) != 0)
		return -1;
	st = db_prepare(j->db, j->file, "INSERT INTO running VALUES (?1)", e);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_text(st, 1, j->boot, -1, SQLITE_STATIC);
	r = sqlite3_step(st) == SQLITE_DONE ? 0 : db_fail(j->db, j->file, e);
	(void)sqlite3_finalize(st);
	if (r != 0)
		return -1;
	/* Out of the log, which nobody waits for from now on. */
	return db_exec(j->db, j->file, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous = OFF", e);
}

/* Once it was locked for as long as that, nobody waits again. */
static int
journal_failed(struct journal *j)
{
	(void)sqlite3_busy_timeout(j->db, 0);
	return -1;
}

int
journal_reached(struct journal *j, const struct journal_point *at, struct err *e)
{
	sqlite3_stmt *st = j->put;
	int r;

	if (!j->marked && journal_mark(j, e) != 0) {
		(void)sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
		return journal_failed(j);
	}
	j->marked = true;
	(void)sqlite3_bind_text(st, 1, at->generation, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)at->rev);
	(void)sqlite3_bind_text(st, 3, at->batch, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 4, (sqlite3_int64)at->epoch);
	(void)sqlite3_bind_text(st, 5, at->owner, -1, SQLITE_STATIC);
	r = sqlite3_step(st) == SQLITE_DONE ? 0 : db_fail(j->db, j->file, e);
	(void)sqlite3_reset(st);
	return r == 0 ? 0 : journal_failed(j);
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->marked)
		(void)db_exec(j->db, j->file, "PRAGMA synchronous = FULL; DELETE FROM running", NULL);
	journal_free(j);
}

int
journal_discard(const char *file, struct err *e)
{
	return db_discard(file, e);
}
