/* What is known of files comes back for the same file with the same signature, and for nothing else. */
#include "state_fixture.h"

#include <errno.h>

#include "base/rbtree.h"
#include "state/known.h"

#define FILES 500

static const uint8_t ours[SHA256_SIZE] = {1}, another[SHA256_SIZE] = {2};

static struct signature
sig_of(unsigned n)
{
	return (struct signature){n, n + 1, n + 2, n + 3, n + 4, n + 5};
}

/* The n-th file; an even one is a manifest, whose problem names its path. The caller frees path and manifest. */
static struct known_file
file_of(unsigned n)
{
	struct known_file f = {.path = mem_printf("skills/%u/\xff\n%u", n % 10, n), .sig = sig_of(n)};

	f.sha256[0] = (uint8_t)n;
	if (n % 2 == 0) {
		f.manifest = manifest_unreadable("unreadable", f.path, NULL);
		memcpy(f.manifest->sha256, f.sha256, SHA256_SIZE);
	}
	return f;
}

static void
file_free(struct known_file *f)
{
	free(UNCONST(f->path));
	manifest_unref(f->manifest);
}

/* Save the files from first to last, a path out if it is not NULL. */
static int
save(const char *at, const uint8_t *fingerprint, unsigned first, unsigned last, const char *gone, struct err *e)
{
	struct known_file files[FILES];
	size_t n = 0;
	int r;

	for (unsigned i = first; i <= last; i++)
		files[n++] = file_of(i);
	r = known_save(at, fingerprint, files, n, &gone, gone != NULL, e);
	while (n > 0)
		file_free(&files[--n]);
	return r;
}

static void
save_all(const char *at)
{
	struct err e;

	if (save(at, ours, 0, FILES - 1, NULL, &e) != 0)
		fail_msg("%s", e.msg);
}

static struct known *
load(const char *at)
{
	struct known *k;
	struct err e;

	if (known_load(at, ours, &k, &e) != 0)
		fail_msg("%s", e.msg);
	return k;
}

static void
assert_refused(const char *at, const uint8_t *fingerprint, int sys)
{
	struct known *k;
	struct err e = {0};

	if (known_load(at, fingerprint, &k, &e) == 0)
		fail_msg("it was read");
	assert_int_equal(e.sys, sys);
	assert_non_null(strstr(e.msg, at));
}

static bool
take(struct known *k, unsigned n, const struct signature *sig, bool manifest)
{
	struct known_file f = file_of(n);
	struct manifest *m = NULL;
	uint8_t sha[SHA256_SIZE];
	bool found = known_take(k, f.path, sig, manifest, &m, sha);

	if (found) {
		assert_memory_equal(sha, f.sha256, SHA256_SIZE);
		assert_int_equal(m != NULL, manifest);
	}
	if (m != NULL) {
		assert_memory_equal(m->sha256, f.sha256, SHA256_SIZE);
		assert_string_equal(m->problems.v[0].message, f.path);
	}
	manifest_unref(m);
	file_free(&f);
	return found;
}

static bool
take_as_saved(struct known *k, unsigned n)
{
	const struct signature sig = sig_of(n);

	return take(k, n, &sig, n % 2 == 0);
}

static void
what_was_saved_comes_back_once(void **state)
{
	struct known *k;

	save_all(*state);
	k = load(*state);
	for (unsigned n = 0; n < FILES; n++)
		if (!take_as_saved(k, n))
			fail_msg("file %u is not known", n);
	assert_false(take_as_saved(k, 7));
	assert_false(take_as_saved(k, FILES));
	known_free(k);
}

static void
another_signature_or_another_use_is_not_known(void **state)
{
	struct known *k;

	save_all(*state);
	k = load(*state);
	for (int member = 0; member < 6; member++) {
		struct signature sig = sig_of(8);

		sig.dev += member == 0;
		sig.ino += member == 1;
		sig.size += member == 2;
		sig.mtime_ns += member == 3;
		sig.ctime_ns += member == 4;
		sig.mode += member == 5;
		assert_false(take(k, 8, &sig, true));
	}
	assert_false(take(k, 8, &(struct signature){8, 9, 10, 11, 12, 13}, false));
	assert_true(take_as_saved(k, 8));
	known_free(k);
}

