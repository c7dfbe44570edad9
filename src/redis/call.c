#include "redis/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "base/text.h"
#include "redis/keys.h"
#include "redis/resp.h"

#define SHARED_MAX 8 /* more than there are fields that many changes have in common */
#define FIELDS_MAX 24 /* more than there are fields of a change */
#define CHANGE_ROOM 2048 /* bytes of most changes */

/* The value that the first change with this field has. Borrowed, both. */
struct shared {
	const char *name, *value;
};

struct field {
	const char *name;
	const char *shared; /* its value, where that goes with the shape; else NULL */
};

/* What many changes are alike in, see apply.lua. Strings are borrowed, but for type. */
struct shape {
	const char *op;
	char *type;
	size_t n, n_history; /* so many fields, and so many of them are the history's too: the first ones */
	struct field fields[FIELDS_MAX];
};

struct builder {
	const struct call_context *ctx;
	const struct changeset *cs;
	const struct published *pub;
	struct tally *tally;
	struct call *call;
	/* The parts of the script's arguments, see apply.lua. */
	struct resp changes, put, gone, notes, head, head_gone;
	struct resp shape_args; /* of all shapes */
	struct shape *shapes;
	size_t n_shapes;
	struct shared shared[SHARED_MAX];
	size_t n_shared;
	struct shape shape; /* of one change */
	struct resp values; /* its own ones, */
	size_t ends[FIELDS_MAX]; /* and for each field where they end with it */
	struct buf text;
};

void
tally_begin(struct tally *t, const struct published *p)
{
	*t = (struct tally){.items = published_items(p)};
}

void
tally_free(struct tally *t)
{
	for (size_t i = 0; i < t->n_types; i++)
		free(t->types[i].type);
	free(t->types);
	*t = (struct tally){0};
}

static uint64_t *
tally_rev(struct tally *t, const struct published *p, const char *type)
{
	for (size_t i = 0; i < t->n_types; i++)
		if (strcmp(t->types[i].type, type) == 0)
			return &t->types[i].rev;
	t->types = mem_realloc(t->types, t->n_types + 1, sizeof *t->types);
	t->types[t->n_types] = (struct type_rev){.type = mem_strdup(type), .rev = published_type_rev(p, type)};
	return &t->types[t->n_types++].rev;
}

static void
add_event(struct builder *b, const struct change *ch, uint64_t rev, uint64_t type_rev_before)
{
	size_t number = (size_t)(rev - b->call->base - 1) + b->call->first;
	const struct event_context ec = {
	    .catalog = b->ctx->catalog,
	    .generation = b->ctx->generation,
	    .rev = rev,
	    .type_rev_before = type_rev_before,
	    .batch = b->ctx->batch,
	    .batch_last = !b->cs->more && number + 1 == b->cs->n,
	    .commit = b->ctx->commit,
	    .time = b->call->time,
	};

	buf_clear(&b->text);
	change_event(ch, &ec, &b->text);
	resp_add(&b->changes, b->text.p, b->text.n);
}

/* The next field of the change; its value, where it is not shared, is the last one in values. */
static void
field_add(struct builder *b, const char *name, const char *shared)
{
	struct shape *s = &b->shape;

	assert(s->n < FIELDS_MAX);
	b->ends[s->n] = b->values.body.n;
	s->fields[s->n++] = (struct field){.name = name, .shared = shared};
}

static void
field(struct builder *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	resp_str(&b->values, value);
	field_add(b, name, NULL);
}

/* One of the fields that most changes of a call have the same value of. */
static void
field_shared(struct builder *b, const char *name, const char *value)
{
	size_t i = 0;

	if (value == NULL)
		return;
	while (i < b->n_shared && strcmp(b->shared[i].name, name) != 0)
		i++;
	if (i == b->n_shared) {
		assert(i < SHARED_MAX);
		b->shared[b->n_shared++] = (struct shared){.name = name, .value = value};
	}
	if (strcmp(b->shared[i].value, value) == 0)
		field_add(b, name, b->shared[i].value);
	else
		field(b, name, value);
}

static void
field_slice(struct builder *b, const char *name, struct slice value)
{
	if (value.p == NULL)
		return;
	resp_add(&b->values, value.p, value.n);
	field_add(b, name, NULL);
}

static void
field_num(struct builder *b, const char *name, uint64_t value)
{
	resp_num(&b->values, value);
	field_add(b, name, NULL);
}

static void
field_hex(struct builder *b, const char *name, const void *p, size_t n)
{
	resp_hex(&b->values, p, n);
	field_add(b, name, NULL);
}

