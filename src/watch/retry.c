#include "watch/retry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rbtree.h"

struct retry {
	RB_ENTRY(retry) by_path;
	uint64_t failed; /* round */
	const char *path; /* behind the struct; a key for a search has none */
};

RB_HEAD(retry_tree, retry);

struct retries {
	struct retry_tree paths;
	size_t n;
	uint64_t round;
	bool running;
	char *at; /* handed out last in the round that runs */
	usec_t due, delay;
	uint64_t version;
};

static int
retry_compare(const struct retry *a, const struct retry *b)
{
	return strcmp(a->path, b->path);
}

RBTREE_GENERATE(retry_tree, retry, by_path, retry_compare)

struct retries *
retries_new(void)
{
	struct retries *rs = mem_zalloc(sizeof *rs);

	RB_INIT(&rs->paths);
	rs->round = 1;
	rs->delay = RETRY_FIRST;
	return rs;
}

static void
retry_drop(struct retries *rs, struct retry *r)
{
	(void)RB_REMOVE(retry_tree, &rs->paths, r);
	rs->n--;
	rs->version++;
	free(r);
}

void
retries_free(struct retries *rs)
{
	struct retry *r;

	if (rs == NULL)
		return;
	while ((r = RB_ROOT(&rs->paths)) != NULL)
		retry_drop(rs, r);
	free(rs->at);
	free(rs);
}

bool
retries_add(struct retries *rs, const char *path, usec_t now)
{
	struct retry key = {.path = path};
	struct retry *r = RB_FIND(retry_tree, &rs->paths, &key);
	size_t size = strlen(path) + 1;

	if (r != NULL) {
		r->failed = rs->round;
		return false;
	}
	r = mem_zalloc(sizeof *r + size);
	r->path = memcpy(r + 1, path, size);
	r->failed = rs->round;
	(void)RB_INSERT(retry_tree, &rs->paths, r);
	rs->due = rs->n == 0 ? now + RETRY_FIRST : usec_min(rs->due, now + RETRY_FIRST);
	rs->n++;
	return true;
}

/* What did not fail in the round before, or since, has recovered. */
static void
round_begin(struct retries *rs)
{
	struct retry *next;

	for (struct retry *r = RB_MIN(retry_tree, &rs->paths); r != NULL; r = next) {
		next = RB_NEXT(retry_tree, , r);
		if (r->failed != rs->round)
			retry_drop(rs, r);
	}
	if (rs->n == 0) {
		rs->delay = RETRY_FIRST;
		return;
	}
	rs->running = true;
	rs->round++;
}

static void
round_end(struct retries *rs, usec_t now)
{
	free(rs->at);
	rs->at = NULL;
	rs->running = false;
	rs->due = now + rs->delay;
	rs->delay = usec_min(2 * rs->delay, RETRY_LAST);
}

/* The first path behind the one that was handed out last, and not yet tried in this round. */
static struct retry *
round_next(const struct retries *rs)
{
	struct retry key = {.path = rs->at};
	struct retry *r =
	    rs->at == NULL ? RB_MIN(retry_tree, UNCONST(&rs->paths)) : RB_NFIND(retry_tree, UNCONST(&rs->paths), &key);

	while (r != NULL && (r->failed == rs->round || (rs->at != NULL && strcmp(r->path, rs->at) == 0)))
		r = RB_NEXT(retry_tree, , r);
	return r;
}

const char *
retries_next(struct retries *rs, usec_t now)
{
	struct retry *r;

	if (!rs->running && rs->n > 0 && now >= rs->due)
		round_begin(rs);
	if (!rs->running)
		return NULL;
	r = round_next(rs);
	if (r == NULL) {
		round_end(rs, now);
		return NULL;
	}
	free(rs->at);
	rs->at = mem_strdup(r->path);
	rs->version++;
	return rs->at;
}

usec_t
retries_deadline(const struct retries *rs)
{
	return rs->n > 0 ? rs->due : USEC_NEVER;
}

size_t
retries_count(const struct retries *rs)
{
	return rs->n;
}

uint64_t
retries_version(const struct retries *rs)
{
	return rs->version;
}

/* In the last round that it had: when its turn in this one has come, in this one. */
static bool
retry_fails(const struct retries *rs, const struct retry *r)
{
	if (r->failed == rs->round)
		return true;
	return rs->running && (rs->at == NULL || strcmp(r->path, rs->at) > 0);
}

bool
retries_cover(const struct retries *rs, const char *path)
{
	char *part = mem_strdup(path), *end = part + strlen(part);
	bool covered = false;

	while (rs->n > 0 && !covered) {
		struct retry key = {.path = part};
		struct retry *r = RB_FIND(retry_tree, UNCONST(&rs->paths), &key);

		covered = r != NULL && retry_fails(rs, r);
		if (end == part)
			break;
		while (end > part && *end != '/')
			end--;
		*end = '\0';
	}
	free(part);
	return covered;
}

void
retries_forget(struct retries *rs, const char *path)
{
	struct retry key = {.path = path};
	struct retry *r = rs->n > 0 ? RB_FIND(retry_tree, &rs->paths, &key) : NULL;

	if (r != NULL)
		retry_drop(rs, r);
}