static void
a_later_save_replaces_adds_and_takes_out(void **state)
{
	struct known_file f = file_of(3), gone = file_of(4);
	struct known *k;
	struct err e;

	assert_int_equal(save(*state, ours, 0, 9, NULL, &e), 0);
	f.sig = sig_of(77);
	assert_int_equal(known_save(*state, ours, &f, 1, &gone.path, 1, &e), 0);
	assert_int_equal(save(*state, ours, 10, 19, NULL, &e), 0);
	k = load(*state);
	assert_false(take_as_saved(k, 3));
	assert_true(take(k, 3, &f.sig, false));
	assert_false(take_as_saved(k, 4));
	for (unsigned n = 5; n < 20; n++)
		assert_true(take_as_saved(k, n));
	known_free(k);
	file_free(&f);
	file_free(&gone);
}

static void
what_is_left_is_what_was_not_taken(void **state)
{
	struct known *k;
	size_t at = 0, left = 0;
	const char *path;

	save_all(*state);
	k = load(*state);
	for (unsigned n = 0; n < FILES; n += 5)
		assert_true(take_as_saved(k, n));
	while ((path = known_left(k, &at)) != NULL)
		left += strncmp(path, "skills/", 7) == 0;
	assert_int_equal(left, FILES - FILES / 5);
	known_free(k);
}

static void
without_a_file_there_is_nothing_to_go_by(void **state)
{
	assert_refused(*state, ours, ENOENT);
	assert_int_not_equal(access(*state, F_OK), 0); /* looking makes none */
}

static void
another_fingerprint_reads_and_writes_nothing(void **state)
{
	struct err e = {0};

	save_all(*state);
	assert_refused(*state, another, ESTALE);
	assert_int_equal(save(*state, another, 0, 3, NULL, &e), -1);
	assert_int_equal(e.sys, ESTALE);
	known_free(load(*state));
	assert_int_equal(known_discard(*state, &e), 0);
	assert_int_equal(save(*state, another, 0, 3, NULL, &e), 0);
	assert_refused(*state, ours, ESTALE);
}

/* Rows that were made with other settings under a mark that says ours. */
static void
a_row_is_bound_to_the_fingerprint_and_the_path(void **state)
{
	struct err e;

	assert_int_equal(save(*state, another, 0, 3, NULL, &e), 0);
	run_sql(*state, "UPDATE made SET fingerprint = x'01' || zeroblob(31)");
	assert_refused(*state, ours, EILSEQ);
	assert_int_equal(known_discard(*state, &e), 0);
	save_all(*state);
	run_sql(*state, "UPDATE file SET path = path || 'x' WHERE rowid = 9");
	assert_refused(*state, ours, EILSEQ);
}

static void
a_file_that_is_no_such_file_is_refused(void **state)
{
	static const char *const damages[] = {"PRAGMA user_version = 99", "PRAGMA user_version = 0",
	    "PRAGMA application_id = 5", "DELETE FROM made", "UPDATE file SET row = x'00' WHERE rowid = 1",
	    "UPDATE file SET row = substr(row, 1, length(row) - 1) WHERE rowid = 1",
	    "UPDATE file SET path = x'' WHERE rowid = 1", "UPDATE file SET path = x'6100' WHERE rowid = 1",
	    "DROP TABLE file"};
	struct err e;

	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		save_all(*state);
		run_sql(*state, damages[i]);
		assert_refused(*state, ours, EILSEQ);
		assert_int_equal(known_discard(*state, &e), 0);
	}
}

static void
a_spoilt_byte_gives_nothing_wrong(void **state)
{
	struct known *k;
	struct err e;
	off_t size;

	save_all(*state);
	size = file_size(*state);
	for (off_t at = 0; at < size; at += 4093) {
		spoil(*state, at, 40);
		if (known_load(*state, ours, &k, &e) == 0) {
			/* Where no row is. What comes back is right: see take. */
			for (unsigned n = 0; n < FILES; n++)
				(void)take_as_saved(k, n);
			known_free(k);
		}
		assert_int_equal(known_discard(*state, &e), 0);
		save_all(*state);
	}
}

