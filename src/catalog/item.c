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

void
shown_digest(const struct slice texts[SHOWN], uint8_t out[SHOWN_DIGEST_SIZE])
{
	struct sha256_ctx c;
	uint8_t whole[SHA256_SIZE];

	sha256_init(&c);
	for (size_t i = 0; i < SHOWN; i++) {
		const uint64_t size = texts[i].p != NULL ? texts[i].n + 1 : 0;

		sha256_add(&c, &size, sizeof size);
		if (size > 1)
			sha256_add(&c, texts[i].p, texts[i].n);
	}
	sha256_digest(&c, sizeof whole, whole);
	memcpy(out, whole, SHOWN_DIGEST_SIZE);
}

bool
face_equal(const struct face *a, const struct face *b)
{
	return memcmp(a->sha256, b->sha256, SHA256_SIZE) == 0 &&
	    memcmp(a->bundle_sha256, b->bundle_sha256, SHA256_SIZE) == 0 &&
	    memcmp(a->metadata_sha256, b->metadata_sha256, SHA256_SIZE) == 0 &&
	    memcmp(a->shown, b->shown, SHOWN_DIGEST_SIZE) == 0 && a->has_git_blob == b->has_git_blob &&
	    (!a->has_git_blob || memcmp(a->git_blob, b->git_blob, GIT_ID_SIZE) == 0) && a->stale == b->stale &&
	    a->git_state == b->git_state && str_equal(a->status, b->status) && str_equal(a->source, b->source) &&
	    str_equal(a->path, b->path);
}

static size_t
packed_size(const char *s)
{
	return s != NULL ? strlen(s) + 1 : 0;
}

static const char *
pack(char **at, const char *s)
{
	char *to = *at;

	if (s == NULL)
		return NULL;
	*at += strlen(s) + 1;
	return memcpy(to, s, strlen(s) + 1);
}

size_t
face_packed_size(const struct face *f)
{
	return packed_size(f->source) + packed_size(f->path) + packed_size(f->version);
}

void
face_pack(struct face *dst, const struct face *src, char *strings)
{
	*dst = *src;
	dst->source = pack(&strings, src->source);
	dst->path = pack(&strings, src->path);
	dst->version = pack(&strings, src->version);
}

struct face *
face_dup(const struct face *f)
{
	struct face *copy = mem_alloc(sizeof *copy + face_packed_size(f));

	face_pack(copy, f, (char *)(copy + 1));
	return copy;
}

/* Item, the strings of its face and its key in one piece: there are many. */
static struct item *
item_make(const char *type, struct manifest *m, const struct face *face, uint32_t files)
{
	size_t face_size = face_packed_size(face), type_len = strlen(type), id_size = strlen(m->id) + 1;
	struct item *it = mem_zalloc(sizeof *it + face_size + type_len + 1 + id_size);
	char *key = (char *)(it + 1) + face_size;

	it->refs = 1;
	it->type = type;
	it->manifest = manifest_ref(m);
	it->files = files;
	face_pack(&it->face, face, (char *)(it + 1));
	memcpy(key, type, type_len);
	key[type_len] = '/';
	memcpy(key + type_len + 1, m->id, id_size);
	it->key = key;
	return it;
}

static struct slice
shown_text(const char *s)
{
	return (struct slice){s, s != NULL ? strlen(s) : 0};
}

struct item *
item_new(const char *type, struct manifest *m, const struct item_place *at)
{
	const struct slice shown[SHOWN] = {
	    [SHOWN_NAME] = shown_text(m->name),
	    [SHOWN_VERSION] = shown_text(m->version),
	    [SHOWN_DESCRIPTION] = m->description,
	    [SHOWN_DEPENDENCIES] = shown_text(m->dependencies),
	    [SHOWN_TAGS] = shown_text(m->tags),
	    [SHOWN_OWNER] = shown_text(m->owner),
	};
	struct face f = {
	    .has_git_blob = true,
	    .git_state = at->git_state,
	    .status = status_word(m->status),
	    .source = at->source,
	    .path = at->path,
	    .version = m->version,
	};

	memcpy(f.sha256, m->sha256, SHA256_SIZE);
	memcpy(f.bundle_sha256, at->bundle_sha256, SHA256_SIZE);
	memcpy(f.metadata_sha256, m->metadata_sha256, SHA256_SIZE);
	memcpy(f.git_blob, m->git_blob, GIT_ID_SIZE);
	shown_digest(shown, f.shown);
	return item_make(type, m, &f, at->files);
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
	free(it);
}

struct item *
item_with_stale(const struct item *it, bool stale)
{
	struct item *copy = item_make(it->type, it->manifest, &it->face, it->files);

	copy->face.stale = stale;
	return copy;
}
