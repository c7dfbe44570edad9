#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "apply_stage.h"
#include "base/mem.h"
#include "redis/conn.h"

static void
creation_writes_item_index_stream_history_and_head(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	expect(s, "HDEL " P "head schema", "1"); /* what somebody took away comes back */
	put_change(&s->cs, s->published, "skill", "pdf", "one");
	apply(s);
	expect(s, "HGETALL " P "item:skill/pdf",
	    "[type skill id pdf rev 1 updated_at " TIME " state ok commit c0ffee"
	    " sha256 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
	    " bundle_sha256 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
	    " metadata_sha256 afaf9c6c223ff418ba6e014922d7bb2bc48342c2692a330dace5ec75d6b184a7"
	    " name pdf description one path skills/pdf.md size 3 files 1 metadata {\"content\":\"one\"}"
	    " git_blob 43dd47ea691c90a5fa7827892c70241913351963 source main status published git_state modified"
	    " created_rev 1 created_at " TIME "]");
	expect(s, "ZRANGE " P "index:skill 0 -1 WITHSCORES", "[pdf 1]");
	expect(s, "HMGET " P "head rev batch batch_base items problems commit branch type_rev:skill schema epoch",
	    "[1 b-1/1 0 1 0 c0ffee main 1 1 7]");
	expect(s, "XLEN " P "changes", "1");
	expect(s, "XRANGE " P "history:skill/pdf - +",
	    "[[1-0 [op created time " TIME " state ok commit c0ffee"
	    " sha256 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
	    " bundle_sha256 7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
	    " metadata_sha256 afaf9c6c223ff418ba6e014922d7bb2bc48342c2692a330dace5ec75d6b184a7]]]");
	expect(s, "EXISTS " P "deleted", "0");
}

static void
stream_holds_the_event_under_its_revision(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "mcp", "db", "x");
	put_change(&s->cs, s->published, "skill", "a", "x");
	apply(s);
	put_change(&s->cs, s->published, "skill", "a", "y");
	apply(s);
	expect(s, "XRANGE " P "changes 3-0 3-0",
	    "[[3-0 [event {\"specversion\":\"1.0\",\"id\":\"" GENERATION ".3\",\"source\":\"/shelfd/t\","
	    "\"type\":\"dev.shelfd.item.updated\",\"subject\":\"skill/a\",\"time\":\"" TIME "\","
	    "\"datacontenttype\":\"application/json\",\"data\":{\"generation\":\"" GENERATION "\",\"rev\":3,"
	    "\"type_rev_before\":2,\"batch\":\"b-2\",\"batch_last\":true,\"op\":\"updated\",\"type\":\"skill\","
	    "\"id\":\"a\",\"path\":\"skills/a.md\","
	    "\"sha256\":\"a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa\","
	    "\"sha256_before\":\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\","
	    "\"bundle_sha256\":\"a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa\","
	    "\"commit\":\"c0ffee\"}}]]]");
}

static void
changes_of_one_call_keep_what_they_differ_in(void **state)
{
	struct stage *s = *state;
	char tags[] = "[\"x\"]";
	struct change *ch;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "old", "one");
	apply(s);
	memcpy(s->call.time, "2026-02-01T00:00:00.000Z", sizeof s->call.time);
	put_change(&s->cs, s->published, "skill", "a", "one");
	put_change(&s->cs, s->published, "skill", "b", "two");
	ch = &s->cs.changes[1];
	ch->item->manifest->tags = tags;
	ch->item->face.stale = true;
	ch->item->face.source = "other";
	ch->item->face.status = status_word("draft");
	ch->item->face.git_state = GIT_STATE_NONE;
	put_change(&s->cs, s->published, "mcp", "a", "three");
	put_change(&s->cs, s->published, "skill", "old", "four");
	apply(s);
	expect(s,
	    "HMGET " P "item:skill/a type id rev description tags state source status git_state created_rev created_at",
	    "[skill a 2 one (nil) ok main published modified 2 2026-02-01T00:00:00.000Z]");
	expect(s,
	    "HMGET " P "item:skill/b type id rev description tags state source status git_state created_rev created_at",
	    "[skill b 3 two [\"x\"] stale other draft (nil) 3 2026-02-01T00:00:00.000Z]");
	expect(s,
	    "HMGET " P "item:mcp/a type id rev description tags state source status git_state created_rev created_at",
	    "[mcp a 4 three (nil) ok main published modified 4 2026-02-01T00:00:00.000Z]");
	expect(s, "HMGET " P "item:skill/old type id rev description state created_rev created_at updated_at",
	    "[skill old 5 four ok 1 " TIME " 2026-02-01T00:00:00.000Z]");
	expect(s, "ZRANGE " P "index:skill 0 -1 WITHSCORES", "[a 2 b 3 old 5]");
	expect(s, "HMGET " P "head type_rev:skill type_rev:mcp", "[5 4]");
}

