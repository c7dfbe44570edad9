#include "ctl/changed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/child.h"

#define WORDS 20

/*
 * git in that folder with these words. No helper that the checkout's own
 * configuration names for looking at files, and no lock for what others may do.
 */
static int
changed_git(const char *root, const char *const *words, struct buf *out, struct err *e)
{
	const char *argv[WORDS] = {"git", "-C", root, "--no-optional-locks", "-c", "core.fsmonitor=false"};
	size_t n = 6;

	for (; *words != NULL && n < WORDS - 1; words++)
		argv[n++] = *words;
	return child_run(argv, out, e);
}

static int
changed_commit(const char *root, const char *rev, struct buf *out, struct err *e)
{
	char *name = mem_printf("%s^{commit}", rev);
	const char *const words[] = {"rev-parse", "--verify", "--quiet", "--end-of-options", name, NULL};
	int rc = changed_git(root, words, out, e);

	if (rc == 0)
		out->p[strcspn(out->p, "\n")] = '\0';
	free(name);
	return rc;
}

bool
changed_is_revision(const char *root, const char *word)
{
	struct buf id = {0};
	bool is = changed_commit(root, word, &id, NULL) == 0;

	buf_free(&id);
	return is;
}

/* Names that end with a NUL. */
static int
changed_list(const char *root, const char *const *words, struct strings *ret, struct err *e)
{
	struct buf out = {0};
	int rc = changed_git(root, words, &out, e);

	for (size_t i = 0; rc == 0 && i < out.n; i += strlen(out.p + i) + 1)
		strings_add(ret, out.p + i);
	buf_free(&out);
	return rc;
}

int
changed_paths(const char *root, const char *rev, struct strings *ret, struct err *e)
{
	static const char *const untracked[] = {"ls-files", "-z", "--others", "--exclude-standard", NULL};
	static const char *const all[] = {"ls-files", "-z", "--cached", "--others", "--exclude-standard", NULL};
	static const char *const is_git[] = {"rev-parse", "--is-inside-work-tree", NULL};
	struct buf id = {0};
	int rc;

	if (changed_git(root, is_git, &id, e) != 0) {
		buf_free(&id);
		return -1;
	}
	buf_clear(&id);
	rc = changed_commit(root, rev != NULL ? rev : "HEAD", &id, e);
	if (rc == 0) {
		const char *const differ[] = {"diff", "-z", "--name-only", "--no-renames", "--diff-filter=d",
		    "--relative", "--no-ext-diff", "--ignore-submodules", id.p, "--", NULL};

		rc = changed_list(root, differ, ret, e);
		if (rc == 0)
			rc = changed_list(root, untracked, ret, e);
	} else if (rev == NULL) {
		rc = changed_list(root, all, ret, e);
	} else {
		(void)err_set(e, "git knows no commit %s", rev);
	}
	buf_free(&id);
	return rc;
}

int
changed_ignored(const char *root, struct strings *ret, struct err *e)
{
	static const char *const words[] = {
	    "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", NULL};
	int rc = changed_list(root, words, ret, e);

	for (size_t i = 0; rc == 0 && i < ret->n; i++) {
		size_t n = strlen(ret->v[i]);

		if (n > 1 && ret->v[i][n - 1] == '/')
			ret->v[i][n - 1] = '\0';
	}
	return rc;
}
