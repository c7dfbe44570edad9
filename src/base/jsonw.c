#include "base/jsonw.h"

#include <string.h>

#include "base/text.h"

void
jsonw_init(struct jsonw *w, struct buf *out)
{
	w->out = out;
	w->comma = false;
}

static void
jsonw_begin(struct jsonw *w, const char *key)
{
	if (w->comma)
		buf_addch(w->out, ',');
	w->comma = true;
	if (key != NULL) {
		jsonw_quote(w->out, key, strlen(key));
		buf_addch(w->out, ':');
	}
}

static void
jsonw_open(struct jsonw *w, const char *key, char c)
{
	jsonw_begin(w, key);
	buf_addch(w->out, c);
	w->comma = false;
}

static void
jsonw_close(struct jsonw *w, char c)
{
	buf_addch(w->out, c);
	w->comma = true;
}

void
jsonw_object(struct jsonw *w, const char *key)
{
	jsonw_open(w, key, '{');
}

void
jsonw_object_end(struct jsonw *w)
{
	jsonw_close(w, '}');
}

void
jsonw_array(struct jsonw *w, const char *key)
{
	jsonw_open(w, key, '[');
}

void
jsonw_array_end(struct jsonw *w)
{
	jsonw_close(w, ']');
}

void
jsonw_strn(struct jsonw *w, const char *key, const char *s, size_t n)
{
	jsonw_begin(w, key);
	jsonw_quote(w->out, s, n);
}

void
jsonw_str(struct jsonw *w, const char *key, const char *s)
{
	jsonw_strn(w, key, s, strlen(s));
}

void
jsonw_str_opt(struct jsonw *w, const char *key, const char *s)
{
	if (s != NULL)
		jsonw_str(w, key, s);
}

void
jsonw_hex(struct jsonw *w, const char *key, const void *p, size_t n)
{
	jsonw_begin(w, key);
	buf_addch(w->out, '"');
	text_hex(w->out, p, n);
	buf_addch(w->out, '"');
}

void
jsonw_int(struct jsonw *w, const char *key, int64_t v)
{
	char digits[1 + TEXT_DIGITS] = "-";
	uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;
	size_t n = text_digits(magnitude, digits + 1);

	jsonw_raw(w, key, v < 0 ? digits : digits + 1, v < 0 ? n + 1 : n);
}

void
jsonw_bool(struct jsonw *w, const char *key, bool v)
{
	jsonw_raw(w, key, v ? "true" : "false", v ? 4 : 5);
}

void
jsonw_null(struct jsonw *w, const char *key)
{
	jsonw_raw(w, key, "null", 4);
}

void
jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t n)
{
	jsonw_begin(w, key);
	buf_add(w->out, json, n);
}

static void
jsonw_escape(struct buf *out, unsigned char c)
{
	static const char shorts[] = "\b\t\n\f\r\"\\";
	static const char letters[] = "btnfr\"\\";
	static const char digits[] = "0123456789abcdef";
	const char *at = c != 0 ? strchr(shorts, c) : NULL;
	char hex[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

	if (at != NULL) {
		buf_addch(out, '\\');
		buf_addch(out, letters[at - shorts]);
		return;
	}
	buf_add(out, hex, sizeof hex);
}

/* Bytes that stand for themselves: printable ASCII but '"' and '\\'. */
static const bool plain[256] = {
    [0x20 ... 0x21] = true,
    [0x23 ... 0x5b] = true,
    [0x5d ... 0x7f] = true,
};

void
jsonw_quote(struct buf *out, const char *s, size_t n)
{
	size_t from = 0, i = 0;

	(void)buf_reserve(out, n + 2);
	buf_addch(out, '"');
	for (;;) {
		uint32_t cp;
		size_t len;

		while (i < n && plain[(unsigned char)s[i]])
			i++;
		if (i == n)
			break;
		if ((unsigned char)s[i] >= 0x80 && (len = utf8_decode(s + i, n - i, &cp)) != 0) {
			i += len;
			continue;
		}
		buf_add(out, s + from, i - from);
		if ((unsigned char)s[i] >= 0x80)
			buf_addstr(out, "\xef\xbf\xbd");
		else
			jsonw_escape(out, (unsigned char)s[i]);
		from = ++i;
	}
	buf_add(out, s + from, n - from);
	buf_addch(out, '"');
}
