/* The search for the server to write to, with made-up answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "redis/discovery.h"

static struct discovery *
search(const char *address)
{
	struct redis_url u;
	struct err e;
	struct discovery *d;

	if (redis_url_parse(address, &u, &e) != 0)
		fail_msg("%s", e.msg);
	d = discovery_new(&u, "main");
	redis_url_free(&u);
	return d;
}

/* A reply as it comes over the wire; the caller frees. */
static redisReply *
reply(const char *wire)
{
	redisReader *reader = redisReaderCreate();
	void *r = NULL;

	assert_int_equal(redisReaderFeed(reader, wire, strlen(wire)), REDIS_OK);
	assert_int_equal(redisReaderGetReply(reader, &r), REDIS_OK);
	assert_non_null(r);
	redisReaderFree(reader);
	return r;
}

static void
answer(struct discovery *d, const char *wire)
{
	redisReply *r = reply(wire);

	discovery_answer(d, r);
	freeReplyObject(r);
}

static bool
check_answer(struct discovery *d, const char *wire)
{
	redisReply *r = reply(wire);
	bool there = discovery_check_answer(d, r);

	freeReplyObject(r);
	return there;
}

static bool
heard(struct discovery *d, const char *wire)
{
	redisReply *r = reply(wire);
	bool moved = discovery_heard(d, r);

	freeReplyObject(r);
	return moved;
}

static void
assert_at(const struct discovery *d, enum discovery_state state, const char *node)
{
	char *text;

	assert_int_equal(discovery_state(d), state);
	text = redis_node_text(discovery_node(d));
	assert_string_equal(text, node);
	free(text);
}

