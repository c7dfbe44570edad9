#include "ctl/findings.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "ctl/json.h"

void
finding_of_problem(struct finding *f, const char *file, const char *path, const struct problem *p)
{
	*f = (struct finding){
	    .file = file,
	    .path = path,
	    .severity = severity_word(p->severity),
	    .line = p->line,
	    .column = p->column,
	    .code = p->code,
	    .pointer = p->pointer,
	    .message = p->message,
	    .hint = p->hint,
	};
}

static int
finding_number(const struct value *v, const char *key)
{
	const struct value *m = value_get(v, key);

	if (m == NULL || m->type != VALUE_INT || m->integer < 0 || m->integer > INT32_MAX)
		return 0;
	return (int)m->integer;
}

bool
finding_of_value(struct finding *f, const char *file, const char *path, const struct value *v)
{
	const char *severity = ctl_json_text(v, "severity"), *message = ctl_json_text(v, "message");
	const char *code = ctl_json_text(v, "code");

	if (severity == NULL || message == NULL || code == NULL)
		return false;
	*f = (struct finding){
	    .file = file,
	    .path = path,
	    .severity = severity,
	    .line = finding_number(v, "line"),
	    .column = finding_number(v, "column"),
	    .code = code,
	    .pointer = ctl_json_text(v, "pointer"),
	    .message = message,
	    .hint = ctl_json_text(v, "hint"),
	};
	return true;
}

enum style
finding_style(const char *severity)
{
	if (strcmp(severity, "error") == 0)
		return STYLE_RED;
	return strcmp(severity, "warning") == 0 ? STYLE_YELLOW : STYLE_CYAN;
}

void
finding_text(const struct out *o, struct buf *b, const struct finding *f)
{
	out_add(o, b, STYLE_BOLD, f->file);
	if (f->line > 0)
		buf_addf(b, ":%d:%d", f->line, f->column);
	buf_addstr(b, ": ");
	out_add(o, b, finding_style(f->severity), f->severity);
	buf_addstr(b, ": ");
	out_add(o, b, STYLE_PLAIN, f->message);
	if (f->hint != NULL) {
		buf_addstr(b, "; ");
		out_add(o, b, STYLE_PLAIN, f->hint);
	}
	buf_addstr(b, " [");
	out_add(o, b, STYLE_DIM, f->code);
	buf_addstr(b, "]\n");
}

void
finding_json(const struct out *o, struct buf *b, const struct finding *f)
{
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "path", f->path);
	if (strcmp(f->file, f->path) != 0)
		jsonw_str(&w, "file", f->file);
	jsonw_str(&w, "code", f->code);
	jsonw_str(&w, "severity", f->severity);
	if (f->line > 0) {
		jsonw_int(&w, "line", f->line);
		jsonw_int(&w, "column", f->column);
	}
	jsonw_str_opt(&w, "pointer", f->pointer);
	jsonw_str(&w, "message", f->message);
	jsonw_str_opt(&w, "hint", f->hint);
	jsonw_object_end(&w);
	out_json(o, b, buf_str(&json), json.n);
	buf_free(&json);
}

void
finding_print(const struct out *o, struct buf *b, const struct finding *f)
{
	if (o->json)
		finding_json(o, b, f);
	else
		finding_text(o, b, f);
}

void
tally_add(struct tally *t, const char *severity)
{
	if (strcmp(severity, "error") == 0)
		t->errors++;
	else if (strcmp(severity, "warning") == 0)
		t->warnings++;
	else
		t->notes++;
}

static void
tally_part(struct buf *b, size_t n, const char *word, bool always)
{
	if (n == 0 && !always)
		return;
	buf_addf(b, "%s%zu %s%s", b->n > 0 ? ", " : "", n, word, n == 1 ? "" : "s");
}

void
tally_text(const struct tally *t, struct buf *b)
{
	struct buf text = {0};

	tally_part(&text, t->errors, "error", true);
	tally_part(&text, t->warnings, "warning", true);
	tally_part(&text, t->notes, "note", false);
	buf_addstr(b, buf_str(&text));
	buf_free(&text);
}