/* What stands in the history too. */
static void
add_version(struct builder *b, const struct change *ch)
{
	if (ch->op != OP_DELETED) {
		field_shared(b, "state", ch->after->stale ? "stale" : "ok");
		field(b, "version", ch->after->version);
		field_hex(b, "sha256", ch->after->sha256, SHA256_SIZE);
		field_hex(b, "bundle_sha256", ch->after->bundle_sha256, SHA256_SIZE);
		field_hex(b, "metadata_sha256", ch->after->metadata_sha256, SHA256_SIZE);
	}
	field_shared(b, "commit", b->ctx->commit);
	b->shape.n_history = b->shape.n;
}

static void
add_item(struct builder *b, const struct change *ch)
{
	const struct manifest *m = ch->item->manifest;
	const struct face *f = ch->after;

	field(b, "name", m->name);
	field_slice(b, "description", m->description);
	field_shared(b, "source", f->source);
	field(b, "path", f->path);
	field_num(b, "size", m->size);
	field_num(b, "files", ch->item->files);
	field(b, "metadata", m->metadata);
	field(b, "dependencies", m->dependencies);
	field(b, "tags", m->tags);
	field(b, "owner", m->owner);
	field_shared(b, "status", f->status);
	if (f->has_git_blob)
		field_hex(b, "git_blob", f->git_blob, GIT_ID_SIZE);
	if (f->git_state != GIT_STATE_NONE)
		field_shared(b, "git_state", git_state_word(f->git_state));
	if (ch->op != OP_CREATED) {
		field_num(b, "created_rev", ch->created_rev);
		field_shared(b, "created_at", ch->created_at);
	}
}

/* Each field is added at one place, so its name is one pointer; a shared value is that of the first change. */
static bool
shape_equal(const struct shape *a, const struct shape *b)
{
	return a->op == b->op && a->n == b->n && a->n_history == b->n_history && strcmp(a->type, b->type) == 0 &&
	    memcmp(a->fields, b->fields, a->n * sizeof *a->fields) == 0;
}

/* Names and values of the fields from first to end: those that the shape shares, or the change's own. */
static void
add_words(struct builder *b, size_t first, size_t end, bool shared)
{
	const struct shape *s = &b->shape;
	struct resp *r = &b->shape_args;

	for (size_t i = first; i < end; i++) {
		size_t from = i > 0 ? b->ends[i - 1] : 0;

		if ((s->fields[i].shared != NULL) != shared)
			continue;
		resp_str(r, s->fields[i].name);
		if (shared)
			resp_str(r, s->fields[i].shared);
		else
			resp_encoded(r, b->values.body.p + from, b->ends[i] - from);
	}
}

static void
add_shape(struct builder *b)
{
	const struct shape *s = &b->shape;
	struct resp *r = &b->shape_args;
	size_t ahead = 0;

	for (size_t i = 0; i < s->n_history; i++)
		ahead += s->fields[i].shared != NULL;
	resp_str(r, s->op);
	resp_str(r, s->type);
	resp_num(r, 2 * s->n_history);
	resp_num(r, 2 * ahead);
	resp_num(r, b->values.argc);
	resp_num(r, 2 * s->n);
	add_words(b, 0, s->n_history, true);
	add_words(b, 0, s->n, false);
	add_words(b, s->n_history, s->n, true);
	b->shapes = mem_realloc(b->shapes, b->n_shapes + 1, sizeof *b->shapes);
	b->shapes[b->n_shapes] = *s;
	b->shapes[b->n_shapes++].type = mem_strdup(s->type);
}

/* The place of the change's shape among those of the call, or of a new one, which has the change's values, too. */
static size_t
shape_place(struct builder *b)
{
	for (size_t i = 0; i < b->n_shapes; i++)
		if (shape_equal(&b->shapes[i], &b->shape))
			return i + 1;
	add_shape(b);
	resp_clear(&b->values);
	return b->n_shapes;
}

static void
add_change(struct builder *b, const struct change *ch, uint64_t rev)
{
	size_t type_len = strcspn(ch->key, "/");
	char *type = mem_strndup(ch->key, type_len);
	uint64_t *last = tally_rev(b->tally, b->pub, type);

	assert(ch->key[type_len] == '/');
	b->shape = (struct shape){.op = ch->patch ? "patched" : op_word(ch->op), .type = type};
	resp_clear(&b->values);
	add_version(b, ch);
	if (ch->item != NULL)
		add_item(b, ch);
	resp_num(&b->changes, shape_place(b));
	resp_str(&b->changes, ch->key + type_len + 1);
	resp_num(&b->changes, rev);
	add_event(b, ch, rev, *last);
	resp_join(&b->changes, &b->values);
	b->tally->items += ch->op == OP_CREATED;
	b->tally->items -= ch->op == OP_DELETED;
	*last = rev;
	free(type);
}

