/* Which candidate is the item for a key, and what is told of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "make_item.h"

static int
setup(void **state)
{
	*state = catalog_new();
	return 0;
}

static int
teardown(void **state)
{
	catalog_free(*state);
	return 0;
}

static void
put(struct catalog *c, int priority, int rank, const char *path, const char *content)
{
	const struct candidate cand = {
	    .source = "main",
	    .priority = priority,
	    .rank = rank,
	    .path = path,
	    .key = "skill/x",
	    .item = content != NULL ? make_item("x", path, content) : NULL,
	};

	catalog_put(c, &cand);
}

static void
assert_wins(struct catalog *c, const char *path, bool stale)
{
	struct desired d;

	assert_true(catalog_desired(c, "skill/x", NULL, NULL, &d));
	assert_non_null(d.item);
	assert_string_equal(d.item->face.path, path);
	assert_int_equal(d.item->face.stale, stale);
}

static void
the_winner_of_a_collision_is_by_priority_then_pattern_then_path(void **state)
{
	struct catalog *c = *state;

	put(c, 100, 3, "skills/b", "1");
	put(c, 100, 3, "skills/a", "1");
	assert_wins(c, "skills/a", false);
	put(c, 100, 2, "skills/c", "1");
	assert_wins(c, "skills/c", false);
	put(c, 10, 9, "skills/z", "1");
	assert_wins(c, "skills/z", false);
	catalog_remove(c, "main", "skills/z");
	assert_wins(c, "skills/c", false);
	catalog_remove(c, "main", "skills/c");
	catalog_remove(c, "main", "skills/a");
	assert_wins(c, "skills/b", false);
}

static void
the_loser_has_a_problem_that_names_the_winner_until_it_goes(void **state)
{
	struct catalog *c = *state;
	struct buf json = {0}, text = {0};

	put(c, 100, 0, "skills/a", "1");
	put(c, 100, 1, "skills/b", "1");
	assert_false(catalog_problems(c, "skills/a", NULL, NULL, &json));
	assert_true(catalog_problems(c, "skills/b", NULL, NULL, &json));
	assert_non_null(strstr(buf_str(&json), "\"duplicate-id\""));
	assert_non_null(strstr(buf_str(&json), "skills/a"));
	while (catalog_next_path(c, &text))
		;
	catalog_remove(c, "main", "skills/a");
	assert_true(catalog_next_path(c, &text));
	assert_string_equal(text.p, "skills/a");
	assert_true(catalog_next_path(c, &text));
	assert_string_equal(text.p, "skills/b");
	buf_free(&text);
	buf_clear(&json);
	assert_false(catalog_problems(c, "skills/b", NULL, NULL, &json));
	buf_free(&json);
}

static void
a_broken_manifest_keeps_its_last_good_item_as_stale(void **state)
{
	struct catalog *c = *state;

	put(c, 100, 0, "skills/a", "1");
	put(c, 100, 0, "skills/a", NULL);
	assert_wins(c, "skills/a", true);
	assert_int_equal(catalog_broken(c), 1);
	put(c, 100, 0, "skills/a", "2");
	assert_wins(c, "skills/a", false);
	assert_int_equal(catalog_broken(c), 0);
}

static void
a_manifest_that_was_never_good_is_no_item_and_hides_no_other(void **state)
{
	struct catalog *c = *state;
	struct desired d;

	put(c, 100, 0, "skills/a", NULL);
	assert_false(catalog_desired(c, "skill/x", NULL, NULL, &d));
	put(c, 100, 1, "skills/b", "1");
	assert_wins(c, "skills/b", false);
}

static void
what_redis_holds_of_a_broken_manifest_stays_stale_after_a_restart(void **state)
{
	struct catalog *c = *state;
	const struct candidate keyless = {.source = "main", .path = "skills/k"};
	struct desired d;

	put(c, 100, 0, "skills/a", NULL);
	assert_true(catalog_desired(c, "skill/x", "main", "skills/a", &d));
	assert_null(d.item);
	assert_true(d.stale);
	assert_false(catalog_desired(c, "skill/x", "main", "skills/other", &d));
	assert_false(catalog_desired(c, "skill/x", "other", "skills/a", &d));
	/* Its id was in the document, which cannot be read now. */
	catalog_put(c, &keyless);
	assert_true(catalog_desired(c, "skill/k", "main", "skills/k", &d));
	assert_true(d.stale);
}

static void
withdraw_gives_up_a_broken_item(void **state)
{
	struct catalog *c = *state;
	const struct candidate broken = {.source = "main", .path = "skills/a", .key = "skill/x", .withdraw = true};
	struct desired d;

	put(c, 0, 0, "skills/a", "1");
	catalog_put(c, &broken);
	assert_false(catalog_desired(c, "skill/x", "main", "skills/a", &d));
}

static void
a_key_that_moves_to_another_id_touches_both(void **state)
{
	struct catalog *c = *state;
	struct candidate cand = {.source = "main", .path = "skills/a", .key = "skill/y"};
	struct buf key = {0};

	put(c, 0, 0, "skills/a", "1");
	assert_true(catalog_next_key(c, &key));
	assert_false(catalog_next_key(c, &key));
	cand.item = make_item("y", "skills/a", "1");
	catalog_put(c, &cand);
	assert_int_equal(catalog_touched_keys(c), 2);
	assert_true(catalog_next_key(c, &key));
	assert_string_equal(key.p, "skill/x");
	assert_true(catalog_next_key(c, &key));
	assert_string_equal(key.p, "skill/y");
	assert_int_equal(catalog_touched_keys(c), 0);
	buf_free(&key);
}

static void
a_path_is_touched_when_its_problems_come_and_when_they_go(void **state)
{
	struct catalog *c = *state;
	struct problems ps = {0};
	struct candidate broken = {.source = "main", .path = "skills/a", .key = "skill/x", .problems = &ps};
	struct buf text = {0};

	put(c, 0, 0, "skills/a", "1");
	assert_false(catalog_next_path(c, &text));
	problems_addf(&ps, "yaml-syntax", SEVERITY_ERROR, 1, 1, NULL, "no");
	catalog_put(c, &broken);
	assert_true(catalog_next_path(c, &text));
	assert_string_equal(text.p, "skills/a");
	put(c, 0, 0, "skills/a", "2");
	assert_true(catalog_next_path(c, &text));
	catalog_put(c, &broken);
	assert_true(catalog_next_path(c, &text));
	catalog_remove(c, "main", "skills/a");
	assert_true(catalog_next_path(c, &text));
	assert_false(catalog_next_path(c, &text));
	buf_free(&text);
	problems_free(&ps);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(the_winner_of_a_collision_is_by_priority_then_pattern_then_path),
	    TEST(the_loser_has_a_problem_that_names_the_winner_until_it_goes),
	    TEST(a_broken_manifest_keeps_its_last_good_item_as_stale),
	    TEST(a_manifest_that_was_never_good_is_no_item_and_hides_no_other),
	    TEST(what_redis_holds_of_a_broken_manifest_stays_stale_after_a_restart),
	    TEST(withdraw_gives_up_a_broken_item),
	    TEST(a_key_that_moves_to_another_id_touches_both),
	    TEST(a_path_is_touched_when_its_problems_come_and_when_they_go),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
