#include "redis/call.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "redis/keys.h"
#include "redis/resp.h"

/* The changes of one type within a call. */
struct group {
	char *type;
	uint64_t rev; /* of the type's last change so far */
	bool new; /* no change of this type in this generation yet: an index that exists is a leftover */
	struct resp put, gone;
};

/* The lists of the script's arguments, see apply.lua. */
struct lists {
	struct resp drop, there, alive, dead, events, items, history, put, gone, notes, head, head_gone;
	struct resp one; /* for the list of one item */
	size_t n_items, n_history;
	size_t created, deleted;
	struct group *groups;
	size_t n_groups;
	struct buf text, key;
};

struct builder {
	const struct call_context *ctx;
	const struct changeset *cs;
	const struct published *pub;
	struct call *call;
	char *prefix;
	struct lists l;
};

static struct group *
find_group(struct builder *b, const char *key, size_t type_len)
{
	struct lists *l = &b->l;
	struct group *g;

	for (size_t i = 0; i < l->n_groups; i++) {
		g = &l->groups[i];
		if (strncmp(g->type, key, type_len) == 0 && g->type[type_len] == '\0')
			return g;
	}
	l->groups = mem_realloc(l->groups, l->n_groups + 1, sizeof *l->groups);
	g = &l->groups[l->n_groups++];
	*g = (struct group){.type = mem_strndup(key, type_len)};
	g->rev = published_type_rev(b->pub, g->type);
	g->new = g->rev == 0;
	return g;
}

static const char *
full_key(struct builder *b, const char *kind, const char *key)
{
	buf_clear(&b->l.key);
	buf_addstr(&b->l.key, b->prefix);
	buf_addstr(&b->l.key, kind);
	buf_addstr(&b->l.key, key);
	return b->l.key.p;
}

static void
add_stream_id(struct resp *r, uint64_t rev)
{
	char id[32];
	int n = snprintf(id, sizeof id, "%" PRIu64 "-0", rev);

	resp_add(r, id, (size_t)n);
}

static void
add_event(struct builder *b, const struct change *ch, const struct group *g, uint64_t rev, bool last)
{
	const struct event_context ec = {
	    .catalog = b->ctx->catalog,
	    .generation = b->ctx->generation,
	    .rev = rev,
	    .type_rev_before = g->rev,
	    .batch = b->ctx->batch,
	    .batch_last = last,
	    .commit = b->ctx->commit,
	    .time = b->call->time,
	};

	add_stream_id(&b->l.events, rev);
	resp_str(&b->l.events, full_key(b, "events:", g->type));
	buf_clear(&b->l.text);
	change_event(ch, &ec, &b->l.text);
	resp_add(&b->l.events, b->l.text.p, b->l.text.n);
}

static void
add_face(struct resp *r, const struct face *f)
{
	resp_field(r, "source", f->source);
	resp_field(r, "path", f->path);
	resp_field_hex(r, "sha256", f->sha256, SHA256_SIZE);
	resp_field_hex(r, "bundle_sha256", f->bundle_sha256, SHA256_SIZE);
	resp_field_hex(r, "metadata_sha256", f->metadata_sha256, SHA256_SIZE);
	resp_field(r, "status", f->status);
	if (f->has_git_blob)
		resp_field_hex(r, "git_blob", f->git_blob, GIT_ID_SIZE);
	if (f->git_state != GIT_STATE_NONE)
		resp_field(r, "git_state", git_state_word(f->git_state));
}

