#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifest/schema_uri.h"

struct resolved {
	const char *base, *ref, *want;
};

static void
check_all(const struct resolved *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *got = uri_resolve(cases[i].base, cases[i].ref, strlen(cases[i].ref));

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s from %s: got %s, wanted %s", cases[i].ref, cases[i].base, got, cases[i].want);
		free(got);
	}
}

/* RFC 3986, 5.4.1 and 5.4.2 */
static void
references_resolve_as_in_the_examples_of_rfc_3986(void **state)
{
#define BASE "http://a/b/c/d;p?q"
	static const struct resolved cases[] = {
	    {BASE, "g:h", "g:h"},
	    {BASE, "g", "http://a/b/c/g"},
	    {BASE, "./g", "http://a/b/c/g"},
	    {BASE, "g/", "http://a/b/c/g/"},
	    {BASE, "/g", "http://a/g"},
	    {BASE, "//g", "http://g"},
	    {BASE, "?y", "http://a/b/c/d;p?y"},
	    {BASE, "g?y", "http://a/b/c/g?y"},
	    {BASE, "#s", "http://a/b/c/d;p?q#s"},
	    {BASE, "g#s", "http://a/b/c/g#s"},
	    {BASE, "g?y#s", "http://a/b/c/g?y#s"},
	    {BASE, ";x", "http://a/b/c/;x"},
	    {BASE, "g;x", "http://a/b/c/g;x"},
	    {BASE, "g;x?y#s", "http://a/b/c/g;x?y#s"},
	    {BASE, "", "http://a/b/c/d;p?q"},
	    {BASE, ".", "http://a/b/c/"},
	    {BASE, "./", "http://a/b/c/"},
	    {BASE, "..", "http://a/b/"},
	    {BASE, "../", "http://a/b/"},
	    {BASE, "../g", "http://a/b/g"},
	    {BASE, "../..", "http://a/"},
	    {BASE, "../../", "http://a/"},
	    {BASE, "../../g", "http://a/g"},
	    {BASE, "../../../g", "http://a/g"},
	    {BASE, "../../../../g", "http://a/g"},
	    {BASE, "/./g", "http://a/g"},
	    {BASE, "/../g", "http://a/g"},
	    {BASE, "g.", "http://a/b/c/g."},
	    {BASE, ".g", "http://a/b/c/.g"},
	    {BASE, "g..", "http://a/b/c/g.."},
	    {BASE, "..g", "http://a/b/c/..g"},
	    {BASE, "./../g", "http://a/b/g"},
	    {BASE, "./g/.", "http://a/b/c/g/"},
	    {BASE, "g/./h", "http://a/b/c/g/h"},
	    {BASE, "g/../h", "http://a/b/c/h"},
	    {BASE, "g;x=1/./y", "http://a/b/c/g;x=1/y"},
	    {BASE, "g;x=1/../y", "http://a/b/c/y"},
	    {BASE, "g?y/./x", "http://a/b/c/g?y/./x"},
	    {BASE, "g?y/../x", "http://a/b/c/g?y/../x"},
	    {BASE, "g#s/./x", "http://a/b/c/g#s/./x"},
	    {BASE, "g#s/../x", "http://a/b/c/g#s/../x"},
	};

	(void)state;
	check_all(cases, sizeof cases / sizeof *cases);
}

static void
bases_without_an_authority_or_a_path_work_too(void **state)
{
	static const struct resolved cases[] = {
	    {"", "#a", "#a"},
	    {"", "a.json#/b", "a.json#/b"},
	    {"urn:example:root", "#/a", "urn:example:root#/a"},
	    {"urn:uuid:1?x", "#a", "urn:uuid:1?x#a"},
	    {"urn:example:root", "https://x/y", "https://x/y"},
	    {"http://host", "a", "http://host/a"},
	    {"http://host", "../a", "http://host/a"},
	    {"file:///s/a.json", "b.json", "file:///s/b.json"},
	    {"file:///s/a.json", "../t/b.json", "file:///t/b.json"},
	    {"tree", "node", "node"},
	};

	(void)state;
	check_all(cases, sizeof cases / sizeof *cases);
}

static void
a_fragment_is_cut_off(void **state)
{
	char with[] = "http://a/b#c#d", without[] = "http://a/b";

	(void)state;
	assert_string_equal(uri_cut_fragment(with), "c#d");
	assert_string_equal(with, "http://a/b");
	assert_string_equal(uri_cut_fragment(without), "");
	assert_string_equal(without, "http://a/b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(references_resolve_as_in_the_examples_of_rfc_3986),
	    cmocka_unit_test(bases_without_an_authority_or_a_path_work_too),
	    cmocka_unit_test(a_fragment_is_cut_off),
	};

	return cmocka_run_group_tests_name("schema_uri", tests, NULL, NULL);
}