static void
a_short_file_is_refused(void **state)
{
	struct err e;

	save_all(*state);
	assert_int_equal(truncate(*state, file_size(*state) / 2), 0);
	assert_refused(*state, ours, EILSEQ);
	assert_int_equal(known_discard(*state, &e), 0);
}

/* What a process leaves that is killed before its first save ends is no damage. */
static void
a_file_in_which_nothing_was_saved_is_none(void **state)
{
	save_all(*state);
	run_sql(*state, "DELETE FROM made; DELETE FROM file");
	assert_refused(*state, ours, ENOENT);
	save_all(*state);
	known_free(load(*state));
	assert_int_equal(truncate(*state, 0), 0);
	assert_refused(*state, ours, ENOENT);
	save_all(*state);
	known_free(load(*state));
}

static void
a_folder_in_its_place_is_neither_read_nor_deleted(void **state)
{
	struct known *k;
	struct err e;

	save_all(*state);
	assert_int_equal(known_discard(*state, &e), 0);
	assert_int_equal(mkdir(*state, 0700), 0);
	assert_int_equal(known_load(*state, ours, &k, &e), -1);
	assert_int_equal(save(*state, ours, 0, 1, NULL, &e), -1);
	assert_non_null(strstr(e.msg, *state));
	assert_int_equal(known_discard(*state, &e), -1);
}

static void
a_save_that_fails_leaves_what_was_there(void **state)
{
	sqlite3 *other;
	struct known *k;
	struct err e;

	assert_int_equal(save(*state, ours, 0, 3, NULL, &e), 0);
	assert_int_equal(sqlite3_open(*state, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(save(*state, ours, 4, 5, NULL, &e), -1);
	assert_non_null(strstr(e.msg, "locked"));
	assert_int_equal(known_load(*state, ours, &k, &e), -1);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	k = load(*state);
	assert_true(take_as_saved(k, 3));
	assert_false(take_as_saved(k, 4));
	known_free(k);
}

static void
copy_file(const char *from, const char *to)
{
	char *command = mem_printf("cp '%s' '%s'", from, to);

	assert_int_equal(system(command), 0);
	free(command);
}

/* The files as they are in the middle of another's transaction, with nobody who would end it. */
static void
what_a_killed_process_had_half_written_is_as_it_was_before(void **state)
{
	char *journal = mem_printf("%s-journal", (char *)*state), *copy = mem_printf("%s.copy", (char *)*state);
	char *copied_journal = mem_printf("%s-journal", copy);
	sqlite3 *other;
	struct known *k;

	save_all(*state);
	assert_int_equal(sqlite3_open(*state, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other,
			     "PRAGMA synchronous = OFF; PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 2;"
			     "BEGIN; UPDATE file SET row = zeroblob(3000)",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	assert_true(file_size(journal) > 0);
	copy_file(*state, copy);
	copy_file(journal, copied_journal);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	k = load(copy);
	for (unsigned n = 0; n < FILES; n++)
		assert_true(take_as_saved(k, n));
	known_free(k);
	free(copied_journal);
	free(copy);
	free(journal);
}

static void
nobody_else_can_read_it(void **state)
{
	struct stat st;

	save_all(*state);
	assert_int_equal(stat(*state, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, state_setup, state_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(what_was_saved_comes_back_once),
	    TEST(another_signature_or_another_use_is_not_known),
	    TEST(a_later_save_replaces_adds_and_takes_out),
	    TEST(what_is_left_is_what_was_not_taken),
	    TEST(without_a_file_there_is_nothing_to_go_by),
	    TEST(another_fingerprint_reads_and_writes_nothing),
	    TEST(a_row_is_bound_to_the_fingerprint_and_the_path),
	    TEST(a_file_that_is_no_such_file_is_refused),
	    TEST(a_spoilt_byte_gives_nothing_wrong),
	    TEST(a_short_file_is_refused),
	    TEST(a_file_in_which_nothing_was_saved_is_none),
	    TEST(a_folder_in_its_place_is_neither_read_nor_deleted),
	    TEST(a_save_that_fails_leaves_what_was_there),
	    TEST(what_a_killed_process_had_half_written_is_as_it_was_before),
	    TEST(nobody_else_can_read_it),
	};

	return cmocka_run_group_tests_name("state_known", tests, NULL, NULL);
}