static void
add_item(struct builder *b, const struct change *ch, const struct group *g, uint64_t rev)
{
	bool created = ch->op == OP_CREATED;
	struct resp *one = &b->l.one;

	resp_clear(one);
	resp_str(one, full_key(b, "item:", ch->key));
	resp_field(one, "state", ch->after.stale ? "stale" : "ok");
	resp_field_num(one, "rev", rev);
	resp_field(one, "updated_at", b->call->time);
	resp_field(one, "commit", b->ctx->commit);
	if (!ch->patch) {
		const struct manifest *m = ch->item->manifest;

		resp_field(one, "type", g->type);
		resp_field(one, "id", ch->key + strlen(g->type) + 1);
		resp_field(one, "name", m->name);
		resp_field(one, "version", m->version);
		resp_field(one, "description", m->description);
		add_face(one, &ch->item->face);
		resp_field_num(one, "size", m->size);
		resp_field_num(one, "files", ch->item->files);
		resp_field(one, "metadata", m->metadata);
		resp_field(one, "dependencies", m->dependencies);
		resp_field(one, "tags", m->tags);
		resp_field(one, "owner", m->owner);
		resp_field_num(one, "created_rev", created ? rev : ch->created_rev);
		resp_field(one, "created_at", created ? b->call->time : ch->created_at);
	}
	resp_list(&b->l.items, one);
	b->l.n_items++;
}

static void
add_history(struct builder *b, const struct change *ch, uint64_t rev)
{
	struct resp *one = &b->l.one;

	resp_clear(one);
	resp_str(one, full_key(b, "history:", ch->key));
	add_stream_id(one, rev);
	resp_field(one, "op", op_word(ch->op));
	resp_field(one, "time", b->call->time);
	resp_field(one, "commit", b->ctx->commit);
	if (ch->op != OP_DELETED) {
		resp_field(one, "state", ch->after.stale ? "stale" : "ok");
		resp_field(one, "version", ch->after.version);
		resp_field_hex(one, "sha256", ch->after.sha256, SHA256_SIZE);
		resp_field_hex(one, "bundle_sha256", ch->after.bundle_sha256, SHA256_SIZE);
		resp_field_hex(one, "metadata_sha256", ch->after.metadata_sha256, SHA256_SIZE);
	}
	resp_list(&b->l.history, one);
	b->l.n_history++;
}

static void
add_change(struct builder *b, const struct change *ch, uint64_t rev, bool last)
{
	size_t type_len = strcspn(ch->key, "/");
	struct group *g = find_group(b, ch->key, type_len);
	const char *id = ch->key + type_len + 1;

	assert(ch->key[type_len] == '/');
	add_event(b, ch, g, rev, last);
	add_history(b, ch, rev);
	resp_str(ch->patch ? &b->l.there : &b->l.drop, full_key(b, "item:", ch->key));
	if (ch->op == OP_DELETED) {
		resp_str(&g->gone, id);
		resp_num(&b->l.dead, rev);
		resp_str(&b->l.dead, ch->key);
		b->l.deleted++;
	} else {
		resp_num(&g->put, rev);
		resp_str(&g->put, id);
		add_item(b, ch, g, rev);
	}
	if (ch->op == OP_CREATED) {
		resp_str(&b->l.alive, ch->key);
		b->l.created++;
	}
	g->rev = rev;
}

static void
add_problem(struct builder *b, const struct problem_change *pc, size_t number)
{
	uint64_t rev = b->call->base + b->call->n;
	struct buf *data = &b->l.text, event = {0};
	struct jsonw w;
	char *id;

	if (pc->json != NULL)
		resp_field(&b->l.put, pc->path, pc->json);
	else
		resp_str(&b->l.gone, pc->path);
	buf_clear(data);
	jsonw_init(&w, data);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "generation", b->ctx->generation);
	jsonw_int(&w, "rev", (int64_t)rev);
	jsonw_str(&w, "path", pc->path);
	jsonw_bool(&w, "present", pc->json != NULL);
	jsonw_object_end(&w);
	id = mem_printf("%s.%s.%zu", b->ctx->generation, b->ctx->batch, number);
	control_event("dev.shelfd.problems.changed", b->ctx->catalog, id, b->call->time, data->p, &event);
	resp_add(&b->l.notes, event.p, event.n);
	buf_free(&event);
	free(id);
}

static size_t
lists_bytes(const struct lists *l)
{
	return l->events.body.n + l->items.body.n + l->history.body.n + l->put.body.n + l->notes.body.n;
}

