#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ctl/crew.h"
#include "ctl/judge.h"
#include "ctl/scan_private.h"

char *
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

void
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
