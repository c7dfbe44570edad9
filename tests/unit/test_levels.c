/* Levels of single codes: what a collection makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "manifest/codes.h"
#include "manifest/manifest.h"
#include "with_collections.h"

static struct manifest *
parse(const struct collection *c, const char *path, const char *text)
{
	const struct manifest_source src = {.collection = c, .path = path, .id = "a", .entry = true};

	return manifest_parse(&src, text, strlen(text));
}

static void
assert_first_error(const struct collection *c, const char *path, const char *text, const char *code)
{
	struct manifest *m = parse(c, path, text);

	assert_false(m->ok);
	assert_string_equal(m->problems.v[0].code, code);
	assert_int_equal(m->problems.v[0].severity, SEVERITY_ERROR);
	manifest_unref(m);
}

static void
a_later_level_of_a_code_replaces_an_earlier_one(void **state)
{
	struct levels l = {0}, copy = {0};
	enum level level;

	(void)state;
	assert_false(levels_get(&l, "bom", &level));
	levels_set(&l, "bom", LEVEL_ERROR);
	levels_set(&l, "status-unknown", LEVEL_NOTE);
	levels_set(&l, "bom", LEVEL_OFF);
	assert_int_equal(l.n, 2);
	levels_set(&copy, "bom", LEVEL_WARNING);
	levels_add(&copy, &l);
	assert_true(levels_get(&copy, "bom", &level));
	assert_int_equal(level, LEVEL_OFF);
	levels_free(&copy);
	levels_free(&l);
}

static void
what_is_an_error_in_every_profile_has_no_level_to_choose(void **state)
{
	size_t n, may = 0;
	const struct code *rows = code_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(levels_may(rows[i].code), rows[i].lenient != SEVERITY_ERROR);
		may += levels_may(rows[i].code);
	}
	assert_true(may > 20 && may < n);
	assert_false(levels_may("no-such-code"));
}

static void
a_level_of_the_collection_wins_over_the_profile(void **state)
{
	struct collections *cs = *state;
	struct collection *c = &cs->v[SKILL];
	static const char bom[] = "\xef\xbb\xbf---\nname: a\ndescription: d\n---\n";
	struct manifest *m;

	c->profile = PROFILE_STRICT;
	levels_set(&c->levels, "skill-name-folder", LEVEL_OFF);
	levels_set(&c->levels, "skill-unknown-key", LEVEL_NOTE);
	levels_set(&c->levels, "frontmatter-missing", LEVEL_WARNING);
	levels_set(&c->levels, "bom", LEVEL_ERROR);
	m = parse(c, "skills/b/SKILL.md", "---\nname: a\ndescription: d\nauthor: x\n---\n");
	assert_true(m->ok);
	assert_int_equal(m->problems.n, 1);
	assert_string_equal(m->problems.v[0].code, "skill-unknown-key");
	assert_int_equal(m->problems.v[0].severity, SEVERITY_NOTE);
	manifest_unref(m);
	m = parse(c, "skills/b/SKILL.md", "# B\n\nText.\n");
	assert_true(m->ok);
	assert_int_equal(m->problems.v[0].severity, SEVERITY_WARNING);
	manifest_unref(m);
	assert_first_error(c, "skills/a/SKILL.md", bom, "bom");
	assert_first_error(c, "skills/a/SKILL.md", "---\nname: A\ndescription: d\n---\n", "skill-name-format");
}

static void
what_is_off_takes_no_room_from_what_is_not(void **state)
{
	struct collections *cs = *state;
	struct collection *c = &cs->v[SKILL];
	struct buf text = {0};
	struct manifest *m;

	levels_set(&c->levels, "skill-unknown-key", LEVEL_OFF);
	buf_addstr(&text, "---\nname: a\ndescription: d\n");
	for (int i = 0; i < 2 * LIMIT_PROBLEMS; i++)
		buf_addf(&text, "k%d: 1\n", i);
	buf_addstr(&text, "status: odd\n---\n");
	m = parse(c, "skills/a/SKILL.md", buf_str(&text));
	assert_int_equal(m->problems.n, 1);
	assert_string_equal(m->problems.v[0].code, "status-unknown");
	assert_false(m->problems.truncated);
	manifest_unref(m);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_later_level_of_a_code_replaces_an_earlier_one),
	    cmocka_unit_test(what_is_an_error_in_every_profile_has_no_level_to_choose),
	    WITH_COLLECTIONS(a_level_of_the_collection_wins_over_the_profile),
	    WITH_COLLECTIONS(what_is_off_takes_no_room_from_what_is_not),
	};

	return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
