#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "checkout_fixture.h"

static void
an_untracked_path_that_a_rule_matches_is_ignored(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write(".gitignore", "*.log\n/skills/out/\n");
	fixture_write("skills/.gitignore", "!keep.log\n");
	r = fixture_open("");
	assert_true(repo_ignored(r, "skills/a.log", false));
	assert_false(repo_ignored(r, "skills/keep.log", false));
	assert_true(repo_ignored(r, "skills/out", true));
	assert_true(repo_ignored(r, "skills/out/keep.log", false));
	assert_true(repo_ignored(r, "skills/out/deep/er/x.md", false));
	assert_false(repo_ignored(r, "skills/a.md", false));
	repo_free(r);
}

static void
a_tracked_path_is_never_ignored(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write(".gitignore", "skills/\n");
	fixture_write("skills/a/SKILL.md", "x");
	fixture_write("skills/a/other.md", "x");
	fixture_run("git add .gitignore && git add -f skills/a/SKILL.md");
	r = fixture_open("");
	assert_false(repo_ignored(r, "skills", true));
	assert_false(repo_ignored(r, "skills/a", true));
	assert_false(repo_ignored(r, "skills/a/SKILL.md", false));
	assert_true(repo_ignored(r, "skills/a/other.md", false));
	assert_true(repo_ignored(r, "skills/b", true));
	repo_free(r);
}

static void
info_exclude_and_the_checkouts_own_excludes_file_count(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write(".git/info/exclude", "*.a\n");
	fixture_write("more", "*.b\n!x.a\n");
	fixture_write("git/ignore", "*.c\n"); /* $XDG_CONFIG_HOME/git/ignore is outside the checkout's word */
	fixture_run("git config core.excludesFile more");
	r = fixture_open("");
	assert_true(repo_ignored(r, "skills/y.a", false));
	assert_true(repo_ignored(r, "skills/x.a", false));
	assert_true(repo_ignored(r, "skills/y.b", false));
	assert_false(repo_ignored(r, "skills/y.c", false));
	repo_free(r);
}

static void
refresh_tells_when_an_ignore_file_came_changed_or_went(void **state)
{
	struct repo *r;
	bool ignore;

	(void)state;
	fixture_write("skills/a.log", "x");
	r = fixture_open("");
	assert_false(repo_ignored(r, "skills/a.log", false));
	free(fixture_refresh(r, &ignore));
	assert_false(ignore);
	fixture_write("skills/.gitignore", "*.log\n");
	free(fixture_refresh(r, &ignore));
	assert_true(ignore);
	assert_true(repo_ignored(r, "skills/a.log", false));
	fixture_write("skills/.gitignore", "*.lox\n");
	free(fixture_refresh(r, &ignore));
	assert_true(ignore);
	assert_false(repo_ignored(r, "skills/a.log", false));
	fixture_run("touch skills/.gitignore");
	free(fixture_refresh(r, &ignore));
	assert_false(ignore);
	fixture_run("rm skills/.gitignore");
	free(fixture_refresh(r, &ignore));
	assert_true(ignore);
	fixture_write(".git/info/exclude", "*.log\n");
	free(fixture_refresh(r, &ignore));
	assert_true(ignore);
	assert_true(repo_ignored(r, "skills/a.log", false));
	free(fixture_refresh(r, &ignore));
	assert_false(ignore);
	repo_free(r);
}

static void
two_writes_within_a_tick_of_the_clock_are_told_apart(void **state)
{
	struct repo *r = fixture_open("");
	bool ignore;

	(void)state;
	for (int i = 0; i < 200; i++) {
		fixture_write(".gitignore", i % 2 == 0 ? "*.a\n" : "*.b\n");
		free(fixture_refresh(r, &ignore));
		assert_int_equal(repo_ignored(r, "x.a", false), i % 2 == 0);
		assert_int_equal(repo_ignored(r, "x.b", false), i % 2 == 1);
	}
	repo_free(r);
}

static void
refresh_tells_when_the_tracked_paths_changed_but_not_when_the_index_was_only_rewritten(void **state)
{
	struct repo *r;
	bool ignore;

	(void)state;
	fixture_write(".gitignore", "*.log\n");
	fixture_write("skills/a.log", "x");
	fixture_write("skills/b.md", "x");
	fixture_run("git add skills/b.md");
	r = fixture_open("");
	assert_true(repo_ignored(r, "skills/a.log", false));
	fixture_run("touch -d '2001-01-01' skills/b.md && git update-index --refresh");
	free(fixture_refresh(r, &ignore));
	assert_false(ignore);
	fixture_run("git add -f skills/a.log");
	free(fixture_refresh(r, &ignore));
	assert_true(ignore);
	assert_false(repo_ignored(r, "skills/a.log", false));
	repo_free(r);
}

static void
a_root_below_the_work_tree_obeys_the_rules_above_it(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write(".gitignore", "*.log\n/sub/skills/out\n");
	fixture_write("sub/.gitignore", "*.tmp\n");
	fixture_write("sub/skills/t.log", "x");
	fixture_run("git add -f sub/skills/t.log");
	r = fixture_open("sub");
	assert_true(repo_ignored(r, "skills/x.log", false));
	assert_true(repo_ignored(r, "skills/x.tmp", false));
	assert_true(repo_ignored(r, "skills/out", true));
	assert_false(repo_ignored(r, "skills/t.log", false));
	repo_free(r);
}

