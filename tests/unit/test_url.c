#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "redis/embedded.h"
#include "redis/keys.h"
#include "redis/url.h"

static void
assert_refused(const char *s, const char *part)
{
	struct redis_url u = {.db = 77};
	struct err e = {0};

	assert_int_equal(redis_url_parse(s, &u, &e), -1);
	if (strstr(e.msg, part) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", s, e.msg, part);
	assert_int_equal(u.db, 77);
	assert_null(u.host);
}

static void
assert_text(const char *s, const char *want)
{
	struct redis_url u;
	struct err e;
	char *text;

	assert_int_equal(redis_url_parse(s, &u, &e), 0);
	text = redis_url_text(&u);
	assert_string_equal(text, want);
	free(text);
	redis_url_free(&u);
}

static void
tcp_address_has_host_port_database_and_decoded_secrets(void **state)
{
	struct redis_url u;
	struct err e;

	(void)state;
	assert_int_equal(redis_url_parse("redis://us%40er:p%3aa%2Fss:w@example.org:7000/3", &u, &e), 0);
	assert_int_equal(u.scheme, REDIS_TCP);
	assert_string_equal(u.host, "example.org");
	assert_int_equal(u.port, 7000);
	assert_string_equal(u.user, "us@er");
	assert_string_equal(u.password, "p:a/ss:w");
	assert_int_equal(u.db, 3);
	redis_url_free(&u);
}

static void
tcp_address_has_defaults(void **state)
{
	struct redis_url u;
	struct err e;

	(void)state;
	assert_int_equal(redis_url_parse("redis://127.0.0.1", &u, &e), 0);
	assert_string_equal(u.host, "127.0.0.1");
	assert_int_equal(u.port, 6379);
	assert_null(u.user);
	assert_null(u.password);
	assert_int_equal(u.db, 0);
	redis_url_free(&u);
}

static void
password_without_user_leaves_the_user_out(void **state)
{
	struct redis_url u;
	struct err e;

	(void)state;
	assert_int_equal(redis_url_parse("redis://:sec@ret@h/", &u, &e), 0);
	assert_null(u.user);
	assert_string_equal(u.password, "sec@ret");
	assert_string_equal(u.host, "h");
	redis_url_free(&u);
}

static void
address_with_tls_is_one_of_tcp(void **state)
{
	struct redis_url u;
	struct err e;

	(void)state;
	assert_int_equal(redis_url_parse("rediss://u:p@example.org:7000/3", &u, &e), 0);
	assert_int_equal(u.scheme, REDIS_TCP);
	assert_true(u.tls);
	assert_string_equal(u.host, "example.org");
	assert_int_equal(u.port, 7000);
	assert_int_equal(u.db, 3);
	redis_url_free(&u);
	assert_int_equal(redis_url_parse("redis://h", &u, &e), 0);
	assert_false(u.tls);
	redis_url_free(&u);
}

static void
unix_address_has_a_path_and_a_database(void **state)
{
	struct redis_url u;
	struct err e;

	(void)state;
	assert_int_equal(redis_url_parse("unix:///run/redis/a b.sock?db=4", &u, &e), 0);
	assert_int_equal(u.scheme, REDIS_UNIX);
	assert_string_equal(u.path, "/run/redis/a b.sock");
	assert_int_equal(u.db, 4);
	assert_null(u.user);
	redis_url_free(&u);
	assert_int_equal(redis_url_parse("unix://ada:se%2Fcr@t@/a@b?db=1", &u, &e), 0);
	assert_string_equal(u.user, "ada");
	assert_string_equal(u.password, "se/cr@t");
	assert_string_equal(u.path, "/a@b");
	redis_url_free(&u);
	assert_int_equal(redis_url_parse("unix:///a:b@c", &u, &e), 0);
	assert_null(u.user);
	assert_string_equal(u.path, "/a:b@c");
	redis_url_free(&u);
	assert_int_equal(redis_url_parse("embedded", &u, &e), 0);
	assert_int_equal(u.scheme, REDIS_EMBEDDED);
	redis_url_free(&u);
}

static void
text_for_people_has_no_user_and_no_password(void **state)
{
	(void)state;
	assert_text("redis://user:secret@h:1/2", "redis://h:1/2");
	assert_text("redis://[::1]", "redis://[::1]:6379");
	assert_text("rediss://:secret@h", "rediss://h:6379");
	assert_text("unix:///s?db=0", "unix:///s");
	assert_text("unix:///s?db=9", "unix:///s?db=9");
	assert_text("unix://user:secret@/s", "unix:///s");
	assert_text("embedded", "embedded");
}

static void
bad_addresses_are_refused_with_what_was_expected(void **state)
{
	(void)state;
	assert_refused("", "expected redis://");
	assert_refused("localhost:6379", "expected redis://");
	assert_refused("redis://", "no host");
	assert_refused("redis://:1", "no host");
	assert_refused("redis://h:", "port is not a number");
	assert_refused("redis://h:0", "1 to 65535");
	assert_refused("redis://h:65536", "1 to 65535");
	assert_refused("redis://h:1x", "port is");
	assert_refused("redis://h:+1", "port is not a number");
	assert_refused("redis://h/x", "database is not a number");
	assert_refused("redis://h/1?tls=1", "database is");
	assert_refused("redis://h?db=1", "nothing but /db");
	assert_refused("redis://[::1", "no ']'");
	assert_refused("redis://[::1]x", "between host and port");
	assert_refused("redis://secret@h", "no colon before '@'");
	assert_refused("redis://:se%zz@h", "password has a bad percent-encoding");
	assert_refused("redis://:se%00@h", "password has a bad percent-encoding");
	assert_refused("unix://run/x", "no absolute path");
	assert_refused("unix:///", "no absolute path");
	assert_refused("unix:///s?x=1", "?db=n");
	assert_refused("unix://u:p@run/x", "no absolute path");
	assert_refused("unix://secret@/s", "no colon before '@'");
}

static void
no_message_repeats_a_password(void **state)
{
	static const char *const bad[] = {"redis://u:hunter2@", "redis://u:hunter2@h:x", "redis://hunter2@h",
	    "redis://u:hunter2%@h", "rediss://u:hunter2@h?x", "redis:/u:hunter2@h"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct redis_url u;
		struct err e;

		assert_int_equal(redis_url_parse(bad[i], &u, &e), -1);
		assert_null(strstr(e.msg, "hunter2"));
	}
}

static void
schemes_of_later_are_named_as_such(void **state)
{
	(void)state;
	assert_refused("sentinel://h:1/m", "sentinel:// is not built yet");
	assert_refused("cluster://h:1", "cluster:// is not built yet");
}

static void
keys_of_a_catalog_share_one_cluster_slot(void **state)
{
	char *key = keys_make("main", "index:skill");

	(void)state;
	assert_string_equal(key, "shelf:{main}:index:skill");
	free(key);
}

static void
catalog_names_are_short_and_plain(void **state)
{
	char name[66];

	(void)state;
	memset(name, 'a', sizeof name);
	name[64] = '\0';
	assert_true(keys_catalog_valid(name));
	name[64] = 'a';
	name[65] = '\0';
	assert_false(keys_catalog_valid(name));
	assert_true(keys_catalog_valid("A-z_0.9"));
	assert_false(keys_catalog_valid(""));
	assert_false(keys_catalog_valid("a}b"));
	assert_false(keys_catalog_valid("a b"));
	assert_false(keys_catalog_valid("\xc3\xa4"));
}

static const char *
argument_after(char *const *argv, const char *name)
{
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, name) == 0)
			return argv[1];
	return NULL;
}

