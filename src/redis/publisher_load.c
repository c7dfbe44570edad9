#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "redis/conn.h"
#include "redis/publisher_private.h"
#include "redis/reply.h"

/* Items of one turn: bounds the memory of replies, whatever the size of the catalog. */
#define WINDOW 500
#define PROBLEMS_HINT 200
#define TYPE_REV "type_rev:"

/* The fields asked for, in this order. */
enum field {
	FIELD_SHA256,
	FIELD_BUNDLE,
	FIELD_METADATA,
	FIELD_GIT_BLOB,
	FIELD_GIT_STATE,
	FIELD_STATE,
	FIELD_STATUS,
	FIELD_SOURCE,
	FIELD_PATH,
	FIELD_CREATED_REV,
	FIELD_CREATED_AT,
	FIELD_SHOWN, /* and behind it, in the order of enum shown */
	FIELDS = FIELD_SHOWN + SHOWN,
};

static const char *const field_names[FIELDS] = {
    [FIELD_SHA256] = "sha256",
    [FIELD_BUNDLE] = "bundle_sha256",
    [FIELD_METADATA] = "metadata_sha256",
    [FIELD_GIT_BLOB] = "git_blob",
    [FIELD_GIT_STATE] = "git_state",
    [FIELD_STATE] = "state",
    [FIELD_STATUS] = "status",
    [FIELD_SOURCE] = "source",
    [FIELD_PATH] = "path",
    [FIELD_CREATED_REV] = "created_rev",
    [FIELD_CREATED_AT] = "created_at",
    [FIELD_SHOWN + SHOWN_NAME] = "name",
    [FIELD_SHOWN + SHOWN_VERSION] = "version",
    [FIELD_SHOWN + SHOWN_DESCRIPTION] = "description",
    [FIELD_SHOWN + SHOWN_DEPENDENCIES] = "dependencies",
    [FIELD_SHOWN + SHOWN_TAGS] = "tags",
    [FIELD_SHOWN + SHOWN_OWNER] = "owner",
};

const char *
head_field(const redisReply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->elements; i += 2)
		if (fields->element[i]->type == REDIS_REPLY_STRING && strcmp(fields->element[i]->str, name) == 0 &&
		    fields->element[i + 1]->type == REDIS_REPLY_STRING)
			return fields->element[i + 1]->str;
	return NULL;
}

static int
parse_number(const char *s, uint64_t *ret)
{
	unsigned long long v;
	char *end;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno != 0 || *end != '\0')
		return -1;
	*ret = v;
	return 0;
}

void
head_remember(struct publisher *p, const char *commit, const char *branch)
{
	free(p->head_commit);
	free(p->head_branch);
	p->head_commit = mem_strdup_opt(commit);
	p->head_branch = mem_strdup_opt(branch);
}

int
head_parse(const redisReply *fields, struct head *ret)
{
	const char *base = head_field(fields, "batch_base");
	struct head h = {.generation = head_field(fields, "generation"), .batch = head_field(fields, "batch")};

	if (h.generation == NULL || strlen(h.generation) != GENERATION_HEX ||
	    parse_number(head_field(fields, "rev"), &h.rev) != 0 ||
	    parse_number(head_field(fields, "epoch"), &h.epoch) != 0 ||
	    (base != NULL && parse_number(base, &h.batch_base) != 0))
		return -1;
	if (h.batch == NULL)
		h.batch = "";
	*ret = h;
	return 0;
}

const char *
head_maker(const struct head *h)
{
	return h->batch_base < h->rev ? h->batch : "";
}

static void
load_clear_window(struct load *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->ids[i]);
	l->n = 0;
	l->next = 0;
}

void
load_clear(struct load *l)
{
	load_clear_window(l);
	for (size_t i = 0; i < l->n_types; i++)
		free(l->types[i]);
	free(l->types);
	free(l->ids);
	free(l->revs);
	*l = (struct load){0};
}

static void
load_ask_index(struct publisher *p)
{
	const struct load *l = &p->load;
	struct resp *r = &p->request;

	resp_str(r, "ZRANGE");
	publisher_add_key(p, "index:", l->types[l->type]);
	resp_num(r, l->offset);
	resp_num(r, l->offset + WINDOW - 1);
	resp_str(r, "WITHSCORES");
	publisher_expect(p, REQUEST_INDEX);
}

