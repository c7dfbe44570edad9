#include "ctl/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/facts.h"
#include "ctl/crew.h"
#include "ctl/judge.h"
#include "ctl/path.h"
#include "ctl/progress.h"
#include "ctl/strings.h"
#include "ctl/walk.h"
#include "manifest/read.h"

#define SCAN_SOURCE "main"

/* A manifest to read, and what came of it. */
struct job {
	struct wanted w;
	struct signature sig;
	struct manifest *manifest;
};

struct scan {
	int fd;
	bool digests;
	const struct collections *collections;
	struct strings limits; /* none: everything */
	struct strings ignored;
	struct facts *facts;
	struct catalog *catalog;
	struct strings rivals; /* "<type>/<id>" by path of what is within the limits, sorted */
	struct wanted *later; /* manifests outside of the limits */
	size_t n_later, cap_later;
	struct job *jobs; /* manifests within the limits that are wanted now */
	size_t n_jobs, cap_jobs;
	struct progress progress;
	size_t done; /* manifests */
	bool tty; /* standard error is a terminal */
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

static bool
scan_asked(const struct scan *s, const char *path)
{
	for (size_t i = 0; i < s->limits.n; i++)
		if (path_within(path, s->limits.v[i]))
			return true;
	return s->limits.n == 0;
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

/* By any thread: nothing but the job is written. */
static void
scan_read_manifest(const struct scan *s, struct job *job)
{
	const struct wanted *w = &job->w;
	struct buf id = {0};
	struct manifest_source src = {
	    .collection = w->collection, .path = w->path, .entry = w->entry, .check_only = !s->digests};

	if (w->entry)
		kind_entry_id(w->collection, w->path, &id);
	else
		kind_flat_id(w->collection, w->path, &id);
	src.id = buf_str(&id);
	job->manifest = judge_file(s->fd, w->path, &src, &job->sig);
	buf_free(&id);
}

static void
scan_take(struct scan *s, struct job *job)
{
	facts_set_manifest(s->facts, job->w.path, job->w.ticket, &job->sig, job->manifest, 0);
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
scan_count(void *arg, const char *path)
{
	size_t *n = arg;

	(void)path;
	(*n)++;
}

/* Draw what progress.h gives; only a terminal is told. */
static void
scan_show(struct scan *s, bool end)
{
	struct buf text = {0};

	if (end)
		progress_end(&s->progress, &text);
	else
		progress_step(&s->progress, s->done, clock_now(), &text);
	if (text.n > 0 && s->tty)
		(void)fwrite(text.p, 1, text.n, stderr);
	buf_free(&text);
}

static void
scan_put_off(struct scan *s, const struct wanted *w)
{
	if (s->n_later == s->cap_later) {
		s->cap_later = s->cap_later != 0 ? s->cap_later * 2 : 64;
		s->later = mem_realloc(s->later, s->cap_later, sizeof *s->later);
	}
	s->later[s->n_later++] = *w;
}

static void
scan_put_down(struct scan *s, const struct wanted *w)
{
	if (s->n_jobs == s->cap_jobs) {
		s->cap_jobs = s->cap_jobs != 0 ? s->cap_jobs * 2 : 64;
		s->jobs = mem_realloc(s->jobs, s->cap_jobs, sizeof *s->jobs);
	}
	s->jobs[s->n_jobs++] = (struct job){.w = *w};
}

static void
scan_work(void *arg, size_t i)
{
	struct scan *s = arg;

	scan_read_manifest(s, &s->jobs[i]);
}

static void
scan_tick(void *arg, size_t done)
{
	struct scan *s = arg;

	s->done = done;
	scan_show(s, false);
}

/* false: no manifest is wanted now. */
static bool
scan_collect(struct scan *s)
{
	struct wanted w;

	s->n_jobs = 0;
	while (facts_next_wanted(s->facts, &w)) {
		if (w.want == WANT_DIGEST)
			scan_read_digest(s, &w);
		else if (scan_asked(s, w.path))
			scan_put_down(s, &w);
		else
			scan_put_off(s, &w);
	}
	return s->n_jobs > 0;
}

static void
scan_read_asked(struct scan *s)
{
	while (scan_collect(s)) {
		crew_run(&(struct crew){.arg = s, .work = scan_work, .tick = scan_tick}, s->n_jobs);
		for (size_t i = 0; i < s->n_jobs; i++) {
			const struct wanted *w = &s->jobs[i].w;
			char *key = scan_key(w->collection, w->path, w->entry);

			strings_add(&s->rivals, key);
			free(key);
			scan_take(s, &s->jobs[i]);
		}
	}
}

static void
scan_read_rivals(struct scan *s)
{
	s->done = s->rivals.n;
	strings_sort(&s->rivals);
	for (size_t i = 0; i < s->n_later; i++) {
		struct job job = {.w = s->later[i]};

		if (scan_rival(s, &job.w)) {
			scan_read_manifest(s, &job);
			scan_take(s, &job);
		} else {
			scan_pass_over(s, &job.w);
		}
		s->done++;
		scan_show(s, false);
	}
}

static void
scan_read(struct scan *s)
{
	size_t total = 0;

	facts_each_manifest(s->facts, scan_count, &total);
	s->tty = isatty(STDERR_FILENO) != 0;
	progress_begin(&s->progress, total, clock_now());
	scan_read_asked(s);
	scan_read_rivals(s);
	scan_show(s, true);
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
