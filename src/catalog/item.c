#include "catalog/item.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const git_state_words[] = {
    [GIT_STATE_NONE] = "",
    [GIT_STATE_COMMITTED] = "committed",
    [GIT_STATE_MODIFIED] = "modified",
    [GIT_STATE_UNTRACKED] = "untracked",
};

const char *
git_state_word(enum git_state s)
{
	return git_state_words[s];
}

enum git_state
git_state_parse(const char *word)
{
	for (int s = GIT_STATE_COMMITTED; s <= GIT_STATE_UNTRACKED; s++)
		if (strcmp(word, git_state_words[s]) == 0)
			return (enum git_state)s;
	return GIT_STATE_NONE;
}

const char *
status_word(const char *status)
{
	static const char *const words[] = {"published", "draft", "in_review", "archived"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(status, words[i]) == 0)
			return words[i];
	return "";
}

static bool
str_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
face_equal(const struct face *a, const struct face *b)
{
	return memcmp(a->sha256, b->sha256, SHA256_SIZE) == 0 &&
	    memcmp(a->bundle_sha256, b->bundle_sha256, SHA256_SIZE) == 0 &&
	    memcmp(a->metadata_sha256, b->metadata_sha256, SHA256_SIZE) == 0 && a->has_git_blob == b->has_git_blob &&
	    (!a->has_git_blob || memcmp(a->git_blob, b->git_blob, GIT_ID_SIZE) == 0) && a->stale == b->stale &&
	    a->git_state == b->git_state && str_equal(a->status, b->status) && str_equal(a->source, b->source) &&
	    str_equal(a->path, b->path);
}

void
face_copy(struct face *dst, const struct face *src)
{
	*dst = *src;
	dst->source = mem_strdup_opt(src->source);
	dst->path = mem_strdup_opt(src->path);
	dst->version = mem_strdup_opt(src->version);
}

void
face_free(struct face *f)
{
	free(f->source);
	free(f->path);
	free(f->version);
	*f = (struct face){0};
}

struct face *
face_dup(const struct face *f)
{
	struct face *copy = mem_alloc(sizeof *copy);

	face_copy(copy, f);
	return copy;
}

void
face_dup_free(struct face *f)
{
	if (f == NULL)
		return;
	face_free(f);
	free(f);
}

struct item *
item_new(const char *type, struct manifest *m, const struct item_place *at)
{
	struct item *it = mem_zalloc(sizeof *it);
	struct face *f = &it->face;

	it->refs = 1;
	it->key = mem_printf("%s/%s", type, m->id);
	it->type = type;
	it->manifest = manifest_ref(m);
	it->files = at->files;
	memcpy(f->sha256, m->sha256, SHA256_SIZE);
	memcpy(f->bundle_sha256, at->bundle_sha256, SHA256_SIZE);
	memcpy(f->metadata_sha256, m->metadata_sha256, SHA256_SIZE);
	memcpy(f->git_blob, m->git_blob, GIT_ID_SIZE);
	f->has_git_blob = true;
	f->git_state = at->git_state;
	f->status = status_word(m->status);
	f->source = mem_strdup(at->source);
	f->path = mem_strdup(at->path);
	f->version = mem_strdup_opt(m->version);
	return it;
}

struct item *
item_ref(struct item *it)
{
	it->refs++;
	return it;
}

void
item_unref(struct item *it)
{
	if (it == NULL || --it->refs > 0)
		return;
	manifest_unref(it->manifest);
	face_free(&it->face);
	free(it->key);
	free(it);
}

struct item *
item_with_stale(const struct item *it, bool stale)
{
	struct item *copy = mem_zalloc(sizeof *copy);

	copy->refs = 1;
	copy->key = mem_strdup(it->key);
	copy->type = it->type;
	copy->manifest = manifest_ref(it->manifest);
	copy->files = it->files;
	face_copy(&copy->face, &it->face);
	copy->face.stale = stale;
	return copy;
}