static void
assert_failed(const struct discovery *d, const char *part)
{
	assert_int_equal(discovery_state(d), DISCOVERY_FAILED);
	if (strstr(discovery_why(d)->msg, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", discovery_why(d)->msg, part);
}

static void
unreachable(struct discovery *d)
{
	struct err e;

	(void)err_set(&e, "nobody at home");
	discovery_unreachable(d, &e);
}

static void
assert_bytes(struct buf *b, const char *want)
{
	assert_string_equal(buf_str(b), want);
	buf_free(b);
}

#define ADDRESS_A "*2\r\n$8\r\n10.0.0.1\r\n$4\r\n6379\r\n"
#define ADDRESS_B "*2\r\n$8\r\n10.0.0.2\r\n$4\r\n6380\r\n"
#define IS_MASTER "*3\r\n$6\r\nmaster\r\n:12\r\n*0\r\n"
#define IS_REPLICA "*5\r\n$5\r\nslave\r\n$8\r\n10.0.0.2\r\n:6380\r\n$9\r\nconnected\r\n:12\r\n"

static void
plain_address_is_found_at_once_and_needs_no_check(void **state)
{
	struct discovery *d = search("redis://h:7");
	struct buf b = {0};

	(void)state;
	assert_at(d, DISCOVERY_FOUND, "h:7");
	assert_false(discovery_check(d, &b));
	assert_false(discovery_listen(d, &b));
	assert_int_equal(b.n, 0);
	unreachable(d);
	assert_failed(d, "nobody at home");
	discovery_begin(d);
	assert_at(d, DISCOVERY_FOUND, "h:7");
	discovery_free(d);
	d = search("unix:///s");
	assert_int_equal(discovery_state(d), DISCOVERY_FOUND);
	assert_string_equal(discovery_node(d)->host, "");
	discovery_free(d);
}

static void
sentinel_is_asked_by_name_and_the_master_for_its_role(void **state)
{
	struct discovery *d = search("sentinel://s1,s2/mine");
	struct buf b = {0};

	(void)state;
	assert_at(d, DISCOVERY_ASK, "s1:26379");
	discovery_question(d, &b);
	assert_bytes(&b, "*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$4\r\nmine\r\n");
	answer(d, ADDRESS_A);
	assert_at(d, DISCOVERY_FOUND, "10.0.0.1:6379");
	b = (struct buf){0};
	assert_true(discovery_check(d, &b));
	assert_bytes(&b, "*1\r\n$4\r\nROLE\r\n");
	assert_true(check_answer(d, IS_MASTER));
	discovery_free(d);
}

static void
sentinels_that_cannot_say_are_passed_over(void **state)
{
	struct discovery *d = search("sentinel://s1,s2,s3,s4/mine");

	(void)state;
	unreachable(d);
	assert_at(d, DISCOVERY_ASK, "s2:26379");
	answer(d, "*-1\r\n");
	assert_at(d, DISCOVERY_ASK, "s3:26379");
	answer(d, "-NOAUTH Authentication required.\r\n");
	assert_at(d, DISCOVERY_ASK, "s4:26379");
	answer(d, ADDRESS_B);
	assert_at(d, DISCOVERY_FOUND, "10.0.0.2:6380");
	/* Who knew is asked first the next time. */
	assert_true(check_answer(d, IS_MASTER));
	discovery_begin(d);
	assert_at(d, DISCOVERY_ASK, "s4:26379");
	unreachable(d);
	assert_at(d, DISCOVERY_ASK, "s1:26379");
	discovery_free(d);
}

static void
search_in_which_nobody_knew_fails_with_the_first_reason(void **state)
{
	struct discovery *d = search("sentinel://s1,s2/mine");

	(void)state;
	answer(d, "*-1\r\n");
	unreachable(d);
	assert_failed(
	    d, "none of 2 sentinels knows where the master is: sentinel s1:26379: it knows no master of that name");
	discovery_begin(d);
	assert_at(d, DISCOVERY_ASK, "s1:26379");
	discovery_free(d);
}

static void
odd_answers_of_a_sentinel_name_nobody(void **state)
{
	static const char *const odd[] = {":1\r\n", "+OK\r\n", "*1\r\n$1\r\nh\r\n", "*2\r\n$1\r\nh\r\n:6379\r\n",
	    "*2\r\n$1\r\nh\r\n$1\r\n0\r\n", "*2\r\n$1\r\nh\r\n$5\r\n65536\r\n", "*2\r\n$1\r\nh\r\n$2\r\n1x\r\n",
	    "*2\r\n$0\r\n\r\n$1\r\n1\r\n", "*2\r\n*0\r\n$1\r\n1\r\n", "$-1\r\n", "*0\r\n"};
	struct discovery *d = search("sentinel://s1/mine");
	struct buf long_host = {0};

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		answer(d, odd[i]);
		assert_int_equal(discovery_state(d), DISCOVERY_FAILED);
		discovery_begin(d);
	}
	buf_addstr(&long_host, "*2\r\n$256\r\n");
	for (int i = 0; i < 256; i++)
		buf_addch(&long_host, 'h');
	buf_addstr(&long_host, "\r\n$1\r\n1\r\n");
	answer(d, buf_str(&long_host));
	assert_failed(d, "an odd answer");
	buf_free(&long_host);
	discovery_free(d);
}

static void
replica_that_a_sentinel_calls_the_master_is_not_taken_and_another_sentinel_is_asked(void **state)
{
	struct discovery *d = search("sentinel://s1,s2/mine");

	(void)state;
	answer(d, ADDRESS_A);
	assert_false(check_answer(d, IS_REPLICA));
	assert_failed(d, "redis at 10.0.0.1:6379 is not the master but a slave");
	discovery_begin(d);
	assert_at(d, DISCOVERY_ASK, "s2:26379");
	answer(d, ADDRESS_B);
	assert_false(check_answer(d, "-NOPERM this user has no permissions to run the 'role' command\r\n"));
	assert_failed(d, "refuses to tell its role: NOPERM");
	discovery_begin(d);
	answer(d, ADDRESS_B);
	assert_false(check_answer(d, ":1\r\n"));
	discovery_begin(d);
	answer(d, ADDRESS_B);
	unreachable(d);
	assert_failed(d, "nobody at home");
	discovery_free(d);
}

static bool
said(struct discovery *d, const char *text)
{
	char wire[200];

	(void)snprintf(
	    wire, sizeof wire, "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$%zu\r\n%s\r\n", strlen(text), text);
	return heard(d, wire);
}

static void
switch_of_our_master_that_is_told_moves_on(void **state)
{
	struct discovery *d = search("sentinel://s1/mine");
	struct buf b = {0};

	(void)state;
	answer(d, ADDRESS_A);
	assert_true(discovery_listen(d, &b));
	assert_bytes(&b, "*2\r\n$9\r\nSUBSCRIBE\r\n$14\r\n+switch-master\r\n");
	assert_false(heard(d, "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n"));
	assert_false(heard(d, "*2\r\n$4\r\npong\r\n$0\r\n\r\n"));
	assert_false(said(d, "other 10.0.0.1 6379 10.0.0.2 6380"));
	assert_false(said(d, "min 10.0.0.1 6379 10.0.0.2 6380"));
	assert_false(said(d, "mine 10.0.0.1 6379 10.0.0.2"));
	assert_false(said(d, "mine 10.0.0.1 6379 10.0.0.2 x"));
	assert_false(said(d, "mine 10.0.0.1 6379 10.0.0.2 123456789"));
	assert_false(said(d, "mine 10.0.0.1 6379  6380"));
	assert_at(d, DISCOVERY_FOUND, "10.0.0.1:6379");
	assert_true(said(d, "mine 10.0.0.1 6379 10.0.0.2 6380"));
	assert_at(d, DISCOVERY_FOUND, "10.0.0.2:6380");
	discovery_free(d);
}

/* "main" is in slot 12501. */
#define RANGE(from, to, nodes) "*" nodes "\r\n:" #from "\r\n:" #to "\r\n"
#define NODE(host, n, port) "*3\r\n$" #n "\r\n" host "\r\n:" #port "\r\n$2\r\nid\r\n"
#define TABLE                                                                                                    \
	"*3\r\n" RANGE(0, 5460, "3") NODE("10.0.0.1", 8, 7000) RANGE(5461, 10922, "3") NODE("10.0.0.2", 8, 7000) \
	    RANGE(10923, 16383, "4") NODE("10.0.0.3", 8, 7000) NODE("10.0.0.4", 8, 7000)

static void
node_is_asked_for_the_table_and_the_one_with_the_slot_for_the_head(void **state)
{
	struct discovery *d = search("cluster://n1:1,n2:2");
	struct buf b = {0};

	(void)state;
	assert_at(d, DISCOVERY_ASK, "n1:1");
	discovery_question(d, &b);
	assert_bytes(&b, "*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n");
	answer(d, TABLE);
	assert_at(d, DISCOVERY_FOUND, "10.0.0.3:7000");
	b = (struct buf){0};
	assert_true(discovery_check(d, &b));
	assert_bytes(&b, "*3\r\n$4\r\nHGET\r\n$17\r\nshelf:{main}:head\r\n$6\r\nschema\r\n");
	assert_true(check_answer(d, "$-1\r\n"));
	b = (struct buf){0};
	assert_false(discovery_listen(d, &b));
	discovery_free(d);
}

static void
nodes_that_were_learned_are_asked_when_those_of_the_address_are_gone(void **state)
{
	static const char *const rest[] = {"10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.3:7000", "10.0.0.4:7000"};
	struct discovery *d = search("cluster://n1:1,n2:2");

	(void)state;
	unreachable(d);
	answer(d, TABLE);
	assert_true(check_answer(d, "$1\r\n1\r\n"));
	discovery_begin(d);
	assert_at(d, DISCOVERY_ASK, "n2:2");
	for (size_t i = 0; i < 4; i++) {
		unreachable(d);
		assert_at(d, DISCOVERY_ASK, rest[i]);
	}
	unreachable(d);
	assert_at(d, DISCOVERY_ASK, "n1:1");
	unreachable(d);
	assert_failed(d, "none of 6 nodes knows");
	discovery_free(d);
}

static void
learned_nodes_are_those_of_the_last_table(void **state)
{
	struct discovery *d = search("cluster://n1:1");

	(void)state;
	for (int i = 0; i < 40; i++) {
		char table[200];

		(void)snprintf(table, sizeof table,
		    "*1\r\n*4\r\n:0\r\n:16383\r\n*3\r\n$2\r\nn%d\r\n:1\r\n$1\r\nx\r\n*3\r\n$2\r\nm%d\r\n:2\r\n$"
		    "1\r\nx\r\n",
		    i % 10, i % 10);
		discovery_begin(d);
		answer(d, table);
		assert_int_equal(discovery_state(d), DISCOVERY_FOUND);
	}
	/* n1, and those of the last table: n9, m9. */
	discovery_begin(d);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(discovery_state(d), DISCOVERY_ASK);
		unreachable(d);
	}
	assert_failed(d, "none of 3 nodes");
	discovery_free(d);
}

