/* shelfctl ls and show: items as Redis has them. */
#include "ctl/items.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/store.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

/* How a field is written as JSON; those not named here are strings. */
enum field_kind { FIELD_STRING, FIELD_NUMBER, FIELD_JSON };

static const struct field {
	const char *name;
	enum field_kind kind;
} item_fields[] = {
    {"type", FIELD_STRING},
    {"id", FIELD_STRING},
    {"name", FIELD_STRING},
    {"version", FIELD_STRING},
    {"description", FIELD_STRING},
    {"source", FIELD_STRING},
    {"path", FIELD_STRING},
    {"state", FIELD_STRING},
    {"status", FIELD_STRING},
    {"owner", FIELD_STRING},
    {"tags", FIELD_JSON},
    {"dependencies", FIELD_JSON},
    {"size", FIELD_NUMBER},
    {"files", FIELD_NUMBER},
    {"sha256", FIELD_STRING},
    {"bundle_sha256", FIELD_STRING},
    {"metadata_sha256", FIELD_STRING},
    {"git_blob", FIELD_STRING},
    {"git_state", FIELD_STRING},
    {"commit", FIELD_STRING},
    {"rev", FIELD_NUMBER},
    {"created_rev", FIELD_NUMBER},
    {"created_at", FIELD_STRING},
    {"updated_at", FIELD_STRING},
    {"metadata", FIELD_JSON},
};
#define ITEM_FIELDS (sizeof item_fields / sizeof item_fields[0])

static bool
item_field_known(const char *name)
{
	for (size_t i = 0; i < ITEM_FIELDS; i++)
		if (strcmp(item_fields[i].name, name) == 0)
			return true;
	return false;
}

static void
item_json_field(struct jsonw *w, const struct field *f, const redisReply *v)
{
	if (f->kind == FIELD_STRING || v->len == 0 || (f->kind == FIELD_NUMBER && v->str[0] == '"'))
		jsonw_strn(w, f->name, v->str, v->len);
	else
		ctl_json_member(w, f->name, v->str, v->len);
}

static void
item_json(const struct out *o, struct buf *b, const redisReply *item)
{
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	for (size_t i = 0; i < ITEM_FIELDS; i++) {
		const redisReply *v = reply_get(item, item_fields[i].name);

		if (v != NULL)
			item_json_field(&w, &item_fields[i], v);
	}
	for (size_t i = 0; i + 1 < item->elements; i += 2) {
		const redisReply *name = item->element[i], *v = item->element[i + 1];

		if (name->type == REDIS_REPLY_STRING && v->type == REDIS_REPLY_STRING && !item_field_known(name->str))
			jsonw_strn(&w, name->str, v->str, v->len);
	}
	jsonw_object_end(&w);
	out_json(o, b, buf_str(&json), json.n);
	buf_free(&json);
}

struct listing {
	const struct out *out;
	struct buf b;
	struct table *table;
};

static void
ls_json(void *arg, const char *key, const redisReply *item)
{
	struct listing *l = arg;

	(void)key;
	item_json(l->out, &l->b, item);
	if (l->b.n > 64 * 1024)
		out_write(&l->b);
}

static enum style
state_style(const char *state)
{
	return state != NULL && strcmp(state, "stale") == 0 ? STYLE_YELLOW : STYLE_GREEN;
}

static enum style
git_style(const char *git)
{
	return git != NULL && strcmp(git, "committed") != 0 ? STYLE_CYAN : STYLE_PLAIN;
}

static void
ls_row(void *arg, const char *key, const redisReply *item)
{
	struct listing *l = arg;
	const char *state = reply_text(item, "state"), *git = reply_text(item, "git_state");
	const char *description = reply_text(item, "description");

	table_add(l->table, STYLE_PLAIN, key);
	table_add(l->table, STYLE_PLAIN, reply_text(item, "version"));
	table_add(l->table, state_style(state), state);
	table_add(l->table, git_style(git), git);
	table_add(l->table, STYLE_PLAIN, description != NULL ? description : reply_text(item, "name"));
}

static int
ls_print(struct ctl *c, struct store *r, const struct strings *keys, struct err *e)
{
	static const char *const headings[] = {"ITEM", "VERSION", "STATE", "GIT", "DESCRIPTION", NULL};
	static const char *const fields[] = {"version", "state", "git_state", "name", "description", NULL};
	struct listing l = {.out = &c->out};
	int rc;

	if (c->out.json) {
		rc = store_items(r, keys, NULL, ls_json, &l, e);
	} else {
		l.table = table_new(&c->out, headings);
		rc = store_items(r, keys, fields, ls_row, &l, e);
		if (rc == 0)
			table_print(l.table, &l.b);
		table_free(l.table);
	}
	out_write(&l.b);
	buf_free(&l.b);
	return rc;
}