static void
update_leaves_no_field_of_the_old_version(void **state)
{
	struct stage *s = *state;
	char tags[] = "[\"x\"]";

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	s->cs.changes[0].item->manifest->tags = tags;
	apply(s);
	expect(s, "HGET " P "item:skill/a tags", "[\"x\"]");
	put_change(&s->cs, s->published, "skill", "a", "two");
	apply(s);
	expect(s, "HMGET " P "item:skill/a tags description rev created_rev", "[(nil) two 2 1]");
	expect(s, "ZRANGE " P "index:skill 0 -1 WITHSCORES", "[a 2]");
	expect(s, "HGET " P "head items", "1");
}

static void
deletion_leaves_a_tombstone_that_a_new_creation_takes_away(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	put_change(&s->cs, s->published, "skill", "b", "one");
	apply(s);
	put_deletion(&s->cs, s->published, "skill/a");
	apply(s);
	expect(s, "EXISTS " P "item:skill/a", "0");
	expect(s, "ZRANGE " P "index:skill 0 -1 WITHSCORES", "[b 2]");
	expect(s, "ZRANGE " P "deleted 0 -1 WITHSCORES", "[skill/a 3]");
	expect(s, "XLEN " P "history:skill/a", "2");
	expect(s, "HMGET " P "head items type_rev:skill", "[1 3]");
	put_change(&s->cs, s->published, "skill", "a", "one");
	apply(s);
	expect(s, "EXISTS " P "deleted", "0");
	expect(s, "HMGET " P "item:skill/a rev created_rev", "[4 4]");
	expect(s, "XLEN " P "history:skill/a", "3");
}

static void
patch_moves_the_state_and_nothing_else(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	apply(s);
	memcpy(s->call.time, "2026-02-01T00:00:00.000Z", sizeof s->call.time);
	s->ctx.commit = "decade";
	put_patch(&s->cs, s->published, "skill/a");
	apply(s);
	expect(s, "HMGET " P "item:skill/a state rev updated_at commit description created_at",
	    "[stale 2 2026-02-01T00:00:00.000Z decade one " TIME "]");
	expect(s, "HLEN " P "item:skill/a", "21");
}

static void
head_without_git_has_no_commit_and_no_branch(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	apply(s);
	s->ctx.commit = NULL;
	s->ctx.branch = NULL;
	put_change(&s->cs, s->published, "skill", "a", "two");
	apply(s);
	expect(s, "HMGET " P "head commit branch", "[(nil) (nil)]");
	expect(s, "HEXISTS " P "item:skill/a commit", "0");
}

static void
same_call_again_is_a_duplicate_that_changes_nothing(void **state)
{
	struct stage *s = *state;
	char *before, *after, *got;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	new_call(s);
	free(send_call(s));
	before = server_dump(s->server, P);
	got = send_call(s);
	assert_string_equal(got, "DUP 0 1");
	after = server_dump(s->server, P);
	assert_string_equal(after, before);
	free(got);
	free(before);
	free(after);
}