static void
load_ask_problems(struct publisher *p, const char *cursor)
{
	struct resp *r = &p->request;

	resp_str(r, "HSCAN");
	publisher_add_key(p, "problems", "");
	resp_str(r, cursor);
	resp_str(r, "COUNT");
	resp_num(r, PROBLEMS_HINT);
	publisher_expect(p, REQUEST_PROBLEMS);
}

static void
load_next(struct publisher *p)
{
	if (p->load.type < p->load.n_types)
		load_ask_index(p);
	else
		load_ask_problems(p, "0");
}

void
load_begin(struct publisher *p, const redisReply *fields, const struct head *h, bool reset)
{
	struct load *l = &p->load;

	load_clear(l);
	published_clear(p->published);
	p->loaded = false;
	p->state = PUBLISHER_LOAD;
	p->rev = h->rev;
	memcpy(p->generation, h->generation, sizeof p->generation);
	(void)snprintf(p->last_id, sizeof p->last_id, "%s", h->batch);
	(void)snprintf(p->made_id, sizeof p->made_id, "%s", head_maker(h));
	l->reset = reset;
	l->types = mem_zalloc((fields->elements / 2 + 1) * sizeof *l->types);
	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		const char *name = fields->element[i]->str;
		uint64_t rev;

		if (name == NULL || strncmp(name, TYPE_REV, strlen(TYPE_REV)) != 0 ||
		    parse_number(fields->element[i + 1]->str, &rev) != 0)
			continue;
		name += strlen(TYPE_REV);
		l->types[l->n_types++] = mem_strdup(name);
		published_set_type_rev(p->published, name, rev);
	}
	load_next(p);
}

void
load_ask_head(struct publisher *p)
{
	p->state = PUBLISHER_LOAD;
	resp_str(&p->request, "HGETALL");
	publisher_add_key(p, "head", "");
	publisher_expect(p, REQUEST_HEAD);
}

void
load_head(struct publisher *p, const redisReply *r)
{
	struct head h;

	if (r->type == REDIS_REPLY_ERROR) {
		publisher_refused(p, r);
	} else if (r->type != REDIS_REPLY_ARRAY) {
		publisher_odd(p, "HGETALL");
	} else if (head_parse(r, &h) == 0) {
		load_begin(p, r, &h, false);
	} else {
		/* Nothing yet, or nothing that could be gone on with. */
		published_clear(p->published);
		publisher_loaded(p, false);
	}
}

static void
load_next_window(struct publisher *p)
{
	struct load *l = &p->load;

	if (l->last_window) {
		l->type++;
		l->offset = 0;
	}
	load_next(p);
}

static void
load_ask_items(struct publisher *p)
{
	const struct load *l = &p->load;

	for (size_t i = 0; i < l->n; i++) {
		char *key = mem_printf("%s/%s", l->types[l->type], l->ids[i]);

		resp_str(&p->request, "HMGET");
		publisher_add_key(p, "item:", key);
		for (int f = 0; f < FIELDS; f++)
			resp_str(&p->request, field_names[f]);
		publisher_expect(p, REQUEST_ITEM);
		free(key);
	}
}

void
load_index(struct publisher *p, const redisReply *r)
{
	struct load *l = &p->load;

	if (r->type == REDIS_REPLY_ERROR) {
		char *key = mem_printf("index:%s", l->types[l->type]);

		publisher_refused_at(p, r, key);
		free(key);
		return;
	}
	if (r->type != REDIS_REPLY_ARRAY) {
		publisher_odd(p, "ZRANGE");
		return;
	}
	load_clear_window(l);
	if (l->ids == NULL) {
		l->ids = mem_alloc(WINDOW * sizeof *l->ids);
		l->revs = mem_alloc(WINDOW * sizeof *l->revs);
	}
	for (size_t i = 0; i + 1 < r->elements && l->n < WINDOW; i += 2) {
		if (r->element[i]->type != REDIS_REPLY_STRING ||
		    parse_number(r->element[i + 1]->str, &l->revs[l->n]) != 0)
			continue;
		l->ids[l->n++] = mem_strdup(r->element[i]->str);
	}
	l->offset += WINDOW;
	l->last_window = r->elements < (size_t)2 * WINDOW;
	if (l->n > 0)
		load_ask_items(p);
	else
		load_next_window(p);
}

