/* tree against a plain list of paths with their numbers and descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "random.h"
#include "watch/tree.h"

#define MOST 300
#define STEPS 20000
#define WDS 200

struct row {
	char *path;
	uint64_t number;
	int wd;
};

struct model {
	struct row rows[MOST];
	int n;
	uint64_t last_number;
};

static bool
is_at_or_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static struct row *
row_at(struct model *m, const char *path)
{
	for (int i = 0; i < m->n; i++)
		if (strcmp(m->rows[i].path, path) == 0)
			return &m->rows[i];
	return NULL;
}

static struct row *
row_with_wd(struct model *m, int wd)
{
	for (int i = 0; i < m->n; i++)
		if (m->rows[i].wd == wd)
			return &m->rows[i];
	return NULL;
}

static void
row_drop(struct model *m, const char *top)
{
	for (int i = m->n - 1; i >= 0; i--)
		if (is_at_or_below(m->rows[i].path, top)) {
			free(m->rows[i].path);
			m->rows[i] = m->rows[--m->n];
		}
}

static void
check_row(struct tree *t, const struct row *row)
{
	struct node *n = tree_by_number(t, row->number);
	struct buf path = {0};

	assert_non_null(n);
	tree_path(n, &path);
	assert_string_equal(buf_str(&path), row->path);
	assert_ptr_equal(tree_lookup(t, row->path), n);
	assert_int_equal(n->wd, row->wd);
	if (row->wd >= 0)
		assert_ptr_equal(tree_by_wd(t, row->wd), n);
	buf_free(&path);
}

static void
check_all(struct tree *t, struct model *m)
{
	size_t watched = 0, walked = 0;

	for (int i = 0; i < m->n; i++) {
		check_row(t, &m->rows[i]);
		watched += m->rows[i].wd >= 0;
	}
	assert_int_equal(tree_count(t), m->n + 1);
	assert_int_equal(tree_watched(t), watched);
	for (struct node *n = tree_root(t); n != NULL; n = tree_walk(t, tree_root(t), n))
		walked++;
	assert_int_equal(walked, m->n + 1);
	for (int wd = 0; wd < WDS; wd++)
		if (row_with_wd(m, wd) == NULL)
			assert_null(tree_by_wd(t, wd));
}

static void
add_one(struct tree *t, struct model *m, struct random *r)
{
	const char *parent = m->n > 0 && random_below(r, 5) != 0 ? m->rows[random_below(r, (unsigned)m->n)].path : "";
	char *name = mem_printf("%c%c", 'a' + (int)random_below(r, 3), 'a' + (int)random_below(r, 3));
	char *path = mem_printf("%s%s%s", parent, *parent != '\0' ? "/" : "", name);
	struct node *dir = tree_lookup(t, parent);

	assert_non_null(dir);
	if (row_at(m, path) != NULL) {
		assert_non_null(tree_child(t, dir, name));
		free(path);
	} else {
		struct node *n;

		assert_null(tree_child(t, dir, name));
		n = tree_add(t, dir, name, 1, 2);
		assert_true(n->number > m->last_number);
		m->last_number = n->number;
		m->rows[m->n++] = (struct row){.path = path, .number = n->number, .wd = -1};
	}
	free(name);
}

static void
bind_one(struct tree *t, struct model *m, struct random *r)
{
	struct row *row = &m->rows[random_below(r, (unsigned)m->n)];
	int wd = (int)random_below(r, WDS + 1) - 1;
	struct row *other = wd >= 0 && row->wd != wd ? row_with_wd(m, wd) : NULL;
	struct node *lost = tree_set_wd(t, tree_by_number(t, row->number), wd);

	assert_ptr_equal(lost, other != NULL ? tree_by_number(t, other->number) : NULL);
	if (other != NULL)
		other->wd = -1;
	row->wd = wd;
}

struct removal {
	struct model *m;
	int told;
};

static void
count_removed(void *arg, struct node *n)
{
	struct removal *removal = arg;
	bool known = false;

	for (int i = 0; i < removal->m->n; i++)
		known |= removal->m->rows[i].number == n->number;
	assert_true(known);
	removal->told++;
}

static void
remove_one(struct tree *t, struct model *m, struct random *r)
{
	char *top = mem_strdup(m->rows[random_below(r, (unsigned)m->n)].path);
	struct removal removal = {.m = m};
	int before = m->n;

	tree_remove(t, tree_lookup(t, top), count_removed, &removal);
	row_drop(m, top);
	assert_int_equal(removal.told, before - m->n);
	free(top);
}

static void
tree_equals_a_list_of_paths_after_any_sequence(void **state)
{
	struct random r = random_seeded("tree");
	struct tree *t = tree_new();
	static struct model m;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		unsigned what = random_below(&r, 10);

		if (m.n == 0 || (what < 5 && m.n < MOST))
			add_one(t, &m, &r);
		else if (what < 9)
			bind_one(t, &m, &r);
		else
			remove_one(t, &m, &r);
		if (i % 50 == 0)
			check_all(t, &m);
	}
	check_all(t, &m);
	for (int i = 0; i < m.n; i++)
		free(m.rows[i].path);
	tree_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tree_equals_a_list_of_paths_after_any_sequence),
	};

	return cmocka_run_group_tests_name("tree_random", tests, NULL, NULL);
}