static void
an_index_that_cannot_be_read_leaves_what_head_has_tracked(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write(".gitignore", "*.log\n");
	fixture_write("skills/a.log", "x");
	fixture_run("git add -f skills/a.log && git commit -qm 1 && git update-index --split-index");
	r = fixture_open("");
	assert_false(repo_ignored(r, "skills/a.log", false));
	assert_false(repo_ignored(r, "skills", true));
	assert_true(repo_ignored(r, "skills/b.log", false));
	repo_free(r);
}

static void
a_symlink_and_a_folder_named_gitignore_are_no_ignore_files(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("rules", "*.log\n");
	fixture_run("mkdir -p skills/a/.gitignore && ln -s ../rules skills/.gitignore");
	r = fixture_open("");
	assert_false(repo_ignored(r, "skills/a/x.log", false));
	repo_free(r);
}

/* Of the names of the files and folders below, so that rules and paths meet. */
static const char *const bits[] = {"a", "b", "ab", "a.x", "b.x", "c d", "*", "?", "*.x", "[ab]", "**", "[!a]*", "a*",
    "*b", "\\a", "*.*", "c\\ d", "[[:alpha:]]"};

static uint32_t
next(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % n;
}

static char *
random_rules(uint32_t *seed)
{
	struct buf b = {0};

	for (uint32_t lines = 1 + next(seed, 5); lines > 0; lines--) {
		if (next(seed, 4) == 0)
			buf_addch(&b, '!');
		if (next(seed, 4) == 0)
			buf_addch(&b, '/');
		for (uint32_t parts = 1 + next(seed, 3); parts > 0; parts--)
			buf_addf(&b, "%s%s", bits[next(seed, sizeof bits / sizeof bits[0])], parts > 1 ? "/" : "");
		if (next(seed, 4) == 0)
			buf_addch(&b, '/');
		buf_addch(&b, '\n');
	}
	return buf_steal(&b);
}

static bool
listed(const char *list, const char *path)
{
	size_t n = strlen(path);

	for (const char *s = list; (s = strstr(s, path)) != NULL; s++)
		if ((s == list || s[-1] == '\n') && (s[n] == '\n' || s[n] == '\0'))
			return true;
	return false;
}

/* Folders have names of one or two letters, files longer ones. */
static void
compare_with_git(struct repo *r, uint32_t round)
{
	char *all = fixture_output("find * -name .git -prune -o -print | sort");
	char *ignored = fixture_output("find * -print | git -c core.quotePath=false check-ignore --no-index --stdin");

	for (char *save, *path = strtok_r(all, "\n", &save); path != NULL; path = strtok_r(NULL, "\n", &save)) {
		const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
		bool directory = strlen(base) < 3, want = listed(ignored, path);

		if (repo_ignored(r, path, directory) != want) {
			char *rules = fixture_output("head -100 .gitignore a/.gitignore a/b/.gitignore");

			fail_msg("round %u: git says %d of %s with\n%s", round, want, path, rules);
		}
	}
	free(all);
	free(ignored);
}

static void
random_rules_give_what_git_check_ignore_gives(void **state)
{
	static const char *const prefixes[] = {"", NULL};
	uint32_t seed = 20240229;

	(void)state;
	fixture_run("for i in a b ab; do for j in a b ab; do mkdir -p $i/$j; "
		    "for f in a.x b.x 'c d'; do touch $i/$j/\"$f\" $i/\"$f\" \"$f\"; done; done; done");
	for (uint32_t round = 0; round < 60; round++) {
		static const char *const places[] = {".gitignore", "a/.gitignore", "a/b/.gitignore"};
		struct repo *r = NULL;
		struct err e;

		for (size_t i = 0; i < 3; i++) {
			char *rules = random_rules(&seed);

			fixture_write(places[i], i == 0 || next(&seed, 2) == 0 ? rules : "");
			free(rules);
		}
		assert_int_equal(repo_open(fixture_path(), false, prefixes, &r, &e), 0);
		compare_with_git(r, round);
		repo_free(r);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    T(an_untracked_path_that_a_rule_matches_is_ignored),
	    T(a_tracked_path_is_never_ignored),
	    T(info_exclude_and_the_checkouts_own_excludes_file_count),
	    T(refresh_tells_when_an_ignore_file_came_changed_or_went),
	    T(two_writes_within_a_tick_of_the_clock_are_told_apart),
	    T(refresh_tells_when_the_tracked_paths_changed_but_not_when_the_index_was_only_rewritten),
	    T(a_root_below_the_work_tree_obeys_the_rules_above_it),
	    T(an_index_that_cannot_be_read_leaves_what_head_has_tracked),
	    T(a_symlink_and_a_folder_named_gitignore_are_no_ignore_files),
	    T(random_rules_give_what_git_check_ignore_gives),
	};

	return cmocka_run_group_tests_name("ignore", tests, NULL, NULL);
}
