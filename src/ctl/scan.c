#include "ctl/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/facts.h"
#include "ctl/judge.h"
#include "ctl/out.h"
#include "ctl/path.h"
#include "ctl/store.h"
#include "manifest/read.h"

#define SCAN_SOURCE "main"
#define SCAN_EPOCH 1

struct scan {
	int fd;
	bool digests;
	const struct collections *collections;
	struct strings limits; /* none: everything */
	struct facts *facts;
	struct catalog *catalog;
	struct strings rivals; /* "<type>/<id>" by path of what is within the limits, sorted */
	struct scanned *v;
	size_t n, cap;
};

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
	strings_free(&s->rivals);
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

static bool
scan_asked(const struct scan *s, const char *path)
{
	for (size_t i = 0; i < s->limits.n; i++)
		if (path_within(path, s->limits.v[i]))
			return true;
	return s->limits.n == 0;
}

/* Is path what another path would be as a folder of its own: tools/js.yaml, tools/js? */
static bool
scan_twin(const char *path, const char *file)
{
	const char *dot = strrchr(file, '.');
	size_t n = strlen(path);

	return dot != NULL && n == (size_t)(dot - file) && memcmp(path, file, n) == 0;
}

/* Can what lies in this folder matter for what is asked for: on the way to it, in it, or a rival for its id? */
static bool
scan_near(const struct scan *s, const char *path)
{
	for (size_t i = 0; i < s->collections->n; i++)
		if (s->collections->v[i].id_from != NULL)
			return true;
	for (size_t i = 0; i < s->limits.n; i++) {
		const char *limit = s->limits.v[i];

		if (path_within(path, limit) || path_within(limit, path) || scan_twin(path, limit))
			return true;
	}
	return s->limits.n == 0;
}

