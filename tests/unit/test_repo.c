#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "checkout_fixture.h"

static const char *const prefixes[] = {"skills", "tools", NULL};

/* repo_head_blob says what git rev-parse says of HEAD:<path>. */
static void
assert_blob(const struct repo *r, const char *path, const char *in_git)
{
	char *want = fixture_output("git rev-parse HEAD:'%s'", in_git);
	const uint8_t *blob = repo_head_blob(r, path);
	struct buf hex = {0};

	assert_non_null(blob);
	text_hex(&hex, blob, GIT_ID_SIZE);
	assert_string_equal(buf_str(&hex), want);
	buf_free(&hex);
	free(want);
}

static void
assert_commit_is_head(const struct repo *r)
{
	char *want = fixture_output("git rev-parse HEAD");

	assert_non_null(repo_commit(r));
	assert_string_equal(repo_commit(r), want);
	free(want);
}

static void
assert_moved(struct repo *r, const char *want)
{
	bool ignore;
	char *moved = fixture_refresh(r, &ignore);

	assert_string_equal(moved, want);
	free(moved);
}

static void
a_folder_without_checkout_is_none(void **state)
{
	struct repo *r = (struct repo *)1;
	struct err e;

	(void)state;
	fixture_run("rm -rf .git");
	assert_int_equal(repo_open(fixture_path(), false, prefixes, &r, &e), 0);
	assert_null(r);
	assert_string_equal(e.msg, "");
}

static void
a_bare_repository_is_none(void **state)
{
	struct repo *r = (struct repo *)1;
	struct err e;
	char *bare = mem_printf("%s/x.git", fixture_path());

	(void)state;
	fixture_run("git init -q --bare x.git");
	assert_int_equal(repo_open(bare, false, prefixes, &r, &e), 0);
	assert_null(r);
	free(bare);
}

static void
sha256_object_ids_are_none_with_a_reason(void **state)
{
	struct repo *r = (struct repo *)1;
	struct err e;
	char *root = mem_printf("%s/new", fixture_path());

	(void)state;
	fixture_run("git init -q --object-format=sha256 new");
	assert_int_equal(repo_open(root, false, prefixes, &r, &e), 0);
	assert_null(r);
	assert_non_null(strstr(e.msg, "SHA-256"));
	free(root);
}

static void
extensions_that_do_not_concern_a_reader_are_fine(void **state)
{
	struct repo *r;

	(void)state;
	fixture_run("git config core.repositoryFormatVersion 1 && git config extensions.worktreeConfig true && "
		    "git config extensions.partialClone origin");
	r = fixture_open("");
	repo_free(r);
}

static void
before_the_first_commit_there_is_a_branch_and_no_commit(void **state)
{
	struct repo *r = fixture_open("");

	(void)state;
	assert_null(repo_commit(r));
	assert_string_equal(repo_branch(r), "main");
	assert_null(repo_head_blob(r, "skills/a/SKILL.md"));
	fixture_write("skills/a/SKILL.md", "1");
	fixture_run("git add . && git commit -qm 1");
	assert_moved(r, "skills/a/SKILL.md ");
	assert_commit_is_head(r);
	repo_free(r);
}

static void
head_gives_the_blobs_below_the_prefixes(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("skills/a/SKILL.md", "1");
	fixture_write("skills/a.b", "2");
	fixture_write("skills/a0/x", "3");
	fixture_write("tools/t.yaml", "4");
	fixture_write("src/main.c", "5");
	fixture_write("skills2/x", "6");
	fixture_run("git add . && git commit -qm 1");
	r = fixture_open("");
	assert_blob(r, "skills/a/SKILL.md", "skills/a/SKILL.md");
	assert_blob(r, "skills/a.b", "skills/a.b");
	assert_blob(r, "skills/a0/x", "skills/a0/x");
	assert_blob(r, "tools/t.yaml", "tools/t.yaml");
	assert_null(repo_head_blob(r, "src/main.c"));
	assert_null(repo_head_blob(r, "skills2/x"));
	assert_null(repo_head_blob(r, "skills/a"));
	assert_null(repo_head_blob(r, "skills/a/SKILL.md/x"));
	assert_null(repo_head_blob(r, "skills/a/SKILL"));
	assert_null(repo_head_blob(r, ""));
	repo_free(r);
}

static void
refresh_tells_exactly_the_blobs_that_changed(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("skills/a/SKILL.md", "1");
	fixture_write("skills/b/SKILL.md", "1");
	fixture_write("skills/c", "1");
	fixture_write("skills/d/x", "1");
	fixture_write("src/main.c", "1");
	fixture_run("git add . && git commit -qm 1");
	r = fixture_open("");
	assert_moved(r, "");
	fixture_write("skills/b/SKILL.md", "2");
	fixture_write("src/main.c", "2");
	fixture_run("git rm -qr skills/c skills/d");
	fixture_write("skills/c/y", "1");
	fixture_write("skills/d", "1");
	fixture_write("tools/t.yaml", "1");
	fixture_run("git add . && git commit -qm 2");
	assert_moved(r, "skills/b/SKILL.md skills/c skills/c/y skills/d skills/d/x tools/t.yaml ");
	assert_blob(r, "skills/a/SKILL.md", "skills/a/SKILL.md");
	assert_blob(r, "skills/b/SKILL.md", "skills/b/SKILL.md");
	assert_blob(r, "skills/c/y", "skills/c/y");
	assert_blob(r, "skills/d", "skills/d");
	assert_commit_is_head(r);
	fixture_run("git commit -q --allow-empty -m 3");
	assert_moved(r, "");
	assert_commit_is_head(r);
	fixture_run("git gc -q && git reset -q --hard HEAD~2");
	assert_moved(r, "skills/b/SKILL.md skills/c skills/c/y skills/d skills/d/x tools/t.yaml ");
	assert_blob(r, "skills/d/x", "skills/d/x");
	repo_free(r);
}

