/* What doctor makes of what it is told: diagnosis and checkup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctl/diagnosis.h"
#include "ctl/json.h"

/* The row of a check; every check has one row at most. */
static const struct check *
row(const struct checkup *cu, const char *name)
{
	const struct check *found = NULL;

	for (size_t i = 0; i < cu->n; i++) {
		if (strcmp(cu->v[i].name, name) != 0)
			continue;
		assert_null(found);
		found = &cu->v[i];
	}
	return found;
}

/* What must be done is said unless all is well. */
static void
assert_row(const struct checkup *cu, const char *name, enum verdict verdict, const char *part)
{
	const struct check *c = row(cu, name);

	assert_non_null(c);
	assert_string_equal(checkup_word(c->verdict), checkup_word(verdict));
	assert_non_null(strstr(c->text, part));
	assert_true(c->verdict == VERDICT_OK ? c->hint == NULL : c->hint != NULL);
}

static void
info_is_read_line_by_line(void **state)
{
	struct checkup cu = {0};

	(void)state;
	diagnose_info(&cu, "unix:///r",
	    "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n\r\n# Memory\r\nused_memory:95\r\n"
	    "used_memory_human:95B\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\n# "
	    "Replication\r\nrole:master\r\n");
	assert_row(&cu, "redis", VERDICT_OK, "redis 7.0.15");
	assert_row(&cu, "redis-memory", VERDICT_WARNING, "95 %");
	checkup_free(&cu);
}

