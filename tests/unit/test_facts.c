/* Facts of the disk: whose a file is, what must be read, and which candidates come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "catalog/facts.h"

static struct collections collections;

static int
setup(void **state)
{
	collections_default(&collections);
	*state = facts_new(&collections);
	return 0;
}

static int
teardown(void **state)
{
	facts_free(*state);
	collections_free(&collections);
	return 0;
}

static const struct signature *
sig(uint64_t n)
{
	static struct signature s;

	s = (struct signature){.dev = 1, .ino = n, .size = n, .mtime_ns = 1, .ctime_ns = 1};
	return &s;
}

static void
saw(struct facts *f, const char *path, uint64_t n)
{
	facts_saw(f, path, FACT_FILE, sig(n), NULL, false, 1);
}

/* Read everything that is wanted; the content of a file is its path and the size it was seen with. */
static void
read_all(struct facts *f)
{
	struct wanted w;

	while (facts_next_wanted(f, &w)) {
		char text[256], *path = mem_strdup(w.path);
		int n = snprintf(text, sizeof text, "---\nname: %s\ndescription: text %llu\n---\n", w.path,
		    (unsigned long long)w.sig->size);
		uint8_t sha[SHA256_SIZE];

		sha256(text, (size_t)n, sha);
		if (w.want == WANT_MANIFEST) {
			const struct manifest_source src = {.collection = w.collection, .path = path, .id = "x"};

			facts_set_manifest(
			    f, path, w.ticket, sig(w.sig->size), manifest_parse(&src, text, (size_t)n), 1 << 30);
		} else {
			facts_set_digest(f, path, w.ticket, sig(w.sig->size), sha, 1 << 30);
		}
		free(path);
	}
	assert_true(facts_complete(f));
}

static void
note(void *arg, const struct candidate_facts *c)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s%s:%u ", c->manifest == NULL && c->unreadable == NULL ? "-" : "", c->path,
	    c->unreadable != NULL ? "!" : "", c->files);
}

static void
assert_assembles(struct facts *f, const char *want)
{
	struct buf got = {0};

	facts_assemble(f, note, &got);
	assert_string_equal(buf_str(&got), want);
	buf_free(&got);
}

static void
a_bundle_owns_the_files_below_its_entry_manifest(void **state)
{
	struct facts *f = *state;

	saw(f, "skills/pdf/SKILL.md", 1);
	saw(f, "skills/pdf/scripts/run.py", 2);
	saw(f, "skills/pdf/README.md", 3);
	saw(f, "skills/pdf/.hidden", 4);
	saw(f, "skills/pdf/x.tmp", 5);
	saw(f, "skills/one.md", 6);
	saw(f, "skills/README.md", 7);
	saw(f, "skills/team/notes.md", 8);
	saw(f, "elsewhere/SKILL.md", 9);
	read_all(f);
	assert_assembles(f, "skills/pdf/SKILL.md:3 skills/one.md:1 ");
	assert_assembles(f, "");
}

static void
a_nested_entry_manifest_is_not_part_of_the_outer_bundle(void **state)
{
	struct facts *f = *state;

	saw(f, "skills/a/SKILL.md", 1);
	saw(f, "skills/a/b/SKILL.md", 2);
	saw(f, "skills/a/b/file", 3);
	saw(f, "skills/a/file", 4);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:2 skills/a/b/SKILL.md:2 ");
	facts_gone(f, "skills/a/b/SKILL.md");
	read_all(f);
	assert_assembles(f, "-skills/a/b/SKILL.md:0 skills/a/SKILL.md:3 ");
}

static void
files_change_hands_when_an_entry_manifest_comes_and_goes(void **state)
{
	struct facts *f = *state;

	saw(f, "tools/fmt/js.yaml", 1);
	read_all(f);
	assert_assembles(f, "tools/fmt/js.yaml:1 ");
	saw(f, "tools/fmt/tool.yaml", 2);
	read_all(f);
	assert_assembles(f, "-tools/fmt/js.yaml:0 tools/fmt/tool.yaml:2 ");
	facts_gone(f, "tools/fmt/tool.yaml");
	read_all(f);
	assert_assembles(f, "-tools/fmt/tool.yaml:0 tools/fmt/js.yaml:1 ");
}

