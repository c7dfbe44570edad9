#include "state/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/rbtree.h"
#include "manifest/pack.h"
#include "state/db.h"

#define PATIENCE (1 * USEC_PER_SEC)
#define CHECK_SIZE 16
#define ROW_MAX (8 * 1024 * 1024) /* what aliases have made larger is read anew each time */

static const struct db_layout layout = {
    .id = 0x73686c66, /* "shlf" */
    .version = 2,
    /* Not WAL: a large first transaction would be written twice. KiB of cache: it is read and written in order. */
    .manners = "PRAGMA page_size = 16384; PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = -512",
    .tables = "CREATE TABLE made (fingerprint BLOB NOT NULL);"
	      "CREATE TABLE file (path BLOB PRIMARY KEY, row BLOB NOT NULL)",
};

/* Followed by the manifest's bytes, when there is one. */
struct row {
	uint8_t check[CHECK_SIZE]; /* over fingerprint, path and all that follows */
	uint8_t sha256[SHA256_SIZE];
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	uint32_t mode, has_manifest;
};

struct entry {
	struct known_file file;
	bool taken;
};

struct known {
	struct entry *v; /* by path */
	size_t n, cap;
};

static void
row_check(const uint8_t fingerprint[SHA256_SIZE], const char *path, size_t path_n, const char *row, size_t row_n,
    uint8_t out[CHECK_SIZE])
{
	struct sha256_ctx c;
	uint8_t digest[SHA256_SIZE];

	sha256_init(&c);
	sha256_add(&c, fingerprint, SHA256_SIZE);
	sha256_add(&c, path, path_n);
	sha256_add(&c, "", 1);
	sha256_add(&c, row + CHECK_SIZE, row_n - CHECK_SIZE);
	sha256_digest(&c, sizeof digest, digest);
	memcpy(out, digest, CHECK_SIZE);
}

static void
row_pack(const struct known_file *f, const uint8_t fingerprint[SHA256_SIZE], struct buf *out)
{
	struct row row = {
	    .dev = f->sig.dev,
	    .ino = f->sig.ino,
	    .size = f->sig.size,
	    .mtime_ns = f->sig.mtime_ns,
	    .ctime_ns = f->sig.ctime_ns,
	    .mode = f->sig.mode,
	    .has_manifest = f->manifest != NULL,
	};

	memcpy(row.sha256, f->sha256, SHA256_SIZE);
	buf_clear(out);
	buf_add(out, &row, sizeof row);
	if (f->manifest != NULL)
		manifest_pack(f->manifest, out);
	row_check(fingerprint, f->path, strlen(f->path), out->p, out->n, (uint8_t *)out->p);
}

/* -1: it is not what was put there. The path and the manifest become the caller's. */
static int
row_unpack(const uint8_t fingerprint[SHA256_SIZE], const char *path, size_t path_n, const char *bytes, size_t n,
    struct known_file *ret)
{
	uint8_t check[CHECK_SIZE];
	struct row row;

	if (n < sizeof row || path_n == 0 || memchr(path, '\0', path_n) != NULL)
		return -1;
	row_check(fingerprint, path, path_n, bytes, n, check);
	memcpy(&row, bytes, sizeof row);
	if (memcmp(check, row.check, CHECK_SIZE) != 0)
		return -1;
	*ret = (struct known_file){
	    .sig = {row.dev, row.ino, row.size, row.mtime_ns, row.ctime_ns, row.mode},
	};
	memcpy(ret->sha256, row.sha256, SHA256_SIZE);
	if (row.has_manifest) {
		ret->manifest = manifest_unpack(bytes + sizeof row, n - sizeof row);
		if (ret->manifest == NULL)
			return -1;
	}
	ret->path = mem_strndup(path, path_n);
	return 0;
}

static int
damaged(const char *file, struct err *e)
{
	(void)err_set(e, "%s: it is damaged", file);
	if (e != NULL)
		e->sys = EILSEQ;
	return -1;
}

