/* etc/shelfd.yaml: what it says is true. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "config_fixture.h"
#include "manifest/yaml.h"

static void
read_page(const char *name, struct buf *out)
{
	const char *srcdir = getenv("srcdir");
	char *path = mem_printf("%s/%s", srcdir != NULL ? srcdir : ".", name);
	struct err e;

	if (fs_read(path, LIMIT_CONFIG, out, &e) != 0)
		fail_msg("%s", e.msg);
	free(path);
}

/* Does a key stand behind the mark: an even indent, perhaps "- ", a word, ':'? Anything else is prose. */
static bool
is_key(const char *s)
{
	size_t indent = strspn(s, " "), word;

	s += indent;
	if (s[0] == '-' && s[1] == ' ')
		s += 2;
	word = strspn(s, "abcdefghijklmnopqrstuvwxyz_");
	return indent % 2 == 0 && word > 0 && s[word] == ':';
}

/* The sample without the '#' before keys; marks 2: also without '##'. */
static void
uncommented(int marks, struct buf *out)
{
	struct buf sample = {0};
	const char *s;

	read_page("etc/shelfd.yaml", &sample);
	for (s = buf_str(&sample); *s != '\0';) {
		size_t n = strcspn(s, "\n"), skip = 0;

		if (marks == 2 && s[0] == '#' && s[1] == '#')
			skip = 2;
		else if (s[0] == '#' && s[1] != '#' && is_key(s + 1))
			skip = 1;
		buf_add(out, s + skip, n - skip);
		buf_addch(out, '\n');
		s += s[n] == '\n' ? n + 1 : n;
	}
	buf_free(&sample);
}

static void
the_sample_as_it_stands_changes_nothing(void **state)
{
	struct settings s, defaults;
	struct buf text = {0};

	(void)state;
	read_page("etc/shelfd.yaml", &text);
	settings_init(&defaults);
	parse_good(&s, buf_str(&text));
	assert_settings_equal(&s, &defaults);
	settings_free(&s);
	settings_free(&defaults);
	buf_free(&text);
}

static void
the_defaults_that_the_sample_names_are_the_defaults(void **state)
{
	struct settings s, defaults;
	struct buf text = {0};

	(void)state;
	uncommented(1, &text);
	settings_init(&defaults);
	defaults.redis.url = mem_strdup("redis://127.0.0.1:6379"); /* that of NULL */
	parse_good(&s, buf_str(&text));
	assert_settings_equal(&s, &defaults);
	settings_free(&s);
	settings_free(&defaults);
	buf_free(&text);
}

static const char *const keys[] = {
    "/catalog",
    "/source/name",
    "/source/root",
    "/source/priority",
    "/source/trust_owner",
    "/redis/url",
    "/redis/user",
    "/redis/password_file",
    "/redis/timeout",
    "/redis/tls/ca_file",
    "/redis/tls/ca_path",
    "/redis/tls/cert_file",
    "/redis/tls/key_file",
    "/redis/tls/server_name",
    "/redis/sentinel/user",
    "/redis/sentinel/password_file",
    "/redis/min_replicas",
    "/profile",
    "/on_invalid",
    "/rules",
    "/schemas",
    "/ignore",
    "/collections/3/type",
    "/collections/3/path",
    "/collections/0/entry",
    "/collections/3/flat",
    "/collections/3/ignore",
    "/collections/3/id_from",
    "/collections/3/fields/name",
    "/collections/3/fields/version",
    "/collections/3/fields/description",
    "/collections/3/fields/dependencies",
    "/collections/3/fields/tags",
    "/collections/3/fields/owner",
    "/collections/3/fields/status",
    "/collections/0/schema",
    "/collections/3/profile",
    "/collections/3/rules",
    "/collections/3/on_invalid",
    "/watch/quiet",
    "/watch/writer",
    "/watch/max_delay",
    "/watch/git_quiet",
    "/watch/git_hold",
    "/control/socket",
    "/log/level",
    "/runtime_dir",
    "/state_dir",
};

static void
the_sample_names_every_key_and_its_examples_are_good(void **state)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct settings s;
	struct buf text = {0};
	const struct value *root;

	(void)state;
	uncommented(2, &text);
	parse_good(&s, buf_str(&text));
	assert_int_equal(s.collections.n, 4);
	root = yaml_parse(d, text.p, text.n, 1, &ps);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (value_at(root, keys[i]) == NULL)
			fail_msg("the sample has no %s", keys[i]);
	document_free(d);
	settings_free(&s);
	buf_free(&text);
}

static void
the_manual_names_every_key_and_variable(void **state)
{
	static const char *const variables[] = {"SHELFD_CATALOG", "SHELFD_REDIS_URL", "SHELFD_REDIS_USER",
	    "SHELFD_REDIS_PASSWORD_FILE", "SHELFD_REDIS_CA_FILE", "SHELFD_REDIS_CA_PATH", "SHELFD_REDIS_CERT_FILE",
	    "SHELFD_REDIS_KEY_FILE", "SHELFD_REDIS_SERVER_NAME", "SHELFD_REDIS_SENTINEL_USER",
	    "SHELFD_REDIS_SENTINEL_PASSWORD_FILE", "SHELFD_ROOT", "SHELFD_LOG_LEVEL", "SHELFD_PROFILE",
	    "SHELFD_CONTROL_SOCKET", "SHELFD_RUNTIME_DIR", "SHELFD_STATE_DIR", "SHELFD_SCHEMAS"};
	struct buf page = {0};

	(void)state;
	read_page("doc/shelfd.yaml.5", &page);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		char *item = mem_printf(".It Cm %s", strrchr(keys[i], '/') + 1);

		if (strstr(buf_str(&page), item) == NULL)
			fail_msg("the manual has no %s", item);
		free(item);
	}
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		if (strstr(buf_str(&page), variables[i]) == NULL)
			fail_msg("the manual has no %s", variables[i]);
	buf_free(&page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_sample_as_it_stands_changes_nothing),
	    cmocka_unit_test(the_defaults_that_the_sample_names_are_the_defaults),
	    cmocka_unit_test(the_sample_names_every_key_and_its_examples_are_good),
	    cmocka_unit_test(the_manual_names_every_key_and_variable),
	};

	return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
