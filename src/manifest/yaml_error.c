#include "manifest/yaml_error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/line.h"

#define QUOTE_IT "put the value in quotes if this is text"
#define SHOWN 96

enum where { AT_PROBLEM, AT_CONTEXT };

struct explain {
	const yaml_parser_t *parser;
	struct place *place;
	struct problems *ps;
};

static void
add(struct explain *x, const char *code, const char *message, const char *hint)
{
	problems_add(x->ps, code, SEVERITY_ERROR, x->place->line, x->place->column, NULL, message, hint);
}

static void
go_to(struct explain *x, enum where where)
{
	const yaml_mark_t *m = where == AT_PROBLEM ? &x->parser->problem_mark : &x->parser->context_mark;

	place_to_character(x->place, m->index);
}

/* The line that the cursor is on; ret_at is the cursor's byte in it. */
static struct line
line_here(const struct explain *x, size_t *ret_at)
{
	const struct place *p = x->place;
	size_t from = p->byte, to = p->byte;

	while (from > 0 && p->s[from - 1] != '\n' && p->s[from - 1] != '\r')
		from--;
	while (to < p->n && p->s[to] != '\n' && p->s[to] != '\r')
		to++;
	*ret_at = p->byte - from;
	return (struct line){p->s + from, to - from};
}

/* The line above; its s is NULL when there is none. */
static struct line
line_above(const struct explain *x, struct line l)
{
	const char *begin = x->place->s, *end = l.s;

	if (end == begin)
		return (struct line){NULL, 0};
	end--;
	if (end > begin && *end == '\n' && end[-1] == '\r')
		end--;
	l.s = end;
	while (l.s > begin && l.s[-1] != '\n' && l.s[-1] != '\r')
		l.s--;
	l.n = (size_t)(end - l.s);
	return l;
}

/* The line around byte at, fit for a message. */
static const char *
show(struct line l, size_t at, char out[SHOWN])
{
	size_t from = line_indent(l), n;
	char *copy;

	if (at > from + 56) {
		from = at - 32;
		while (from < at && ((unsigned char)l.s[from] & 0xc0) == 0x80)
			from++;
	}
	n = l.n - from < SHOWN ? l.n - from : SHOWN;
	copy = mem_strndup(l.s + from, n);
	out[0] = '\0';
	if (from > line_indent(l))
		memcpy(out, "...", 4);
	(void)text_escape_to(out + strlen(out), SHOWN - strlen(out), copy);
	free(copy);
	return out;
}

/* The character at byte at, fit for a message. */
static const char *
show_one(struct line l, size_t at, char out[SHOWN])
{
	uint32_t cp;
	char one[5] = {0};

	memcpy(one, l.s + at, utf8_decode(l.s + at, l.n - at, &cp));
	return text_escape_to(out, SHOWN, one);
}

/* The first character of the value after the key's colon, or '\0'. */
static char
value_begin(struct line l, size_t colon)
{
	size_t i = colon + 1;

	while (i < l.n && (l.s[i] == ' ' || l.s[i] == '\t'))
		i++;
	return i < l.n ? l.s[i] : '\0';
}

/* Does one of the lines above that this one may continue have a key? */
static bool
continues_a_value(const struct explain *x, struct line l)
{
	for (int i = 0; i < 100; i++) {
		l = line_above(x, l);
		if (l.s == NULL)
			return false;
		if (line_key_colon(l) < l.n)
			return true;
	}
	return false;
}

static void
explain_colon_below(struct explain *x, struct line l, size_t at)
{
	char shown[SHOWN];

	if (continues_a_value(x, l)) {
		problems_addf(x->ps, "yaml-unquoted-colon", SEVERITY_ERROR, x->place->line, x->place->column,
		    "put the whole value in quotes; or, if this line is a key of its own, indent it like the key above",
		    "this line continues the unquoted value above, so it can not have a colon: %s", show(l, at, shown));
		return;
	}
	problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column,
	    "write \"key: value\" with a blank after the colon on each line",
	    "the text above this line is no key with a value: %s", show(l, at, shown));
}

/* "description: Use when: the user asks": the commonest mistake of all. */
static void
explain_colon(struct explain *x)
{
	struct line l;
	size_t at, key;
	char shown[SHOWN], begin;

	go_to(x, AT_PROBLEM);
	l = line_here(x, &at);
	key = line_key_colon(l);
	if (key >= at) {
		explain_colon_below(x, l, at);
		return;
	}
	begin = value_begin(l, key);
	if (begin == '"' || begin == '\'') {
		problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column,
		    "put the whole value in quotes, and write quotes inside it as \\\" (or '' between single quotes)",
		    "the value goes on behind its closing quote: %s", show(l, at, shown));
		return;
	}
	problems_addf(x->ps, "yaml-unquoted-colon", SEVERITY_ERROR, x->place->line, x->place->column,
	    "put the whole value in quotes: key: \"value\"", "the value has a colon and is not in quotes: %s",
	    show(l, at, shown));
}

