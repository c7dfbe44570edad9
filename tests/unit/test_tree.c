#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/tree.h"

static int
setup(void **state)
{
	*state = tree_new();
	return 0;
}

static int
teardown(void **state)
{
	tree_free(*state);
	return 0;
}

static void
assert_path(const struct node *n, const char *want)
{
	struct buf path = {0};

	tree_path(n, &path);
	assert_string_equal(buf_str(&path), want);
	buf_free(&path);
}

static void
paths_are_built_and_found(void **state)
{
	struct tree *t = *state;
	struct node *a = tree_add(t, tree_root(t), "a", 1, 10);
	struct node *b = tree_add(t, a, "b\n\xff", 1, 11);

	assert_path(tree_root(t), "");
	assert_path(a, "a");
	assert_path(b, "a/b\n\xff");
	assert_ptr_equal(tree_lookup(t, ""), tree_root(t));
	assert_ptr_equal(tree_lookup(t, "a"), a);
	assert_ptr_equal(tree_lookup(t, "a/b\n\xff"), b);
	assert_null(tree_lookup(t, "a/c"));
	assert_null(tree_lookup(t, "a//b"));
	assert_null(tree_lookup(t, "ab"));
	assert_ptr_equal(tree_by_number(t, b->number), b);
	assert_int_equal(tree_count(t), 3);
}

static void
a_path_is_appended_to_what_is_there(void **state)
{
	struct tree *t = *state;
	struct node *b = tree_add(t, tree_add(t, tree_root(t), "a", 1, 10), "b", 1, 11);
	struct buf out = {0};

	buf_addstr(&out, "x/");
	tree_path(b, &out);
	assert_string_equal(buf_str(&out), "x/a/b");
	buf_free(&out);
}

static void
a_descriptor_has_one_node(void **state)
{
	struct tree *t = *state;
	struct node *a = tree_add(t, tree_root(t), "a", 1, 10);
	struct node *b = tree_add(t, tree_root(t), "b", 1, 11);

	assert_null(tree_set_wd(t, a, 5));
	assert_null(tree_set_wd(t, a, 5));
	assert_ptr_equal(tree_by_wd(t, 5), a);
	assert_ptr_equal(tree_set_wd(t, b, 5), a);
	assert_int_equal(a->wd, -1);
	assert_ptr_equal(tree_by_wd(t, 5), b);
	assert_null(tree_set_wd(t, b, 6));
	assert_null(tree_by_wd(t, 5));
	assert_int_equal(tree_watched(t), 1);
	assert_null(tree_set_wd(t, b, -1));
	assert_null(tree_by_wd(t, 6));
	assert_null(tree_by_wd(t, -1));
	assert_int_equal(tree_watched(t), 0);
}

static void
remember_name(void *arg, struct node *n)
{
	buf_addstr(arg, n->name);
}

static void
removal_tells_children_before_parents(void **state)
{
	struct tree *t = *state;
	struct node *a = tree_add(t, tree_root(t), "a", 1, 10);
	struct node *b = tree_add(t, a, "b", 1, 11);
	uint64_t number = b->number;
	struct buf told = {0};

	(void)tree_add(t, b, "c", 1, 12);
	(void)tree_add(t, a, "d", 1, 13);
	(void)tree_set_wd(t, b, 9);
	tree_remove(t, a, remember_name, &told);
	assert_string_equal(buf_str(&told), "cbda");
	assert_null(tree_child(t, tree_root(t), "a"));
	assert_null(tree_by_number(t, number));
	assert_null(tree_by_wd(t, 9));
	assert_int_equal(tree_count(t), 1);
	assert_true(tree_add(t, tree_root(t), "a", 1, 10)->number > number);
	buf_free(&told);
}

static void
children_come_in_byte_order_and_a_walk_parents_first(void **state)
{
	struct tree *t = *state;
	struct node *root = tree_root(t);
	struct node *foo = tree_add(t, root, "foo", 1, 2);
	struct buf walked = {0};

	(void)tree_add(t, root, "foobar", 1, 3);
	(void)tree_add(t, root, "\xff", 1, 4);
	(void)tree_add(t, root, "B", 1, 5);
	(void)tree_add(t, foo, "x", 1, 6);
	assert_string_equal(tree_next_child(t, root, NULL)->name, "B");
	assert_string_equal(tree_next_child(t, root, foo)->name, "foobar");
	assert_null(tree_next_child(t, root, tree_child(t, root, "\xff")));
	for (struct node *n = root; n != NULL; n = tree_walk(t, root, n)) {
		buf_addch(&walked, ' ');
		remember_name(&walked, n);
	}
	assert_string_equal(buf_str(&walked), "  B foo x foobar \xff");
	assert_string_equal(tree_walk(t, foo, foo)->name, "x");
	assert_null(tree_walk(t, foo, tree_child(t, foo, "x")));
	buf_free(&walked);
}

static void
a_very_deep_tree_needs_no_deep_stack(void **state)
{
	struct tree *t = *state;
	struct node *top = tree_add(t, tree_root(t), "top", 1, 1), *n = top;
	struct buf path = {0};

	for (int i = 0; i < 200000; i++)
		n = tree_add(t, n, "d", 1, 1);
	tree_path(n, &path);
	assert_int_equal(path.n, 3 + 2 * 200000);
	assert_ptr_equal(tree_lookup(t, buf_str(&path)), n);
	tree_remove(t, top, NULL, NULL);
	assert_int_equal(tree_count(t), 1);
	buf_free(&path);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(paths_are_built_and_found),
	    TEST(a_path_is_appended_to_what_is_there),
	    TEST(a_descriptor_has_one_node),
	    TEST(removal_tells_children_before_parents),
	    TEST(children_come_in_byte_order_and_a_walk_parents_first),
	    TEST(a_very_deep_tree_needs_no_deep_stack),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