/* Its tables are made, and then filled: whoever was killed in between has saved nothing. */
static int
no_fingerprint(sqlite3 *db, const char *file, struct err *e)
{
	sqlite3_stmt *st = db_prepare(db, file, "SELECT 1 FROM file LIMIT 1", e);
	int step;

	if (st == NULL)
		return -1;
	step = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	return step == SQLITE_DONE ? err_sys(e, ENOENT, "%s: nothing was saved in it", file) : damaged(file, e);
}

static int
check_fingerprint(sqlite3 *db, const char *file, const uint8_t fingerprint[SHA256_SIZE], struct err *e)
{
	sqlite3_stmt *st = db_prepare(db, file, "SELECT fingerprint FROM made", e);
	int r = -1, step;

	if (st == NULL)
		return -1;
	step = sqlite3_step(st);
	if (step == SQLITE_DONE) {
		(void)no_fingerprint(db, file, e);
	} else if (step != SQLITE_ROW || sqlite3_column_bytes(st, 0) != SHA256_SIZE) {
		(void)damaged(file, e);
	} else if (memcmp(sqlite3_column_blob(st, 0), fingerprint, SHA256_SIZE) != 0) {
		(void)err_set(e, "%s: it was made with another configuration, or by another build", file);
		if (e != NULL)
			e->sys = ESTALE;
	} else {
		r = 0;
	}
	(void)sqlite3_finalize(st);
	return r;
}

static int
load_row(struct known *k, sqlite3_stmt *st, const uint8_t fingerprint[SHA256_SIZE])
{
	const char *path = sqlite3_column_blob(st, 0), *row = sqlite3_column_blob(st, 1);
	size_t path_n = (size_t)sqlite3_column_bytes(st, 0), row_n = (size_t)sqlite3_column_bytes(st, 1);

	if (path == NULL || row == NULL)
		return -1;
	if (k->n == k->cap) {
		k->cap = k->cap != 0 ? k->cap * 2 : 1024;
		k->v = mem_realloc(k->v, k->cap, sizeof *k->v);
	}
	k->v[k->n] = (struct entry){0};
	if (row_unpack(fingerprint, path, path_n, row, row_n, &k->v[k->n].file) != 0)
		return -1;
	k->n++;
	return 0;
}

static int
load_rows(struct known *k, sqlite3 *db, const char *file, const uint8_t fingerprint[SHA256_SIZE], struct err *e)
{
	sqlite3_stmt *st = db_prepare(db, file, "SELECT path, row FROM file", e);
	int step, r = 0;

	if (st == NULL)
		return -1;
	while ((step = sqlite3_step(st)) == SQLITE_ROW && r == 0)
		if (load_row(k, st, fingerprint) != 0)
			r = damaged(file, e);
	if (r == 0 && step != SQLITE_DONE)
		r = db_fail(db, file, e);
	(void)sqlite3_finalize(st);
	return r;
}

static int
entry_compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->file.path, ((const struct entry *)b)->file.path);
}

int
known_load(const char *file, const uint8_t fingerprint[SHA256_SIZE], struct known **ret, struct err *e)
{
	sqlite3 *db = db_open(file, &layout, DB_LOOK, PATIENCE, e);
	struct known *k;

	if (db == NULL)
		return -1;
	k = mem_zalloc(sizeof *k);
	if (check_fingerprint(db, file, fingerprint, e) != 0 || load_rows(k, db, file, fingerprint, e) != 0) {
		known_free(k);
		db_close(db);
		return -1;
	}
	db_close(db);
	if (k->n > 0)
		qsort(k->v, k->n, sizeof *k->v, entry_compare);
	*ret = k;
	return 0;
}

void
known_free(struct known *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->n; i++) {
		free(UNCONST(k->v[i].file.path));
		manifest_unref(k->v[i].file.manifest);
	}
	free(k->v);
	free(k);
}

bool
known_take(struct known *k, const char *path, const struct signature *sig, bool want_manifest,
    struct manifest **ret_manifest, uint8_t ret_sha256[SHA256_SIZE])
{
	const struct entry key = {.file = {.path = path}};
	struct entry *found = k->n > 0 ? bsearch(&key, k->v, k->n, sizeof *k->v, entry_compare) : NULL;

