#include "catalog/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rbtree.h"
#include "base/textset.h"

struct slot;

struct cand {
	RB_ENTRY(cand) by_path;
	TAILQ_ENTRY(cand) in_slot; /* in order of precedence */
	struct slot *slot; /* NULL: the manifest gives no key */
	const char *source; /* the caller's */
	const char *path; /* behind the struct */
	int priority, rank;
	bool broken, withdraw;
	struct item *item; /* the last good one */
	struct item *stale; /* the same, marked so; only while broken */
	char *problems; /* JSON array, or NULL */
};

struct slot {
	RB_ENTRY(slot) by_key;
	const char *key; /* behind the struct */
	TAILQ_HEAD(cand_list, cand) cands;
};

RB_HEAD(cands, cand);
RB_HEAD(slots, slot);

struct catalog {
	struct cands cands;
	struct slots slots;
	struct textset keys, paths; /* touched */
	size_t good, broken;
};

static int
cand_cmp(const struct cand *a, const struct cand *b)
{
	int r = strcmp(a->path, b->path);

	return r != 0 ? r : strcmp(a->source, b->source);
}

static int
slot_cmp(const struct slot *a, const struct slot *b)
{
	return strcmp(a->key, b->key);
}

RBTREE_GENERATE(cands, cand, by_path, cand_cmp)
RBTREE_GENERATE(slots, slot, by_key, slot_cmp)

static struct cand *
cand_find(const struct catalog *c, const char *source, const char *path)
{
	struct cand key = {.source = source, .path = path};

	return RB_FIND(cands, UNCONST(&c->cands), &key);
}

static struct slot *
slot_find(const struct catalog *c, const char *key)
{
	struct slot k = {.key = key};

	return RB_FIND(slots, UNCONST(&c->slots), &k);
}

/* Everybody in a slot may win or lose when one comes or goes. Who is alone there has no problem because of others. */
static void
slot_touch(struct catalog *c, const struct slot *s)
{
	const struct cand *cand;

	catalog_touch_key(c, s->key);
	if (TAILQ_FIRST(&s->cands) == TAILQ_LAST(&s->cands, cand_list))
		return;
	TAILQ_FOREACH(cand, &s->cands, in_slot)
	{
		catalog_touch_path(c, cand->path);
	}
}

static void
slot_leave(struct catalog *c, struct cand *cand)
{
	struct slot *s = cand->slot;

	if (s == NULL)
		return;
	slot_touch(c, s);
	TAILQ_REMOVE(&s->cands, cand, in_slot);
	cand->slot = NULL;
	if (TAILQ_EMPTY(&s->cands)) {
		RB_REMOVE(slots, &c->slots, s);
		free(s);
	}
}

static bool
cand_before(const struct cand *a, const struct cand *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return cand_cmp(a, b) < 0;
}

static void
slot_enter(struct catalog *c, const char *key, struct cand *cand)
{
	struct slot *s = mem_zalloc(sizeof *s + strlen(key) + 1), *known;
	struct cand *other;

	s->key = memcpy(s + 1, key, strlen(key) + 1);
	TAILQ_INIT(&s->cands);
	known = RB_INSERT(slots, &c->slots, s);
	if (known != NULL) {
		free(s);
		s = known;
	}
	TAILQ_FOREACH(other, &s->cands, in_slot)
	{
		if (cand_before(cand, other))
			break;
	}
	if (other != NULL)
		TAILQ_INSERT_BEFORE(other, cand, in_slot);
	else
		TAILQ_INSERT_TAIL(&s->cands, cand, in_slot);
	cand->slot = s;
	slot_touch(c, s);
}

static void
cand_count(struct catalog *c, const struct cand *cand, bool add)
{
	size_t *n = cand->broken ? &c->broken : &c->good;

	*n = add ? *n + 1 : *n - 1;
}

static void
cand_free(struct cand *cand)
{
	item_unref(cand->item);
	item_unref(cand->stale);
	free(cand->problems);
	free(cand);
}

struct catalog *
catalog_new(void)
{
	struct catalog *c = mem_zalloc(sizeof *c);

	RB_INIT(&c->cands);
	RB_INIT(&c->slots);
	return c;
}

void
catalog_free(struct catalog *c)
{
	struct cand *cand;
	struct slot *s;

	if (c == NULL)
		return;
	while ((cand = RB_ROOT(&c->cands)) != NULL) {
		RB_REMOVE(cands, &c->cands, cand);
		cand_free(cand);
	}
	while ((s = RB_ROOT(&c->slots)) != NULL) {
		RB_REMOVE(slots, &c->slots, s);
		free(s);
	}
	textset_clear(&c->keys);
	textset_clear(&c->paths);
	free(c);
}

static void
cand_set_item(struct cand *cand, struct item *item)
{
	item_unref(cand->stale);
	cand->stale = NULL;
	cand->broken = item == NULL;
	if (item != NULL) {
		item_unref(cand->item);
		cand->item = item;
	} else if (cand->item != NULL) {
		cand->stale = item_with_stale(cand->item, true);
	}
}

static void
cand_set_problems(struct catalog *c, struct cand *cand, const struct problems *ps)
{
	struct buf json = {0};
	bool had = cand->problems != NULL;

	free(cand->problems);
	cand->problems = NULL;
	if (ps != NULL && ps->n != 0) {
		problems_json(ps, &json);
		cand->problems = mem_strndup(json.p, json.n);
		buf_free(&json);
	}
	if (had || cand->problems != NULL)
		catalog_touch_path(c, cand->path);
}

