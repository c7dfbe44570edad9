#include "ctl/excerpt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define TAB 8
#define WIDTH 120 /* where no terminal tells */
#define LEAST 40

/* The line of this number, as places count them: LF, CRLF and CR end a line. */
static bool
excerpt_line(const char **s, size_t *n, int line)
{
	const char *p = *s, *end = p + *n;

	for (int i = 1; i < line; i++) {
		while (p < end && *p != '\n' && *p != '\r')
			p++;
		if (p == end)
			return false;
		p += *p == '\r' && end - p > 1 && p[1] == '\n' ? 2 : 1;
	}
	*s = p;
	while (p < end && *p != '\n' && *p != '\r')
		p++;
	*n = (size_t)(p - *s);
	return true;
}

/* Bytes of the first n characters. */
static size_t
excerpt_skip(const char *s, size_t size, size_t n)
{
	size_t i = 0;

	for (; i < size && n > 0; n--) {
		uint32_t cp;
		size_t len = utf8_decode(s + i, size - i, &cp);

		i += len != 0 ? len : 1;
	}
	return i;
}

/* Leave out what is too far away to be shown: a line may be as long as a file. */
static void
excerpt_near(const char **s, size_t *n, int *column, size_t width)
{
	if ((size_t)*column > width + 1) {
		size_t away = (size_t)*column - width - 1, skip = excerpt_skip(*s, *n, away);

		*s += skip;
		*n -= skip;
		*column -= (int)away;
	}
	*n = excerpt_skip(*s, *n, 2 * width + 2);
}

/* As it is shown; *ret_at is the column on the terminal, from 0, of the character of that number, from 1. */
static void
excerpt_expand(const char *s, size_t n, int column, struct buf *out, size_t *ret_at)
{
	size_t i = 0, used = 0;
	int number = 1;

	for (; i < n; number++) {
		size_t from = out->n, len;
		uint32_t cp = 0;

		if (number == column)
			*ret_at = used;
		len = utf8_decode(s + i, n - i, &cp);
		if (cp == '\t')
			buf_addf(out, "%*s", (int)(TAB - used % TAB), "");
		else
			text_escape(out, s + i, len != 0 ? len : 1);
		used += out_columns(buf_str(out) + from);
		i += len != 0 ? len : 1;
	}
	if (number <= column)
		*ret_at = used;
}

/* Keep at most width columns around the one at *at, which moves. */
static void
excerpt_cut(struct buf *shown, size_t width, size_t *at)
{
	size_t total = out_columns(buf_str(shown)), skip = 0;

	if (total <= width)
		return;
	if (*at + 1 > width - 3 - width / 4) {
		skip = out_fit(buf_str(shown), *at - (width - 6) / 2);
		*at -= out_columns(buf_str(shown)) - out_columns(buf_str(shown) + skip);
		*at += 3;
		buf_drain(shown, skip);
	}
	total = width - (skip > 0 ? 3 : 0);
	if (out_columns(buf_str(shown)) > total) {
		shown->n = out_fit(buf_str(shown), total - 3);
		shown->p[shown->n] = '\0';
		buf_addstr(shown, "...");
	}
	if (skip > 0) {
		struct buf begun = {0};

		buf_addstr(&begun, "...");
		buf_add(&begun, buf_str(shown), shown->n);
		buf_free(shown);
		*shown = begun;
	}
}

void
excerpt_add(const struct out *o, struct buf *b, enum style style, const char *text, size_t n, int line, int column)
{
	size_t width = o->width != 0 ? o->width : WIDTH, at = 0;
	struct buf shown = {0}, gutter = {0};

	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	if (line < 1 || column < 1 || !excerpt_line(&text, &n, line))
		return;
	excerpt_near(&text, &n, &column, width);
	buf_addf(&gutter, "%5d | ", line);
	excerpt_expand(text, n, column, &shown, &at);
	excerpt_cut(&shown, width > gutter.n + LEAST ? width - gutter.n : LEAST, &at);
	out_add(o, b, STYLE_DIM, buf_str(&gutter));
	buf_addf(b, "%s\n", buf_str(&shown));
	memset(gutter.p, ' ', gutter.n - 2);
	out_add(o, b, STYLE_DIM, buf_str(&gutter));
	buf_addf(b, "%*s", (int)at, "");
	out_add(o, b, style, "^");
	buf_addch(b, '\n');
	buf_free(&gutter);
	buf_free(&shown);
}
