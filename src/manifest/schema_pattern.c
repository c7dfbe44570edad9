/*
 * Patterns of ECMA-262 (the grammar with the flag "u") as patterns for PCRE2.
 * More lenient in what many authors write and Annex B allows: a lone '{', '}' or
 * ']', an escaped character that needs no escape, '-' beside a class escape.
 */
#include "manifest/schema_regex.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define GROUPS_DEPTH 100

/* White space and ends of lines of ECMA-262; what is left over is not. */
static const uint32_t spaces[][2] = {{0x9, 0xd}, {0x20, 0x20}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
#define SPACES (sizeof spaces / sizeof *spaces)

/* General categories by their long names, which PCRE2 does not know. */
static const char *const categories[][2] = {{"Cased_Letter", "L&"}, {"Close_Punctuation", "Pe"},
    {"Connector_Punctuation", "Pc"}, {"Control", "Cc"}, {"Currency_Symbol", "Sc"}, {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"}, {"Enclosing_Mark", "Me"}, {"Final_Punctuation", "Pf"}, {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"}, {"LC", "L&"}, {"Letter", "L"}, {"Letter_Number", "Nl"}, {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"}, {"Mark", "M"}, {"Math_Symbol", "Sm"}, {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"}, {"Nonspacing_Mark", "Mn"}, {"Number", "N"}, {"Open_Punctuation", "Ps"}, {"Other", "C"},
    {"Other_Letter", "Lo"}, {"Other_Number", "No"}, {"Other_Punctuation", "Po"}, {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"}, {"Private_Use", "Co"}, {"Punctuation", "P"}, {"Separator", "Z"},
    {"Space_Separator", "Zs"}, {"Spacing_Mark", "Mc"}, {"Surrogate", "Cs"}, {"Symbol", "S"}, {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"}, {"Uppercase_Letter", "Lu"}, {"cntrl", "Cc"}, {"digit", "Nd"}, {"punct", "P"}};
#define CATEGORIES (sizeof categories / sizeof *categories)

struct pattern {
	const char *s, *p, *end;
	struct buf *out;
	struct err *e;
	unsigned long groups; /* that capture, in the whole pattern */
	int depth;
	bool repeatable; /* what was just read may be repeated */
	bool look[GROUPS_DEPTH]; /* is the group a look around? */
};

static int
fail(struct pattern *t, const char *at, const char *what)
{
	return err_set(t->e, "%s at byte %zu of the pattern", what, (size_t)(at - t->s) + 1);
}

static bool
next_is(const struct pattern *t, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(t->end - t->p) >= n && memcmp(t->p, what, n) == 0;
}

static int
hex_digit(const struct pattern *t, size_t i)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;

	if ((size_t)(t->end - t->p) <= i || t->p[i] == '\0')
		return -1;
	d = strchr(digits, tolower((unsigned char)t->p[i]));
	return d != NULL ? (int)(d - digits) : -1;
}

/* n hexadecimal digits at p. */
static bool
read_hex(struct pattern *t, size_t n, uint32_t *ret)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (hex_digit(t, i) < 0)
			return false;
		v = v << 4 | (uint32_t)hex_digit(t, i);
	}
	t->p += n;
	*ret = v;
	return true;
}

/* {H...} */
static bool
read_braced_hex(struct pattern *t, uint32_t *ret)
{
	const char *from = t->p++;
	uint32_t v = 0, digit;

	while (v <= 0x10ffff && read_hex(t, 1, &digit))
		v = v << 4 | digit;
	if (v > 0x10ffff || t->p == from + 1 || !next_is(t, "}"))
		return false;
	t->p++;
	*ret = v;
	return true;
}

/* After \u: four digits, a pair of surrogates, or digits in braces. */
static bool
read_unicode(struct pattern *t, uint32_t *ret)
{
	uint32_t high, low;
	const char *after;

	if (next_is(t, "{"))
		return read_braced_hex(t, ret);
	if (!read_hex(t, 4, &high))
		return false;
	*ret = high;
	after = t->p;
	if (high >= 0xd800 && high < 0xdc00 && next_is(t, "\\u")) {
		t->p += 2;
		if (read_hex(t, 4, &low) && low >= 0xdc00 && low < 0xe000)
			*ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		else
			t->p = after;
	}
	return true;
}

/* An escape that stands for one character; p is after the backslash. */
static int
read_escape(struct pattern *t, uint32_t *ret)
{
	static const char letters[] = "fnrtv", meant[] = "\f\n\r\t\v";
	const char *at = t->p - 1, *d;
	char c;

	if (t->p == t->end)
		return fail(t, at, "a backslash stands alone");
	c = *t->p++;
	d = c != '\0' ? strchr(letters, c) : NULL;
	if (d != NULL) {
		*ret = (unsigned char)meant[d - letters];
	} else if (c == 'c' && t->p < t->end && isalpha((unsigned char)*t->p)) {
		*ret = (unsigned char)*t->p++ % 32;
	} else if (c == '0' && (t->p == t->end || !isdigit((unsigned char)*t->p))) {
		*ret = 0;
	} else if (c == 'x') {
		return read_hex(t, 2, ret) ? 0 : fail(t, at, "\\x needs two hexadecimal digits");
	} else if (c == 'u') {
		return read_unicode(t, ret) ? 0 : fail(t, at, "\\u needs four hexadecimal digits");
	} else if ((unsigned char)c < 0x80 && !isalnum((unsigned char)c) && c != '_') {
		*ret = (unsigned char)c;
	} else {
		return fail(t, at, "this escape is none of ECMA-262");
	}
	return 0;
}

static void
put_char(struct pattern *t, uint32_t c)
{
	if (c < 0x80 && isalnum((int)c))
		buf_addch(t->out, (char)c);
	else
		buf_addf(t->out, "\\x{%x}", (unsigned)c);
}

/* A range in a class. No text holds a surrogate, and PCRE2 refuses them. */
static void
put_range(struct pattern *t, uint32_t from, uint32_t to)
{
	if (from >= 0xd800 && from < 0xe000)
		from = 0xe000;
	if (to >= 0xd800 && to < 0xe000)
		to = 0xd7ff;
	if (from > to)
		return;
	if (from < 0xd800 && to > 0xdfff) {
		put_range(t, from, 0xd7ff);
		put_range(t, 0xe000, to);
		return;
	}
	put_char(t, from);
	if (from < to) {
		buf_addch(t->out, '-');
		put_char(t, to);
	}
}

static void
put_spaces(struct pattern *t, bool negated)
{
	uint32_t from = 0;

	for (size_t i = 0; i < SPACES; i++) {
		if (!negated)
			put_range(t, spaces[i][0], spaces[i][1]);
		else
			put_range(t, from, spaces[i][0] - 1);
		from = spaces[i][1] + 1;
	}
	if (negated)
		put_range(t, from, 0x10ffff);
}

static void
put_property(struct pattern *t, bool negated, const char *prefix, const char *name, size_t n)
{
	buf_addf(t->out, "\\%c{%s", negated ? 'P' : 'p', prefix);
	for (size_t i = 0; i < CATEGORIES && *prefix == '\0'; i++)
		if (strlen(categories[i][0]) == n && memcmp(categories[i][0], name, n) == 0) {
			name = categories[i][1];
			n = strlen(name);
		}
	buf_add(t->out, name, n);
	buf_addch(t->out, '}');
}

/* \p{...}; p is after the letter. */
static int
read_property(struct pattern *t, bool negated)
{
	static const struct {
		const char *name, *prefix;
	} kinds[] = {{"General_Category=", ""}, {"gc=", ""}, {"Script=", "sc:"}, {"sc=", "sc:"},
	    {"Script_Extensions=", "scx:"}, {"scx=", "scx:"}};
	const char *at = t->p - 2, *prefix = "", *from;

	if (!next_is(t, "{"))
		return fail(t, at, "\\p needs a property in braces");
	t->p++;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (next_is(t, kinds[i].name)) {
			t->p += strlen(kinds[i].name);
			prefix = kinds[i].prefix;
			break;
		}
	from = t->p;
	while (t->p < t->end && (isalnum((unsigned char)*t->p) || *t->p == '_'))
		t->p++;
	if (t->p == from || !next_is(t, "}"))
		return fail(t, at, "\\p needs the name of a property in braces");
	put_property(t, negated, prefix, from, (size_t)(t->p - from));
	t->p++;
	return 0;
}

/* A class escape (\d, \s, \w, \p{...} and their opposites) at the backslash: 1 when it was one, 0 when not, -1. */
static int
read_class_escape(struct pattern *t, bool inside)
{
	char c;

	if (t->end - t->p < 2)
		return 0;
	c = t->p[1];
	if (c == '\0' || strchr("dDwWsSpP", c) == NULL)
		return 0;
	t->p += 2;
	if (c == 'p' || c == 'P')
		return read_property(t, c == 'P') == 0 ? 1 : -1;
	if (c == 's' || c == 'S') {
		buf_addstr(t->out, inside ? "" : "[");
		put_spaces(t, c == 'S');
		buf_addstr(t->out, inside ? "" : "]");
	} else {
		buf_addf(t->out, "\\%c", c);
	}
	return 1;
}

static int
read_char(struct pattern *t, uint32_t *ret)
{
	size_t n;

	if (*t->p == '\\') {
		t->p++;
		if (next_is(t, "b")) { /* only in a class */
			t->p++;
			*ret = 8;
			return 0;
		}
		return read_escape(t, ret);
	}
	n = utf8_decode(t->p, (size_t)(t->end - t->p), ret);
	if (n == 0)
		return fail(t, t->p, "there is a byte that is not UTF-8");
	t->p += n;
	return 0;
}

/* One member of a class, or a range. */
static int
read_class_part(struct pattern *t)
{
	const char *at = t->p;
	uint32_t from, to;
	int escape = *t->p == '\\' ? read_class_escape(t, true) : 0;

	if (escape != 0)
		return escape > 0 ? 0 : -1;
	if (read_char(t, &from) != 0)
		return -1;
	to = from;
	if (t->end - t->p >= 2 && t->p[0] == '-' && t->p[1] != ']' &&
	    !(t->p[1] == '\\' && t->end - t->p > 2 && t->p[2] != '\0' && strchr("dDwWsSpP", t->p[2]) != NULL)) {
		t->p++;
		if (read_char(t, &to) != 0)
			return -1;
		if (to < from)
			return fail(t, at, "the range is upside down");
	}
	put_range(t, from, to);
	return 0;
}

static int
read_class(struct pattern *t)
{
	const char *at = t->p++;

	buf_addch(t->out, '[');
	if (next_is(t, "^")) {
		t->p++;
		buf_addch(t->out, '^');
	}
	while (t->p < t->end && *t->p != ']')
		if (read_class_part(t) != 0)
			return -1;
	if (t->p == t->end)
		return fail(t, at, "a '[' is not closed");
	t->p++;
	buf_addch(t->out, ']');
	return 0;
}

/* <name>; p is at '<'. The name is copied with its brackets. */
static int
read_name(struct pattern *t)
{
	const char *at = t->p++, *from = t->p;

	while (t->p < t->end && (isalnum((unsigned char)*t->p) || *t->p == '_'))
		t->p++;
	if (t->p == from || isdigit((unsigned char)*from) || !next_is(t, ">"))
		return fail(t, at, "a group needs a name of ASCII letters, digits and '_' between '<' and '>'");
	t->p++;
	buf_add(t->out, at, (size_t)(t->p - at));
	return 0;
}

static int
open_group(struct pattern *t)
{
	static const char *const looks[] = {"(?=", "(?!", "(?<=", "(?<!"};
	const char *at = t->p;
	bool look = false;

	if (t->depth == GROUPS_DEPTH)
		return fail(t, at, "groups are nested too deep");
	for (size_t i = 0; i < sizeof looks / sizeof *looks && !look; i++)
		if (next_is(t, looks[i])) {
			look = true;
			t->p += strlen(looks[i]);
		}
	if (!look && next_is(t, "(?:"))
		t->p += 3;
	else if (!look && next_is(t, "(?<"))
		t->p += 2;
	else if (!look && next_is(t, "(?"))
		return fail(t, at, "this kind of group is none of ECMA-262");
	else if (!look)
		t->p++;
	buf_add(t->out, at, (size_t)(t->p - at));
	t->look[t->depth++] = look;
	t->repeatable = false;
	return next_is(t, "<") && t->p - at == 2 ? read_name(t) : 0;
}

/* A backslash outside of a class. */
static int
read_backslash(struct pattern *t)
{
	const char *at = t->p;
	int escape = read_class_escape(t, false);
	uint32_t c;

	t->repeatable = true;
	if (escape != 0)
		return escape > 0 ? 0 : -1;
	t->p++;
	if (next_is(t, "b") || next_is(t, "B")) {
		buf_addf(t->out, "\\%c", *t->p++);
		t->repeatable = false;
		return 0;
	}
	if (next_is(t, "k<")) {
		t->p++;
		buf_addstr(t->out, "\\k");
		return read_name(t);
	}
	if (t->p < t->end && *t->p >= '1' && *t->p <= '9') {
		unsigned long group = 0;

		for (; t->p < t->end && isdigit((unsigned char)*t->p) && group <= t->groups; t->p++)
			group = group * 10 + (unsigned long)(*t->p - '0');
		if (group > t->groups)
			return fail(t, at, "there is no group of this number");
		buf_addf(t->out, "\\g{%lu}", group);
		return 0;
	}
	if (read_escape(t, &c) != 0)
		return -1;
	if (c >= 0xd800 && c < 0xe000)
		buf_addstr(t->out, "[]");
	else
		put_char(t, c);
	return 0;
}

static unsigned long
read_count(struct pattern *t)
{
	unsigned long n = 0;

	for (; t->p < t->end && isdigit((unsigned char)*t->p); t->p++)
		if (n <= REGEX_REPEAT)
			n = n * 10 + (unsigned long)(*t->p - '0');
	return n;
}

/* {n}, {n,} or {n,m} at p: 1; something else: 0. */
static int
read_braces(struct pattern *t)
{
	const char *at = t->p++, *from = t->p;
	unsigned long min = read_count(t), max = min;

	if (t->p == from) {
		t->p = at;
		return 0;
	}
	if (next_is(t, ",")) {
		const char *second = ++t->p;

		max = read_count(t);
		if (t->p == second)
			max = min;
	}
	if (!next_is(t, "}")) {
		t->p = at;
		return 0;
	}
	t->p++;
	if (max < min)
		return fail(t, at, "the bounds of the repetition are upside down");
	if (max > REGEX_REPEAT)
		return fail(t, at, "the repetition has a bound above 65535");
	return 1;
}

/* A quantifier, if one is there: 1; none: 0. */
static int
read_quantifier(struct pattern *t)
{
	const char *at = t->p;
	int braces;

	if (*t->p == '*' || *t->p == '+' || *t->p == '?') {
		t->p++;
	} else {
		braces = *t->p == '{' ? read_braces(t) : 0;
		if (braces <= 0)
			return braces;
	}
	if (!t->repeatable)
		return fail(t, at, "there is nothing to repeat");
	if (next_is(t, "?"))
		t->p++;
	buf_add(t->out, at, (size_t)(t->p - at));
	t->repeatable = false;
	return 1;
}

static int
close_group(struct pattern *t)
{
	if (t->depth == 0)
		return fail(t, t->p, "a ')' has no '('");
	t->repeatable = !t->look[--t->depth];
	buf_addch(t->out, *t->p++);
	return 0;
}

static int
read_literal(struct pattern *t)
{
	uint32_t c;
	size_t n = utf8_decode(t->p, (size_t)(t->end - t->p), &c);

	if (n == 0)
		return fail(t, t->p, "there is a byte that is not UTF-8");
	t->p += n;
	put_char(t, c);
	t->repeatable = true;
	return 0;
}

static int
read_term(struct pattern *t)
{
	int quantifier = read_quantifier(t);

	if (quantifier != 0)
		return quantifier > 0 ? 0 : -1;
	switch (*t->p) {
	case '(':
		return open_group(t);
	case ')':
		return close_group(t);
	case '\\':
		return read_backslash(t);
	case '[':
		t->repeatable = true;
		return read_class(t);
	case '.':
		t->p++;
		t->repeatable = true;
		buf_addstr(t->out, "[^\\n\\r\\x{2028}\\x{2029}]");
		return 0;
	case '^':
	case '$':
	case '|':
		buf_addch(t->out, *t->p++);
		t->repeatable = false;
		return 0;
	default:
		return read_literal(t);
	}
}

static unsigned long
count_groups(const char *s, const char *end)
{
	unsigned long n = 0;
	bool class = false;

	for (; s < end; s++) {
		if (*s == '\\')
			s++;
		else if (*s == '[')
			class = true;
		else if (*s == ']')
			class = false;
		else if (*s == '(' && !class)
			n += end - s < 3 || s[1] != '?' || (s[2] == '<' && end - s > 3 && s[3] != '=' && s[3] != '!');
	}
	return n;
}

int
regex_translate(const char *pattern, size_t n, struct buf *out, struct err *e)
{
	struct pattern t = {.s = pattern, .p = pattern, .end = pattern + n, .out = out, .e = e};

	if (n > REGEX_LENGTH)
		return err_set(e, "the pattern is longer than %d bytes", REGEX_LENGTH);
	t.groups = count_groups(pattern, t.end);
	while (t.p < t.end)
		if (read_term(&t) != 0)
			return -1;
	if (t.depth > 0)
		return fail(&t, t.end, "a '(' is not closed");
	return 0;
}

bool
regex_valid(const char *pattern, size_t n)
{
	struct buf out = {0};
	bool valid = regex_translate(pattern, n, &out, NULL) == 0;

	buf_free(&out);
	return valid;
}