static bool
field_hex(const redisReply *r, enum field f, uint8_t *out, size_t n)
{
	const redisReply *v = r->element[f];

	return v->type == REDIS_REPLY_STRING && text_unhex(v->str, (size_t)v->len, out, n) == 0;
}

static void
field_shown(const redisReply *r, uint8_t out[SHOWN_DIGEST_SIZE])
{
	struct slice texts[SHOWN] = {{0}};

	for (int i = 0; i < SHOWN; i++) {
		const redisReply *v = r->element[FIELD_SHOWN + i];

		if (v->type == REDIS_REPLY_STRING)
			texts[i] = (struct slice){v->str, (size_t)v->len};
	}
	shown_digest(texts, out);
}

/* A damaged item counts as not published: it comes anew from the disk, and nothing is deleted for it. */
static void
load_put(struct publisher *p, const char *key, uint64_t rev, const redisReply *r)
{
	const char *state = r->element[FIELD_STATE]->str, *git_state = r->element[FIELD_GIT_STATE]->str;
	const char *at = r->element[FIELD_CREATED_AT]->str, *status = r->element[FIELD_STATUS]->str;
	struct face f = {0};
	uint64_t created;

	if (!field_hex(r, FIELD_SHA256, f.sha256, SHA256_SIZE) ||
	    !field_hex(r, FIELD_BUNDLE, f.bundle_sha256, SHA256_SIZE) ||
	    !field_hex(r, FIELD_METADATA, f.metadata_sha256, SHA256_SIZE) || state == NULL || at == NULL ||
	    strlen(at) != CLOCK_RFC3339_SIZE - 1 || parse_number(r->element[FIELD_CREATED_REV]->str, &created) != 0)
		return;
	f.has_git_blob = field_hex(r, FIELD_GIT_BLOB, f.git_blob, GIT_ID_SIZE);
	f.git_state = git_state != NULL ? git_state_parse(git_state) : GIT_STATE_NONE;
	f.stale = strcmp(state, "stale") == 0;
	f.status = status != NULL ? status_word(status) : NULL;
	f.source = r->element[FIELD_SOURCE]->str;
	f.path = r->element[FIELD_PATH]->str;
	f.version = r->element[FIELD_SHOWN + SHOWN_VERSION]->str;
	field_shown(r, f.shown);
	if (f.status != NULL && f.source != NULL && f.path != NULL)
		published_put(p->published, key, &f, NULL, rev, created, at);
}

void
load_item(struct publisher *p, const redisReply *r)
{
	struct load *l = &p->load;
	char word[32], *key;

	reply_error_word(r, word);
	/* A key of another type counts as a damaged item: the apply script replaces it. */
	if (r->type == REDIS_REPLY_ERROR && strcmp(word, "WRONGTYPE") != 0) {
		publisher_refused(p, r);
		return;
	}
	if (*word == '\0' && (r->type != REDIS_REPLY_ARRAY || r->elements != FIELDS || l->next >= l->n)) {
		publisher_odd(p, "HMGET");
		return;
	}
	key = mem_printf("%s/%s", l->types[l->type], l->ids[l->next]);
	if (*word == '\0')
		load_put(p, key, l->revs[l->next], r);
	free(key);
	if (++l->next == l->n)
		load_next_window(p);
}

void
load_problems(struct publisher *p, const redisReply *r)
{
	const redisReply *pairs;

	if (r->type == REDIS_REPLY_ERROR) {
		publisher_refused_at(p, r, "problems");
		return;
	}
	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 || r->element[0]->type != REDIS_REPLY_STRING ||
	    r->element[1]->type != REDIS_REPLY_ARRAY) {
		publisher_odd(p, "HSCAN");
		return;
	}
	pairs = r->element[1];
	for (size_t i = 0; i + 1 < pairs->elements; i += 2) {
		const redisReply *path = pairs->element[i], *json = pairs->element[i + 1];

		if (path->type == REDIS_REPLY_STRING && json->type == REDIS_REPLY_STRING)
			published_put_problems(p->published, path->str, json->str, (size_t)json->len);
	}
	if (strcmp(r->element[0]->str, "0") != 0) {
		load_ask_problems(p, r->element[0]->str);
	} else {
		bool reset = p->load.reset;

		load_clear(&p->load);
		publisher_loaded(p, reset);
	}
}
