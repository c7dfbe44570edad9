#include "manifest/mend_steps.h"

#include <string.h>

#include "base/text.h"
#include "manifest/line.h"

/* Put bytes in the place of those from begin to end. */
static void
splice(struct buf *text, size_t begin, size_t end, const char *with, size_t n)
{
	struct buf out = {0};

	buf_add(&out, text->p, begin);
	buf_add(&out, with, n);
	buf_add(&out, text->p + end, text->n - end);
	buf_free(text);
	*text = out;
}

/* Stand before this line, which must be there. */
static bool
go_to_line(struct lines *ls, const struct buf *text, int line)
{
	struct line l;

	*ls = (struct lines){.s = buf_str(text), .n = text->n};
	for (int i = 1; i < line; i++)
		if (!lines_next(ls, &l))
			return false;
	return ls->at < ls->n;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    strchr("_-.$/@", c) != NULL;
}

/* Is what begins at this byte of the line a key of one word? */
static bool
is_key(struct line l, size_t at)
{
	size_t i = at;

	while (i < l.n && is_word(l.s[i]))
		i++;
	return i > at && i < l.n && l.s[i] == ':' && (i + 1 == l.n || l.s[i + 1] == ' ' || l.s[i + 1] == '\t');
}

static bool
has_comment(struct line l, size_t from)
{
	for (size_t i = from; i < l.n; i++)
		if (l.s[i] == '#' && (i == from || l.s[i - 1] == ' ' || l.s[i - 1] == '\t'))
			return true;
	return false;
}

static bool
is_item(struct line l, size_t at)
{
	return at < l.n && l.s[at] == '-' && (at + 1 == l.n || l.s[at + 1] == ' ');
}

/* Where the key of a line begins: behind its indentation and the hyphens of lists. */
static size_t
key_begin(struct line l)
{
	size_t at = line_indent(l);

	while (is_item(l, at) && at + 1 < l.n) {
		at++;
		while (at < l.n && l.s[at] == ' ')
			at++;
	}
	return at;
}

/* The lines that a value has below its first: where the last of them ends, or 0 when one may be something else. */
static size_t
value_end(struct lines ls, size_t key_column, size_t first_end)
{
	size_t end = first_end;
	struct line l;

	while (lines_next(&ls, &l)) {
		size_t indent = line_indent(l);

		if (line_blank(l))
			continue;
		if (indent <= key_column)
			break;
		if (is_key(l, indent) || is_item(l, indent) || has_comment(l, indent))
			return 0;
		end = (size_t)(l.s - ls.s) + l.n;
	}
	return end;
}

/* The value from begin to end in quotes: double ones, unless that needed escapes. */
static void
quote(struct buf *text, size_t begin, size_t end)
{
	struct buf out = {0};
	const char *s = text->p + begin;
	size_t n;
	char mark;

	while (end > begin && strchr(" \t\n", text->p[end - 1]) != NULL)
		end--;
	n = end - begin;
	mark = memchr(s, '"', n) != NULL || memchr(s, '\\', n) != NULL ? '\'' : '"';
	buf_addch(&out, mark);
	for (size_t i = 0; i < n; i++) {
		if (s[i] == mark)
			buf_addch(&out, mark);
		buf_addch(&out, s[i]);
	}
	buf_addch(&out, mark);
	splice(text, begin, end, out.p, out.n);
	buf_free(&out);
}

/* The value of the key on this line, if it has one that is plain. */
static bool
quote_from(struct buf *text, int line)
{
	struct lines ls;
	struct line l;
	size_t key, colon, at, end;

	if (!go_to_line(&ls, text, line) || !lines_next(&ls, &l))
		return false;
	key = key_begin(l);
	colon = line_key_colon((struct line){l.s + key, l.n - key}) + key;
	at = colon + 1;
	while (at < l.n && (l.s[at] == ' ' || l.s[at] == '\t'))
		at++;
	if (at >= l.n || strchr("\"'[]{}&*!|>%@`#,?", l.s[at]) != NULL || is_item(l, at) || has_comment(l, at))
		return false;
	end = value_end(ls, key, (size_t)(l.s - ls.s) + l.n);
	if (end == 0)
		return false;
	quote(text, (size_t)(l.s - ls.s) + at, end);
	return true;
}

/* The line above that has the key whose value this line continues; 0 for none. */
static int
key_line(const struct buf *text, int line)
{
	struct lines ls = {.s = buf_str(text), .n = text->n};
	struct line l, target;
	int found = 0;

	if (!go_to_line(&ls, text, line) || !lines_next(&ls, &target))
		return 0;
	ls.at = 0;
	for (int i = 1; i < line && lines_next(&ls, &l); i++)
		if (!line_blank(l) && key_begin(l) < line_indent(target) && line_key_colon(l) < l.n)
			found = i;
		else if (!line_blank(l) && line_indent(l) < line_indent(target))
			found = 0;
	return found;
}

