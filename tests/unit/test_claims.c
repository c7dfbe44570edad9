/* Which keys can only be those of one manifest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "catalog/claims.h"

static const struct collection *
add(struct collections *cs, const char *type, const char *path)
{
	cs->v = mem_realloc(cs->v, cs->n + 1, sizeof *cs->v);
	collection_init(&cs->v[cs->n], type, path);
	return &cs->v[cs->n++];
}

static void
a_key_is_single_when_one_manifest_claims_it(void **state)
{
	struct collections cs = {0};
	const struct collection *skills = add(&cs, "skill", "skills");
	struct claims *c = claims_new(&cs);

	(void)state;
	claims_add(c, skills, "skills/a/SKILL.md", true);
	claims_add(c, skills, "skills/b/SKILL.md", true);
	claims_add(c, skills, "skills/b.md", false);
	claims_add(c, skills, "skills/b.yaml", false);
	assert_true(claims_single(c, "skill/a"));
	assert_false(claims_single(c, "skill/b"));
	assert_false(claims_single(c, "skill/c"));
	assert_false(claims_single(c, "tool/a"));
	claims_free(c);
	collections_free(&cs);
}

static void
no_key_is_single_whose_id_may_stand_in_a_document_or_in_two_collections(void **state)
{
	struct collections cs = {0};
	struct claims *c;

	(void)state;
	(void)add(&cs, "skill", "skills");
	(void)add(&cs, "tool", "tools");
	(void)add(&cs, "tool", "more");
	(void)add(&cs, "capability", "capabilities");
	cs.v[3].id_from = kind_words((const char *const[]){"/id", NULL});
	c = claims_new(&cs);
	claims_add(c, &cs.v[0], "skills/a.md", false);
	claims_add(c, &cs.v[1], "tools/a.yaml", false);
	claims_add(c, &cs.v[3], "capabilities/a.yaml", false);
	assert_true(claims_single(c, "skill/a"));
	assert_false(claims_single(c, "tool/a"));
	assert_false(claims_single(c, "capability/a"));
	claims_free(c);
	collections_free(&cs);
}

static void
thousands_of_claims_are_told_apart(void **state)
{
	struct collections cs = {0};
	const struct collection *skills = add(&cs, "skill", "skills");
	struct claims *c = claims_new(&cs);
	char text[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(text, sizeof text, "skills/s%d/SKILL.md", i);
		claims_add(c, skills, text, true);
		if (i % 100 == 0)
			claims_add(c, skills, text, true);
	}
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(text, sizeof text, "skill/s%d", i);
		assert_int_equal(claims_single(c, text), i % 100 != 0);
	}
	claims_free(c);
	collections_free(&cs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_is_single_when_one_manifest_claims_it),
	    cmocka_unit_test(no_key_is_single_whose_id_may_stand_in_a_document_or_in_two_collections),
	    cmocka_unit_test(thousands_of_claims_are_told_apart),
	};

	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