static void
the_order_of_events_does_not_change_the_digest(void **state)
{
	struct facts *f = *state;

	saw(f, "skills/a/z", 1);
	saw(f, "skills/a/b", 2);
	saw(f, "skills/a/SKILL.md", 3);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:3 ");
}

static void
keep_digest(void *arg, const struct candidate_facts *c)
{
	memcpy(arg, c->bundle_sha256, SHA256_SIZE);
}

static void
the_bundle_digest_is_that_of_the_documented_text(void **state)
{
	struct facts *f = *state;
	uint8_t got[SHA256_SIZE], want[SHA256_SIZE], member[SHA256_SIZE];
	struct buf text = {0};

	saw(f, "skills/a/SKILL.md", 1);
	facts_saw(f, "skills/a/link", FACT_SYMLINK, sig(2), "../b", false, 1);
	facts_saw(f, "skills/a/fifo", FACT_OTHER, sig(3), NULL, false, 1);
	read_all(f);
	facts_assemble(f, keep_digest, got);
	sha256("---\nname: skills/a/SKILL.md\ndescription: text 1\n---\n", 52, member);
	buf_add(&text, "SKILL.md", 9);
	text_hex(&text, member, sizeof member);
	buf_addstr(&text, "\n");
	buf_add(&text, "link", 5);
	buf_addstr(&text, "link:../b\n");
	sha256(text.p, text.n, want);
	assert_memory_equal(got, want, SHA256_SIZE);
	buf_free(&text);
}

static void
what_was_read_right_after_it_was_written_is_read_again_when_it_is_seen_again(void **state)
{
	struct facts *f = *state;
	const uint8_t sha[SHA256_SIZE] = {1};
	struct wanted w;

	saw(f, "skills/a/SKILL.md", 1);
	saw(f, "skills/a/b", 2);
	read_all(f);
	facts_touch(f, "skills/a/b");
	assert_true(facts_next_wanted(f, &w));
	facts_set_digest(f, w.path, w.ticket, sig(2), sha, sig(2)->mtime_ns);
	saw(f, "skills/a/b", 2);
	assert_true(facts_next_wanted(f, &w));
	facts_set_digest(f, w.path, w.ticket, sig(2), sha, 1 << 30);
	saw(f, "skills/a/b", 2);
	assert_false(facts_next_wanted(f, &w));
}

static void
a_known_signature_is_not_read_again_unless_forced(void **state)
{
	struct facts *f = *state;
	struct wanted w;

	saw(f, "skills/a/SKILL.md", 1);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:1 ");
	saw(f, "skills/a/SKILL.md", 1);
	assert_false(facts_next_wanted(f, &w));
	facts_saw(f, "skills/a/SKILL.md", FACT_FILE, sig(1), NULL, true, 1);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:1 ");
}

static void
an_answer_to_an_old_question_is_dropped(void **state)
{
	struct facts *f = *state;
	struct wanted first;
	static const uint8_t old[SHA256_SIZE] = {1};

	saw(f, "skills/a/SKILL.md", 1);
	saw(f, "skills/a/m", 1);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:2 ");
	saw(f, "skills/a/m", 2);
	assert_true(facts_next_wanted(f, &first));
	saw(f, "skills/a/m", 3);
	facts_set_digest(f, "skills/a/m", first.ticket, sig(2), old, 1 << 30);
	assert_false(facts_complete(f));
	assert_assembles(f, "");
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:2 ");
}

static void
an_answer_for_a_file_that_went_meanwhile_is_dropped(void **state)
{
	struct facts *f = *state;
	struct wanted w;
	static const uint8_t sha[SHA256_SIZE] = {1};

	saw(f, "skills/a/SKILL.md", 1);
	saw(f, "skills/a/m", 1);
	assert_true(facts_next_wanted(f, &w));
	assert_true(facts_next_wanted(f, &w));
	facts_gone(f, "skills/a");
	facts_set_digest(f, "skills/a/SKILL.md", 1, sig(1), sha, 1 << 30);
	facts_set_digest(f, "skills/a/m", w.ticket, sig(1), sha, 1 << 30);
	assert_true(facts_complete(f));
	assert_assembles(f, "");
	assert_int_equal(facts_count(f), 0);
}

