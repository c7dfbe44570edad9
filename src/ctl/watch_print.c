#include "ctl/watch_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "ctl/json.h"

void
event_parse(struct event *ev, const char *text, size_t n)
{
	*ev = (struct event){.text = text, .n = n};
	ev->root = ctl_json_parse(text, n, &ev->document);
	if (ev->root != NULL) {
		const struct value *data = value_get(ev->root, "data");

		ev->generation = ctl_json_text(data, "generation");
		ev->type = ctl_json_text(data, "type");
	}
}

void
event_free(struct event *ev)
{
	document_free(ev->document);
}

/* What a line tells; all but rev may be NULL. */
struct line {
	const char *op, *key, *version, *path, *from;
	uint64_t rev;
};

static void
line_print(const struct out *o, struct buf *b, const struct line *l)
{
	bool created = l->op != NULL && strcmp(l->op, "created") == 0;
	bool deleted = l->op != NULL && strcmp(l->op, "deleted") == 0;

	out_add(o, b, created ? STYLE_GREEN : deleted ? STYLE_RED : STYLE_YELLOW, created ? "+" : deleted ? "-" : "~");
	buf_addch(b, ' ');
	out_add(o, b, STYLE_BOLD, l->key != NULL ? l->key : "?");
	if (l->version != NULL) {
		buf_addstr(b, "  ");
		out_add(o, b, STYLE_PLAIN, l->version);
	}
	buf_addf(b, "  rev %" PRIu64, l->rev);
	if (l->path != NULL) {
		buf_addstr(b, "  ");
		out_add(o, b, STYLE_DIM, l->path);
	}
	if (l->from != NULL) {
		buf_addstr(b, "  (was ");
		out_add(o, b, STYLE_PLAIN, l->from);
		buf_addch(b, ')');
	}
	buf_addch(b, '\n');
}

void
watch_print_event(const struct out *o, struct buf *b, const struct event *ev, uint64_t rev)
{
	const struct value *data = ev->root != NULL ? value_get(ev->root, "data") : NULL;
	const struct line l = {
	    .op = ctl_json_text(data, "op"),
	    .key = ctl_json_text(ev->root, "subject"),
	    .version = ctl_json_text(data, "version"),
	    .path = ctl_json_text(data, "path"),
	    .from = ctl_json_text(data, "renamed_from"),
	    .rev = rev,
	};

	if (ev->root == NULL) {
		out_note("revision %" PRIu64 ": its event is no JSON", rev);
		return;
	}
	if (!o->json) {
		line_print(o, b, &l);
	} else if (memchr(ev->text, '\n', ev->n) == NULL) {
		out_json(o, b, ev->text, ev->n);
	} else {
		struct buf canonical = {0};

		value_canonical(ev->root, &canonical);
		out_json(o, b, buf_str(&canonical), canonical.n);
		buf_free(&canonical);
	}
}

static void
change_head(struct jsonw *w, const char *catalog, const struct snapshot *s, uint64_t rev, const char *type)
{
	char *id = mem_printf("%s.%" PRIu64, s->generation, rev), *source = mem_printf("/shelfd/%s", catalog);

	jsonw_object(w, NULL);
	jsonw_str(w, "specversion", "1.0");
	jsonw_str(w, "id", id);
	jsonw_str(w, "source", source);
	jsonw_str(w, "type", type);
	free(source);
	free(id);
}

static void
change_json(const struct out *o, struct buf *b, const char *catalog, const struct snapshot *s,
    const struct snapshot_change *ch, const char *op)
{
	const char *id = strchr(ch->key, '/');
	char *type = mem_printf("dev.shelfd.item.%s", op);
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	change_head(&w, catalog, s, ch->rev, type);
	jsonw_str(&w, "subject", ch->key);
	jsonw_str(&w, "datacontenttype", "application/json");
	jsonw_object(&w, "data");
	jsonw_str(&w, "generation", s->generation);
	jsonw_int(&w, "rev", (int64_t)ch->rev);
	jsonw_str(&w, "op", op);
	jsonw_strn(&w, "type", ch->key, id != NULL ? (size_t)(id - ch->key) : strlen(ch->key));
	jsonw_str(&w, "id", id != NULL ? id + 1 : "");
	jsonw_str_opt(&w, "path", ch->path);
	jsonw_str_opt(&w, "sha256", ch->sha256);
	jsonw_str_opt(&w, "bundle_sha256", ch->bundle_sha256);
	jsonw_str_opt(&w, "version", ch->version);
	jsonw_str_opt(&w, "commit", ch->commit);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	out_json(o, b, buf_str(&json), json.n);
	buf_free(&json);
	free(type);
}

void
watch_print_change(const struct out *o, struct buf *b, const char *catalog, const struct snapshot *s, bool all,
    const struct snapshot_change *ch)
{
	const char *op = ch->deleted ? "deleted" : ch->created || all ? "created" : "updated";
	const struct line l = {.op = op, .key = ch->key, .version = ch->version, .path = ch->path, .rev = ch->rev};

	if (o->json)
		change_json(o, b, catalog, s, ch, op);
	else
		line_print(o, b, &l);
}

void
watch_print_reset(const struct out *o, struct buf *b, const char *catalog, const struct snapshot *s)
{
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	change_head(&w, catalog, s, s->rev, "dev.shelfd.catalog.reset");
	jsonw_str(&w, "datacontenttype", "application/json");
	jsonw_object(&w, "data");
	jsonw_str(&w, "generation", s->generation);
	jsonw_int(&w, "rev", (int64_t)s->rev);
	jsonw_int(&w, "items", (int64_t)s->n);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	out_json(o, b, buf_str(&json), json.n);
	buf_free(&json);
}