static void
called_with_nothing_it_writes_nothing(void **state)
{
	struct stage *s = *state;
	char *line = mem_printf("EVALSHA %s 1 " P "head", s->sha), *before, *after;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	apply(s);
	before = server_dump(s->server, P);
	expect(s, line, "[OK]");
	after = server_dump(s->server, P);
	assert_string_equal(after, before);
	free(line);
	free(before);
	free(after);
}

static void
history_and_index_of_a_lost_life_are_overcome(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	expect(s, "XADD " P "history:skill/a 99-0 op old", "99-0");
	expect(s, "SET " P "history:skill/b x", "OK");
	expect(s, "ZADD " P "index:skill 99 gone", "1");
	expect(s, "HSET " P "item:skill/a tags old", "1");
	put_change(&s->cs, s->published, "skill", "a", "one");
	put_change(&s->cs, s->published, "skill", "b", "one");
	apply(s);
	expect(s, "XLEN " P "history:skill/a", "1");
	expect(s, "XLEN " P "history:skill/b", "1");
	expect(s, "ZRANGE " P "index:skill 0 -1 WITHSCORES", "[a 1 b 2]");
	expect(s, "HEXISTS " P "item:skill/a tags", "0");
}

static void
history_keeps_the_last_twenty(void **state)
{
	struct stage *s = *state;
	char content[16];

	NEEDS_SERVER(s);
	for (int i = 1; i <= 23; i++) {
		(void)snprintf(content, sizeof content, "%d", i);
		put_change(&s->cs, s->published, "skill", "a", content);
		apply(s);
	}
	expect(s, "XLEN " P "history:skill/a", "20");
	expect(s, "XLEN " P "changes", "23");
}

static void
history_of_one_version_is_small_and_its_draft_is_gone(void **state)
{
	struct stage *s = *state;
	char *bytes;

	NEEDS_SERVER(s);
	expect(s, "SET " P "history:/draft x", "OK");
	put_change(&s->cs, s->published, "skill", "a", "one");
	apply(s);
	bytes = server_ask(s->server, "MEMORY USAGE " P "history:skill/a");
	assert_in_range(strtoul(bytes, NULL, 10), 1, 2048);
	free(bytes);
	expect(s, "EXISTS " P "history:/draft", "0");
}

static void
oldest_tombstones_go_with_their_history_and_move_the_floor(void **state)
{
	struct stage *s = *state;
	struct buf line = {0};
	struct err e;

	NEEDS_SERVER(s);
	for (int i = 1; i <= 100000; i++) {
		char score[16], member[32];

		(void)snprintf(score, sizeof score, "%d", i);
		(void)snprintf(member, sizeof member, "skill/old%d", i);
		conn_format(&line, 4, (const char *const[]){"ZADD", P "deleted", score, member}, NULL);
	}
	client_append_raw(s->server->client, line.p, line.n);
	for (int i = 1; i <= 100000; i++)
		freeReplyObject(client_next(s->server->client, 5 * USEC_PER_SEC, &e));
	buf_free(&line);
	expect(s, "XADD " P "history:skill/old1 1-0 op deleted", "1-0");
	expect(s, "XADD " P "history:skill/old3 3-0 op deleted", "3-0");
	expect(s, "HSET " P "head rev 100000", "0");
	s->call.base = 100000;
	put_change(&s->cs, s->published, "skill", "a", "one");
	put_change(&s->cs, s->published, "skill", "b", "one");
	apply(s);
	put_deletion(&s->cs, s->published, "skill/a");
	put_deletion(&s->cs, s->published, "skill/b");
	apply(s);
	expect(s, "ZCARD " P "deleted", "100000");
	expect(s, "HGET " P "head floor", "3");
	expect(s, "EXISTS " P "history:skill/old1", "0");
	expect(s, "EXISTS " P "history:skill/old3", "1");
}

