#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config_fixture.h"

static void
the_defaults_are_those_of_the_manual(void **state)
{
	struct settings s;

	(void)state;
	settings_init(&s);
	assert_string_equal(s.catalog, "main");
	assert_string_equal(s.source.name, "main");
	assert_null(s.source.root);
	assert_int_equal(s.source.priority, 100);
	assert_false(s.source.trust_owner);
	assert_null(s.redis.url);
	assert_null(s.redis.password_file);
	assert_int_equal(s.redis.timeout, 5000000);
	assert_int_equal(s.watch.quiet, 10000);
	assert_int_equal(s.watch.writer, 100000);
	assert_int_equal(s.watch.max_delay, 1000000);
	assert_int_equal(s.watch.git_quiet, 50000);
	assert_int_equal(s.watch.git_hold, 5000000);
	assert_int_equal(s.watch.poll, 2000000);
	assert_int_equal(s.watch.audit, 600000000);
	assert_false(s.watch.polling);
	assert_null(s.control.socket);
	assert_int_equal(s.log_level, LOG_LEVEL_INFO);
	assert_null(s.runtime_dir);
	assert_null(s.state_dir);
	assert_int_equal(s.collections.n, 3);
	settings_free(&s);
}

static void
an_empty_file_and_empty_sections_give_the_defaults(void **state)
{
	struct settings s, defaults;

	(void)state;
	settings_init(&defaults);
	parse_good(&s, "");
	assert_settings_equal(&s, &defaults);
	settings_free(&s);
	parse_good(&s, "# nothing\nredis:\nwatch: {}\nlog:\n");
	assert_settings_equal(&s, &defaults);
	settings_free(&s);
	settings_free(&defaults);
}

