/* shelfctl history: the versions of one item, or the last changes of all. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "ctl/items.h"
#include "ctl/json.h"
#include "ctl/stream.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

/* What a change can tell beside its revision, in the order of the output; all but op are absent where it does not. */
enum part {
	PART_OP,
	PART_TYPE,
	PART_ID,
	PART_TIME,
	PART_STATE,
	PART_VERSION,
	PART_SHA256,
	PART_BEFORE,
	PART_BUNDLE,
	PART_METADATA,
	PART_PATH,
	PART_FROM,
	PART_COMMIT,
	PARTS
};

static const char *const part_names[PARTS] = {
    [PART_OP] = "op",
    [PART_TYPE] = "type",
    [PART_ID] = "id",
    [PART_TIME] = "time",
    [PART_STATE] = "state",
    [PART_VERSION] = "version",
    [PART_SHA256] = "sha256",
    [PART_BEFORE] = "sha256_before",
    [PART_BUNDLE] = "bundle_sha256",
    [PART_METADATA] = "metadata_sha256",
    [PART_PATH] = "path",
    [PART_FROM] = "renamed_from",
    [PART_COMMIT] = "commit",
};

struct history {
	const struct out *out;
	const char *key; /* of the item; NULL: all */
	struct buf b;
	struct table *table;
};

static enum style
history_style(const char *op)
{
	if (op == NULL)
		return STYLE_PLAIN;
	return strcmp(op, "created") == 0 ? STYLE_GREEN : strcmp(op, "deleted") == 0 ? STYLE_RED : STYLE_YELLOW;
}

static void
history_json(struct history *h, const char *rev, const char *const *parts)
{
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_int(&w, "rev", strtoll(rev, NULL, 10));
	for (int i = 0; i < PARTS; i++)
		jsonw_str_opt(&w, part_names[i], parts[i]);
	jsonw_object_end(&w);
	out_json(h->out, &h->b, buf_str(&json), json.n);
	buf_free(&json);
}

static void
history_cut(struct history *h, const char *text, size_t n)
{
	char *cut = text != NULL ? mem_strndup(text, strnlen(text, n)) : NULL;

	table_add(h->table, STYLE_PLAIN, cut);
	free(cut);
}

static void
history_tell(struct history *h, const char *id, const char *const *parts)
{
	char *rev = mem_strndup(id, strcspn(id, "-"));

	if (h->out->json) {
		history_json(h, rev, parts);
	} else {
		table_add(h->table, STYLE_PLAIN, rev);
		table_add(h->table, STYLE_PLAIN, parts[PART_TIME]);
		table_add(h->table, history_style(parts[PART_OP]), parts[PART_OP]);
		if (h->key == NULL) {
			char *key = mem_printf("%s/%s", parts[PART_TYPE], parts[PART_ID]);

			table_add(h->table, STYLE_BOLD, key);
			free(key);
		} else {
			table_add(h->table, STYLE_PLAIN, parts[PART_STATE]);
		}
		table_add(h->table, STYLE_PLAIN, parts[PART_VERSION]);
		history_cut(h, parts[PART_BUNDLE], 12);
		history_cut(h, parts[PART_COMMIT], 10);
	}
	free(rev);
}

/* A record of the item's own stream. */
static void
history_version(void *arg, const char *id, const redisReply *fields)
{
	struct history *h = arg;
	const char *slash = strchr(h->key, '/'), *parts[PARTS];
	char *type = mem_strndup(h->key, slash != NULL ? (size_t)(slash - h->key) : strlen(h->key));

	for (int i = 0; i < PARTS; i++)
		parts[i] = reply_text(fields, part_names[i]);
	parts[PART_TYPE] = type;
	parts[PART_ID] = slash != NULL ? slash + 1 : "";
	history_tell(h, id, parts);
	free(type);
}

/* An entry of the stream of changes. */
static void
history_change(void *arg, const char *id, const redisReply *fields)
{
	struct history *h = arg;
	const redisReply *text = reply_get(fields, "event");
	struct document *d = NULL;
	const struct value *event = text != NULL ? ctl_json_parse(text->str, text->len, &d) : NULL;
	const struct value *data = event != NULL ? value_get(event, "data") : NULL;
	const char *parts[PARTS];

	for (int i = 0; i < PARTS; i++)
		parts[i] = ctl_json_text(data, part_names[i]);
	parts[PART_TIME] = ctl_json_text(event, "time");
	if (parts[PART_TYPE] != NULL && parts[PART_ID] != NULL)
		history_tell(h, id, parts);
	document_free(d);
}

static int
history_print(struct ctl *c, struct store *r, const char *key, uint64_t count)
{
	static const char *const of_item[] = {"REV", "TIME", "CHANGE", "STATE", "VERSION", "BUNDLE", "COMMIT", NULL};
	static const char *const of_all[] = {"REV", "TIME", "CHANGE", "ITEM", "VERSION", "BUNDLE", "COMMIT", NULL};
	struct history h = {.out = &c->out, .key = key, .table = table_new(&c->out, key != NULL ? of_item : of_all)};
	char *suffix = key != NULL ? mem_printf("history:%s", key) : mem_strdup("changes");
	struct err e;
	size_t n = 0;
	int rc = CTL_OK;

	if (stream_newest(r, suffix, count, key != NULL ? history_version : history_change, &h, &n, &e) != 0)
		rc = session_redis_failed(c, &e);
	else if (n == 0 && key != NULL)
		rc = items_unknown(c, r, key);
	else if (n == 0)
		out_note("the catalog %s has no changes", r->catalog);
	else if (!c->out.json)
		table_print(h.table, &h.b);
	out_write(&h.b);
	buf_free(&h.b);
	table_free(h.table);
	free(suffix);
	return rc;
}

int
verb_history(struct ctl *c, int argc, const char *const *argv)
{
	struct store r = {0};
	uint64_t count;
	int rc = stream_count(c, &count);

	if (rc == CTL_OK)
		rc = session_redis(c, &r.client);
	if (rc != CTL_OK)
		return rc;
	r.catalog = c->settings.catalog;
	rc = history_print(c, &r, argc > 0 ? argv[0] : NULL, count);
	client_free(r.client);
	return rc;
}