static void
a_redis_that_cannot_do_is_a_failure(void **state)
{
	static const struct {
		const char *info;
		enum verdict verdict;
		const char *part;
	} rows[] = {
	    {"redis_version:6.0.16\r\nrole:master\r\n", VERDICT_FAILED, "too old"},
	    {"redis_version:6.2.0\r\nrole:master\r\n", VERDICT_OK, "6.2.0"},
	    {"redis_version:5.0.14\r\n", VERDICT_FAILED, "too old"},
	    {"redis_version:10.0\r\n", VERDICT_OK, "10.0"},
	    {"redis_version:7.2.4\r\nrole:slave\r\n", VERDICT_FAILED, "replica"},
	    {"redis_version:7.2.4\r\nvalkey_version:8.0.1\r\nrole:master\r\n", VERDICT_OK, "valkey 8.0.1"},
	    {"", VERDICT_OK, "unknown version"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct checkup cu = {0};

		diagnose_info(&cu, "unix:///r", rows[i].info);
		assert_row(&cu, "redis", rows[i].verdict, rows[i].part);
		assert_null(row(&cu, "redis-memory"));
		checkup_free(&cu);
	}
}

static void
a_redis_that_may_throw_keys_away_is_a_warning(void **state)
{
	static const struct {
		const char *info;
		enum verdict verdict;
		const char *part;
	} rows[] = {
	    {"used_memory:50\nmaxmemory:0\nmaxmemory_policy:allkeys-lru\n", VERDICT_OK, "no limit"},
	    {"used_memory:50\nmaxmemory:100\nmaxmemory_policy:allkeys-lru\n", VERDICT_WARNING, "allkeys-lru"},
	    {"used_memory:50\nmaxmemory:100\nmaxmemory_policy:volatile-lru\n", VERDICT_OK, "50 %"},
	    {"used_memory:89\nmaxmemory:100\nmaxmemory_policy:noeviction\n", VERDICT_OK, "89 %"},
	    {"used_memory:90\nmaxmemory:100\nmaxmemory_policy:noeviction\n", VERDICT_WARNING, "90 %"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct checkup cu = {0};

		diagnose_info(&cu, "unix:///r", rows[i].info);
		assert_row(&cu, "redis-memory", rows[i].verdict, rows[i].part);
		checkup_free(&cu);
	}
}

static void
clocks_apart_are_a_warning(void **state)
{
	static const struct {
		int64_t ours, redis;
		enum verdict verdict;
		const char *part;
	} rows[] = {
	    {1000000, 1000000, VERDICT_OK, ""},
	    {1005000, 1000000, VERDICT_OK, ""},
	    {1060000, 1000000, VERDICT_WARNING, "60 s"},
	    {1000000, 1060000, VERDICT_WARNING, "60 s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct checkup cu = {0};

		diagnose_clock(&cu, rows[i].ours, rows[i].redis);
		assert_row(&cu, "clock", rows[i].verdict, rows[i].part);
		checkup_free(&cu);
	}
}

static void
a_limit_is_named_with_its_value_and_the_need(void **state)
{
	static const struct {
		uint64_t limit, folders;
		enum verdict verdict;
	} rows[] = {
	    {8192, 100, VERDICT_OK},
	    {100, 80, VERDICT_OK},
	    {100, 81, VERDICT_WARNING},
	    {100, 100, VERDICT_WARNING},
	    {100, 101, VERDICT_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct checkup cu = {0};
		char number[24];

		diagnose_watches(&cu, "fs.inotify.max_user_watches", rows[i].limit, rows[i].folders, 0);
		assert_row(&cu, "watches", rows[i].verdict, "fs.inotify.max_user_watches is");
		(void)snprintf(number, sizeof number, "%d", (int)rows[i].limit);
		assert_non_null(strstr(row(&cu, "watches")->text, number));
		(void)snprintf(number, sizeof number, "%d folders", (int)rows[i].folders);
		assert_non_null(strstr(row(&cu, "watches")->text, number));
		checkup_free(&cu);
	}
}

static void
folders_without_a_watch_are_a_failure_whatever_the_limit(void **state)
{
	struct checkup cu = {0};

	(void)state;
	diagnose_watches(&cu, "fs.inotify.max_user_watches", 1000, 20, 3);
	assert_row(&cu, "watches", VERDICT_FAILED, "3 of 20 folders are not watched");
	checkup_free(&cu);
}

static void
the_advice_for_a_limit_is_enough(void **state)
{
	struct checkup cu = {0};

	(void)state;
	diagnose_watches(&cu, "user.max_inotify_watches", 1000, 200000, 0);
	assert_non_null(strstr(row(&cu, "watches")->hint, "user.max_inotify_watches=401000"));
	checkup_free(&cu);
}

static void
a_short_queue_is_a_warning(void **state)
{
	struct checkup cu = {0};

	(void)state;
	diagnose_queue(&cu, 16383);
	assert_row(&cu, "event-queue", VERDICT_WARNING, "16383");
	checkup_free(&cu);
	diagnose_queue(&cu, 16384);
	assert_row(&cu, "event-queue", VERDICT_OK, "16384");
	checkup_free(&cu);
}

static void
diagnose_watch_text(struct checkup *cu, const char *json)
{
	struct document *d;
	const struct value *v = ctl_json_parse(json, strlen(json), &d);

	assert_non_null(v);
	diagnose_watching(cu, v);
	document_free(d);
}

static void
what_the_daemon_says_of_its_watching_is_judged(void **state)
{
	static const struct {
		const char *json, *name;
		enum verdict verdict;
		const char *part;
	} rows[] = {
	    {"{\"mode\":\"inotify\",\"watches\":7}", "watching", VERDICT_OK, "7 watches"},
	    {"{\"mode\":\"partial\",\"watches\":7,\"unwatched\":3}", "watching", VERDICT_WARNING, "a part"},
	    {"{\"mode\":\"polling\"}", "watching", VERDICT_WARNING, "polling"},
	    {"{\"mode\":\"lost\"}", "watching", VERDICT_FAILED, "lost"},
	    {"{\"mode\":\"inotify\",\"unreadable\":2}", "reading", VERDICT_WARNING, "2 files"},
	    {"{\"mode\":\"inotify\",\"unstable\":6}", "changing", VERDICT_WARNING, "6 files"},
	    {"{\"mode\":\"inotify\",\"git_stale_lock\":true}", "git-lock", VERDICT_WARNING, "stale"},
	    {"{\"mode\":\"inotify\",\"overflows\":4}", "overflows", VERDICT_WARNING, "4 times"},
	    {"{\"mode\":\"inotify\",\"overflows\":0}", "overflows", VERDICT_OK, "none"},
	    {"{\"mode\":\"inotify\",\"drift\":5}", "drift", VERDICT_WARNING, "5 changes"},
	    {"{\"mode\":\"inotify\",\"drift\":0}", "drift", VERDICT_OK, "none"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct checkup cu = {0};

		diagnose_watch_text(&cu, rows[i].json);
		assert_row(&cu, rows[i].name, rows[i].verdict, rows[i].part);
		checkup_free(&cu);
	}
}

static void
what_the_daemon_does_not_say_is_no_row(void **state)
{
	struct checkup cu = {0};

	(void)state;
	diagnose_watch_text(&cu, "{\"mode\":\"inotify\",\"git_stale_lock\":false}");
	assert_null(row(&cu, "drift"));
	assert_null(row(&cu, "reading"));
	assert_null(row(&cu, "git-lock"));
	checkup_free(&cu);
}

static void
publishing_fails_with_the_condition_that_the_daemon_names(void **state)
{
	static const struct {
		const char *json;
		enum verdict verdict;
		const char *part;
	} rows[] = {
	    {"{\"state\":\"ready\",\"condition\":\"\"}", VERDICT_OK, "ready"},
	    {"{\"state\":\"waiting\",\"condition\":\"OOM\"}", VERDICT_FAILED, "waiting: OOM"},
	    {"{\"state\":\"standby\",\"condition\":\"held by a:1\"}", VERDICT_WARNING, "held by a:1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct checkup cu = {0};
		struct document *d;

		diagnose_publishing(&cu, ctl_json_parse(rows[i].json, strlen(rows[i].json), &d));
		assert_row(&cu, "publishing", rows[i].verdict, rows[i].part);
		document_free(d);
		checkup_free(&cu);
	}
}

/* A file system that folds, if arg is not NULL. */
static bool
same_folded(void *arg, const char *a, const char *b)
{
	return arg != NULL ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

static void
a_generation_that_was_begun_anew_is_a_warning_with_its_reason(void **state)
{
	static const char json[] = "{\"state\":\"ready\",\"condition\":\"\",\"reset\":"
				   "{\"time\":\"2024-03-01T12:00:00.000Z\",\"reason\":\"redis is at 3\"}}";
	struct checkup cu = {0};
	struct document *d;

	(void)state;
	diagnose_publishing(&cu, ctl_json_parse(json, strlen(json), &d));
	assert_row(&cu, "generation", VERDICT_WARNING, "2024-03-01T12:00:00.000Z: redis is at 3");
	assert_row(&cu, "publishing", VERDICT_OK, "ready");
	document_free(d);
	checkup_free(&cu);
}

static void
letter_case_is_tried_with_a_name_that_is_there(void **state)
{
	static const char *const plain[] = {".", "..", "42", "skills", NULL};
	static const char *const pair[] = {"README", "readme", NULL};
	static const char *const pair_and_more[] = {"README", "readme", "x", NULL};
	static const char *const none[] = {".", "..", "1", "\xc3\xa4", NULL};
	bool folds = true;

	(void)state;
	assert_int_equal(diagnose_case(plain, same_folded, &folds), 1);
	assert_int_equal(diagnose_case(plain, same_folded, NULL), 0);
	assert_int_equal(diagnose_case(none, same_folded, &folds), -1);
	/* Two names that are both listed are no proof: they may be links to one file. */
	assert_int_equal(diagnose_case(pair, same_folded, &folds), -1);
	assert_int_equal(diagnose_case(pair_and_more, same_folded, NULL), 0);
}

static void
text_has_a_line_for_each_row_and_its_hint_escaped(void **state)
{
	const struct out plain = {0};
	struct checkup cu = {0};
	struct buf b = {0};

	(void)state;
	checkup_add(&cu, "redis", VERDICT_OK, NULL, "version %d", 7);
	checkup_add(&cu, "source", VERDICT_FAILED, "mend it", "%s", "a\x1b[2Jb");
	checkup_text(&cu, &plain, &b);
	assert_string_equal(buf_str(&b),
	    "ok       redis         version 7\n"
	    "failed   source        a\\x1B[2Jb\n"
	    "                       mend it\n");
	buf_free(&b);
	checkup_free(&cu);
}

static void
json_counts_and_lists_every_row(void **state)
{
	struct checkup cu = {0};
	struct buf b = {0};
	struct jsonw w;

	(void)state;
	checkup_add(&cu, "redis", VERDICT_OK, NULL, "fine");
	checkup_add(&cu, "clock", VERDICT_WARNING, "set it", "slow");
	jsonw_init(&w, &b);
	checkup_json(&cu, &w);
	assert_string_equal(buf_str(&b),
	    "{\"failed\":0,\"warnings\":1,\"checks\":[{\"name\":\"redis\",\"status\":\"ok\",\"text\":\"fine\"},"
	    "{\"name\":\"clock\",\"status\":\"warning\",\"text\":\"slow\",\"hint\":\"set it\"}]}");
	buf_free(&b);
	checkup_free(&cu);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(info_is_read_line_by_line),
	    cmocka_unit_test(a_redis_that_cannot_do_is_a_failure),
	    cmocka_unit_test(a_redis_that_may_throw_keys_away_is_a_warning),
	    cmocka_unit_test(clocks_apart_are_a_warning),
	    cmocka_unit_test(a_limit_is_named_with_its_value_and_the_need),
	    cmocka_unit_test(folders_without_a_watch_are_a_failure_whatever_the_limit),
	    cmocka_unit_test(the_advice_for_a_limit_is_enough),
	    cmocka_unit_test(a_short_queue_is_a_warning),
	    cmocka_unit_test(what_the_daemon_says_of_its_watching_is_judged),
	    cmocka_unit_test(what_the_daemon_does_not_say_is_no_row),
	    cmocka_unit_test(publishing_fails_with_the_condition_that_the_daemon_names),
	    cmocka_unit_test(a_generation_that_was_begun_anew_is_a_warning_with_its_reason),
	    cmocka_unit_test(letter_case_is_tried_with_a_name_that_is_there),
	    cmocka_unit_test(text_has_a_line_for_each_row_and_its_hint_escaped),
	    cmocka_unit_test(json_counts_and_lists_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