static void
a_branch_switch_and_a_detached_head_are_seen(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("skills/a", "1");
	fixture_run("git add . && git commit -qm 1 && git branch side/line");
	r = fixture_open("");
	assert_string_equal(repo_branch(r), "main");
	fixture_run("git checkout -q side/line && git pack-refs --all");
	assert_moved(r, "");
	assert_string_equal(repo_branch(r), "side/line");
	fixture_run("git checkout -q --detach");
	assert_moved(r, "");
	assert_null(repo_branch(r));
	assert_commit_is_head(r);
	fixture_run("git checkout -q --orphan empty");
	assert_moved(r, "skills/a ");
	assert_null(repo_commit(r));
	assert_string_equal(repo_branch(r), "empty");
	repo_free(r);
}

static void
a_root_below_the_work_tree_has_paths_of_its_own(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("deep/sub/skills/a", "1");
	fixture_write("skills/a", "2");
	fixture_run("git add . && git commit -qm 1");
	r = fixture_open("deep/sub");
	assert_blob(r, "skills/a", "deep/sub/skills/a");
	fixture_write("deep/sub/skills/b", "1");
	fixture_write("skills/b", "1");
	fixture_run("git add . && git commit -qm 2");
	assert_moved(r, "skills/b ");
	fixture_run("git rm -qr --cached deep && git commit -qm 3");
	assert_moved(r, "skills/a skills/b ");
	repo_free(r);
}

static void
a_linked_work_tree_has_its_own_head_and_a_common_folder(void **state)
{
	struct repo *r;
	char *git_dir, *common_dir;

	(void)state;
	fixture_write("skills/a", "1");
	fixture_run("git add . && git commit -qm 1 && git worktree add -q -b side linked");
	git_dir = fixture_output("git -C linked rev-parse --absolute-git-dir");
	common_dir = fixture_output("git rev-parse --absolute-git-dir");
	r = fixture_open("linked");
	assert_string_equal(repo_git_dir(r), git_dir);
	assert_string_equal(repo_common_dir(r), common_dir);
	assert_string_equal(repo_branch(r), "side");
	fixture_write("linked/skills/b", "1");
	fixture_run("git -C linked add . && git -C linked commit -qm 2");
	assert_moved(r, "skills/b ");
	repo_free(r);
	free(git_dir);
	free(common_dir);
}

static void
a_submodule_is_a_checkout_of_its_own(void **state)
{
	struct repo *r;

	(void)state;
	fixture_run(
	    "git init -q -b main inner && mkdir inner/skills && echo 1 > inner/skills/a && git -C inner add . && "
	    "git -C inner commit -qm 1");
	fixture_run("git -c protocol.file.allow=always submodule --quiet add ./inner skills");
	fixture_run("git commit -qm 1");
	r = fixture_open("skills");
	assert_non_null(repo_head_blob(r, "skills/a"));
	assert_non_null(strstr(repo_git_dir(r), "/.git/modules/skills"));
	repo_free(r);
	r = fixture_open("");
	assert_null(repo_head_blob(r, "skills"));
	assert_null(repo_head_blob(r, "skills/skills/a"));
	repo_free(r);
}

static void
what_is_a_file_here_and_a_folder_in_the_index_is_not_tracked(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("skills/a/b", "1");
	fixture_write("skills/c", "1");
	fixture_run(
	    "git add . && git commit -qm 1 && rm -r skills/a && ln -s .. skills/a && rm skills/c && mkdir skills/c");
	fixture_write(".gitignore", "*");
	r = fixture_open("");
	assert_true(repo_ignored(r, "skills/a", false));
	assert_false(repo_ignored(r, "skills/a", true));
	assert_true(repo_ignored(r, "skills/c", true));
	assert_false(repo_ignored(r, "skills/c", false));
	repo_free(r);
}

static void
a_submodule_is_tracked_as_a_folder(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("skills/sub/a", "1");
	fixture_run("git -C skills/sub init -q && git -C skills/sub add . && git -C skills/sub commit -qm 1 && "
		    "git add skills && git commit -qm 2");
	fixture_write(".gitignore", "*");
	r = fixture_open("");
	assert_false(repo_ignored(r, "skills/sub", true));
	repo_free(r);
}

