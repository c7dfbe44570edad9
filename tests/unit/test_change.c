/* The difference of catalog and published state as changes, and their events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "catalog/change.h"
#include "make_item.h"

struct world {
	struct catalog *catalog;
	struct published *published;
};

static int
setup(void **state)
{
	struct world *w = mem_zalloc(sizeof *w);

	w->catalog = catalog_new();
	w->published = published_new();
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	catalog_free(w->catalog);
	published_free(w->published);
	free(w);
	return 0;
}

static void
put(struct world *w, const char *id, const char *path, const char *content)
{
	struct candidate cand = {.source = "main", .path = path};
	char *key = mem_printf("skill/%s", id);

	cand.key = key;
	cand.item = content != NULL ? make_item(id, path, content) : NULL;
	catalog_put(w->catalog, &cand);
	free(key);
}

/* "+a ~b -c" and then, by applying it, the state that Redis has after it. */
static void
assert_diff(struct world *w, const char *want)
{
	struct changeset cs;
	struct buf got = {0};

	changeset_diff(w->catalog, w->published, &cs);
	for (size_t i = 0; i < cs.n; i++) {
		const struct change *ch = &cs.changes[i];

		buf_addf(&got, "%c%s%s%s%s ", "+~-"[ch->op], ch -> key, ch -> patch ? "*" : "",
		    ch->renamed_from != NULL ? "<" : "", ch->renamed_from != NULL ? ch->renamed_from : "");
		if (ch->op == OP_DELETED)
			published_remove(w->published, ch->key);
		else
			published_put(w->published, ch->key, ch->after, ch->item, i + 1, i + 1, "");
	}
	for (size_t i = 0; i < cs.n_problems; i++) {
		const struct problem_change *p = &cs.problems[i];

		buf_addf(&got, "%s%s ", p->path, p->json != NULL ? "!" : "");
		published_put_problems(w->published, p->path, p->json, p->json != NULL ? strlen(p->json) : 0);
	}
	assert_string_equal(buf_str(&got), want);
	buf_free(&got);
	changeset_free(&cs);
}

static void
creations_and_updates_come_before_deletions(void **state)
{
	struct world *w = *state;

	put(w, "a", "skills/a", "1");
	put(w, "c", "skills/c", "1");
	assert_diff(w, "+skill/a +skill/c ");
	assert_diff(w, "");
	catalog_remove(w->catalog, "main", "skills/a");
	put(w, "b", "skills/b", "other");
	put(w, "c", "skills/c", "2");
	assert_diff(w, "+skill/b ~skill/c -skill/a ");
}

static void
an_equal_face_is_no_change(void **state)
{
	struct world *w = *state;

	put(w, "a", "skills/a", "1");
	assert_diff(w, "+skill/a ");
	put(w, "a", "skills/a", "1");
	assert_diff(w, "");
}

/* The item of always the same document, with the field at this offset (or none: fields' size) taken from its title. */
static struct item *
titled(size_t field)
{
	static const char text[] = "---\nname: a\nversion: 1\ndescription: d\ndependencies: [x]\ntags: [y]\n"
				   "owner: o\ntitle: Other\n---\n";
	struct collections cs;
	struct item_place at = {.source = "main", .path = "skills/a.md", .files = 1};
	struct manifest_source src = {.path = "skills/a.md", .id = "a"};
	struct manifest *m;
	struct item *it;

	collections_default(&cs);
	if (field < sizeof(struct fields)) {
		char **pointers = *(char ***)((char *)&cs.v[0].fields + field);

		free(pointers[0]);
		pointers[0] = mem_strdup("/title");
	}
	src.collection = &cs.v[0];
	m = manifest_parse(&src, text, strlen(text));
	assert_true(m->ok);
	it = item_new("skill", m, &at);
	manifest_unref(m);
	collections_free(&cs);
	return it;
}

static void
what_is_taken_from_another_place_of_the_same_document_is_an_update(void **state)
{
	static const size_t fields[] = {offsetof(struct fields, name), offsetof(struct fields, version),
	    offsetof(struct fields, description), offsetof(struct fields, dependencies), offsetof(struct fields, tags),
	    offsetof(struct fields, owner)};
	struct world *w = *state;
	struct candidate cand = {.source = "main", .path = "skills/a.md", .key = "skill/a"};

	cand.item = titled(sizeof(struct fields));
	catalog_put(w->catalog, &cand);
	assert_diff(w, "+skill/a ");
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		cand.item = titled(fields[i]);
		catalog_put(w->catalog, &cand);
		assert_diff(w, "~skill/a ");
		cand.item = titled(fields[i]);
		catalog_put(w->catalog, &cand);
		assert_diff(w, "");
	}
}