static void
embedded_server_listens_on_its_socket_only_and_keeps_its_data(void **state)
{
	char *socket = embedded_socket("/run/x"), **argv;
	struct err e;

	(void)state;
	argv = embedded_argv("/run/x", "/var/lib/x", &e);
	if (argv == NULL) {
		print_message("skipped: %s\n", e.msg);
		free(socket);
		skip();
	}
	assert_int_equal(argv[0][0], '/');
	assert_string_equal(argument_after(argv, "--port"), "0");
	assert_string_equal(argument_after(argv, "--unixsocket"), socket);
	assert_string_equal(argument_after(argv, "--unixsocketperm"), "600");
	assert_string_equal(argument_after(argv, "--appendonly"), "yes");
	assert_string_equal(argument_after(argv, "--dir"), "/var/lib/x");
	embedded_argv_free(argv);
	free(socket);
}

static void
missing_redis_server_is_named(void **state)
{
	const char *path = getenv("PATH");
	char *saved = strdup(path != NULL ? path : "");
	struct err e = {0};

	(void)state;
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	assert_null(embedded_argv("/run/x", "/var/lib/x", &e));
	assert_non_null(strstr(e.msg, "no redis-server"));
	assert_int_equal(setenv("PATH", saved, 1), 0);
	free(saved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tcp_address_has_host_port_database_and_decoded_secrets),
	    cmocka_unit_test(tcp_address_has_defaults),
	    cmocka_unit_test(password_without_user_leaves_the_user_out),
	    cmocka_unit_test(address_with_tls_is_one_of_tcp),
	    cmocka_unit_test(unix_address_has_a_path_and_a_database),
	    cmocka_unit_test(text_for_people_has_no_user_and_no_password),
	    cmocka_unit_test(bad_addresses_are_refused_with_what_was_expected),
	    cmocka_unit_test(no_message_repeats_a_password),
	    cmocka_unit_test(schemes_of_later_are_named_as_such),
	    cmocka_unit_test(keys_of_a_catalog_share_one_cluster_slot),
	    cmocka_unit_test(catalog_names_are_short_and_plain),
	    cmocka_unit_test(embedded_server_listens_on_its_socket_only_and_keeps_its_data),
	    cmocka_unit_test(missing_redis_server_is_named),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