static void
node_without_a_name_is_the_one_that_was_asked(void **state)
{
	struct discovery *d = search("cluster://n1:1,n2:2");

	(void)state;
	unreachable(d);
	answer(d, "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:7005\r\n");
	assert_at(d, DISCOVERY_FOUND, "n2:7005");
	discovery_begin(d);
	answer(d, "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$-1\r\n:7006\r\n");
	assert_at(d, DISCOVERY_FOUND, "n2:7006");
	discovery_free(d);
}

static void
slot_without_a_node_is_told(void **state)
{
	static const char *const odd[] = {"*0\r\n", "*1\r\n:1\r\n", "*1\r\n*1\r\n:0\r\n",
	    "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\n?\r\n:1\r\n",
	    "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\nh\r\n:0\r\n", "*1\r\n*3\r\n:0\r\n:16383\r\n:1\r\n"};
	struct discovery *d = search("cluster://n1:1");

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		answer(d, odd[i]);
		assert_failed(d, "node n1:1: nobody holds the slot of the catalog");
		discovery_begin(d);
	}
	answer(d, "-ERR This instance has cluster support disabled\r\n");
	assert_failed(d, "node n1:1: ERR This instance has cluster support disabled");
	discovery_free(d);
}

static void
moved_is_followed_a_few_times(void **state)
{
	struct discovery *d = search("cluster://n1:1");

	(void)state;
	answer(d, TABLE);
	assert_false(check_answer(d, "-MOVED 12501 10.0.0.9:7009\r\n"));
	assert_at(d, DISCOVERY_FOUND, "10.0.0.9:7009");
	assert_false(check_answer(d, "-MOVED 12501 :7010\r\n"));
	assert_at(d, DISCOVERY_FOUND, "10.0.0.9:7010");
	assert_false(check_answer(d, "-MOVED 12501 fd00::1:7011\r\n"));
	assert_at(d, DISCOVERY_FOUND, "[fd00::1]:7011");
	assert_true(check_answer(d, "$1\r\n1\r\n"));
	discovery_begin(d);
	answer(d, TABLE);
	for (int i = 0; i < 5; i++)
		assert_false(check_answer(d, "-MOVED 12501 10.0.0.9:7009\r\n"));
	assert_at(d, DISCOVERY_FOUND, "10.0.0.9:7009");
	assert_false(check_answer(d, "-MOVED 12501 10.0.0.9:7009\r\n"));
	assert_failed(d, "redis at 10.0.0.9:7009: MOVED");
	discovery_begin(d);
	answer(d, TABLE);
	assert_false(check_answer(d, "-MOVED nonsense\r\n"));
	assert_failed(d, "MOVED nonsense");
	discovery_free(d);
}