static void
add_head(struct builder *b)
{
	struct lists *l = &b->l;
	size_t items = published_items(b->pub) + l->created - l->deleted;

	resp_field_num(&l->head, "items", items);
	resp_field(&l->head, "commit", b->ctx->commit);
	resp_field(&l->head, "branch", b->ctx->branch);
	if (b->ctx->commit == NULL)
		resp_str(&l->head_gone, "commit");
	if (b->ctx->branch == NULL)
		resp_str(&l->head_gone, "branch");
	for (size_t i = 0; i < l->n_groups; i++) {
		char *field = mem_printf("type_rev:%s", l->groups[i].type);

		resp_field_num(&l->head, field, l->groups[i].rev);
		free(field);
	}
}

static void
add_groups(struct builder *b, struct resp *r)
{
	resp_num(r, b->l.n_groups);
	for (size_t i = 0; i < b->l.n_groups; i++) {
		const struct group *g = &b->l.groups[i];

		resp_str(r, full_key(b, "index:", g->type));
		resp_str(r, g->new ? "new" : "");
		resp_list(r, &g->put);
		resp_list(r, &g->gone);
	}
}

static void
finish(struct builder *b, struct buf *out)
{
	const struct call_context *ctx = b->ctx;
	struct lists *l = &b->l;
	struct resp r = {0};

	resp_str(&r, "EVALSHA");
	resp_str(&r, ctx->sha);
	resp_num(&r, 1);
	resp_str(&r, full_key(b, "head", ""));
	resp_str(&r, ctx->generation);
	resp_num(&r, ctx->epoch);
	resp_str(&r, ctx->owner);
	resp_str(&r, b->call->id);
	resp_num(&r, b->call->base);
	resp_num(&r, b->call->base + b->call->n);
	resp_list(&r, &l->drop);
	resp_list(&r, &l->there);
	resp_list(&r, &l->alive);
	resp_list(&r, &l->dead);
	add_groups(b, &r);
	resp_list(&r, &l->events);
	resp_num(&r, l->n_items);
	resp_join(&r, &l->items);
	resp_num(&r, l->n_history);
	resp_join(&r, &l->history);
	resp_list(&r, &l->put);
	resp_list(&r, &l->gone);
	resp_list(&r, &l->notes);
	resp_list(&r, &l->head);
	resp_list(&r, &l->head_gone);
	resp_finish(&r, out);
	resp_free(&r);
}

static void
builder_free(struct builder *b)
{
	struct lists *l = &b->l;
	struct resp *all[] = {&l->drop, &l->there, &l->alive, &l->dead, &l->events, &l->items, &l->history, &l->put,
	    &l->gone, &l->notes, &l->head, &l->head_gone, &l->one};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		resp_free(all[i]);
	for (size_t i = 0; i < l->n_groups; i++) {
		free(l->groups[i].type);
		resp_free(&l->groups[i].put);
		resp_free(&l->groups[i].gone);
	}
	free(l->groups);
	buf_free(&l->text);
	buf_free(&l->key);
	free(b->prefix);
}

void
call_build(const struct call_context *ctx, const struct changeset *cs, const struct published *p, size_t max_bytes,
    struct call *c, struct buf *out)
{
	struct builder b = {.ctx = ctx, .cs = cs, .pub = p, .call = c, .prefix = keys_make(ctx->catalog, "")};
	size_t max = c->n, max_problems = c->n_problems;

	for (c->n = 0; c->n < max && c->first + c->n < cs->n; c->n++) {
		if (c->n > 0 && lists_bytes(&b.l) >= max_bytes)
			break;
		add_change(&b, &cs->changes[c->first + c->n], c->base + c->n + 1, c->first + c->n + 1 == cs->n);
	}
	/* Problems only when all changes are in: the revision that their events name is the set's last. */
	c->n_problems = 0;
	while (c->first + c->n == cs->n && c->n_problems < max_problems &&
	    c->first_problem + c->n_problems < cs->n_problems) {
		size_t number = c->first_problem + c->n_problems;

		if (c->n + c->n_problems > 0 && lists_bytes(&b.l) >= max_bytes)
			break;
		add_problem(&b, &cs->problems[number], number);
		c->n_problems++;
	}
	add_head(&b);
	finish(&b, out);
	builder_free(&b);
}
