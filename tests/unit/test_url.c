#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
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
	assert_null(u.nodes);
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
	assert_string_equal(u.nodes[0].host, "example.org");
	assert_int_equal(u.nodes[0].port, 7000);
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
	assert_string_equal(u.nodes[0].host, "127.0.0.1");
	assert_int_equal(u.nodes[0].port, 6379);
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
	assert_string_equal(u.nodes[0].host, "h");
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
	assert_string_equal(u.nodes[0].host, "example.org");
	assert_int_equal(u.nodes[0].port, 7000);
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
	assert_text("sentinel://u:secret@a,b:1/m/3", "sentinel://a:26379,b:1/m/3");
	assert_text("sentinel+tls://a/m", "sentinel+tls://a:26379/m");
	assert_text("cluster://:secret@a,[::2]:7", "cluster://a:6379,[::2]:7");
	assert_text("cluster+tls://a", "cluster+tls://a:6379");
	assert_text("unix:///s?db=0", "unix:///s");
	assert_text("unix:///s?db=9", "unix:///s?db=9");
	assert_text("unix://user:secret@/s", "unix:///s");
	assert_text("embedded", "embedded");
}

static void
bad_addresses_are_refused_with_what_was_expected(void **state)
{
	(void)state;
	assert_refused("", "expected redis[s]://");
	assert_refused("localhost:6379", "expected redis[s]://");
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
	assert_refused("redis://a,b", "several hosts; expected sentinel:// or cluster://");
	assert_refused("sentinel://a:1", "no name of a master");
	assert_refused("sentinel://a:1/", "no name of a master");
	assert_refused("sentinel://a,,b/m", "no host");
	assert_refused("sentinel://a,b:x/m", "port is not a number");
	assert_refused("sentinel://a/m/x", "database is not a number");
	assert_refused("sentinel://a/m?db=1", "nothing but /db may follow the name of the master");
	assert_refused("sentinel://a/m y", "a blank in the name");
	assert_refused("cluster://", "no host");
	assert_refused("cluster://a/1", "a cluster has only database 0");
	assert_refused("cluster+ssl://a", "unknown scheme cluster+ssl://");
	assert_refused("unix://run/x", "no absolute path");
	assert_refused("unix:///", "no absolute path");
	assert_refused("unix:///s?x=1", "?db=n");
	assert_refused("unix://u:p@run/x", "no absolute path");
	assert_refused("unix://secret@/s", "no colon before '@'");
}

static void
too_many_and_too_long_hosts_are_refused(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_addstr(&b, "cluster://h");
	for (int i = 1; i <= REDIS_NODES_MAX; i++)
		buf_addf(&b, ",h%d", i);
	assert_refused(buf_str(&b), "more than 64 hosts");
	buf_clear(&b);
	buf_addstr(&b, "redis://");
	for (int i = 0; i <= REDIS_HOST_MAX; i++)
		buf_addch(&b, 'h');
	assert_refused(buf_str(&b), "a host of more than 255 bytes");
	buf_free(&b);
}

static void
no_message_repeats_a_password(void **state)
{
	static const char *const bad[] = {"redis://u:hunter2@", "redis://u:hunter2@h:x", "redis://hunter2@h",
	    "redis://u:hunter2%@h", "rediss://u:hunter2@h?x", "redis:/u:hunter2@h", "sentinel://u:hunter2@a",
	    "cluster://u:hunter2@a,"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct redis_url u;
		struct err e;

		assert_int_equal(redis_url_parse(bad[i], &u, &e), -1);
		assert_null(strstr(e.msg, "hunter2"));
	}
}

static void
sentinel_address_has_sentinels_a_master_and_a_database(void **state)
{
	struct redis_url u;
	struct err e;

	(void)state;
	assert_int_equal(redis_url_parse("sentinel://me:pw@s1,s2:7000,[::1]:7001/my-master/5", &u, &e), 0);
	assert_int_equal(u.scheme, REDIS_SENTINEL);
	assert_false(u.tls);
	assert_int_equal(u.n_nodes, 3);
	assert_string_equal(u.nodes[0].host, "s1");
	assert_int_equal(u.nodes[0].port, 26379);
	assert_string_equal(u.nodes[1].host, "s2");
	assert_int_equal(u.nodes[1].port, 7000);
	assert_string_equal(u.nodes[2].host, "::1");
	assert_int_equal(u.nodes[2].port, 7001);
	assert_string_equal(u.master, "my-master");
	assert_string_equal(u.user, "me");
	assert_string_equal(u.password, "pw");
	assert_int_equal(u.db, 5);
	redis_url_free(&u);
	assert_int_equal(redis_url_parse("sentinel+tls://s1/m", &u, &e), 0);
	assert_int_equal(u.scheme, REDIS_SENTINEL);
	assert_true(u.tls);
	redis_url_free(&u);
}

static void
cluster_address_has_some_nodes(void **state)
{
	struct redis_url u;
	struct err e;

	(void)state;
	assert_int_equal(redis_url_parse("cluster://:pw@n1:7000,n2", &u, &e), 0);
	assert_int_equal(u.scheme, REDIS_CLUSTER);
	assert_int_equal(u.n_nodes, 2);
	assert_string_equal(u.nodes[1].host, "n2");
	assert_int_equal(u.nodes[1].port, 6379);
	assert_string_equal(u.password, "pw");
	redis_url_free(&u);
	assert_int_equal(redis_url_parse("cluster+tls://n1", &u, &e), 0);
	assert_true(u.tls);
	redis_url_free(&u);
}

static void
slots_of_a_cluster_are_those_of_its_specification(void **state)
{
	(void)state;
	/* The checksum's own test, and keys in the documentation of CLUSTER KEYSLOT and of the cluster tutorial. */
	assert_int_equal(keys_slot("123456789"), 0x31c3 % 16384);
	assert_int_equal(keys_slot("foo"), 12182);
	assert_int_equal(keys_slot("hash_tag"), 2515);
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
	    cmocka_unit_test(too_many_and_too_long_hosts_are_refused),
	    cmocka_unit_test(no_message_repeats_a_password),
	    cmocka_unit_test(sentinel_address_has_sentinels_a_master_and_a_database),
	    cmocka_unit_test(cluster_address_has_some_nodes),
	    cmocka_unit_test(slots_of_a_cluster_are_those_of_its_specification),
	    cmocka_unit_test(keys_of_a_catalog_share_one_cluster_slot),
	    cmocka_unit_test(catalog_names_are_short_and_plain),
	    cmocka_unit_test(embedded_server_listens_on_its_socket_only_and_keeps_its_data),
	    cmocka_unit_test(missing_redis_server_is_named),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
