#include "ctl/json.h"

#include <string.h>

#include "base/text.h"
#include "manifest/json.h"

const struct value *
ctl_json_parse(const char *s, size_t n, struct document **ret_doc)
{
	struct problems ps = {0};
	struct document *d;
	const struct value *v;

	if (utf8_valid_prefix(s, n) != n || memchr(s, '\0', n) != NULL)
		return NULL;
	d = document_new();
	v = json_parse(d, s, n, &ps);
	problems_free(&ps);
	if (v == NULL)
		document_free(d);
	else
		*ret_doc = d;
	return v;
}

static void
pretty_quote(struct buf *out, const char *s, size_t n)
{
	struct buf quoted = {0};
	size_t i = 0;

	jsonw_quote(&quoted, s, n);
	while (i < quoted.n) {
		uint32_t cp = 0;
		size_t len = utf8_decode(quoted.p + i, quoted.n - i, &cp);

		/* jsonw_quote leaves valid UTF-8 only. */
		if (text_printable(cp))
			buf_add(out, quoted.p + i, len);
		else
			buf_addf(out, "\\u%04x", cp);
		i += len;
	}
	buf_free(&quoted);
}

static void
pretty_line(struct buf *out, int margin)
{
	buf_addf(out, "\n%*s", margin, "");
}

void
ctl_json_pretty(const struct value *v, int margin, struct buf *out)
{
	switch (v->type) {
	case VALUE_STRING:
		pretty_quote(out, v->text, v->text_len);
		return;
	case VALUE_ARRAY:
		buf_addch(out, '[');
		for (size_t i = 0; i < v->array.len; i++) {
			if (i > 0)
				buf_addch(out, ',');
			pretty_line(out, margin + 2);
			ctl_json_pretty(v->array.items[i], margin + 2, out);
		}
		if (v->array.len > 0)
			pretty_line(out, margin);
		buf_addch(out, ']');
		return;
	case VALUE_OBJECT:
		buf_addch(out, '{');
		for (size_t i = 0; i < v->object.len; i++) {
			const struct member *m = &v->object.members[i];

			if (i > 0)
				buf_addch(out, ',');
			pretty_line(out, margin + 2);
			pretty_quote(out, m->key, m->key_len);
			buf_addstr(out, ": ");
			ctl_json_pretty(m->value, margin + 2, out);
		}
		if (v->object.len > 0)
			pretty_line(out, margin);
		buf_addch(out, '}');
		return;
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT:
		value_canonical(v, out);
		return;
	}
}

void
ctl_json_member(struct jsonw *w, const char *key, const char *text, size_t n)
{
	struct document *d = NULL;
	const struct value *v = ctl_json_parse(text, n, &d);
	struct buf canonical = {0};

	if (v == NULL) {
		jsonw_strn(w, key, text, n);
		return;
	}
	value_canonical(v, &canonical);
	jsonw_raw(w, key, buf_str(&canonical), canonical.n);
	buf_free(&canonical);
	document_free(d);
}

const char *
ctl_json_text(const struct value *v, const char *key)
{
	const struct value *m = v != NULL ? value_get(v, key) : NULL;

	if (m == NULL || m->type == VALUE_ARRAY || m->type == VALUE_OBJECT || m->type == VALUE_NULL)
		return NULL;
	return m->text;
}