static void
what_is_shown_is_told_apart_from_what_is_absent_empty_or_beside_it(void **state)
{
	static const char *const texts[][2] = {
	    {NULL, NULL}, {"", NULL}, {NULL, ""}, {"ab", ""}, {"a", "b"}, {"", "ab"}};
	uint8_t digests[sizeof texts / sizeof texts[0]][SHOWN_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct slice shown[SHOWN] = {{0}};

		for (int k = 0; k < 2; k++)
			shown[SHOWN_NAME + k] =
			    (struct slice){texts[i][k], texts[i][k] != NULL ? strlen(texts[i][k]) : 0};
		shown_digest(shown, digests[i]);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(digests[i], digests[k], SHOWN_DIGEST_SIZE);
	}
}

static void
what_moves_with_its_content_is_called_renamed(void **state)
{
	struct world *w = *state;
	struct candidate cand = {.source = "main", .path = "skills/b", .key = "skill/b"};

	put(w, "a", "skills/a", "1");
	assert_diff(w, "+skill/a ");
	catalog_remove(w->catalog, "main", "skills/a");
	cand.item = make_named_item("b", "a", "skills/b", "1");
	catalog_put(w->catalog, &cand);
	assert_diff(w, "+skill/b<skill/a -skill/a ");
}

static void
broke_and_recovered_are_updates(void **state)
{
	struct world *w = *state;

	put(w, "a", "skills/a", "1");
	assert_diff(w, "+skill/a ");
	put(w, "a", "skills/a", NULL);
	assert_diff(w, "~skill/a ");
	assert_diff(w, "");
	put(w, "a", "skills/a", "1");
	assert_diff(w, "~skill/a ");
}

static void
a_broken_manifest_known_to_redis_only_is_patched_once(void **state)
{
	struct world *w = *state;
	struct item *it = make_item("a", "skills/a", "1");

	published_put(w->published, "skill/a", &it->face, NULL, 7, 7, "");
	item_unref(it);
	put(w, "a", "skills/a", NULL);
	assert_diff(w, "~skill/a* ");
	catalog_touch_all(w->catalog);
	assert_diff(w, "");
}

static void
what_is_published_and_not_wanted_is_deleted(void **state)
{
	struct world *w = *state;
	struct item *it = make_item("a", "skills/a", "1");

	published_put(w->published, "skill/a", &it->face, NULL, 7, 7, "");
	item_unref(it);
	catalog_touch_key(w->catalog, "skill/a");
	assert_diff(w, "-skill/a ");
}

static bool
is_below(void *arg, const char *path)
{
	return strncmp(path, arg, strlen(arg)) == 0;
}

static void
what_cannot_be_looked_at_is_not_deleted_nor_renamed(void **state)
{
	static char unknown[] = "skills/a b";
	struct world *w = *state;
	struct textset held = {0};
	struct changeset cs;

	put(w, "a", "skills/a%20b/SKILL.md", "1");
	put(w, "b", "skills/b/SKILL.md", "2");
	put(w, "c", "skills/a%20b/c/SKILL.md", "3");
	assert_diff(w, "+skill/a +skill/b +skill/c ");
	catalog_remove(w->catalog, "main", "skills/a%20b/SKILL.md");
	catalog_remove(w->catalog, "main", "skills/b/SKILL.md");
	put(w, "c", "skills/a%20b/c/SKILL.md", "4");
	put(w, "new", "skills/new/SKILL.md", "1"); /* as a was */

	changeset_diff(w->catalog, w->published, &cs);
	assert_int_equal(cs.n, 4);
	changeset_hold(&cs, is_below, unknown, &held);
	assert_int_equal(cs.n, 3);
	assert_string_equal(cs.changes[0].key, "skill/c");
	assert_string_equal(cs.changes[1].key, "skill/new");
	assert_null(cs.changes[1].renamed_from);
	assert_string_equal(cs.changes[2].key, "skill/b");
	assert_int_equal(held.n, 1);
	assert_true(textset_has(&held, "skill/a"));
	textset_clear(&held);
	changeset_free(&cs);
}

static void
problems_are_published_and_taken_back(void **state)
{
	struct world *w = *state;
	struct candidate cand = {.source = "main", .path = "skills/a", .key = "skill/a"};
	struct problems ps = {0};

	problems_add(&ps, "yaml-syntax", SEVERITY_ERROR, 3, 7, NULL, "wrong", NULL);
	cand.problems = &ps;
	catalog_put(w->catalog, &cand);
	assert_diff(w, "skills/a! ");
	catalog_touch_all(w->catalog);
	assert_diff(w, "");
	catalog_remove(w->catalog, "main", "skills/a");
	assert_diff(w, "skills/a ");
	problems_free(&ps);
}

static void
an_event_never_exceeds_its_limit(void **state)
{
	struct world *w = *state;
	const struct event_context ctx = {
	    .catalog = "main",
	    .generation = "0123456789abcdef0123456789abcdef",
	    .rev = 42,
	    .type_rev_before = 41,
	    .batch = "1-2",
	    .commit = "0123456789012345678901234567890123456789",
	    .time = "2026-01-01T00:00:00.000Z",
	};
	struct changeset cs;
	struct buf event = {0};
	char id[LIMIT_ID + 1], path[4000];

	memset(id, 'i', sizeof id - 1);
	id[sizeof id - 1] = '\0';
	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	put(w, id, path, "1");
	changeset_diff(w->catalog, w->published, &cs);
	change_event(&cs.changes[0], &ctx, &event);
	assert_in_range(event.n, 1, LIMIT_EVENT);
	assert_non_null(strstr(event.p, id));
	assert_null(strstr(event.p, path));
	buf_free(&event);
	changeset_free(&cs);
}