static void
problems_come_and_go_and_do_not_move_the_revision(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_problem(&s->cs, "skills/a.md", "[1]");
	put_problem(&s->cs, "skills/b.md", "[2]");
	apply(s);
	expect(s, "HGETALL " P "problems", "[skills/a.md [1] skills/b.md [2]]");
	expect(s, "HMGET " P "head rev problems batch", "[0 2 b-1/1]");
	put_problem(&s->cs, "skills/a.md", NULL);
	apply(s);
	expect(s, "HMGET " P "head rev problems batch", "[0 1 b-2/1]");
}

/* Payloads that a subscriber to everything gets, "channel payload" each. */
static char *
next_message(struct client *c)
{
	struct err e;
	redisReply *r = client_next(c, 5 * USEC_PER_SEC, &e);
	char *text;

	if (r == NULL)
		fail_msg("%s", e.msg);
	text = mem_printf("%s %s", r->element[2]->str, r->element[3]->str);
	freeReplyObject(r);
	return text;
}

static void
assert_message(struct client *c, const char *channel, const char *part, const char *other)
{
	char *got = next_message(c);

	if (strncmp(got, channel, strlen(channel)) != 0 || strstr(got, part) == NULL || strstr(got, other) == NULL)
		fail_msg("got %s, expected %s with %s and %s", got, channel, part, other);
	free(got);
}

static void
subscriber_gets_each_event_in_order_and_the_last_one_marked(void **state)
{
	struct stage *s = *state;
	struct client *c;
	struct err e;

	NEEDS_SERVER(s);
	c = client_open(&(struct redis_access){.url = s->server->url}, 5 * USEC_PER_SEC, &e);
	freeReplyObject(client_command(c, &e, "PSUBSCRIBE", P "events:*", NULL));
	put_change(&s->cs, s->published, "skill", "a", "one");
	put_change(&s->cs, s->published, "mcp", "m", "one");
	put_change(&s->cs, s->published, "skill", "b", "one");
	put_problem(&s->cs, "skills/x.md", "[1]");
	apply(s);
	assert_message(c, P "events:skill ", "\"rev\":1,\"type_rev_before\":0", "\"batch_last\":false");
	assert_message(c, P "events:mcp ", "\"rev\":2,\"type_rev_before\":0", "\"batch_last\":false");
	assert_message(c, P "events:skill ", "\"rev\":3,\"type_rev_before\":1", "\"batch_last\":true");
	assert_message(c, P "events:control ", "\"dev.shelfd.problems.changed\"",
	    "\"data\":{\"generation\":\"" GENERATION "\",\"rev\":3,\"path\":\"skills/x.md\",\"present\":true}");
	client_free(c);
}

static void
set_in_several_calls_marks_only_the_very_last_change(void **state)
{
	struct stage *s = *state;
	char *all;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	put_change(&s->cs, s->published, "skill", "b", "one");
	put_problem(&s->cs, "skills/x.md", "[1]");
	new_call(s);
	s->call.n = 1;
	free(send_call(s));
	assert_int_equal(s->call.n, 1);
	assert_int_equal(s->call.n_problems, 0); /* they wait for the last change */
	all = server_ask(s->server, "XRANGE " P "changes - +");
	assert_null(strstr(all, "\"batch_last\":true"));
	free(all);
	published_set_type_rev(s->published, "skill", 1);
	s->call.base = 1;
	s->call.first = 1;
	s->call.n = s->call.n_problems = 256;
	(void)snprintf(s->call.id, sizeof s->call.id, "%s/2", s->batch);
	free(send_call(s));
	assert_int_equal(s->call.n, 1);
	assert_int_equal(s->call.n_problems, 1);
	all = server_ask(s->server, "XRANGE " P "changes 2-0 +");
	assert_non_null(strstr(all, "\"batch\":\"b-1\",\"batch_last\":true"));
	free(all);
	expect(s, "HMGET " P "head rev problems", "[2 1]");
}

