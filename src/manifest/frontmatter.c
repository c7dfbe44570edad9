#include "manifest/frontmatter.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "manifest/line.h"

#define DESCRIPTION_MAX 1024 /* code points */

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t
run_of(struct line l, size_t at, char c)
{
	size_t i = at;

	while (i < l.n && l.s[i] == c)
		i++;
	return i - at;
}

static bool
blank_from(struct line l, size_t at)
{
	while (at < l.n && is_blank(l.s[at]))
		at++;
	return at == l.n;
}

static bool
is_delimiter(struct line l)
{
	return l.n >= 3 && memcmp(l.s, "---", 3) == 0 && blank_from(l, 3);
}

/* Somebody meant to close the front matter here, but YAML tools would not see it. */
static bool
is_nearly_delimiter(struct line l)
{
	size_t from = 0, dashes;

	while (from < l.n && is_blank(l.s[from]))
		from++;
	dashes = run_of(l, from, '-');
	if (dashes == 0 && l.n - from >= 3 && memcmp(l.s + from, "\xe2\x80\x94", 3) == 0)
		return blank_from(l, from + 3);
	return dashes >= 2 && blank_from(l, from + dashes);
}

static enum frontmatter
fail_not_closed(struct problems *ps, int near)
{
	static const char hint[] = "add a line \"---\" after the last key";

	if (near > 0)
		problems_addf(ps, "frontmatter-not-closed", SEVERITY_ERROR, near, 1, hint,
		    "the front matter that begins on line 1 is not closed: this line is not exactly \"---\"");
	else
		problems_addf(ps, "frontmatter-not-closed", SEVERITY_ERROR, 1, 1, hint,
		    "the front matter that begins here is not closed by a line \"---\"");
	return FRONTMATTER_BAD;
}

enum frontmatter
frontmatter_find(
    const char *s, size_t n, const char **ret_yaml, size_t *ret_n, int *ret_line, size_t *ret_body, struct problems *ps)
{
	struct lines ls = {.s = s, .n = n};
	int number = 1, near = 0;
	size_t from, to;
	struct line l;

	if (!lines_next(&ls, &l) || !is_delimiter(l) || s[ls.at - 1] != '\n')
		return FRONTMATTER_NONE;
	from = ls.at;
	for (;;) {
		to = ls.at;
		number++;
		if (!lines_next(&ls, &l))
			return fail_not_closed(ps, near);
		if (is_delimiter(l))
			break;
		if (near == 0 && is_nearly_delimiter(l))
			near = number;
	}
	if (to - from > LIMIT_FRONTMATTER) {
		problems_addf(ps, "frontmatter-too-large", SEVERITY_ERROR, 1, 1,
		    "move long texts below the front matter or to files of their own",
		    "the front matter has %zu bytes; at most %d are allowed", to - from, LIMIT_FRONTMATTER);
		return FRONTMATTER_BAD;
	}
	*ret_yaml = s + from;
	*ret_n = to - from;
	*ret_line = 2;
	*ret_body = ls.at;
	return FRONTMATTER_FOUND;
}

/* A line of dashes, and one with a key behind it: somebody meant to open the front matter here. */
static bool
is_nearly_opened(struct line l, const struct lines *behind)
{
	struct lines ls = *behind;
	size_t from = line_indent(l);
	struct line next;

	return run_of(l, from, '-') >= 3 && lines_next(&ls, &next) && line_key_colon(next) < next.n;
}

void
frontmatter_missing(const char *s, size_t n, enum severity severity, struct problems *ps)
{
	const char *message = "there is no front matter; a first line '---' is expected";
	struct lines ls = {.s = s, .n = n};
	struct line l;
	int line = 1;

	for (int number = 1; lines_next(&ls, &l); number++) {
		if (line_blank(l))
			continue;
		if (number == 1 && l.n > 4 && memcmp(l.s, "---\r", 4) == 0) {
			message = "there is no front matter; the lines end with CR alone, where LF or CRLF is expected";
		} else if (is_nearly_opened(l, &ls)) {
			message = number == 1 && line_indent(l) == 0
			    ? "there is no front matter; the first line must be exactly '---'"
			    : "there is no front matter; this '---' must be the first line, at the left margin";
			line = number;
		}
		break;
	}
	problems_add(ps, "frontmatter-missing", severity, line, 1, NULL, message,
	    "begin the file with '---', a name, a description, and '---'");
}

/* Words with one blank between them, at most DESCRIPTION_MAX code points. */
struct folded {
	struct buf text;
	size_t length;
	bool gap; /* a blank is due before the next word */
	bool full;
};

static void
fold(struct folded *f, struct line l)
{
	for (size_t i = 0; i < l.n && !f->full;) {
		uint32_t cp;
		size_t len = utf8_decode(l.s + i, l.n - i, &cp);

		if (len == 0)
			len = 1;
		if (is_blank(l.s[i])) {
			f->gap = f->length > 0;
			i++;
			continue;
		}
		f->full = f->length + f->gap + 1 > DESCRIPTION_MAX;
		if (f->full)
			break;
		if (f->gap)
			buf_addch(&f->text, ' ');
		buf_add(&f->text, l.s + i, len);
		f->length += f->gap ? 2 : 1;
		f->gap = false;
		i += len;
	}
	f->gap = f->length > 0;
}