/* Nothing to list is no failure, but should not look like one of ours either. */
static void
ls_nothing(struct store *r, const char *type)
{
	struct strings types = {0};
	struct err e;
	const char *near = NULL;

	if (type == NULL) {
		out_note("the catalog %s is empty", r->catalog);
		return;
	}
	if (store_types(r, &types, &e) == 0)
		near = text_nearest(type, strings_list(&types));
	if (near != NULL && strcmp(near, type) != 0)
		out_note("the catalog %s has no items of the type %s; did you mean %s?", r->catalog, type, near);
	else
		out_note("the catalog %s has no items of the type %s", r->catalog, type);
	strings_free(&types);
}

int
verb_ls(struct ctl *c, int argc, const char *const *argv)
{
	struct store r = {0};
	struct strings keys = {0};
	const char *type = argc > 0 ? argv[0] : NULL;
	struct err e;
	int rc = session_redis(c, &r.client);

	if (rc != CTL_OK)
		return rc;
	r.catalog = c->settings.catalog;
	if (store_keys(&r, type, &keys, &e) != 0)
		rc = session_redis_failed(c, &e);
	else if (keys.n == 0)
		ls_nothing(&r, type);
	else if (ls_print(c, &r, &keys, &e) != 0)
		rc = session_redis_failed(c, &e);
	strings_free(&keys);
	client_free(r.client);
	return rc;
}

/* Layout of show: names in one column, JSON values laid out below their name. */
static void
show_field(const struct out *o, struct buf *b, const char *name, const redisReply *v, enum field_kind kind)
{
	struct document *d = NULL;
	const struct value *json = kind == FIELD_JSON ? ctl_json_parse(v->str, v->len, &d) : NULL;

	buf_addstr(b, "  ");
	out_add(o, b, STYLE_BOLD, name);
	buf_addf(b, "%*s", strlen(name) < 17 ? (int)(17 - strlen(name)) : 1, "");
	if (json != NULL)
		ctl_json_pretty(json, 2, b);
	else
		out_addn(o, b, STYLE_PLAIN, v->str, v->len);
	buf_addch(b, '\n');
	document_free(d);
}

static void
show_text(const struct out *o, struct buf *b, const char *key, const redisReply *item)
{
	out_add(o, b, STYLE_BOLD, key);
	buf_addch(b, '\n');
	for (size_t i = 0; i < ITEM_FIELDS; i++) {
		const redisReply *v = reply_get(item, item_fields[i].name);

		if (v != NULL)
			show_field(o, b, item_fields[i].name, v, item_fields[i].kind);
	}
	for (size_t i = 0; i + 1 < item->elements; i += 2) {
		const redisReply *name = item->element[i], *v = item->element[i + 1];

		if (name->type == REDIS_REPLY_STRING && v->type == REDIS_REPLY_STRING && !item_field_known(name->str))
			show_field(o, b, name->str, v, FIELD_STRING);
	}
}

/* An item whose id is the word, else the one whose name is near. */
static const char *
items_near(struct strings *keys, const char *word)
{
	for (size_t i = 0; i < keys->n; i++) {
		const char *id = strchr(keys->v[i], '/');

		if (id != NULL && strcmp(id + 1, word) == 0)
			return keys->v[i];
	}
	return text_nearest(word, strings_list(keys));
}

int
items_unknown(struct ctl *c, struct store *r, const char *word)
{
	struct strings keys = {0};
	const char *near;
	struct err e;

	if (store_keys(r, NULL, &keys, &e) != 0) {
		strings_free(&keys);
		return session_redis_failed(c, &e);
	}
	near = items_near(&keys, word);
	if (near != NULL)
		out_say("the catalog %s has no item %s; did you mean %s?", r->catalog, word, near);
	else
		out_say("the catalog %s has no item %s; \"shelfctl ls\" lists them", r->catalog, word);
	strings_free(&keys);
	return CTL_FAILURE;
}

int
verb_show(struct ctl *c, int argc, const char *const *argv)
{
	struct store r = {0};
	struct buf b = {0};
	redisReply *item;
	char *suffix;
	struct err e;
	int rc = session_redis(c, &r.client);

	(void)argc;
	if (rc != CTL_OK)
		return rc;
	r.catalog = c->settings.catalog;
	suffix = mem_printf("item:%s", argv[0]);
	item = store_hash(&r, suffix, &e);
	if (item == NULL)
		rc = session_redis_failed(c, &e);
	else if (item->elements == 0)
		rc = items_unknown(c, &r, argv[0]);
	else if (c->out.json)
		item_json(&c->out, &b, item);
	else
		show_text(&c->out, &b, argv[0], item);
	out_write(&b);
	buf_free(&b);
	freeReplyObject(item);
	free(suffix);
	client_free(r.client);
	return rc;
}
