#include "ctl/out.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/text.h"
#include "ctl/verb.h"

static bool
out_auto_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no != NULL && no[0] != '\0')
		return false;
	return isatty(STDOUT_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
}

int
out_init(struct out *o, const char *when, bool json)
{
	struct winsize ws;

	*o = (struct out){.json = json, .tty = isatty(STDOUT_FILENO) != 0};
	/* Only wcwidth(3) needs it; where the locale is not there, every character counts as one column. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	if (o->tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0)
		o->width = ws.ws_col;
	if (when == NULL || strcmp(when, "auto") == 0)
		o->color = out_auto_color();
	else if (strcmp(when, "always") == 0)
		o->color = true;
	else if (strcmp(when, "never") != 0)
		return -1;
	return 0;
}

void
out_write(struct buf *b)
{
	const char *p = buf_str(b);
	size_t n = b->n;

	while (n > 0) {
		ssize_t k = write(STDOUT_FILENO, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			if (errno == EPIPE)
				exit(CTL_OK);
			out_say("cannot write to standard output: %s", strerror(errno));
			exit(CTL_FAILURE);
		}
		p += k;
		n -= (size_t)k;
	}
	buf_clear(b);
}

static const char *
out_sequence(enum style style)
{
	switch (style) {
	case STYLE_BOLD:
		return "\033[1m";
	case STYLE_DIM:
		return "\033[2m";
	case STYLE_RED:
		return "\033[31m";
	case STYLE_GREEN:
		return "\033[32m";
	case STYLE_YELLOW:
		return "\033[33m";
	case STYLE_CYAN:
		return "\033[36m";
	case STYLE_PLAIN:
		break;
	}
	return "";
}

void
out_addn(const struct out *o, struct buf *b, enum style style, const char *s, size_t n)
{
	bool colored = o->color && style != STYLE_PLAIN;

	if (colored)
		buf_addstr(b, out_sequence(style));
	text_escape(b, s, n);
	if (colored)
		buf_addstr(b, "\033[0m");
}

void
out_add(const struct out *o, struct buf *b, enum style style, const char *s)
{
	out_addn(o, b, style, s, strlen(s));
}

static void
out_json_unit(struct buf *b, uint32_t unit)
{
	buf_addf(b, "\\u%04x", unit);
}

void
out_json(const struct out *o, struct buf *b, const char *json, size_t n)
{
	size_t i = 0;

	while (o->tty && i < n) {
		uint32_t cp = 0;
		size_t len = utf8_decode(json + i, n - i, &cp);

		if (len == 0)
			out_json_unit(b, 0xfffd);
		else if (text_printable(cp))
			buf_add(b, json + i, len);
		else if (cp >= 0x20) /* raw C0 can only be white space between tokens */
			out_json_unit(b, cp);
		i += len != 0 ? len : 1;
	}
	if (!o->tty)
		buf_add(b, json, n);
	buf_addch(b, '\n');
}

static void __attribute__((format(printf, 2, 0))) out_talk(const char *prefix, const char *fmt, va_list ap)
{
	struct buf line = {0};
	char *text = mem_vprintf(fmt, ap);

	buf_addstr(&line, prefix);
	text_escape(&line, text, strlen(text));
	buf_addch(&line, '\n');
	(void)fwrite(line.p, 1, line.n, stderr);
	buf_free(&line);
	free(text);
}

void
out_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out_talk("shelfctl: ", fmt, ap);
	va_end(ap);
}

void
out_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out_talk("", fmt, ap);
	va_end(ap);
}

size_t
out_fit(const char *s, size_t columns)
{
	size_t n = strlen(s), i = 0, used = 0;

	while (i < n) {
		uint32_t cp = 0;
		size_t len = utf8_decode(s + i, n - i, &cp);
		int w = len != 0 ? wcwidth((wchar_t)cp) : 1;

		if (w < 0)
			w = 1;
		if (used + (size_t)w > columns)
			break;
		used += (size_t)w;
		i += len != 0 ? len : 1;
	}
	return i;
}

size_t
out_columns(const char *s)
{
	size_t n = strlen(s), i = 0, used = 0;

	while (i < n) {
		uint32_t cp = 0;
		size_t len = utf8_decode(s + i, n - i, &cp);
		int w = len != 0 ? wcwidth((wchar_t)cp) : 1;

		used += w < 0 ? 1u : (size_t)w;
		i += len != 0 ? len : 1;
	}
	return used;
}