static void
add_problem(struct builder *b, const struct problem_change *pc, size_t number)
{
	struct buf *data = &b->text, event = {0};
	struct jsonw w;
	char *id;

	if (pc->json != NULL)
		resp_field(&b->put, pc->path, pc->json);
	else
		resp_str(&b->gone, pc->path);
	buf_clear(data);
	jsonw_init(&w, data);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "generation", b->ctx->generation);
	jsonw_int(&w, "rev", (int64_t)(b->call->base + b->call->n));
	jsonw_str(&w, "path", pc->path);
	jsonw_bool(&w, "present", pc->json != NULL);
	jsonw_object_end(&w);
	id = mem_printf("%s.%s.%zu", b->ctx->generation, b->ctx->batch, number);
	control_event("dev.shelfd.problems.changed", b->ctx->catalog, id, b->call->time, data->p, &event);
	resp_add(&b->notes, event.p, event.n);
	buf_free(&event);
	free(id);
}

static bool
is_full(const struct builder *b, size_t max_bytes)
{
	return b->shape_args.body.n + b->changes.body.n + b->put.body.n + b->notes.body.n >= max_bytes;
}

static void
add_head(struct builder *b)
{
	resp_field_num(&b->head, "items", b->tally->items);
	resp_field(&b->head, "commit", b->ctx->commit);
	resp_field(&b->head, "branch", b->ctx->branch);
	if (b->ctx->commit == NULL)
		resp_str(&b->head_gone, "commit");
	if (b->ctx->branch == NULL)
		resp_str(&b->head_gone, "branch");
}

static void
finish(const struct builder *b, struct buf *out)
{
	char *head = keys_make(b->ctx->catalog, "head");
	struct resp r = {0}, lists = {0};
	const struct resp *const parts[] = {&r, &b->shape_args, &b->changes, &lists};

	resp_str(&r, "EVALSHA");
	resp_str(&r, b->ctx->sha);
	resp_num(&r, 1);
	resp_str(&r, head);
	resp_str(&r, b->ctx->generation);
	resp_num(&r, b->ctx->epoch);
	resp_str(&r, b->ctx->owner);
	resp_str(&r, b->call->id);
	resp_num(&r, b->call->base);
	resp_num(&r, b->call->base + b->call->n);
	resp_str(&r, b->call->time);
	resp_num(&r, b->call->n);
	resp_num(&r, b->ctx->min_replicas);
	resp_num(&r, b->n_shapes);
	resp_list(&lists, &b->put);
	resp_list(&lists, &b->gone);
	resp_list(&lists, &b->notes);
	resp_list(&lists, &b->head);
	resp_list(&lists, &b->head_gone);
	resp_request(parts, sizeof parts / sizeof *parts, out);
	resp_free(&r);
	resp_free(&lists);
	free(head);
}

static void
builder_free(struct builder *b)
{
	struct resp *parts[] = {
	    &b->shape_args, &b->changes, &b->put, &b->gone, &b->notes, &b->head, &b->head_gone, &b->values};

	for (size_t i = 0; i < b->n_shapes; i++)
		free(b->shapes[i].type);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		resp_free(parts[i]);
	free(b->shapes);
	buf_free(&b->text);
}

void
call_build(const struct call_context *ctx, const struct changeset *cs, const struct published *p, struct tally *t,
    size_t max_bytes, struct call *c, struct buf *out)
{
	struct builder b = {.ctx = ctx, .cs = cs, .pub = p, .tally = t, .call = c};
	size_t max = c->n, max_problems = c->n_problems;

	(void)buf_reserve(&b.shape_args.body, CHANGE_ROOM);
	(void)buf_reserve(&b.changes.body, CHANGE_ROOM);
	(void)buf_reserve(&b.values.body, CHANGE_ROOM);
	(void)buf_reserve(&b.text, CHANGE_ROOM);
	c->n_problems = 0;
	for (c->n = 0; c->n < max && c->first + c->n < cs->n && !is_full(&b, max_bytes); c->n++)
		add_change(&b, &cs->changes[c->first + c->n], c->base + c->n + 1);
	/* Problems only when all changes are in: the revision that their events name is the set's last. */
	if (c->first + c->n == cs->n) {
		size_t i = c->first_problem;

		for (; c->n_problems < max_problems && i < cs->n_problems && !is_full(&b, max_bytes); i++) {
			add_problem(&b, &cs->problems[i], i);
			c->n_problems++;
		}
	}
	add_head(&b);
	finish(&b, out);
	builder_free(&b);
}