	if (found == NULL || found->taken || (found->file.manifest != NULL) != want_manifest ||
	    (!signature_equal(sig, &found->file.sig) && !HAS_FAULT(FAULT_OLD_NEWS)))
		return false;
	found->taken = true;
	*ret_manifest = found->file.manifest;
	found->file.manifest = NULL;
	memcpy(ret_sha256, found->file.sha256, SHA256_SIZE);
	return true;
}

const char *
known_left(const struct known *k, size_t *at)
{
	while (*at < k->n) {
		const struct entry *entry = &k->v[(*at)++];

		if (!entry->taken)
			return entry->file.path;
	}
	return NULL;
}

static int
file_compare(const void *a, const void *b)
{
	return strcmp(((const struct known_file *)a)->path, ((const struct known_file *)b)->path);
}

static int
save_row(sqlite3 *db, sqlite3_stmt *st, const char *file, const char *path, const struct buf *row, struct err *e)
{
	int r;

	(void)sqlite3_bind_blob(st, 1, path, (int)strlen(path), SQLITE_STATIC);
	if (row != NULL)
		(void)sqlite3_bind_blob(st, 2, row->p, (int)row->n, SQLITE_STATIC);
	r = sqlite3_step(st) == SQLITE_DONE ? 0 : db_fail(db, file, e);
	(void)sqlite3_reset(st);
	return r;
}

static int
save_gone(sqlite3 *db, const char *file, const char *const *gone, size_t n, struct err *e)
{
	sqlite3_stmt *st = db_prepare(db, file, "DELETE FROM file WHERE path = ?1", e);
	int r = 0;

	if (st == NULL)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++)
		r = save_row(db, st, file, gone[i], NULL, e);
	(void)sqlite3_finalize(st);
	return r;
}

static int
save_files(sqlite3 *db, const char *file, const uint8_t fingerprint[SHA256_SIZE], const struct known_file *files,
    size_t n, struct err *e)
{
	sqlite3_stmt *st = db_prepare(db, file,
	    "INSERT INTO file (path, row) VALUES (?1, ?2) ON CONFLICT (path) DO UPDATE SET row = excluded.row", e);
	struct buf row = {0};
	int r = 0;

	if (st == NULL)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++) {
		row_pack(&files[i], fingerprint, &row);
		if (row.n <= ROW_MAX)
			r = save_row(db, st, file, files[i].path, &row, e);
	}
	(void)sqlite3_finalize(st);
	buf_free(&row);
	return r;
}

/* A new file gets ours; another's rows are not ours to mix with. */
static int
save_fingerprint(sqlite3 *db, const char *file, const uint8_t fingerprint[SHA256_SIZE], struct err *e)
{
	sqlite3_stmt *st = db_prepare(db, file, "INSERT INTO made SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM made)", e);
	int r;

	if (st == NULL)
		return -1;
	(void)sqlite3_bind_blob(st, 1, fingerprint, SHA256_SIZE, SQLITE_STATIC);
	r = sqlite3_step(st) == SQLITE_DONE ? 0 : db_fail(db, file, e);
	(void)sqlite3_finalize(st);
	return r == 0 ? check_fingerprint(db, file, fingerprint, e) : -1;
}

int
known_save(const char *file, const uint8_t fingerprint[SHA256_SIZE], struct known_file *files, size_t n,
    const char *const *gone, size_t n_gone, struct err *e)
{
	sqlite3 *db = db_open(file, &layout, DB_MAKE, PATIENCE, e);
	int r = -1;

	if (db == NULL)
		return -1;
	if (n > 0)
		qsort(files, n, sizeof *files, file_compare); /* neighbours in the index come one after the other */
	if (db_exec(db, file, "BEGIN IMMEDIATE", e) == 0 && save_fingerprint(db, file, fingerprint, e) == 0 &&
	    save_gone(db, file, gone, n_gone, e) == 0 && save_files(db, file, fingerprint, files, n, e) == 0)
		r = db_exec(db, file, "COMMIT", e);
	db_close(db);
	return r;
}

int
known_discard(const char *file, struct err *e)
{
	return db_discard(file, e);
}