static void
explain_first_character(struct explain *x)
{
	size_t at;
	struct line l;
	char shown[SHOWN], one[SHOWN];

	go_to(x, AT_PROBLEM);
	l = line_here(x, &at);
	if (at < l.n && l.s[at] == '\t') {
		add(x, "yaml-syntax", "a tab can not stand here", "use blanks, or put the value in quotes");
		return;
	}
	problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column, "put the value in quotes",
	    "an unquoted value can not begin with '%s': %s", at < l.n ? show_one(l, at, one) : " ", show(l, at, shown));
}

/* Two reasons: text behind a value that was complete, or a line that is indented like no other. */
static void
explain_key(struct explain *x)
{
	int line = 0, column = 0;
	char shown[SHOWN];
	struct line l;
	size_t at;

	go_to(x, AT_CONTEXT);
	line = x->place->line;
	column = x->place->column;
	go_to(x, AT_PROBLEM);
	l = line_here(x, &at);
	if (at < l.n && l.s[at] == ':') {
		problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column, QUOTE_IT,
		    "there is no key before this colon: %s", show(l, at, shown));
		return;
	}
	if (at > line_indent(l)) {
		problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column,
		    "put the whole value in quotes if it is text", "the value ends before this: %s",
		    show((struct line){l.s + at, l.n - at}, 0, shown));
		return;
	}
	problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column,
	    "keys of one mapping begin in one column; further lines of a value begin further right",
	    "expected a key in column %d, as on line %d: %s", column, line, show(l, at, shown));
}

static void
explain_content(struct explain *x)
{
	char shown[SHOWN], one[SHOWN];
	struct line l;
	size_t at;

	go_to(x, AT_PROBLEM);
	l = line_here(x, &at);
	if (at == l.n)
		add(x, "yaml-syntax", "expected a value before the end", NULL);
	else
		problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column, QUOTE_IT,
		    "expected a value, but found '%s': %s", show_one(l, at, one), show(l, at, shown));
}

static void
explain_flow(struct explain *x)
{
	bool list = strstr(x->parser->context, "sequence") != NULL;
	const char *kind = list ? "list" : "mapping";
	char open = list ? '[' : '{', close = list ? ']' : '}';
	char hint[128], message[256], shown[SHOWN];
	struct line l;
	size_t at;
	int line;

	(void)snprintf(
	    hint, sizeof hint, "close it with '%c', or put the value in quotes if the '%c' is text", close, open);
	go_to(x, AT_PROBLEM);
	line = x->place->line;
	go_to(x, AT_CONTEXT);
	l = line_here(x, &at);
	if (line != x->place->line) {
		(void)snprintf(message, sizeof message, "the %s that begins here with '%c' is not closed: %s", kind,
		    open, show(l, at, shown));
	} else {
		go_to(x, AT_PROBLEM);
		(void)snprintf(message, sizeof message, "expected ',' or '%c': %s", close, show(l, at, shown));
	}
	add(x, "yaml-syntax", message, hint);
}

static void
explain_reader(struct explain *x)
{
	int value = x->parser->problem_value;

	place_to_byte(x->place, x->parser->problem_offset);
	if (value >= 0 && strstr(x->parser->problem, "control") != NULL)
		problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column,
		    "remove it, or write it as an escape such as \\x1b in double quotes",
		    "the character U+%04X is not allowed", (unsigned)value);
	else
		problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column,
		    "save the file as UTF-8", "the text can not be read: %s", x->parser->problem);
}

/* A tab in front of the line where things went wrong is the reason, whatever libyaml says. */
static bool
explain_tab(struct explain *x)
{
	const char *context = x->parser->context;
	const char *tab;
	struct line l;
	size_t at;

	if (context != NULL && (strstr(context, "flow") != NULL || strstr(context, "quoted") != NULL))
		return false;
	go_to(x, AT_PROBLEM);
	l = line_here(x, &at);
	tab = memchr(l.s, '\t', line_indent(l));
	if (tab == NULL)
		return false;
	place_to_byte(x->place, (size_t)(tab - x->place->s));
	add(x, "yaml-syntax", "the line is indented with a tab", "indent with blanks: YAML allows no tabs there");
	return true;
}