void
catalog_put(struct catalog *c, const struct candidate *new)
{
	struct cand *cand = mem_zalloc(sizeof *cand + strlen(new->path) + 1), *known;
	char *key = mem_strdup_opt(new->key);

	cand->source = new->source;
	cand->path = memcpy(cand + 1, new->path, strlen(new->path) + 1);
	known = RB_INSERT(cands, &c->cands, cand); /* mostly it is new: one search, not two */
	if (known != NULL) {
		free(cand);
		cand = known;
		/* A broken document may not say its id: it keeps the key under which it was good. */
		if (new->item == NULL && key == NULL && cand->item != NULL)
			key = mem_strdup(cand->item->key);
		cand_count(c, cand, false);
		slot_leave(c, cand);
	}
	cand->priority = new->priority;
	cand->rank = new->rank;
	cand->withdraw = new->withdraw;
	cand_set_item(cand, new->item);
	cand_set_problems(c, cand, new->problems);
	cand_count(c, cand, true);
	if (key != NULL)
		slot_enter(c, key, cand);
	free(key);
}

void
catalog_remove(struct catalog *c, const char *source, const char *path)
{
	struct cand *cand = cand_find(c, source, path);

	if (cand == NULL)
		return;
	cand_count(c, cand, false);
	cand_set_problems(c, cand, NULL);
	slot_leave(c, cand);
	RB_REMOVE(cands, &c->cands, cand);
	cand_free(cand);
}

void
catalog_touch_all(struct catalog *c)
{
	struct cand *cand;
	struct slot *s;

	RB_FOREACH(cand, cands, &c->cands)
	{
		if (cand->problems != NULL)
			catalog_touch_path(c, cand->path);
	}
	RB_FOREACH(s, slots, &c->slots)
	{
		slot_touch(c, s);
	}
}

void
catalog_touch_key(struct catalog *c, const char *key)
{
	(void)textset_add(&c->keys, key);
}

void
catalog_touch_path(struct catalog *c, const char *path)
{
	(void)textset_add(&c->paths, path);
}

bool
catalog_next_key(struct catalog *c, struct buf *ret)
{
	return textset_take(&c->keys, ret);
}

bool
catalog_next_path(struct catalog *c, struct buf *ret)
{
	return textset_take(&c->paths, ret);
}

size_t
catalog_touched_keys(const struct catalog *c)
{
	return c->keys.n;
}

/* Does this candidate hold its key? An unknown last good version counts when it is the one that is published. */
static bool
cand_holds(const struct cand *cand, const char *published_source, const char *published_path, struct desired *ret)
{
	*ret = (struct desired){0};
	if (!cand->broken) {
		ret->item = cand->item;
		return true;
	}
	if (cand->withdraw)
		return false;
	if (cand->stale != NULL) {
		ret->item = cand->stale;
		return true;
	}
	ret->stale = published_path != NULL && published_source != NULL && strcmp(published_path, cand->path) == 0 &&
	    strcmp(published_source, cand->source) == 0;
	return ret->stale;
}

bool
catalog_desired(const struct catalog *c, const char *key, const char *published_source, const char *published_path,
    struct desired *ret)
{
	const struct slot *s = slot_find(c, key);
	const struct cand *cand;

	if (s != NULL) {
		TAILQ_FOREACH(cand, &s->cands, in_slot)
		{
			if (cand_holds(cand, published_source, published_path, ret))
				return true;
		}
	}
	if (published_source == NULL || published_path == NULL)
		return false;
	/* A broken document that does not say its id any more. */
	cand = cand_find(c, published_source, published_path);
	return cand != NULL && cand->slot == NULL && cand->broken &&
	    cand_holds(cand, published_source, published_path, ret);
}

static const struct cand *
slot_winner(const struct slot *s, const char *published_source, const char *published_path)
{
	const struct cand *cand;
	struct desired d;

	TAILQ_FOREACH(cand, &s->cands, in_slot)
	{
		if (cand_holds(cand, published_source, published_path, &d))
			return cand;
	}
	return NULL;
}

static void
problems_duplicate(const struct cand *loser, const struct cand *winner, struct buf *out)
{
	struct problems ps = {0};

	problems_addf(&ps, "duplicate-id", SEVERITY_ERROR, 0, 0, "rename one of the two",
	    "the id %s is already taken by %s", loser->slot->key, winner->path);
	problems_json(&ps, out);
	problems_free(&ps);
}

/* The first candidate at path, whatever its source. */
static const struct cand *
cand_at(const struct catalog *c, const char *path)
{
	struct cand key = {.source = "", .path = path};
	const struct cand *cand = RB_NFIND(cands, UNCONST(&c->cands), &key);

	return cand != NULL && strcmp(cand->path, path) == 0 ? cand : NULL;
}

const char *
catalog_key(const struct catalog *c, const char *path)
{
	const struct cand *cand = cand_at(c, path);

	return cand != NULL && cand->slot != NULL ? cand->slot->key : NULL;
}

bool
catalog_problems(const struct catalog *c, const char *path, const char *published_source, const char *published_path,
    struct buf *out)
{
	const struct cand *cand = cand_at(c, path), *winner = NULL;

	if (cand == NULL)
		return false;
	if (cand->slot != NULL && !cand->broken)
		winner = slot_winner(cand->slot, published_source, published_path);
	if (winner != NULL && winner != cand) {
		problems_duplicate(cand, winner, out);
		if (cand->problems == NULL)
			return true;
		out->p[out->n - 1] = ',';
		buf_addstr(out, cand->problems + 1);
		return true;
	}
	if (cand->problems == NULL)
		return false;
	buf_addstr(out, cand->problems);
	return true;
}

bool
catalog_touched(const struct catalog *c)
{
	return c->keys.n != 0 || c->paths.n != 0;
}

size_t
catalog_items(const struct catalog *c)
{
	return c->good;
}

size_t
catalog_broken(const struct catalog *c)
{
	return c->broken;
}
