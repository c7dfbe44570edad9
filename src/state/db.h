/*
 * An SQLite file of our own: opened, made, or thrown away and made anew. What is
 * in it can be got back from elsewhere, so nothing waits for the disk unless told
 * to (PRAGMA synchronous): the death of the process breaks nothing, that of the
 * machine may, and then the file is thrown away.
 */
#ifndef STATE_DB_H
#define STATE_DB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

struct db_layout {
	int id; /* of the kind of file: application_id */
	int version; /* of its tables: user_version */
	const char *manners; /* PRAGMAs that it is opened with, beside those of all: the journal mode, and others */
	const char *tables; /* SQL that makes them */
};

enum db_mode {
	DB_MAKE, /* make it, with its folder, when it is not there or empty */
	DB_LOOK, /* it must be there; what somebody had half-written when he was killed is put back */
};

/*
 * NULL with a reason; e->sys is then ENOENT when there is none to look at, or an
 * empty one, and EILSEQ when it is damaged or of another layout, so that db_discard is in place.
 * patience: how long to wait for another process that writes.
 */
sqlite3 *db_open(const char *path, const struct db_layout *l, enum db_mode mode, usec_t patience, struct err *e);
void db_close(sqlite3 *db); /* NULL is fine */

/* Delete the file and what SQLite puts beside it. */
int db_discard(const char *path, struct err *e);

/* Say why the last call failed, with e->sys as above. Always -1. */
int db_fail(sqlite3 *db, const char *path, struct err *e);

/* Run statements that give no rows. -1 with a reason. */
int db_exec(sqlite3 *db, const char *path, const char *sql, struct err *e);

/* A statement, or NULL with a reason. The caller finalizes it. */
sqlite3_stmt *db_prepare(sqlite3 *db, const char *path, const char *sql, struct err *e);

#endif
