#include "git/head.h"

#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "git/checkout.h"

static int
head_resolve(struct head *h, git_repository *git, struct err *e)
{
	static const char heads[] = "refs/heads/";
	git_reference *head;
	const char *target;
	int found;

	if (git_reference_lookup(&head, git, "HEAD") != 0)
		return checkout_error(e, "HEAD cannot be read");
	found = git_reference_name_to_id(&h->id, git, "HEAD");
	if (found != 0 && found != GIT_ENOTFOUND) {
		git_reference_free(head);
		return checkout_error(e, "HEAD cannot be resolved");
	}
	h->born = found == 0;
	target = git_reference_symbolic_target(head);
	if (target != NULL && strncmp(target, heads, sizeof heads - 1) == 0)
		target += sizeof heads - 1;
	h->branch = mem_strdup_opt(target);
	git_reference_free(head);
	return 0;
}

/* The id of root's tree in a commit. Returns 1, or 0 when the commit has no such folder or its objects are missing. */
static int
root_tree(git_repository *git, const char *below, const git_oid *commit_id, git_oid *ret, struct err *e)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	git_tree_entry *te = NULL;
	int found = git_commit_lookup(&commit, git, commit_id);

	if (found == 0 && below[0] == '\0') {
		git_oid_cpy(ret, git_commit_tree_id(commit));
	} else if (found == 0) {
		found = git_commit_tree(&tree, commit);
		if (found == 0)
			found = git_tree_entry_bypath(&te, tree, below);
		if (found == 0 && git_tree_entry_type(te) == GIT_OBJECT_TREE)
			git_oid_cpy(ret, git_tree_entry_id(te));
		else if (found == 0)
			found = GIT_ENOTFOUND;
	}
	git_tree_entry_free(te);
	git_tree_free(tree);
	git_commit_free(commit);
	if (found != 0 && found != GIT_ENOTFOUND)
		return checkout_error(e, "the commit of HEAD cannot be read");
	return found == 0 ? 1 : 0;
}

static int
head_load(struct head *h, git_repository *git, const char *below, const char *const *prefixes, struct headtree *known,
    struct err *e)
{
	bool missing = false;
	git_oid id;
	int found = root_tree(git, below, &h->id, &id, e);

	if (found <= 0)
		return found;
	if (headtree_load(git, &id, prefixes, known, &h->tree, &missing, e) != 0)
		return -1;
	if (missing)
		log_warning("objects of commit %s are missing in %s; their files count as untracked", h->commit,
		    git_repository_commondir(git));
	return 0;
}

int
head_read(git_repository *git, const char *below, const char *const *prefixes, const struct head *known,
    struct head **ret, struct err *e)
{
	struct head *h = mem_zalloc(sizeof *h);
	int r = head_resolve(h, git, e);

	h->moved = known == NULL || h->born != known->born || (h->born && !git_oid_equal(&h->id, &known->id));
	if (r == 0 && h->born)
		(void)git_oid_tostr(h->commit, sizeof h->commit, &h->id);
	if (r == 0 && h->moved && h->born)
		r = head_load(h, git, below, prefixes, known != NULL ? known->tree : NULL, e);
	if (h->moved)
		/* Packs and what was read of them: not needed until HEAD moves again. */
		(void)git_repository__cleanup(git);
	if (r != 0) {
		head_free(h);
		return -1;
	}
	*ret = h;
	return 0;
}

void
head_free(struct head *h)
{
	if (h == NULL)
		return;
	headtree_free(h->tree);
	free(h->branch);
	free(h);
}

const struct headtree *
head_tree(const struct head *h)
{
	return h != NULL ? h->tree : NULL;
}