struct describe {
	struct folded paragraph; /* the one that is being read */
	char *first; /* the first paragraph of all */
	char *heading; /* the first heading that has text */
	char *found; /* the first paragraph after a heading */
	bool seen_heading;
	char fence; /* '`' or '~' inside fenced code */
	size_t fence_len;
	bool comment; /* inside an HTML comment */
};

/* The text read so far, NULL when there is none; drop_folded must follow. */
static char *
take_folded(struct folded *f)
{
	return f->length > 0 ? buf_steal(&f->text) : NULL;
}

static void
drop_folded(struct folded *f)
{
	buf_clear(&f->text);
	f->length = 0;
	f->gap = f->full = false;
}

static void
end_paragraph(struct describe *d)
{
	if (d->paragraph.length == 0)
		return;
	if (d->seen_heading && d->found == NULL)
		d->found = take_folded(&d->paragraph);
	else if (d->first == NULL)
		d->first = take_folded(&d->paragraph);
	drop_folded(&d->paragraph);
}

static void
end_heading(struct describe *d)
{
	d->seen_heading = true;
	if (d->heading == NULL)
		d->heading = take_folded(&d->paragraph);
	drop_folded(&d->paragraph);
}

/* Up to three blanks may stand before what opens a block. */
static size_t
block_indent(struct line l)
{
	size_t n = run_of(l, 0, ' ');

	return n <= 3 ? n : l.n;
}

/* Length of the run of '`' or '~' that opens or closes fenced code, or 0. */
static size_t
fence_run(struct line l, size_t at)
{
	size_t n = at < l.n && (l.s[at] == '`' || l.s[at] == '~') ? run_of(l, at, l.s[at]) : 0;

	return n >= 3 ? n : 0;
}

static bool
opens_fence(struct describe *d, struct line l)
{
	size_t at = block_indent(l), n = fence_run(l, at);

	if (n == 0 || (l.s[at] == '`' && memchr(l.s + at + n, '`', l.n - at - n) != NULL))
		return false;
	end_paragraph(d);
	d->fence = l.s[at];
	d->fence_len = n;
	return true;
}

static void
in_fence(struct describe *d, struct line l)
{
	size_t at = block_indent(l), n = fence_run(l, at);

	if (n >= d->fence_len && l.s[at] == d->fence && blank_from(l, at + n))
		d->fence = '\0';
}

/* "## Text ##" */
static bool
is_heading(struct describe *d, struct line l)
{
	size_t at = block_indent(l), n = run_of(l, at, '#'), end = l.n;

	if (n < 1 || n > 6 || (at + n < l.n && l.s[at + n] != ' ' && l.s[at + n] != '\t'))
		return false;
	while (end > at + n && is_blank(l.s[end - 1]))
		end--;
	while (end > at + n && l.s[end - 1] == '#')
		end--;
	if (end > at + n && !is_blank(l.s[end - 1]))
		end = l.n; /* "# C#": that '#' belongs to the text */
	end_paragraph(d);
	fold(&d->paragraph, (struct line){l.s + at + n, end - at - n});
	end_heading(d);
	return true;
}

/* "===" or "---" below a paragraph makes it a heading. */
static bool
is_underline(struct describe *d, struct line l)
{
	size_t at = block_indent(l), n;

	if (d->paragraph.length == 0 || at >= l.n || (l.s[at] != '=' && l.s[at] != '-'))
		return false;
	n = run_of(l, at, l.s[at]);
	if (!blank_from(l, at + n))
		return false;
	end_heading(d);
	return true;
}

/* "---", "* * *", "___" */
static bool
is_rule(struct describe *d, struct line l)
{
	size_t at = block_indent(l), count = 0;

	if (at >= l.n || strchr("-*_", l.s[at]) == NULL)
		return false;
	for (size_t i = at; i < l.n; i++) {
		if (l.s[i] == l.s[at])
			count++;
		else if (!is_blank(l.s[i]))
			return false;
	}
	if (count < 3)
		return false;
	end_paragraph(d);
	return true;
}

static bool
has(struct line l, const char *what)
{
	return memmem(l.s, l.n, what, strlen(what)) != NULL;
}

static bool
opens_comment(struct describe *d, struct line l)
{
	size_t at = block_indent(l);

	if (l.n - at < 4 || memcmp(l.s + at, "<!--", 4) != 0)
		return false;
	end_paragraph(d);
	d->comment = !has(l, "-->");
	return true;
}

static void
describe_line(struct describe *d, struct line l)
{
	if (d->fence != '\0') {
		in_fence(d, l);
		return;
	}
	if (d->comment) {
		d->comment = !has(l, "-->");
		return;
	}
	if (line_blank(l)) {
		end_paragraph(d);
		return;
	}
	if (opens_fence(d, l) || opens_comment(d, l) || is_heading(d, l) || is_underline(d, l) || is_rule(d, l))
		return;
	fold(&d->paragraph, l);
}

/* The first that is there; the others are freed. */
static char *
choose(char *a, char *b, char *c)
{
	char *best = a != NULL ? a : b != NULL ? b : c;

	if (a != best)
		free(a);
	if (b != best)
		free(b);
	if (c != best)
		free(c);
	return best;
}

char *
frontmatter_describe(const char *s, size_t n)
{
	struct lines ls = {.s = s, .n = n};
	struct describe d = {0};
	struct line l;

	while (d.found == NULL && lines_next(&ls, &l))
		describe_line(&d, l);
	end_paragraph(&d);
	buf_free(&d.paragraph.text);
	return choose(d.found, d.heading, d.first);
}