static void
largest_call_is_within_what_lua_can_take(void **state)
{
	struct stage *s = *state;
	char id[16];

	NEEDS_SERVER(s);
	for (int i = 0; i < CALL_CHANGES_MAX; i++) {
		(void)snprintf(id, sizeof id, "i%d", i);
		put_change(&s->cs, s->published, "skill", id, "one");
		put_problem(&s->cs, id, "[]");
	}
	apply(s);
	expect(s, "ZCARD " P "index:skill", "256");
	expect(s, "HLEN " P "problems", "256");
	for (int i = 0; i < CALL_CHANGES_MAX; i++) {
		(void)snprintf(id, sizeof id, "skill/i%d", i);
		put_deletion(&s->cs, s->published, id);
	}
	apply(s);
	expect(s, "EXISTS " P "index:skill", "0");
	expect(s, "ZCARD " P "deleted", "256");
}

static void
call_stops_at_its_bytes_but_never_before_one_change(void **state)
{
	struct stage *s = *state;
	struct buf out = {0};
	struct tally t;

	put_change(&s->cs, s->published == NULL ? (s->published = published_new()) : s->published, "skill", "a", "one");
	put_change(&s->cs, s->published, "skill", "b", "one");
	put_change(&s->cs, s->published, "skill", "c", "one");
	s->ctx.catalog = "t";
	s->ctx.generation = GENERATION;
	s->ctx.owner = OWNER;
	s->ctx.batch = "b";
	s->ctx.sha = s->sha;
	s->call.n = 256;
	tally_begin(&t, s->published);
	call_build(&s->ctx, &s->cs, s->published, &t, 1, &s->call, &out);
	assert_int_equal(s->call.n, 1);
	s->call.n = 256;
	call_build(&s->ctx, &s->cs, s->published, &t, 1500, &s->call, &out);
	assert_int_equal(s->call.n, 2);
	tally_free(&t);
	buf_free(&out);
}

static void
channel_that_may_not_be_used_costs_the_notice_not_the_change(void **state)
{
	struct stage *s = *state;
	char *got;

	NEEDS_SERVER(s);
	expect(s, "ACL SETUSER default resetchannels", "OK");
	put_change(&s->cs, s->published, "skill", "a", "one");
	new_call(s);
	got = send_call(s);
	expect(s, "ACL SETUSER default allchannels", "OK");
	if (strncmp(got, "OK 0 1 ", 7) != 0 || strstr(got, "channel") == NULL)
		fail_msg("got %s", got);
	expect(s, "HGET " P "head rev", "1");
	free(got);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, apply_setup, apply_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(creation_writes_item_index_stream_history_and_head),
	    STAGED(stream_holds_the_event_under_its_revision),
	    STAGED(changes_of_one_call_keep_what_they_differ_in),
	    STAGED(update_leaves_no_field_of_the_old_version),
	    STAGED(deletion_leaves_a_tombstone_that_a_new_creation_takes_away),
	    STAGED(patch_moves_the_state_and_nothing_else),
	    STAGED(head_without_git_has_no_commit_and_no_branch),
	    STAGED(same_call_again_is_a_duplicate_that_changes_nothing),
	    STAGED(called_with_nothing_it_writes_nothing),
	    STAGED(history_and_index_of_a_lost_life_are_overcome),
	    STAGED(history_keeps_the_last_twenty),
	    STAGED(history_of_one_version_is_small_and_its_draft_is_gone),
	    STAGED(oldest_tombstones_go_with_their_history_and_move_the_floor),
	    STAGED(problems_come_and_go_and_do_not_move_the_revision),
	    STAGED(subscriber_gets_each_event_in_order_and_the_last_one_marked),
	    STAGED(set_in_several_calls_marks_only_the_very_last_change),
	    STAGED(largest_call_is_within_what_lua_can_take),
	    STAGED(call_stops_at_its_bytes_but_never_before_one_change),
	    STAGED(channel_that_may_not_be_used_costs_the_notice_not_the_change),
	};

	return cmocka_run_group_tests_name("apply", tests, start_server, stop_server);
}