static void
an_unreadable_member_marks_its_bundle_until_it_is_read(void **state)
{
	struct facts *f = *state;
	struct wanted w;

	saw(f, "skills/a/SKILL.md", 1);
	saw(f, "skills/a/m", 1);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:2 ");
	saw(f, "skills/a/m", 2);
	assert_true(facts_next_wanted(f, &w));
	facts_set_unreadable(f, "skills/a/m", w.ticket, "permission denied");
	assert_assembles(f, "skills/a/SKILL.md!:2 ");
	saw(f, "skills/a/m", 2);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:2 ");
}

static bool
yes(void *arg, const char *path)
{
	(void)arg, (void)path;
	return true;
}

static void
a_sweep_takes_what_a_scan_did_not_see(void **state)
{
	struct facts *f = *state;

	saw(f, "skills/a/SKILL.md", 1);
	saw(f, "skills/b/SKILL.md", 1);
	saw(f, "skills/bb/SKILL.md", 1);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:1 skills/b/SKILL.md:1 skills/bb/SKILL.md:1 ");
	facts_saw(f, "skills/a/SKILL.md", FACT_FILE, sig(1), NULL, false, 2);
	facts_sweep(f, "skills/b", 2, yes, NULL);
	assert_assembles(f, "-skills/b/SKILL.md:0 ");
	facts_sweep(f, "", 2, yes, NULL);
	assert_assembles(f, "-skills/bb/SKILL.md:0 ");
}

static void
a_prefix_of_a_name_is_not_a_folder_above_it(void **state)
{
	struct facts *f = *state;

	saw(f, "skills/foo/SKILL.md", 1);
	saw(f, "skills/foobar/SKILL.md", 1);
	saw(f, "skills/foo-x/SKILL.md", 1);
	read_all(f);
	assert_assembles(f, "skills/foo/SKILL.md:1 skills/foobar/SKILL.md:1 skills/foo-x/SKILL.md:1 ");
	facts_gone(f, "skills/foo");
	assert_assembles(f, "-skills/foo/SKILL.md:0 ");
}

static void
a_manifest_that_is_no_file_is_a_broken_candidate(void **state)
{
	struct facts *f = *state;
	const struct manifest *m;

	facts_saw(f, "skills/a/SKILL.md", FACT_OTHER, sig(1), NULL, false, 1);
	facts_saw(f, "skills/b/SKILL.md", FACT_SYMLINK, sig(2), "/etc/passwd", false, 1);
	assert_assembles(f, "skills/a/SKILL.md:0 skills/b/SKILL.md:1 ");
	m = facts_manifest(f, "skills/a/SKILL.md");
	assert_false(m->ok);
	assert_string_equal(m->problems.v[0].code, "not-regular");
	assert_string_equal(facts_manifest(f, "skills/b/SKILL.md")->problems.v[0].code, "symlink");
	saw(f, "skills/b/SKILL.md", 3);
	read_all(f);
	assert_assembles(f, "skills/b/SKILL.md:1 ");
	assert_true(facts_manifest(f, "skills/b/SKILL.md")->ok);
}

static void
what_looked_half_written_keeps_its_last_version(void **state)
{
	struct facts *f = *state;
	struct wanted w;

	saw(f, "skills/a/SKILL.md", 1);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:1 ");
	saw(f, "skills/a/SKILL.md", 2);
	assert_true(facts_next_wanted(f, &w));
	facts_set_kept(f, "skills/a/SKILL.md", w.ticket);
	assert_true(facts_complete(f));
	assert_assembles(f, "");
	assert_true(facts_manifest(f, "skills/a/SKILL.md")->ok);
	saw(f, "skills/a/SKILL.md", 2);
	read_all(f);
	assert_assembles(f, "skills/a/SKILL.md:1 ");
}

static void
count_manifest(void *arg, const struct collection *collection, const char *path, bool entry)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s:%s ", entry ? "*" : "", path, collection->type);
}

