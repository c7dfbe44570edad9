/* What shelfctl explain shows is true: each example is read as its path says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/dialects.h"
#include "config/settings.h"
#include "manifest/codes.h"
#include "manifest/manifest.h"

/* The collection of doc/MANIFESTS.md that takes ids from its documents, beside the usual ones. */
static const char with_capabilities[] =
    "collections:\n"
    "- {type: skill, path: skills, entry: [SKILL.md], schema: skill}\n"
    "- {type: mcp, path: mcps, entry: [server.json], schema: mcp}\n"
    "- {type: tool, path: tools, flat: ['**/*.yaml'], schema: tool}\n"
    "- {type: capability, path: capabilities, flat: ['*.yaml'], id_from: /metadata/dc_identifier}\n"
    "- {type: catalog-item, path: catalog, flat: ['*.yaml'], schema: catalog-item}\n";

static void
read_manifest(const struct collections *cs, const char *path, const char *text, struct problems *ret)
{
	const struct collection *c = collections_find(cs, path);
	struct manifest_source src = {.collection = c, .path = path, .conflicted = true};
	struct buf id = {0};
	struct manifest *m;

	assert_non_null(c);
	src.entry = kind_entry_rank(c, strrchr(path, '/') + 1) >= 0;
	if (src.entry)
		kind_entry_id(c, path, &id);
	else
		kind_flat_id(c, path, &id);
	src.id = buf_str(&id);
	m = manifest_parse(&src, text, strlen(text));
	problems_copy(ret, &m->problems);
	manifest_unref(m);
	buf_free(&id);
}

static void
read_example(const struct collections *cs, const char *path, const char *text, struct problems *ret)
{
	struct settings s;

	if (strcmp(path, "shelfd.yaml") != 0) {
		read_manifest(cs, path, text, ret);
		return;
	}
	settings_init(&s);
	(void)settings_parse(&s, text, strlen(text), ret);
	settings_free(&s);
}

static bool
have(const struct problems *ps, const char *code)
{
	for (size_t i = 0; i < ps->n; i++)
		if (strcmp(ps->v[i].code, code) == 0)
			return true;
	return false;
}

static void
check_row(const struct collections *cs, const struct code *row)
{
	struct problems wrong = {0}, right = {0};

	read_example(cs, row->path, row->wrong, &wrong);
	read_example(cs, row->path, row->right, &right);
	if (!have(&wrong, row->code))
		fail_msg("%s: the wrong example has %s", row->code, wrong.n > 0 ? wrong.v[0].message : "no problem");
	if (right.n > 0)
		fail_msg("%s: the right example has %s: %s", row->code, right.v[0].code, right.v[0].message);
	problems_free(&wrong);
	problems_free(&right);
}

static void
a_wrong_example_has_its_code_and_nothing_is_wrong_with_the_right_one(void **state)
{
	struct problems ps = {0};
	struct settings s;
	const struct code *rows;
	size_t n, written = 0;

	(void)state;
	settings_init(&s);
	assert_int_equal(settings_parse(&s, with_capabilities, strlen(with_capabilities), &ps), 0);
	assert_int_equal(dialects_load(&s, &ps), 0);
	rows = code_all(&n);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].path == NULL)
			continue;
		check_row(&s.collections, &rows[i]);
		written++;
	}
	assert_true(written > 25);
	settings_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrong_example_has_its_code_and_nothing_is_wrong_with_the_right_one),
	};

	return cmocka_run_group_tests_name("codes", tests, NULL, NULL);
}