static void
every_key_is_taken(void **state)
{
	struct settings s;

	(void)state;
	parse_good(&s,
	    "catalog: My.cat_1-2\n"
	    "source: {name: team, root: /srv/x, priority: 7, trust_owner: true}\n"
	    "redis:\n  url: redis://u:p@h:1/2\n  user: me\n  password_file: /p\n  timeout: 2m\n"
	    "  tls: {ca_file: /ca, ca_path: /cas, cert_file: /ce, key_file: /k, server_name: n}\n"
	    "  sentinel: {user: watcher, password_file: /w}\n  min_replicas: 2\n"
	    "watch: {quiet: 500us, writer: 20ms, max_delay: 3s, git_quiet: 1ms, git_hold: 1h, poll: 500ms,\n"
	    "  audit: 1h, mode: polling}\n"
	    "control: {socket: /c}\nlog: {level: debug}\nruntime_dir: /r\nstate_dir: /s\nschemas: /schemas\n");
	assert_string_equal(s.catalog, "My.cat_1-2");
	assert_string_equal(s.source.name, "team");
	assert_string_equal(s.source.root, "/srv/x");
	assert_int_equal(s.source.priority, 7);
	assert_true(s.source.trust_owner);
	assert_string_equal(s.redis.url, "redis://u:p@h:1/2");
	assert_int_equal(s.redis.url_line, 4);
	assert_int_equal(s.redis.url_column, 8);
	assert_string_equal(s.redis.user, "me");
	assert_string_equal(s.redis.password_file, "/p");
	assert_int_equal(s.redis.timeout, 120000000);
	assert_string_equal(s.redis.tls.ca_file, "/ca");
	assert_string_equal(s.redis.tls.ca_path, "/cas");
	assert_string_equal(s.redis.tls.cert_file, "/ce");
	assert_string_equal(s.redis.tls.key_file, "/k");
	assert_string_equal(s.redis.tls.server_name, "n");
	assert_string_equal(s.redis.sentinel.user, "watcher");
	assert_string_equal(s.redis.sentinel.password_file, "/w");
	assert_int_equal(s.redis.min_replicas, 2);
	assert_int_equal(s.watch.quiet, 500);
	assert_int_equal(s.watch.writer, 20000);
	assert_int_equal(s.watch.max_delay, 3000000);
	assert_int_equal(s.watch.git_quiet, 1000);
	assert_int_equal(s.watch.git_hold, INT64_C(3600000000));
	assert_int_equal(s.watch.poll, 500000);
	assert_int_equal(s.watch.audit, INT64_C(3600000000));
	assert_true(s.watch.polling);
	assert_string_equal(s.control.socket, "/c");
	assert_int_equal(s.log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(s.runtime_dir, "/r");
	assert_string_equal(s.state_dir, "/s");
	assert_string_equal(s.schemas, "/schemas");
	assert_int_equal(s.schemas_column, 10);
	settings_free(&s);
}

static void
a_file_replaces_what_an_earlier_one_said(void **state)
{
	static const char text[] = "log: {level: error}\n";
	struct settings s;
	struct problems ps = {0};

	(void)state;
	parse_good(&s, "catalog: other\n");
	assert_int_equal(settings_parse(&s, text, sizeof text - 1, &ps), 0);
	assert_string_equal(s.catalog, "main");
	assert_int_equal(s.log_level, LOG_LEVEL_ERROR);
	settings_free(&s);
}

static void
an_unknown_key_is_told_with_the_nearest_one(void **state)
{
	(void)state;
	parse_bad("catalogue: x\n", "1:1 config-unknown-key did you mean catalog?");
	parse_bad("watch:\n  quite: 10ms\n", "2:3 config-unknown-key did you mean quiet?");
	parse_bad("watch:\n  quite: 10ms\n", "2:3 config-unknown-key quite in watch");
	parse_bad("zzzzzzzz: x\n", "1:1 config-unknown-key zzzzzzzz");
	parse_bad("\"a\\e[1m\": x\n", "1:1 config-unknown-key a\\x1B[1m");
}

static void
a_wrong_value_is_told_with_what_was_found_and_expected(void **state)
{
	(void)state;
	parse_bad("catalog: a b\n", "1:10 config-value catalog: a b; expected 1 to 64");
	parse_bad("catalog: ''\n", "1:10 config-value catalog");
	parse_bad("catalog: [a]\n", "1:10 config-value catalog");
	parse_bad("catalog: 5\n", "1:10 config-value 5");
	parse_bad("source:\n  priority: high\n", "2:13 config-value high; expected a whole number");
	parse_bad("source:\n  priority: -1\n", "2:13 config-value -1");
	parse_bad("source:\n  priority: 99999999999\n", "2:13 config-value 99999999999");
	parse_bad("source:\n  trust_owner: yes\n", "2:16 config-value yes; expected true or false");
	parse_bad("redis: redis://h\n", "1:8 config-value a mapping");
	parse_bad("redis: {timeout: fast}\n", "1:18 config-value fast; expected a duration");
	parse_bad("redis: {timeout: 5}\n", "1:18 config-value 5; expected a duration");
	parse_bad("redis: {timeout: 0s}\n", "1:18 config-value 0s");
	parse_bad("log: {level: loud}\n", "1:14 config-value loud; expected error, warning, info or debug");
	parse_bad("profile: relaxed\n", "1:10 config-value relaxed; expected lenient or strict");
	parse_bad("on_invalid: drop\n", "1:13 config-value drop; expected keep or withdraw");
	parse_bad("ignore: [ok, 'a[']\n", "1:14 config-value a[");
	parse_bad("runtime_dir: {}\n", "1:14 config-value runtime_dir");
	parse_bad("watch: {max_delay: 50ms}\n", "1:8 config-value max_delay");
}

static void
all_errors_are_told_at_once_in_order(void **state)
{
	(void)state;
	parse_bad("collections:\n  - type: Skill\n    path: /abs\n    flat: 7\nwhat: 1\nredis:\n  timeout: x\n",
	    "2:11 config-value Skill\n"
	    "3:11 config-value /abs\n"
	    "4:11 config-value flat\n"
	    "5:1 config-unknown-key what\n"
	    "7:12 config-value x");
}

static void
what_is_no_mapping_or_no_yaml_is_refused(void **state)
{
	(void)state;
	parse_bad("- a\n", "1:1 config-value mapping");
	parse_bad("text\n", "1:1 config-value mapping");
	parse_bad("catalog: a\ncatalog: b\n", "2:1 yaml-duplicate-key catalog");
	parse_bad("\xff\n", "1:1 config-syntax UTF-8");
}

static void
a_nul_byte_is_refused(void **state)
{
	static const char text[] = "catalog: a\0b\n";
	struct problems ps = {0};
	struct settings s;

	(void)state;
	settings_init(&s);
	assert_int_equal(settings_parse(&s, text, sizeof text - 1, &ps), -1);
	assert_string_equal(ps.v[0].code, "config-syntax");
	problems_free(&ps);
	settings_free(&s);
}

static void
durations_and_sizes_have_a_unit_and_no_sign(void **state)
{
	static const char *const wrong[] = {"", "5", "ms", "-5ms", "5 ms", "5msx", "1.5s", "999999999h", "5d",
	    "99999999999999999999999999s", "0x5s", "5MS"};
	usec_t t = 7;
	uint64_t n = 7;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(settings_duration(wrong[i], &t), -1);
	assert_int_equal(t, 7);
	assert_int_equal(settings_duration("10ms", &t), 0);
	assert_int_equal(t, 10000);
	assert_int_equal(settings_duration("2s", &t), 0);
	assert_int_equal(t, 2000000);
	assert_int_equal(settings_duration("5m", &t), 0);
	assert_int_equal(t, 300000000);
	assert_int_equal(settings_duration("1h", &t), 0);
	assert_int_equal(t, INT64_C(3600000000));
	assert_int_equal(settings_size("64KiB", &n), 0);
	assert_int_equal(n, 65536);
	assert_int_equal(settings_size("1MiB", &n), 0);
	assert_int_equal(n, 1048576);
	assert_int_equal(settings_size("512B", &n), 0);
	assert_int_equal(n, 512);
	assert_int_equal(settings_size("512", &n), -1);
	assert_int_equal(settings_size("64KB", &n), -1);
	assert_int_equal(settings_size("99999999999999GiB", &n), -1);
	assert_int_equal(n, 512);
}

static void
a_catalog_has_1_to_64_harmless_characters(void **state)
{
	(void)state;
	assert_true(settings_catalog_valid("a"));
	assert_true(settings_catalog_valid("0123456789012345678901234567890123456789012345678901234567890123"));
	assert_false(settings_catalog_valid("01234567890123456789012345678901234567890123456789012345678901234"));
	assert_false(settings_catalog_valid(""));
	assert_false(settings_catalog_valid("a/b"));
	assert_false(settings_catalog_valid("a}b"));
	assert_false(settings_catalog_valid("\xc3\xa4"));
}

/* arg: pairs of name and value, ended by NULL. */
static const char *
from_pairs(void *arg, const char *name)
{
	for (const char *const *pair = arg; pair[0] != NULL; pair += 2)
		if (strcmp(pair[0], name) == 0)
			return pair[1];
	return NULL;
}

static void
the_environment_overrides_the_file(void **state)
{
	static const char *pairs[] = {"SHELFD_CATALOG", "env", "SHELFD_REDIS_URL", "unix:///x", "SHELFD_REDIS_USER",
	    "me", "SHELFD_REDIS_PASSWORD_FILE", "/p", "SHELFD_REDIS_CA_FILE", "/ca", "SHELFD_REDIS_CA_PATH", "/cas",
	    "SHELFD_REDIS_CERT_FILE", "/ce", "SHELFD_REDIS_KEY_FILE", "/k", "SHELFD_REDIS_SERVER_NAME", "n",
	    "SHELFD_REDIS_SENTINEL_USER", "watcher", "SHELFD_REDIS_SENTINEL_PASSWORD_FILE", "/w", "SHELFD_ROOT",
	    "/root", "SHELFD_LOG_LEVEL", "warning", "SHELFD_PROFILE", "strict", "SHELFD_CONTROL_SOCKET", "/c",
	    "SHELFD_RUNTIME_DIR", "/r", "SHELFD_STATE_DIR", "/s", "SHELFD_SCHEMAS", "/sch", NULL};
	struct problems ps = {0};
	struct settings s;

	(void)state;
	parse_good(&s, "catalog: file\nredis: {url: redis://file}\nsource: {root: file}\nschemas: file\n");
	assert_int_equal(settings_environment(&s, from_pairs, pairs, &ps), 0);
	assert_string_equal(s.catalog, "env");
	assert_string_equal(s.redis.url, "unix:///x");
	assert_int_equal(s.redis.url_line, 0);
	assert_string_equal(s.redis.user, "me");
	assert_string_equal(s.redis.password_file, "/p");
	assert_string_equal(s.redis.tls.ca_file, "/ca");
	assert_string_equal(s.redis.tls.ca_path, "/cas");
	assert_string_equal(s.redis.tls.cert_file, "/ce");
	assert_string_equal(s.redis.tls.key_file, "/k");
	assert_string_equal(s.redis.tls.server_name, "n");
	assert_string_equal(s.redis.sentinel.user, "watcher");
	assert_string_equal(s.redis.sentinel.password_file, "/w");
	assert_string_equal(s.source.root, "/root");
	assert_int_equal(s.log_level, LOG_LEVEL_WARNING);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(s.collections.v[i].profile, PROFILE_STRICT);
	assert_string_equal(s.control.socket, "/c");
	assert_string_equal(s.runtime_dir, "/r");
	assert_string_equal(s.state_dir, "/s");
	assert_string_equal(s.schemas, "/sch");
	assert_int_equal(s.schemas_line, 0);
	assert_int_equal(ps.n, 0);
	settings_free(&s);
}

static void
an_empty_variable_counts_as_not_set(void **state)
{
	static const char *pairs[] = {
	    "SHELFD_CATALOG", "", "SHELFD_ROOT", "", "SHELFD_LOG_LEVEL", "", "SHELFD_PROFILE", "", NULL};
	struct settings s, defaults;
	struct problems ps = {0};

	(void)state;
	settings_init(&s);
	settings_init(&defaults);
	assert_int_equal(settings_environment(&s, from_pairs, pairs, &ps), 0);
	assert_settings_equal(&s, &defaults);
	settings_free(&s);
	settings_free(&defaults);
}

static void
every_wrong_variable_is_named(void **state)
{
	static const char *pairs[] = {
	    "SHELFD_CATALOG", "a b", "SHELFD_LOG_LEVEL", "loud", "SHELFD_PROFILE", "lax", NULL};
	struct settings s, defaults;
	struct problems ps = {0};

	(void)state;
	settings_init(&s);
	settings_init(&defaults);
	assert_int_equal(settings_environment(&s, from_pairs, pairs, &ps), -1);
	assert_int_equal(ps.n, 3);
	assert_non_null(strstr(ps.v[0].message, "SHELFD_CATALOG: a b"));
	assert_non_null(strstr(ps.v[1].message, "SHELFD_LOG_LEVEL: loud"));
	assert_non_null(strstr(ps.v[2].message, "SHELFD_PROFILE: lax"));
	assert_settings_equal(&s, &defaults);
	problems_free(&ps);
	settings_free(&s);
	settings_free(&defaults);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_defaults_are_those_of_the_manual),
	    cmocka_unit_test(an_empty_file_and_empty_sections_give_the_defaults),
	    cmocka_unit_test(every_key_is_taken),
	    cmocka_unit_test(a_file_replaces_what_an_earlier_one_said),
	    cmocka_unit_test(an_unknown_key_is_told_with_the_nearest_one),
	    cmocka_unit_test(a_wrong_value_is_told_with_what_was_found_and_expected),
	    cmocka_unit_test(all_errors_are_told_at_once_in_order),
	    cmocka_unit_test(what_is_no_mapping_or_no_yaml_is_refused),
	    cmocka_unit_test(a_nul_byte_is_refused),
	    cmocka_unit_test(durations_and_sizes_have_a_unit_and_no_sign),
	    cmocka_unit_test(a_catalog_has_1_to_64_harmless_characters),
	    cmocka_unit_test(the_environment_overrides_the_file),
	    cmocka_unit_test(an_empty_variable_counts_as_not_set),
	    cmocka_unit_test(every_wrong_variable_is_named),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
