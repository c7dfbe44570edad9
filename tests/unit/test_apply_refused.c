/* What the apply script refuses, and that nothing is written then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "apply_stage.h"
#include "base/mem.h"

static void
patch_of_an_item_that_vanished_is_refused(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	apply(s);
	expect(s, "DEL " P "item:skill/a", "1");
	put_patch(&s->cs, s->published, "skill/a");
	assert_refused(s, "NOITEM");
}

static void
stale_base_generation_epoch_and_owner_are_refused(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	s->call.base = 1;
	assert_refused(s, "BASE");
	s->call.base = 0;
	s->ctx.epoch = 6;
	assert_refused(s, "FENCED");
	s->ctx.epoch = 8;
	assert_refused(s, "FENCED");
	s->ctx.epoch = 7;
	s->ctx.owner = GENERATION;
	assert_refused(s, "FENCED");
	s->ctx.owner = OWNER;
	s->ctx.generation = OWNER;
	assert_refused(s, "GENERATION");
	expect(s, "DEL " P "head", "1");
	assert_refused(s, "NOSTATE");
}

/* A call of what put puts into the set is refused, and says why, while key is a string. */
static void
assert_type_refused(struct stage *s, const char *key, void (*put)(struct stage *s))
{
	char *move = mem_printf("RENAME " P "%s kept", key), *back = mem_printf("RENAME kept " P "%s", key);
	char *spoil = mem_printf("SET " P "%s x", key), *unspoil = mem_printf("DEL " P "%s", key);
	char *word = mem_printf("TYPE " P "%s is a string", key), *got;

	free(server_ask(s->server, move));
	expect(s, spoil, "OK");
	put(s);
	assert_refused(s, "TYPE");
	got = send_call(s);
	assert_string_equal(got, word);
	changeset_free(&s->cs);
	expect(s, unspoil, "1");
	free(server_ask(s->server, back));
	free(got);
	free(word);
	free(move);
	free(spoil);
	free(unspoil);
	free(back);
}

static void
put_stale(struct stage *s)
{
	put_patch(&s->cs, s->published, "skill/a");
}

static void
put_one_problem(struct stage *s)
{
	put_problem(&s->cs, "skills/x.md", "[1]");
}

static void
key_of_a_wrong_type_is_named_before_anything_is_written(void **state)
{
	static const char *const keys[] = {"head", "changes", "deleted", "problems", "index:skill", "item:skill/a"};
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	apply(s);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_type_refused(s, keys[i], put_stale);
}

static void
call_without_changes_looks_at_the_same_keys(void **state)
{
	static const char *const keys[] = {"head", "changes", "deleted", "problems"};
	struct stage *s = *state;

	NEEDS_SERVER(s);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_type_refused(s, keys[i], put_one_problem);
}

static void
exhausted_memory_refuses_before_anything_is_written(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	put_change(&s->cs, s->published, "skill", "a", "one");
	expect(s, "CONFIG SET maxmemory 1", "OK");
	assert_refused(s, "OOM");
	expect(s, "CONFIG SET maxmemory 0", "OK");
	apply(s);
}

static void
stream_with_later_revisions_refuses_before_anything_is_written(void **state)
{
	struct stage *s = *state;

	NEEDS_SERVER(s);
	expect(s, "XADD " P "changes 9-0 event x", "9-0");
	put_change(&s->cs, s->published, "skill", "a", "one");
	assert_refused(s, "STREAM");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, apply_setup, apply_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(patch_of_an_item_that_vanished_is_refused),
	    STAGED(stale_base_generation_epoch_and_owner_are_refused),
	    STAGED(key_of_a_wrong_type_is_named_before_anything_is_written),
	    STAGED(call_without_changes_looks_at_the_same_keys),
	    STAGED(exhausted_memory_refuses_before_anything_is_written),
	    STAGED(stream_with_later_revisions_refuses_before_anything_is_written),
	};

	return cmocka_run_group_tests_name("apply_refused", tests, start_server, stop_server);
}
