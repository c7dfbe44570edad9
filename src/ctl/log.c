/* shelfctl log: the comparisons of disk and catalog that shelfd recorded. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "ctl/json.h"
#include "ctl/stream.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

struct log_rows {
	const struct out *out;
	struct buf b;
	struct table *table;
};

static bool
log_is_number(const char *field)
{
	static const char *const numbers[] = {"created", "updated", "deleted", "unchanged", "errors", NULL};

	for (size_t i = 0; numbers[i] != NULL; i++)
		if (strcmp(numbers[i], field) == 0)
			return true;
	return false;
}

static void
log_json(void *arg, const char *id, const redisReply *fields)
{
	struct log_rows *l = arg;
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "id", id);
	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		const redisReply *name = fields->element[i], *v = fields->element[i + 1];

		if (name->type != REDIS_REPLY_STRING || v->type != REDIS_REPLY_STRING || strcmp(name->str, "id") == 0)
			continue;
		if (log_is_number(name->str))
			ctl_json_member(&w, name->str, v->str, v->len);
		else
			jsonw_strn(&w, name->str, v->str, v->len);
	}
	jsonw_object_end(&w);
	out_json(l->out, &l->b, buf_str(&json), json.n);
	buf_free(&json);
}

static const char *
log_or_zero(const redisReply *fields, const char *name)
{
	const char *text = reply_text(fields, name);

	return text != NULL ? text : "0";
}

static void
log_row(void *arg, const char *id, const redisReply *fields)
{
	struct log_rows *l = arg;
	const char *status = reply_text(fields, "status"), *errors = log_or_zero(fields, "errors");
	const char *commit = reply_text(fields, "commit");
	char *changes = mem_printf("+%s ~%s -%s", log_or_zero(fields, "created"), log_or_zero(fields, "updated"),
	    log_or_zero(fields, "deleted"));
	char *shown = commit != NULL ? mem_strndup(commit, strnlen(commit, 10)) : NULL;

	(void)id;
	table_add(l->table, STYLE_PLAIN, reply_text(fields, "finished"));
	table_add(l->table, STYLE_PLAIN, reply_text(fields, "trigger"));
	table_add(l->table, status != NULL && strcmp(status, "ok") == 0 ? STYLE_GREEN : STYLE_RED, status);
	table_add(l->table, STYLE_PLAIN, changes);
	table_add(l->table, STYLE_PLAIN, reply_text(fields, "unchanged"));
	table_add(l->table, strcmp(errors, "0") == 0 ? STYLE_PLAIN : STYLE_YELLOW, errors);
	table_add(l->table, STYLE_PLAIN, shown);
	table_add(l->table, STYLE_RED, reply_text(fields, "error"));
	free(shown);
	free(changes);
}

static int
log_print(struct ctl *c, struct store *r, uint64_t count)
{
	static const char *const headings[] = {
	    "FINISHED", "TRIGGER", "STATUS", "CHANGES", "UNCHANGED", "BROKEN", "COMMIT", "ERROR", NULL};
	struct log_rows l = {.out = &c->out, .table = table_new(&c->out, headings)};
	struct err e;
	size_t n = 0;
	int rc = CTL_OK;

	if (stream_newest(r, "syncs", count, c->out.json ? log_json : log_row, &l, &n, &e) != 0)
		rc = session_redis_failed(c, &e);
	else if (n == 0)
		out_note("no sync of the catalog %s is recorded", r->catalog);
	else if (!c->out.json)
		table_print(l.table, &l.b);
	out_write(&l.b);
	buf_free(&l.b);
	table_free(l.table);
	return rc;
}

int
verb_log(struct ctl *c, int argc, const char *const *argv)
{
	struct store r = {0};
	uint64_t count;
	int rc = stream_count(c, &count);

	(void)argc;
	(void)argv;
	if (rc == CTL_OK)
		rc = session_redis(c, &r.client);
	if (rc != CTL_OK)
		return rc;
	r.catalog = c->settings.catalog;
	rc = log_print(c, &r, count);
	client_free(r.client);
	return rc;
}