static void
what_is_whole_is_handed_out_as_soon_as_it_is_read(void **state)
{
	struct facts *f = *state;
	struct buf out = {0};
	struct wanted w;

	saw(f, "skills/flat.md", 1);
	saw(f, "skills/a/SKILL.md", 2);
	saw(f, "skills/a/x/notes.md", 3);
	facts_whole(f, "skills/a", count_manifest, &out);
	assert_string_equal(buf_str(&out), "*skills/a/SKILL.md:skill ");
	saw(f, "skills/b/SKILL.md", 4);
	buf_clear(&out);
	assert_false(facts_assemble_ahead(f, 10, note, &out));
	assert_int_equal(out.n, 0);
	read_all(f);
	saw(f, "skills/late.md", 5);
	assert_true(facts_next_wanted(f, &w));
	assert_false(facts_complete(f));
	assert_false(facts_assemble_ahead(f, 10, note, &out));
	assert_string_equal(buf_str(&out), "skills/a/SKILL.md:2 ");

	/* The manifests of what was whole before are not told again. */
	buf_clear(&out);
	facts_whole(f, "", count_manifest, &out);
	assert_string_equal(buf_str(&out), "*skills/b/SKILL.md:skill skills/flat.md:skill skills/late.md:skill ");
	buf_clear(&out);
	assert_true(facts_assemble_ahead(f, 1, note, &out));
	assert_string_equal(buf_str(&out), "skills/b/SKILL.md:1 skills/flat.md:1 ");
	buf_clear(&out);
	assert_false(facts_assemble_ahead(f, 10, note, &out));
	assert_int_equal(out.n, 0);
	facts_set_unreadable(f, "skills/late.md", w.ticket, "why");
	facts_assemble(f, note, &out);
	assert_string_equal(buf_str(&out), "skills/late.md!:1 ");
	buf_free(&out);
}

static void
a_bundle_that_waits_for_a_member_is_not_handed_out_ahead(void **state)
{
	struct facts *f = *state;
	struct buf out = {0};
	struct wanted w;

	saw(f, "skills/a/SKILL.md", 1);
	read_all(f);
	saw(f, "skills/a/notes.md", 2);
	facts_whole(f, "skills/a", count_manifest, &out);
	buf_clear(&out);
	assert_false(facts_assemble_ahead(f, 10, note, &out));
	assert_true(facts_next_wanted(f, &w));
	assert_false(facts_assemble_ahead(f, 10, note, &out));
	assert_int_equal(out.n, 0);
	facts_set_gone(f, "skills/a/notes.md", w.ticket);
	assert_false(facts_assemble_ahead(f, 10, note, &out));
	assert_string_equal(buf_str(&out), "skills/a/SKILL.md:1 ");
	facts_gone(f, "skills/a");
	buf_free(&out);
}

/* What facts_next_learned tells: path, and m for a manifest or d for a digest. */
static void
assert_learned(struct facts *f, const char *want)
{
	struct fact_learned l;
	struct buf got = {0};

	while (facts_next_learned(f, &l)) {
		assert_int_equal(l.sig->ino, l.sig->size);
		if (l.manifest != NULL)
			assert_memory_equal(l.sha256, l.manifest->sha256, SHA256_SIZE);
		buf_addf(&got, "%s:%llu%c ", l.path, (unsigned long long)l.sig->size, l.manifest != NULL ? 'm' : 'd');
	}
	assert_string_equal(buf_str(&got), want);
	assert_int_equal(facts_learned(f), 0);
	buf_free(&got);
}

static void
what_was_read_is_told_once_as_what_it_is(void **state)
{
	struct facts *f = *state;

	assert_int_equal(facts_learned(f), 0);
	saw(f, "skills/pdf/SKILL.md", 1);
	saw(f, "skills/pdf/run.py", 2);
	saw(f, "skills/one.md", 3);
	read_all(f);
	assert_int_equal(facts_learned(f), 3);
	assert_learned(f, "skills/pdf/SKILL.md:1m skills/pdf/run.py:2d skills/one.md:3m ");
	assert_learned(f, "");
	saw(f, "skills/one.md", 3);
	read_all(f);
	assert_learned(f, "");
	saw(f, "skills/one.md", 4);
	saw(f, "skills/pdf/run.py", 5);
	read_all(f);
	facts_gone(f, "skills/pdf/run.py");
	assert_learned(f, "skills/one.md:4m ");
}