/* The rest: libyaml's words (context NULL is any) and ours. */
static const struct row {
	const char *problem, *context;
	enum where where;
	const char *code, *message, *hint;
} rows[] = {
    {"could not find expected ':'", NULL, AT_CONTEXT, "yaml-syntax",
	"this line is neither a key nor part of the value above",
	"write \": \" behind a key; indent the further lines of a value"},
    {"block sequence entries are not allowed in this context", NULL, AT_PROBLEM, "yaml-syntax",
	"a list can not begin on the line of its key",
	"begin it on the next line, or put the value in quotes if it is text"},
    {"mapping keys are not allowed in this context", NULL, AT_PROBLEM, "yaml-syntax",
	"an unquoted value can not begin with \"? \"", "put the value in quotes"},
    {"did not find expected '-' indicator", NULL, AT_PROBLEM, "yaml-syntax",
	"expected a further \"- \" of the list above",
	"items of one list begin in one column; a list and a mapping can not be mixed"},
    {"did not find expected <document start>", NULL, AT_PROBLEM, "yaml-syntax",
	"there is text after the end of the value", "the file holds one mapping; put text in quotes"},
    {"found unexpected end of stream", "quoted scalar", AT_CONTEXT, "yaml-syntax",
	"the quote that opens here is never closed",
	"add the closing quote; an apostrophe between single quotes is written ''"},
    {"found unexpected document indicator", "quoted scalar", AT_CONTEXT, "yaml-syntax",
	"the quote that opens here is not closed before the next \"---\"",
	"add the closing quote; an apostrophe between single quotes is written ''"},
    {"found unknown escape character", NULL, AT_PROBLEM, "yaml-syntax",
	"this backslash begins no escape that YAML knows", "write \\\\ for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", NULL, AT_PROBLEM, "yaml-syntax",
	"expected hexadecimal digits after the backslash escape", "write \\\\ for a backslash, or use single quotes"},
    {"found invalid Unicode character escape code", NULL, AT_PROBLEM, "yaml-syntax",
	"the escape stands for no character", "write the character itself"},
    {"did not find expected alphabetic or numeric character", "alias", AT_CONTEXT, "yaml-syntax",
	"an unquoted value can not begin with '*': it would refer to an anchor", "put the value in quotes"},
    {"did not find expected alphabetic or numeric character", "anchor", AT_CONTEXT, "yaml-syntax",
	"an unquoted value can not begin with '&': it would name an anchor", "put the value in quotes"},
    {"found undefined tag handle", NULL, AT_PROBLEM, "yaml-tag", "an unquoted value that begins with '!' is a tag",
	"put the value in quotes if it is text; only the core tags (!!str, !!int and so on) are allowed"},
    {NULL, "while scanning a tag", AT_CONTEXT, "yaml-tag", "an unquoted value that begins with '!' is a tag",
	"put the value in quotes if it is text; only the core tags (!!str, !!int and so on) are allowed"},
    {NULL, "while parsing a tag", AT_CONTEXT, "yaml-tag", "an unquoted value that begins with '!' is a tag",
	"put the value in quotes if it is text; only the core tags (!!str, !!int and so on) are allowed"},
    {"did not find expected comment or line break", "block scalar", AT_PROBLEM, "yaml-syntax",
	"nothing but a comment may follow '|' or '>' on its line",
	"put the text on the next line, indented; or put the value in quotes if the '|' or '>' is text"},
    {"found unexpected ':'", "plain scalar", AT_PROBLEM, "yaml-syntax",
	"an unquoted value between brackets can not have a colon here", "put the value in quotes"},
    {"found an indentation indicator equal to 0", NULL, AT_PROBLEM, "yaml-syntax",
	"the number behind '|' or '>' must be 1 to 9", "leave the number out"},
    {NULL, "directive", AT_CONTEXT, "yaml-syntax",
	"a line that begins with '%' is a directive, and this is none that YAML knows",
	"remove the line; put text that begins with % in quotes"},
    {"found incompatible YAML document", NULL, AT_PROBLEM, "yaml-syntax",
	"this version of YAML is not known; expected 1.1 or 1.2", "remove the %YAML line"},
};

static const struct row *
find_row(const char *problem, const char *context)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];

		if (r->problem != NULL && strcmp(r->problem, problem) != 0)
			continue;
		if (r->context == NULL || (context != NULL && strstr(context, r->context) != NULL))
			return r;
	}
	return NULL;
}

static void
explain_by_table(struct explain *x)
{
	const char *problem = x->parser->problem, *context = x->parser->context;
	const struct row *r = find_row(problem, context);

	go_to(x, r != NULL ? r->where : AT_PROBLEM);
	if (r != NULL)
		add(x, r->code, r->message, r->hint);
	else
		problems_addf(x->ps, "yaml-syntax", SEVERITY_ERROR, x->place->line, x->place->column, NULL, "%s%s%s",
		    context != NULL ? context : "", context != NULL ? ": " : "", problem);
}

void
yaml_explain(const yaml_parser_t *parser, struct place *place, struct problems *ps)
{
	struct explain x = {.parser = parser, .place = place, .ps = ps};

	if (parser->error == YAML_MEMORY_ERROR)
		abort();
	if (parser->error == YAML_READER_ERROR)
		explain_reader(&x);
	else if (explain_tab(&x))
		return;
	else if (strcmp(parser->problem, "mapping values are not allowed in this context") == 0)
		explain_colon(&x);
	else if (strcmp(parser->problem, "found character that cannot start any token") == 0)
		explain_first_character(&x);
	else if (strcmp(parser->problem, "did not find expected key") == 0)
		explain_key(&x);
	else if (strcmp(parser->problem, "did not find expected node content") == 0)
		explain_content(&x);
	else if (parser->context != NULL && strncmp(parser->problem, "did not find expected ',' or", 28) == 0)
		explain_flow(&x);
	else
		explain_by_table(&x);
}