static void
a_conflict_is_seen_until_it_is_resolved(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("skills/a", "1\n");
	fixture_write("src/a", "1\n");
	fixture_run("git add . && git commit -qm 1 && git checkout -q -b side");
	fixture_write("skills/a", "2\n");
	fixture_write("src/a", "2\n");
	fixture_run("git commit -qam 2 && git checkout -q main");
	fixture_write("skills/a", "3\n");
	fixture_write("src/a", "3\n");
	fixture_run("git commit -qam 3");
	r = fixture_open("");
	assert_false(repo_conflicted(r, "skills/a"));
	fixture_run("git merge side > merge.log; test $? = 1");
	assert_moved(r, "skills/a ");
	assert_true(repo_conflicted(r, "skills/a"));
	assert_false(repo_conflicted(r, "skills/b"));
	fixture_run("git checkout -q --theirs . && git add -u && git commit -qm 4");
	assert_moved(r, "skills/a skills/a ");
	assert_false(repo_conflicted(r, "skills/a"));
	repo_free(r);
}

static void
a_missing_subtree_counts_as_empty(void **state)
{
	struct repo *r;

	(void)state;
	fixture_write("skills/a/x", "1");
	fixture_write("skills/b/x", "2");
	fixture_run("git add . && git commit -qm 1");
	fixture_run(
	    "t=$(git rev-parse HEAD:skills/b) && rm -f .git/objects/$(echo $t | cut -c1-2)/$(echo $t | cut -c3-)");
	r = fixture_open("");
	assert_non_null(repo_head_blob(r, "skills/a/x"));
	assert_null(repo_head_blob(r, "skills/b/x"));
	assert_non_null(repo_commit(r));
	repo_free(r);
}

static void
without_head_refresh_fails_and_nothing_is_forgotten(void **state)
{
	struct repo *r;
	struct err e;
	bool ignore;

	(void)state;
	fixture_write("skills/a", "1");
	fixture_run("git add . && git commit -qm 1");
	r = fixture_open("");
	fixture_run("mv .git gone");
	assert_int_equal(repo_refresh(r, NULL, NULL, &ignore, &e), -1);
	assert_non_null(strstr(e.msg, "HEAD"));
	assert_non_null(repo_head_blob(r, "skills/a"));
	fixture_run("mv gone .git");
	assert_moved(r, "");
	assert_commit_is_head(r);
	repo_free(r);
}

static void
another_owner_is_refused_with_both_uids_unless_trusted(void **state)
{
	struct repo *r = NULL;
	struct err e;

	(void)state;
	if (geteuid() != 0)
		skip();
	fixture_run("chown -R 65533 .");
	unsetenv("SUDO_UID");
	assert_int_equal(repo_open(fixture_path(), false, prefixes, &r, &e), -1);
	assert_non_null(strstr(e.msg, "UID 65533"));
	assert_non_null(strstr(e.msg, "UID 0"));
	assert_non_null(strstr(e.msg, fixture_path()));
	assert_int_equal(repo_open(fixture_path(), true, prefixes, &r, &e), 0);
	assert_non_null(r);
	repo_free(r);
	fixture_run("chown -R 0 . && chown -R 65533 .git");
	assert_int_equal(repo_open(fixture_path(), false, prefixes, &r, &e), -1);
	assert_non_null(strstr(e.msg, "/.git belongs to UID 65533"));
}

static void
nothing_in_the_git_folder_is_written(void **state)
{
	struct repo *r;
	char *before, *after;

	(void)state;
	fixture_write("skills/a", "1");
	fixture_run("git add . && git commit -qm 1 && touch -d 2001-01-01 skills/a");
	before = fixture_output("find .git -printf '%%p %%T@ %%C@\\n' | sort");
	r = fixture_open("");
	assert_moved(r, "");
	assert_false(repo_ignored(r, "skills/a", false));
	repo_free(r);
	after = fixture_output("find .git -printf '%%p %%T@ %%C@\\n' | sort");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
	    T(a_folder_without_checkout_is_none),
	    T(a_bare_repository_is_none),
	    T(sha256_object_ids_are_none_with_a_reason),
	    T(extensions_that_do_not_concern_a_reader_are_fine),
	    T(before_the_first_commit_there_is_a_branch_and_no_commit),
	    T(head_gives_the_blobs_below_the_prefixes),
	    T(refresh_tells_exactly_the_blobs_that_changed),
	    T(a_branch_switch_and_a_detached_head_are_seen),
	    T(a_root_below_the_work_tree_has_paths_of_its_own),
	    T(a_linked_work_tree_has_its_own_head_and_a_common_folder),
	    T(a_submodule_is_a_checkout_of_its_own),
	    T(what_is_a_file_here_and_a_folder_in_the_index_is_not_tracked),
	    T(a_submodule_is_tracked_as_a_folder),
	    T(a_conflict_is_seen_until_it_is_resolved),
	    T(a_missing_subtree_counts_as_empty),
	    T(without_head_refresh_fails_and_nothing_is_forgotten),
	    T(another_owner_is_refused_with_both_uids_unless_trusted),
	    T(nothing_in_the_git_folder_is_written),
	};

	return cmocka_run_group_tests_name("repo", tests, NULL, NULL);
}
