/* shelfctl explain: the table of problem codes. */
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/session.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "manifest/codes.h"

#include <stdlib.h>

static void
explain_json(const struct out *o, struct buf *b, const struct code *row)
{
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "code", row->code);
	jsonw_str(&w, "lenient", severity_word(row->lenient));
	jsonw_str(&w, "strict", severity_word(row->strict));
	jsonw_str(&w, "title", row->title);
	jsonw_str(&w, "text", row->text);
	jsonw_str_opt(&w, "file", row->path);
	jsonw_str(&w, "wrong", row->wrong);
	jsonw_str(&w, "right", row->right);
	jsonw_object_end(&w);
	out_json(o, b, buf_str(&json), json.n);
	buf_free(&json);
}

static enum style
explain_style(enum severity s)
{
	return s == SEVERITY_ERROR ? STYLE_RED : s == SEVERITY_WARNING ? STYLE_YELLOW : STYLE_CYAN;
}

static void
explain_all(const struct out *o, struct buf *b)
{
	static const char *const headings[] = {"CODE", "LENIENT", "STRICT", "TITLE", NULL};
	struct table *t = table_new(o, headings);
	size_t n;
	const struct code *rows = code_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (o->json) {
			explain_json(o, b, &rows[i]);
			continue;
		}
		table_add(t, STYLE_PLAIN, rows[i].code);
		table_add(t, explain_style(rows[i].lenient), severity_word(rows[i].lenient));
		table_add(t, explain_style(rows[i].strict), severity_word(rows[i].strict));
		table_add(t, STYLE_PLAIN, rows[i].title);
	}
	if (!o->json)
		table_print(t, b);
	table_free(t);
}

/* Words in lines of at most 78 columns, as the terminal of a person may be any. */
static void
explain_paragraph(const struct out *o, struct buf *b, const char *text)
{
	size_t limit = o->width != 0 && o->width < 80 ? o->width : 80, used = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " \n"), columns;
		char *word = mem_strndup(text, len);

		columns = out_columns(word);
		if (used > 0 && used + 1 + columns > limit) {
			buf_addch(b, '\n');
			used = 0;
		}
		if (used > 0) {
			buf_addch(b, ' ');
			used++;
		}
		out_add(o, b, STYLE_PLAIN, word);
		used += columns;
		free(word);
		text += len;
		text += strspn(text, " \n");
	}
	buf_addch(b, '\n');
}

static void
explain_example(
    const struct out *o, struct buf *b, const char *title, enum style style, const char *path, const char *example)
{
	buf_addch(b, '\n');
	out_add(o, b, style, title);
	if (path != NULL)
		buf_addf(b, ", in %s:\n", path);
	else
		buf_addstr(b, ", made by these commands:\n");
	while (*example != '\0') {
		size_t len = strcspn(example, "\n");

		buf_addstr(b, "    ");
		out_addn(o, b, STYLE_PLAIN, example, len);
		buf_addch(b, '\n');
		example += len;
		example += *example == '\n';
	}
}

static void
explain_text(const struct out *o, struct buf *b, const struct code *row)
{
	out_add(o, b, STYLE_BOLD, row->code);
	buf_addstr(b, ": ");
	out_add(o, b, STYLE_PLAIN, row->title);
	buf_addf(b, "\n%s in the lenient profile, %s in the strict one\n\n", severity_word(row->lenient),
	    severity_word(row->strict));
	explain_paragraph(o, b, row->text);
	explain_example(o, b, "wrong", STYLE_RED, row->path, row->wrong);
	explain_example(o, b, "right", STYLE_GREEN, row->path, row->right);
}

static int
explain_unknown(const char *word)
{
	const char *near = code_nearest(word);

	if (near != NULL)
		out_say("no code is called %s; did you mean %s?", word, near);
	else
		out_say("no code is called %s; \"shelfctl explain\" lists them", word);
	return CTL_FAILURE;
}

int
verb_explain(struct ctl *c, int argc, const char *const *argv)
{
	struct buf b = {0};
	const struct code *row;

	if (argc == 0) {
		explain_all(&c->out, &b);
	} else {
		row = code_find(argv[0]);
		if (row == NULL)
			return explain_unknown(argv[0]);
		if (c->out.json)
			explain_json(&c->out, &b, row);
		else
			explain_text(&c->out, &b, row);
	}
	out_write(&b);
	buf_free(&b);
	return CTL_OK;
}
