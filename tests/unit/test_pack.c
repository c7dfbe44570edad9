/* A manifest as bytes and back: nothing is lost, and bytes that are none give none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "manifest/pack.h"

static const char good[] = "---\nname: pdf\ndescription: Reads files.\nversion: 1.0\nowner: ada\nstatus: draft\n"
			   "tags: [a, b]\ndependencies: [tool/x]\nstrange: {key: [1, true, null]}\n---\n\nText.\n";
static const char escaped[] = "---\nname: pdf\ndescription: Reads \\ files.\n---\n"; /* not as it is in metadata */
static const char plain[] = "Nothing but text.\n";
static const char broken[] = "---\nname: pdf\ndescription: one: two\n---\n";
static const char wrong[] = "---\nname: [a]\ndescription: x\nname: b\n---\n";
static const char *const documents[] = {good, escaped, plain, broken, wrong, ""};

#define DOCUMENTS (sizeof documents / sizeof documents[0])

static struct manifest *
parse(const char *text)
{
	struct collections cs;
	struct manifest_source src = {.path = "skills/pdf/SKILL.md", .id = "pdf", .entry = true};
	struct manifest *m;

	collections_default(&cs);
	src.collection = &cs.v[0];
	m = manifest_parse(&src, text, strlen(text));
	collections_free(&cs);
	return m;
}

static void
assert_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void
assert_same_problems(const struct problems *a, const struct problems *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->truncated, b->truncated);
	for (size_t i = 0; i < a->n; i++) {
		const struct problem *p = &a->v[i], *q = &b->v[i];

		assert_ptr_equal(p->code, q->code); /* of the table */
		assert_int_equal(p->severity, q->severity);
		assert_int_equal(p->line, q->line);
		assert_int_equal(p->column, q->column);
		assert_text(p->pointer, q->pointer);
		assert_text(p->message, q->message);
		assert_text(p->hint, q->hint);
	}
}

static void
assert_same(const struct manifest *a, const struct manifest *b)
{
	assert_int_equal(a->ok, b->ok);
	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->sha256, b->sha256, SHA256_SIZE);
	assert_memory_equal(a->git_blob, b->git_blob, GIT_ID_SIZE);
	assert_memory_equal(a->metadata_sha256, b->metadata_sha256, SHA256_SIZE);
	assert_text(a->id, b->id);
	assert_text(a->name, b->name);
	assert_text(a->version, b->version);
	assert_int_equal(a->description.p == NULL, b->description.p == NULL);
	assert_int_equal(a->description.n, b->description.n);
	if (a->description.p != NULL)
		assert_memory_equal(a->description.p, b->description.p, a->description.n);
	assert_text(a->owner, b->owner);
	assert_text(a->status, b->status);
	assert_text(a->dependencies, b->dependencies);
	assert_text(a->tags, b->tags);
	assert_text(a->metadata, b->metadata);
	assert_same_problems(&a->problems, &b->problems);
}

static void
what_is_unpacked_is_what_was_packed(void **state)
{
	size_t broken_ones = 0;

	(void)state;
	for (size_t i = 0; i < DOCUMENTS; i++) {
		struct manifest *m = parse(documents[i]), *again;
		struct buf bytes = {0};

		buf_addstr(&bytes, "before");
		manifest_pack(m, &bytes);
		again = manifest_unpack(bytes.p + 6, bytes.n - 6);
		assert_non_null(again);
		assert_same(m, again);
		broken_ones += !m->ok;
		manifest_unref(again);
		manifest_unref(m);
		buf_free(&bytes);
	}
	assert_int_equal(broken_ones, 2); /* or this test has seen too little */
}

static void
one_that_could_not_be_read_comes_back_too(void **state)
{
	struct manifest *m = manifest_unreadable("too-large", "the file is larger than 1 MiB", NULL), *again;
	struct buf bytes = {0};

	(void)state;
	manifest_pack(m, &bytes);
	again = manifest_unpack(bytes.p, bytes.n);
	assert_non_null(again);
	assert_same(m, again);
	manifest_unref(again);
	manifest_unref(m);
	buf_free(&bytes);
}

static void
bytes_that_are_cut_off_or_go_on_are_no_manifest(void **state)
{
	(void)state;
	for (size_t i = 0; i < DOCUMENTS; i++) {
		struct manifest *m = parse(documents[i]);
		struct buf bytes = {0};

		manifest_pack(m, &bytes);
		for (size_t n = 0; n < bytes.n; n++) {
			char *cut = mem_strndup("", 0);

			/* On its own, so that a byte too far is noticed. */
			cut = mem_realloc(cut, n + 1, 1);
			memcpy(cut, bytes.p, n);
			assert_null(manifest_unpack(cut, n));
			free(cut);
		}
		buf_addch(&bytes, '\0');
		assert_null(manifest_unpack(bytes.p, bytes.n));
		manifest_unref(m);
		buf_free(&bytes);
	}
}

static void
no_byte_leads_out_of_the_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < DOCUMENTS; i++) {
		struct manifest *m = parse(documents[i]), *other;
		struct buf bytes = {0};

		manifest_pack(m, &bytes);
		for (size_t at = 0; at < bytes.n; at++) {
			for (int bit = 0; bit < 8; bit++) {
				bytes.p[at] = (char)(bytes.p[at] ^ 1 << bit);
				other = manifest_unpack(bytes.p, bytes.n);
				if (other != NULL && other->ok)
					assert_non_null(other->id);
				manifest_unref(other);
				bytes.p[at] = (char)(bytes.p[at] ^ 1 << bit);
			}
		}
		manifest_unref(m);
		buf_free(&bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_unpacked_is_what_was_packed),
	    cmocka_unit_test(one_that_could_not_be_read_comes_back_too),
	    cmocka_unit_test(bytes_that_are_cut_off_or_go_on_are_no_manifest),
	    cmocka_unit_test(no_byte_leads_out_of_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