bool
mend_quote(struct buf *text, int line, int column)
{
	struct lines ls;
	struct line l;
	size_t colon;

	if (!go_to_line(&ls, text, line) || !lines_next(&ls, &l))
		return false;
	colon = line_key_colon(l);
	if (utf8_length(l.s, colon) + 1 < (size_t)column)
		return quote_from(text, line);
	line = key_line(text, line);
	return line > 0 && quote_from(text, line);
}

bool
mend_tabs(struct buf *text, int line, int column, size_t width)
{
	struct buf blanks = {0};
	struct lines ls;
	struct line l;
	size_t indent, begin;
	bool tab;

	if (!go_to_line(&ls, text, line) || !lines_next(&ls, &l))
		return false;
	indent = line_indent(l);
	tab = (size_t)column <= indent && l.s[column - 1] == '\t';
	for (size_t i = 0; i < indent && tab; i++) {
		buf_addch(&blanks, ' ');
		while (l.s[i] == '\t' && blanks.n % width != 0)
			buf_addch(&blanks, ' ');
	}
	begin = (size_t)(l.s - ls.s);
	if (tab)
		splice(text, begin, begin + indent, blanks.p, blanks.n);
	buf_free(&blanks);
	return tab;
}

static bool
is_heading(struct line l)
{
	size_t i = 0;

	while (i < l.n && l.s[i] == '#')
		i++;
	return i >= 1 && i <= 6 && i < l.n && l.s[i] == ' ';
}

/* A key whose text follows on the lines below, which may be empty ones too. */
static bool
opens_block(struct line l)
{
	size_t at = line_key_colon(l) + 1;

	while (at < l.n && l.s[at] == ' ')
		at++;
	return at < l.n && (l.s[at] == '|' || l.s[at] == '>');
}

static bool
is_known_key(struct line l)
{
	return (l.n > 5 && memcmp(l.s, "name:", 5) == 0) || (l.n > 12 && memcmp(l.s, "description:", 12) == 0);
}

/* What front matter can be seen in, line by line. */
struct block {
	size_t end; /* where its last line ends, with its LF */
	int lines; /* to there, from line 1 */
	bool known; /* a name or a description is in it */
};

/* The keys from line 2 on; false when what follows them is neither a blank line nor a heading, nor line near. */
static bool
find_block(const struct buf *text, int near, struct block *ret)
{
	struct lines ls;
	struct line l;
	bool keys = false, open = false;
	int number = 1;

	*ret = (struct block){0};
	if (!go_to_line(&ls, text, 2))
		return false;
	ret->end = ls.at;
	ret->lines = 1;
	while (lines_next(&ls, &l)) {
		number++;
		if (line_blank(l)) {
			if (!open)
				return keys;
			continue;
		}
		if (number == near || (keys && is_heading(l)))
			return keys;
		if (is_key(l, 0)) {
			keys = true;
			open = opens_block(l);
			ret->known = ret->known || is_known_key(l);
		} else if (line_indent(l) == 0 && !(keys && is_item(l, 0)) && l.s[0] != '#') {
			return keys && open && number > ret->lines + 1;
		}
		ret->end = ls.at;
		ret->lines = number;
	}
	return keys;
}

/* A key behind empty lines and headings, which may be comments, may be one more of the front matter. */
static bool
is_body(struct lines ls)
{
	struct line l;

	while (lines_next(&ls, &l))
		if (!line_blank(l) && !is_heading(l))
			return !is_key(l, 0);
	return true;
}

bool
mend_close(struct buf *text, int near)
{
	struct block b;
	struct lines ls;
	struct line l;
	int number;

	if (!find_block(text, near, &b) || !b.known)
		return false;
	ls = (struct lines){.s = text->p, .n = text->n, .at = b.end};
	for (number = b.lines + 1; lines_next(&ls, &l) && number < near && line_blank(l); number++)
		;
	if (number == near) {
		size_t begin = (size_t)(l.s - ls.s);

		splice(text, begin, begin + l.n, "---", 3);
		return true;
	}
	ls.at = b.end;
	if (!is_body(ls))
		return false;
	if (text->p[b.end - 1] != '\n')
		splice(text, b.end, b.end, "\n---\n", 5);
	else
		splice(text, b.end, b.end, "---\n", 4);
	return true;
}