/* One name of a folder: tell the facts, or remember a folder to look into. */
static void
scan_name(struct scan *s, int dirfd_, const char *path, const char *name, struct strings *todo)
{
	const struct collection *c = collections_find(s->collections, path);
	struct signature sig;
	char target[4096];
	struct stat st;
	ssize_t n;

	if (c != NULL && path[0] != '\0' && strcmp(collection_relative(c, path), "") != 0 && kind_ignored(c, path))
		return;
	if (fstatat(dirfd_, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	signature_of(&st, &sig);
	if (S_ISDIR(st.st_mode)) {
		if ((c != NULL || collections_leads_to(s->collections, path)) && scan_near(s, path))
			strings_add(todo, path);
	} else if (S_ISLNK(st.st_mode)) {
		n = readlinkat(dirfd_, name, target, sizeof target - 1);
		if (n < 0)
			return;
		target[n] = '\0';
		facts_saw(s->facts, path, FACT_SYMLINK, &sig, target, true, SCAN_EPOCH);
	} else {
		facts_saw(s->facts, path, S_ISREG(st.st_mode) ? FACT_FILE : FACT_OTHER, &sig, NULL, true, SCAN_EPOCH);
	}
}

static void
scan_folder(struct scan *s, const char *path, struct strings *todo)
{
	int fd = read_open_beneath(s->fd, path, O_DIRECTORY);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			out_note("%s: cannot look into this folder: %s", path, strerror(errno));
		return;
	}
	dir = fdopendir(fd);
	if (dir == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		char *child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		child = path_join(path, entry->d_name);
		scan_name(s, dirfd(dir), child, entry->d_name, todo);
		free(child);
	}
	(void)closedir(dir);
}

static void
scan_walk(struct scan *s)
{
	struct strings todo = {0};

	strings_add(&todo, "");
	while (todo.n > 0) {
		char *path = todo.v[--todo.n];

		scan_folder(s, path, &todo);
		free(path);
	}
	strings_free(&todo);
}

/* The id that the path gives; the document may give another one. */
static char *
scan_key(const struct collection *c, const char *path, bool entry)
{
	struct buf id = {0};
	char *key;

	if (entry)
		kind_entry_id(c, path, &id);
	else
		kind_flat_id(c, path, &id);
	key = mem_printf("%s/%s", c->type, buf_str(&id));
	buf_free(&id);
	return key;
}

static bool
strings_have(const struct strings *sorted, const char *word)
{
	size_t from = 0, to = sorted->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int r = strcmp(word, sorted->v[middle]);

		if (r == 0)
			return true;
		if (r < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return false;
}

/* Could this manifest, which was not asked for, take an id of one that was? */
static bool
scan_rival(const struct scan *s, const struct wanted *w)
{
	char *key;
	bool found;

	for (size_t i = 0; i < s->collections->n; i++)
		if (s->collections->v[i].id_from != NULL && strcmp(s->collections->v[i].type, w->collection->type) == 0)
			return true;
	key = scan_key(w->collection, w->path, w->entry);
	found = strings_have(&s->rivals, key);
	free(key);
	return found;
}

static void
scan_read_manifest(struct scan *s, const struct wanted *w)
{
	struct signature sig = {0};
	struct buf id = {0};
	struct manifest_source src = {.collection = w->collection, .path = w->path, .entry = w->entry};
	struct manifest *m;

	if (w->entry)
		kind_entry_id(w->collection, w->path, &id);
	else
		kind_flat_id(w->collection, w->path, &id);
	src.id = buf_str(&id);
	m = judge_file(s->fd, w->path, &src, &sig);
	facts_set_manifest(s->facts, w->path, w->ticket, &sig, m, 0);
	buf_free(&id);
}

static void
scan_read_digest(struct scan *s, const struct wanted *w)
{
	uint8_t digest[SHA256_SIZE] = {0};
	struct signature sig = {0};
	struct err e = {0};

	if (s->digests && scan_asked(s, w->path) && read_digest(s->fd, w->path, digest, &sig, &e) != READ_OK)
		facts_set_unreadable(s->facts, w->path, w->ticket, e.msg[0] != '\0' ? e.msg : "it cannot be read");
	else
		facts_set_digest(s->facts, w->path, w->ticket, &sig, digest, 0);
}

/* A manifest that does not matter here: it has no content, so it can neither win nor lose. */
static void
scan_pass_over(struct scan *s, const struct wanted *w)
{
	struct signature sig = {0};

	facts_set_manifest(
	    s->facts, w->path, w->ticket, &sig, manifest_unreadable("unreadable", "not looked at", NULL), 0);
}

static void
scan_read(struct scan *s)
{
	struct wanted *later = NULL, w;
	size_t n = 0, cap = 0;

	while (facts_next_wanted(s->facts, &w)) {
		if (w.want == WANT_DIGEST) {
			scan_read_digest(s, &w);
		} else if (scan_asked(s, w.path)) {
			char *key = scan_key(w.collection, w.path, w.entry);

			strings_add(&s->rivals, key);
			free(key);
			scan_read_manifest(s, &w);
		} else {
			if (n == cap) {
				cap = cap != 0 ? cap * 2 : 64;
				later = mem_realloc(later, cap, sizeof *later);
			}
			later[n++] = w;
		}
	}
	strings_sort(&s->rivals);
	for (size_t i = 0; i < n; i++) {
		if (scan_rival(s, &later[i]))
			scan_read_manifest(s, &later[i]);
		else
			scan_pass_over(s, &later[i]);
	}
	free(later);
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
	struct candidate c = {.source = SCAN_SOURCE, .rank = cand->rank};
	char *key = NULL;

	if (m == NULL)
		return;
	text_percent_encode(&path, cand->path, strlen(cand->path));
	if (m->ok) {
		struct item_place at = {.source = SCAN_SOURCE, .path = buf_str(&path), .files = cand->files};

		c.item = item_new(cand->collection->type, m, &at);
		key = mem_strdup(c.item->key);
	} else if (cand->collection->id_from == NULL) {
		key = scan_key(cand->collection, cand->path, cand->entry);
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

void
scan_run(struct scan *s, bool digests)
{
	s->digests = digests;
	scan_walk(s);
	scan_read(s);
	facts_assemble(s->facts, scan_put, s);
	if (s->n > 1)
		qsort(s->v, s->n, sizeof *s->v, scanned_compare);
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
	return catalog_problems(s->catalog, m->encoded, out);
}
