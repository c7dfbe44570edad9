#include "redis/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "base/text.h"
#include "redis/keys.h"
#include "redis/resp.h"

/* More than there are fields that many changes have in common. */
#define SHARED_MAX 8

/* The value that the first change with this field has. Borrowed, both. */
struct shared {
	const char *name, *value;
};

struct builder {
	const struct call_context *ctx;
	const struct changeset *cs;
	const struct published *pub;
	struct tally *tally;
	struct call *call;
	/* The parts of the script's arguments, see apply.lua. */
	struct resp changes, put, gone, notes, head, head_gone;
	struct resp shapes;
	char **shape_texts; /* as many */
	struct shared shared[SHARED_MAX];
	size_t n_shared;
	/* Of one change: the names of its fields, how many there are and how many of them are the history's too; the values. */
	struct buf names;
	size_t n_names, n_history;
	struct resp values;
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

static void
field_name(struct builder *b, const char *mark, const char *name)
{
	buf_addstr(&b->names, mark);
	buf_addstr(&b->names, name);
	b->n_names++;
}

static void
field(struct builder *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	field_name(b, " ", name);
	resp_str(&b->values, value);
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
		field_name(b, " =", name);
	else
		field(b, name, value);
}

static void
field_slice(struct builder *b, const char *name, struct slice value)
{
	if (value.p == NULL)
		return;
	field_name(b, " ", name);
	resp_add(&b->values, value.p, value.n);
}

static void
field_num(struct builder *b, const char *name, uint64_t value)
{
	char digits[TEXT_DIGITS + 1];

	digits[text_digits(value, digits)] = '\0';
	field(b, name, digits);
}

static void
field_hex(struct builder *b, const char *name, const void *p, size_t n)
{
	field_name(b, " ", name);
	resp_hex(&b->values, p, n);
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
	b->n_history = b->n_names;
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

/* The place of the shape that is in text among those of the call, where it is added if it is new. */
static size_t
shape_place(struct builder *b)
{
	for (size_t i = 0; i < b->shapes.argc; i++)
		if (strcmp(b->shape_texts[i], b->text.p) == 0)
			return i;
	b->shape_texts = mem_realloc(b->shape_texts, b->shapes.argc + 1, sizeof *b->shape_texts);
	b->shape_texts[b->shapes.argc] = mem_strdup(b->text.p);
	resp_add(&b->shapes, b->text.p, b->text.n);
	return b->shapes.argc - 1;
}

/* "created skill 6 =state version ...", see apply.lua. */
static void
add_shape(struct builder *b, const struct change *ch, const char *type)
{
	buf_clear(&b->text);
	buf_addf(&b->text, "%s %s %zu", ch->patch ? "patched" : op_word(ch->op), type, b->n_history);
	buf_add(&b->text, b->names.p, b->names.n);
	resp_num(&b->changes, shape_place(b));
}

static void
add_change(struct builder *b, const struct change *ch, uint64_t rev)
{
	size_t type_len = strcspn(ch->key, "/");
	char *type = mem_strndup(ch->key, type_len);
	uint64_t *last = tally_rev(b->tally, b->pub, type);

	assert(ch->key[type_len] == '/');
	buf_clear(&b->names);
	b->n_names = 0;
	resp_clear(&b->values);
	add_version(b, ch);
	if (ch->item != NULL)
		add_item(b, ch);
	add_shape(b, ch, type);
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
	return b->shapes.body.n + b->changes.body.n + b->put.body.n + b->notes.body.n >= max_bytes;
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
	struct resp r = {0};

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
	resp_num(&r, 2 * b->n_shared);
	for (size_t i = 0; i < b->n_shared; i++)
		resp_field(&r, b->shared[i].name, b->shared[i].value);
	resp_list(&r, &b->shapes);
	resp_join(&r, &b->changes);
	resp_list(&r, &b->put);
	resp_list(&r, &b->gone);
	resp_list(&r, &b->notes);
	resp_list(&r, &b->head);
	resp_list(&r, &b->head_gone);
	resp_finish(&r, out);
	resp_free(&r);
	free(head);
}

static void
builder_free(struct builder *b)
{
	struct resp *parts[] = {
	    &b->shapes, &b->changes, &b->put, &b->gone, &b->notes, &b->head, &b->head_gone, &b->values};

	for (size_t i = 0; i < b->shapes.argc; i++)
		free(b->shape_texts[i]);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		resp_free(parts[i]);
	free(b->shape_texts);
	buf_free(&b->names);
	buf_free(&b->text);
}

void
call_build(const struct call_context *ctx, const struct changeset *cs, const struct published *p, struct tally *t,
    size_t max_bytes, struct call *c, struct buf *out)
{
	struct builder b = {.ctx = ctx, .cs = cs, .pub = p, .tally = t, .call = c};
	size_t max = c->n, max_problems = c->n_problems;

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
