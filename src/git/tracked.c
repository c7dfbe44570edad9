#include "git/tracked.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct reading {
	struct tracked *t;
	size_t cap, conflicts_cap;
	const char *last; /* the path before, for the folders that it already brought */
};

/* FNV-1a. A collision of two paths, one in 10^10 for 40,000, would read one ignored file. */
static uint64_t
tracked_hash(const char *path, size_t n, bool folder)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)path[i]) * UINT64_C(0x100000001b3);
	/* A file and a folder of one name are two: the work tree may have another of them than the index. */
	return folder ? (h ^ '/') * UINT64_C(0x100000001b3) : h;
}

static void
tracked_add(struct reading *r, const char *path, size_t n, bool folder)
{
	struct tracked *t = r->t;

	if (t->n == r->cap) {
		r->cap = r->cap != 0 ? r->cap * 2 : 64;
		t->hashes = mem_realloc(t->hashes, r->cap, sizeof t->hashes[0]);
	}
	t->hashes[t->n++] = tracked_hash(path, n, folder);
}

static void
tracked_add_conflict(struct reading *r, const char *path)
{
	struct tracked *t = r->t;

	/* The stages of a path stand side by side, and paths are in byte order. */
	if (t->n_conflicts > 0 && strcmp(t->conflicts[t->n_conflicts - 1], path) == 0)
		return;
	if (t->n_conflicts == r->conflicts_cap) {
		r->conflicts_cap = r->conflicts_cap != 0 ? r->conflicts_cap * 2 : 8;
		t->conflicts = mem_realloc(t->conflicts, r->conflicts_cap, sizeof t->conflicts[0]);
	}
	t->conflicts[t->n_conflicts++] = mem_strdup(path);
}

/* The path, and those folders above it that the path before did not have. */
static void
tracked_add_entry(struct reading *r, const char *path, bool folder)
{
	size_t shared = 0;

	if (r->last != NULL)
		while (path[shared] != '\0' && path[shared] == r->last[shared])
			shared++;
	for (size_t i = 0; path[i] != '\0'; i++)
		if (path[i] == '/' && i >= shared)
			tracked_add(r, path, i, true);
	tracked_add(r, path, strlen(path), folder);
	r->last = path;
}

static int
tracked_compare_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
tracked_sort(struct tracked *t)
{
	size_t n = 0;

	if (t->n == 0)
		return;
	qsort(t->hashes, t->n, sizeof t->hashes[0], tracked_compare_hash);
	for (size_t i = 0; i < t->n; i++)
		if (n == 0 || t->hashes[n - 1] != t->hashes[i])
			t->hashes[n++] = t->hashes[i];
	t->n = n;
	t->hashes = mem_realloc(t->hashes, n, sizeof t->hashes[0]);
}

/* libgit2 has one code for all of them. */
static enum tracked_result
tracked_failed(const char *index_path, struct err *e)
{
	const git_error *ge = git_error_last();
	const char *why = ge != NULL ? ge->message : "unknown error";

	(void)err_set(e, "%s cannot be read: %s", index_path, why);
	return strstr(why, "unsupported") != NULL || strstr(why, "invalid data") != NULL ? TRACKED_FORMAT
											 : TRACKED_ERROR;
}

enum tracked_result
tracked_read(const char *index_path, const char *folder, struct tracked *ret, struct err *e)
{
	struct tracked t = {0};
	struct reading r = {.t = &t};
	size_t skip = strlen(folder);
	git_index *index;

	/* An index of its own, not the repository's: it is freed at once, 20,000 entries are some MB. */
	if (git_index_open(&index, index_path) != 0)
		return tracked_failed(index_path, e);
	for (size_t i = 0; i < git_index_entrycount(index); i++) {
		const git_index_entry *en = git_index_get_byindex(index, i);
		const char *path = en->path;

		if (skip != 0) {
			if (strncmp(path, folder, skip) != 0 || path[skip] != '/')
				continue;
			path += skip + 1;
		}
		tracked_add_entry(&r, path, en->mode == GIT_FILEMODE_COMMIT);
		if (git_index_entry_is_conflict(en))
			tracked_add_conflict(&r, path);
	}
	git_index_free(index);
	tracked_sort(&t);
	*ret = t;
	return TRACKED_OK;
}

void
tracked_free(struct tracked *t)
{
	for (size_t i = 0; i < t->n_conflicts; i++)
		free(t->conflicts[i]);
	free(t->conflicts);
	free(t->hashes);
	*t = (struct tracked){0};
}

bool
tracked_has(const struct tracked *t, const char *path, bool folder)
{
	uint64_t h = tracked_hash(path, strlen(path), folder);

	return t->n > 0 && bsearch(&h, t->hashes, t->n, sizeof h, tracked_compare_hash) != NULL;
}

static int
tracked_compare_path(const void *key, const void *element)
{
	return strcmp(key, *(char *const *)element);
}

bool
tracked_conflicted(const struct tracked *t, const char *path)
{
	return t->n_conflicts > 0 &&
	    bsearch(path, t->conflicts, t->n_conflicts, sizeof t->conflicts[0], tracked_compare_path) != NULL;
}

bool
tracked_same_paths(const struct tracked *a, const struct tracked *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->hashes, b->hashes, a->n * sizeof a->hashes[0]) == 0);
}

void
tracked_diff_conflicts(
    const struct tracked *a, const struct tracked *b, void (*moved)(void *, const char *path), void *arg)
{
	size_t i = 0, j = 0;

	while (i < a->n_conflicts || j < b->n_conflicts) {
		int c = i == a->n_conflicts ? 1 : j == b->n_conflicts ? -1 : strcmp(a->conflicts[i], b->conflicts[j]);

		if (c != 0)
			moved(arg, c < 0 ? a->conflicts[i] : b->conflicts[j]);
		i += c <= 0;
		j += c >= 0;
	}
}