static void
cluster_that_is_down_is_searched_again_and_other_refusals_are_not_ours(void **state)
{
	struct discovery *d = search("cluster://n1:1,n2:2");

	(void)state;
	answer(d, TABLE);
	assert_false(check_answer(d, "-CLUSTERDOWN The cluster is down\r\n"));
	assert_failed(d, "redis at 10.0.0.3:7000: CLUSTERDOWN The cluster is down");
	discovery_begin(d);
	assert_at(d, DISCOVERY_ASK, "n2:2");
	answer(d, TABLE);
	assert_true(check_answer(d, "-ASK 12501 10.0.0.9:7009\r\n"));
	assert_true(check_answer(d, "-NOPERM no\r\n"));
	discovery_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_address_is_found_at_once_and_needs_no_check),
	    cmocka_unit_test(sentinel_is_asked_by_name_and_the_master_for_its_role),
	    cmocka_unit_test(sentinels_that_cannot_say_are_passed_over),
	    cmocka_unit_test(search_in_which_nobody_knew_fails_with_the_first_reason),
	    cmocka_unit_test(odd_answers_of_a_sentinel_name_nobody),
	    cmocka_unit_test(replica_that_a_sentinel_calls_the_master_is_not_taken_and_another_sentinel_is_asked),
	    cmocka_unit_test(switch_of_our_master_that_is_told_moves_on),
	    cmocka_unit_test(node_is_asked_for_the_table_and_the_one_with_the_slot_for_the_head),
	    cmocka_unit_test(nodes_that_were_learned_are_asked_when_those_of_the_address_are_gone),
	    cmocka_unit_test(learned_nodes_are_those_of_the_last_table),
	    cmocka_unit_test(node_without_a_name_is_the_one_that_was_asked),
	    cmocka_unit_test(slot_without_a_node_is_told),
	    cmocka_unit_test(moved_is_followed_a_few_times),
	    cmocka_unit_test(cluster_that_is_down_is_searched_again_and_other_refusals_are_not_ours),
	};

	return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