static void
what_cannot_be_told_from_a_later_change_is_not_told(void **state)
{
	struct facts *f = *state;
	struct signature young = *sig(1);
	struct manifest *m;
	struct wanted w;

	young.mtime_ns = young.ctime_ns = 1 << 30;
	facts_saw(f, "skills/one.md", FACT_FILE, &young, NULL, false, 1);
	assert_true(facts_next_wanted(f, &w));
	m = manifest_unreadable("too-large", "too large", NULL);
	facts_set_manifest(f, "skills/one.md", w.ticket, &young, m, (1 << 30) + 1);
	assert_learned(f, "");
	/* Nor what is to be read again, or could not be. */
	saw(f, "skills/two.md", 2);
	saw(f, "skills/three.md", 3);
	read_all(f);
	saw(f, "skills/two.md", 4);
	facts_unknown(f, "skills/three.md", "why", 1);
	assert_learned(f, "");
}

static void
what_is_recalled_is_as_good_as_read_and_no_news(void **state)
{
	struct facts *f = *state, *second = facts_new(&collections);
	struct fact_learned l;
	struct wanted w;

	saw(f, "skills/pdf/SKILL.md", 1);
	saw(f, "skills/pdf/run.py", 2);
	read_all(f);
	assert_assembles(f, "skills/pdf/SKILL.md:2 ");
	saw(second, "skills/pdf/SKILL.md", 1);
	saw(second, "skills/pdf/run.py", 2);
	while (facts_next_learned(f, &l)) {
		assert_true(facts_next_wanted(second, &w));
		assert_string_equal(w.path, l.path);
		assert_true(signature_equal(w.sig, l.sig));
		if (w.want == WANT_MANIFEST)
			facts_recall_manifest(second, w.path, w.ticket, manifest_ref(l.manifest));
		else
			facts_recall_digest(second, w.path, w.ticket, l.sha256);
	}
	assert_true(facts_complete(second));
	assert_memory_equal(
	    facts_digest(second, "skills/pdf/run.py"), facts_digest(f, "skills/pdf/run.py"), SHA256_SIZE);
	assert_assembles(second, "skills/pdf/SKILL.md:2 ");
	assert_learned(second, "");
	/* It is known with that signature, and with another it is to be read. */
	saw(second, "skills/pdf/SKILL.md", 1);
	assert_true(facts_complete(second));
	saw(second, "skills/pdf/SKILL.md", 3);
	assert_true(facts_next_wanted(second, &w));
	facts_free(second);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_bundle_owns_the_files_below_its_entry_manifest),
	    TEST(a_nested_entry_manifest_is_not_part_of_the_outer_bundle),
	    TEST(files_change_hands_when_an_entry_manifest_comes_and_goes),
	    TEST(the_order_of_events_does_not_change_the_digest),
	    TEST(the_bundle_digest_is_that_of_the_documented_text),
	    TEST(what_was_read_right_after_it_was_written_is_read_again_when_it_is_seen_again),
	    TEST(a_known_signature_is_not_read_again_unless_forced),
	    TEST(an_answer_to_an_old_question_is_dropped),
	    TEST(an_answer_for_a_file_that_went_meanwhile_is_dropped),
	    TEST(an_unreadable_member_marks_its_bundle_until_it_is_read),
	    TEST(a_sweep_takes_what_a_scan_did_not_see),
	    TEST(a_prefix_of_a_name_is_not_a_folder_above_it),
	    TEST(a_manifest_that_is_no_file_is_a_broken_candidate),
	    TEST(what_looked_half_written_keeps_its_last_version),
	    TEST(what_is_whole_is_handed_out_as_soon_as_it_is_read),
	    TEST(a_bundle_that_waits_for_a_member_is_not_handed_out_ahead),
	    TEST(what_was_read_is_told_once_as_what_it_is),
	    TEST(what_cannot_be_told_from_a_later_change_is_not_told),
	    TEST(what_is_recalled_is_as_good_as_read_and_no_news),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
