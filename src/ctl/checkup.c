#include "ctl/checkup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WORD_COLUMNS 9
#define NAME_COLUMNS 14

void
checkup_free(struct checkup *cu)
{
	for (size_t i = 0; i < cu->n; i++) {
		free(cu->v[i].text);
		free(cu->v[i].hint);
	}
	free(cu->v);
	*cu = (struct checkup){0};
}

void
checkup_add(struct checkup *cu, const char *name, enum verdict verdict, const char *hint, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	if (cu->n == cu->cap) {
		cu->cap = cu->cap != 0 ? cu->cap * 2 : 16;
		cu->v = mem_realloc(cu->v, cu->cap, sizeof *cu->v);
	}
	cu->v[cu->n++] = (struct check){
	    .name = name,
	    .verdict = verdict,
	    .text = text,
	    .hint = mem_strdup_opt(hint),
	};
}

const char *
checkup_word(enum verdict verdict)
{
	static const char *const words[] = {
	    [VERDICT_OK] = "ok", [VERDICT_WARNING] = "warning", [VERDICT_FAILED] = "failed"};

	return words[verdict];
}

size_t
checkup_count(const struct checkup *cu, enum verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < cu->n; i++)
		n += cu->v[i].verdict == verdict;
	return n;
}

static void
text_cell(const struct out *o, struct buf *b, enum style style, const char *s, size_t columns)
{
	size_t n = strlen(s);

	out_add(o, b, style, s);
	buf_addf(b, "%*s", n < columns ? (int)(columns - n) : 1, "");
}

void
checkup_text(const struct checkup *cu, const struct out *o, struct buf *b)
{
	static const enum style styles[] = {
	    [VERDICT_OK] = STYLE_GREEN, [VERDICT_WARNING] = STYLE_YELLOW, [VERDICT_FAILED] = STYLE_RED};

	for (size_t i = 0; i < cu->n; i++) {
		const struct check *c = &cu->v[i];

		text_cell(o, b, styles[c->verdict], checkup_word(c->verdict), WORD_COLUMNS);
		text_cell(o, b, STYLE_BOLD, c->name, NAME_COLUMNS);
		out_add(o, b, STYLE_PLAIN, c->text);
		buf_addch(b, '\n');
		if (c->hint == NULL)
			continue;
		buf_addf(b, "%*s", WORD_COLUMNS + NAME_COLUMNS, "");
		out_add(o, b, STYLE_PLAIN, c->hint);
		buf_addch(b, '\n');
	}
}

void
checkup_json(const struct checkup *cu, struct jsonw *w)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "failed", (int64_t)checkup_count(cu, VERDICT_FAILED));
	jsonw_int(w, "warnings", (int64_t)checkup_count(cu, VERDICT_WARNING));
	jsonw_array(w, "checks");
	for (size_t i = 0; i < cu->n; i++) {
		const struct check *c = &cu->v[i];

		jsonw_object(w, NULL);
		jsonw_str(w, "name", c->name);
		jsonw_str(w, "status", checkup_word(c->verdict));
		jsonw_str(w, "text", c->text);
		jsonw_str_opt(w, "hint", c->hint);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}
