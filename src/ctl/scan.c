#include "ctl/scan_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/facts.h"
#include "ctl/limits.h"
#include "ctl/strings.h"
#include "ctl/walk.h"
#include "manifest/read.h"

#define SCAN_SOURCE "main"

struct scan *
scan_new(const char *root, const struct collections *cs, struct err *e)
{
	struct scan *s;
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		(void)err_sys(e, errno, "%s", root);
		return NULL;
	}
	s = mem_zalloc(sizeof *s);
	s->fd = fd;
	s->collections = cs;
	s->facts = facts_new(cs);
	s->catalog = catalog_new();
	return s;
}

void
scan_free(struct scan *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].path);
		free(s->v[i].encoded);
		free(s->v[i].key);
		manifest_unref(s->v[i].manifest);
	}
	free(s->v);
	strings_free(&s->limits);
	strings_free(&s->ignored);
	strings_free(&s->rivals);
	free(s->later);
	free(s->jobs);
	catalog_free(s->catalog);
	facts_free(s->facts);
	(void)close(s->fd);
	free(s);
}

void
scan_limit(struct scan *s, const char *path)
{
	strings_add(&s->limits, path);
}

void
scan_ignore(struct scan *s, struct strings *ignored)
{
	strings_free(&s->ignored);
	s->ignored = *ignored;
	*ignored = (struct strings){0};
	strings_sort(&s->ignored);
}

bool
scan_asked(const struct scan *s, const char *path)
{
	return limits_hold(&s->limits, path);
}

static void
scan_remember(
    struct scan *s, const struct candidate_facts *cand, struct manifest *m, const char *encoded, const char *key)
{
	struct scanned *v;

	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 64;
		s->v = mem_realloc(s->v, s->cap, sizeof *s->v);
	}
	v = &s->v[s->n++];
	*v = (struct scanned){
	    .path = mem_strdup(cand->path),
	    .encoded = mem_strdup(encoded),
	    .collection = cand->collection,
	    .entry = cand->entry,
	    .manifest = manifest_ref(m),
	    .key = mem_strdup_opt(key),
	    .unreadable = cand->unreadable,
	    .files = cand->files,
	};
	memcpy(v->bundle_sha256, cand->bundle_sha256, SHA256_SIZE);
}

static void
scan_put(void *arg, const struct candidate_facts *cand)
{
	struct scan *s = arg;
	struct manifest *m = cand->manifest;
	struct buf path = {0};
	struct candidate c = {
	    .source = SCAN_SOURCE,
	    .rank = cand->rank,
	    .withdraw = cand->collection->on_invalid == ON_INVALID_WITHDRAW,
	};
	char *key = NULL;

	if (m == NULL)
		return;
	text_percent_encode(&path, cand->path, strlen(cand->path));
	if (m->ok)
		key = mem_printf("%s/%s", cand->collection->type, m->id);
	else if (cand->collection->id_from == NULL)
		key = scan_key(cand->collection, cand->path, cand->entry);
	/* A bundle that cannot be read whole is no item: the last good version stays. */
	if (m->ok && cand->unreadable == NULL) {
		struct item_place at = {.source = SCAN_SOURCE, .path = buf_str(&path), .files = cand->files};

		memcpy(at.bundle_sha256, cand->bundle_sha256, SHA256_SIZE);
		c.item = item_new(cand->collection->type, m, &at);
	}
	c.path = buf_str(&path);
	c.key = key;
	c.problems = &m->problems;
	catalog_put(s->catalog, &c);
	if (scan_asked(s, cand->path))
		scan_remember(s, cand, m, buf_str(&path), key);
	free(key);
	buf_free(&path);
}

static int
scanned_compare(const void *a, const void *b)
{
	return strcmp(((const struct scanned *)a)->path, ((const struct scanned *)b)->path);
}

int
scan_run(struct scan *s, bool digests)
{
	int rc;

	s->digests = digests;
	strings_sort(&s->limits);
	rc = walk_tree(s->fd, s->collections, &s->limits, &s->ignored, s->facts);
	scan_read(s);
	facts_assemble(s->facts, scan_put, s);
	if (s->n > 1)
		qsort(s->v, s->n, sizeof *s->v, scanned_compare);
	return rc;
}

const struct scanned *
scan_all(const struct scan *s, size_t *ret_n)
{
	*ret_n = s->n;
	return s->v;
}

const struct scanned *
scan_find(const struct scan *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].path, path) == 0)
			return &s->v[i];
	return NULL;
}

bool
scan_problems(const struct scan *s, const struct scanned *m, struct buf *out)
{
	return catalog_problems(s->catalog, m->encoded, NULL, NULL, out);
}

bool
scan_desired(const struct scan *s, const char *key, const char *path, struct desired *ret)
{
	return catalog_desired(s->catalog, key, path != NULL ? SCAN_SOURCE : NULL, path, ret);
}

void
scan_keys(const struct scan *s, struct strings *ret)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].key != NULL)
			strings_add(ret, s->v[i].key);
	strings_sort(ret);
}