static void
an_event_says_what_the_protocol_promises(void **state)
{
	struct world *w = *state;
	const struct event_context ctx = {
	    .catalog = "main",
	    .generation = "g",
	    .rev = 42,
	    .type_rev_before = 40,
	    .batch = "b",
	    .batch_last = true,
	    .time = "2026-01-01T00:00:00.000Z",
	};
	static const char *const parts[] = {
	    "{\"specversion\":\"1.0\",\"id\":\"g.42\",\"source\":\"/shelfd/main\",\"type\":\"dev.shelfd.item.created\","
	    "\"subject\":\"skill/a\",\"time\":\"2026-01-01T00:00:00.000Z\",\"datacontenttype\":\"application/json\","
	    "\"data\":{\"generation\":\"g\",\"rev\":42,\"type_rev_before\":40,\"batch\":\"b\",\"batch_last\":true,"
	    "\"op\":\"created\",\"type\":\"skill\",\"id\":\"a\",\"path\":\"skills/a\",\"sha256\":\"",
	    "\"bundle_sha256\":\"", "\"version\":\"1.0\"}}"};
	struct changeset cs;
	struct buf event = {0};

	put(w, "a", "skills/a", "1");
	changeset_diff(w->catalog, w->published, &cs);
	change_event(&cs.changes[0], &ctx, &event);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr(event.p, parts[i]));
	assert_null(strstr(event.p, "sha256_before"));
	buf_free(&event);
	changeset_free(&cs);
}

static bool
is_not_b(void *arg, const char *key)
{
	(void)arg;
	return strcmp(key, "skill/b") != 0;
}

static void
a_set_ahead_has_settled_creations_only_and_holds_one_back(void **state)
{
	struct world *w = *state;
	struct changeset cs;

	put(w, "gone", "skills/gone", "1");
	assert_diff(w, "+skill/gone ");
	catalog_remove(w->catalog, "main", "skills/gone");
	put(w, "a", "skills/a", "1");
	put(w, "b", "skills/b", "1");
	put(w, "c", "skills/c", "1");
	put(w, "d", "skills/d", "1");
	put(w, "broken", "skills/broken", NULL);
	changeset_diff_ahead(w->catalog, w->published, is_not_b, NULL, &cs);
	assert_true(cs.more);
	assert_int_equal(cs.n, 2);
	assert_string_equal(cs.changes[0].key, "skill/a");
	assert_string_equal(cs.changes[1].key, "skill/c");
	assert_int_equal(cs.n_problems, 0);
	for (size_t i = 0; i < cs.n; i++)
		published_put(w->published, cs.changes[i].key, cs.changes[i].after, cs.changes[i].item, i + 2, i + 2,
		    "2026-01-01T00:00:00.000Z");
	changeset_free(&cs);
	assert_diff(w, "+skill/b +skill/d -skill/gone ");
}

static void
an_item_as_it_is_fills_a_set_that_must_not_be_empty(void **state)
{
	struct world *w = *state;
	struct changeset cs = {0};

	changeset_repeat(&cs, w->catalog, w->published);
	assert_int_equal(cs.n, 0);
	put(w, "gone", "skills/gone", "1");
	put(w, "here", "skills/here", "1");
	assert_diff(w, "+skill/gone +skill/here ");
	catalog_remove(w->catalog, "main", "skills/gone");
	changeset_repeat(&cs, w->catalog, w->published);
	assert_int_equal(cs.n, 1);
	assert_int_equal(cs.changes[0].op, OP_UPDATED);
	assert_string_equal(cs.changes[0].key, "skill/here");
	assert_true(face_equal(cs.changes[0].before, cs.changes[0].after));
	changeset_free(&cs);
	assert_diff(w, "-skill/gone ");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(creations_and_updates_come_before_deletions),
	    TEST(an_equal_face_is_no_change),
	    TEST(what_is_taken_from_another_place_of_the_same_document_is_an_update),
	    TEST(what_is_shown_is_told_apart_from_what_is_absent_empty_or_beside_it),
	    TEST(what_moves_with_its_content_is_called_renamed),
	    TEST(broke_and_recovered_are_updates),
	    TEST(a_broken_manifest_known_to_redis_only_is_patched_once),
	    TEST(what_is_published_and_not_wanted_is_deleted),
	    TEST(what_cannot_be_looked_at_is_not_deleted_nor_renamed),
	    TEST(problems_are_published_and_taken_back),
	    TEST(an_event_never_exceeds_its_limit),
	    TEST(an_event_says_what_the_protocol_promises),
	    TEST(a_set_ahead_has_settled_creations_only_and_holds_one_back),
	    TEST(an_item_as_it_is_fills_a_set_that_must_not_be_empty),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
