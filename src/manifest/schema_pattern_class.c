/* Classes and escapes of patterns: where ECMA-262 and PCRE2 differ most. */
#include "manifest/schema_pattern.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* White space and ends of lines of ECMA-262 for a class, and all else but surrogates. */
static const char spaces[] = "\\x09-\\x0d\\x20\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";
static const char no_spaces[] =
    "\\x00-\\x08\\x0e-\\x1f\\x21-\\x{9f}\u00a1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e"
    "\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff\ue000-\ufefe\uff00-\U0010ffff";

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
	if (v > 0x10ffff || t->p == from + 1 || !pattern_next_is(t, "}"))
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

	if (pattern_next_is(t, "{"))
		return read_braced_hex(t, ret);
	if (!read_hex(t, 4, &high))
		return false;
	*ret = high;
	after = t->p;
	if (high >= 0xd800 && high < 0xdc00 && pattern_next_is(t, "\\u")) {
		t->p += 2;
		if (read_hex(t, 4, &low) && low >= 0xdc00 && low < 0xe000)
			*ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		else
			t->p = after;
	}
	return true;
}

int
pattern_read_escape(struct pattern *t, uint32_t *ret)
{
	static const char letters[] = "fnrtv", meant[] = "\f\n\r\t\v";
	const char *at = t->p - 1, *d;
	char c;

	if (t->p == t->end)
		return pattern_fail(t, at, "a backslash stands alone");
	c = *t->p++;
	d = c != '\0' ? strchr(letters, c) : NULL;
	if (d != NULL) {
		*ret = (unsigned char)meant[d - letters];
	} else if (c == 'c' && t->p < t->end && isalpha((unsigned char)*t->p)) {
		*ret = (unsigned char)*t->p++ % 32;
	} else if (c == '0' && (t->p == t->end || !isdigit((unsigned char)*t->p))) {
		*ret = 0;
	} else if (c == 'x') {
		return read_hex(t, 2, ret) ? 0 : pattern_fail(t, at, "\\x needs two hexadecimal digits");
	} else if (c == 'u') {
		return read_unicode(t, ret) ? 0 : pattern_fail(t, at, "\\u needs four hexadecimal digits");
	} else if ((unsigned char)c < 0x80 && !isalnum((unsigned char)c) && c != '_') {
		*ret = (unsigned char)c;
	} else {
		return pattern_fail(t, at, "this escape is none of ECMA-262");
	}
	return 0;
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
	pattern_put_char(t, from);
	if (from < to) {
		buf_addch(t->out, '-');
		pattern_put_char(t, to);
	}
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

	if (!pattern_next_is(t, "{"))
		return pattern_fail(t, at, "\\p needs a property in braces");
	t->p++;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (pattern_next_is(t, kinds[i].name)) {
			t->p += strlen(kinds[i].name);
			prefix = kinds[i].prefix;
			break;
		}
	from = t->p;
	while (t->p < t->end && (isalnum((unsigned char)*t->p) || *t->p == '_'))
		t->p++;
	if (t->p == from || !pattern_next_is(t, "}"))
		return pattern_fail(t, at, "\\p needs the name of a property in braces");
	put_property(t, negated, prefix, from, (size_t)(t->p - from));
	t->p++;
	return 0;
}

int
pattern_read_class_escape(struct pattern *t, bool inside)
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
		buf_addstr(t->out, c == 'S' ? no_spaces : spaces);
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
		if (pattern_next_is(t, "b")) { /* only in a class */
			t->p++;
			*ret = 8;
			return 0;
		}
		return pattern_read_escape(t, ret);
	}
	n = utf8_decode(t->p, (size_t)(t->end - t->p), ret);
	if (n == 0)
		return pattern_fail(t, t->p, "there is a byte that is not UTF-8");
	t->p += n;
	return 0;
}

/* One member of a class, or a range. */
static int
read_class_part(struct pattern *t)
{
	const char *at = t->p;
	uint32_t from, to;
	int escape = *t->p == '\\' ? pattern_read_class_escape(t, true) : 0;

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
			return pattern_fail(t, at, "the range is upside down");
	}
	put_range(t, from, to);
	return 0;
}

int
pattern_read_class(struct pattern *t)
{
	const char *at = t->p++;
	size_t begin = t->out->n, empty;

	buf_addch(t->out, '[');
	if (pattern_next_is(t, "^")) {
		t->p++;
		buf_addch(t->out, '^');
	}
	empty = t->out->n;
	while (t->p < t->end && *t->p != ']')
		if (read_class_part(t) != 0)
			return -1;
	if (t->p == t->end)
		return pattern_fail(t, at, "a '[' is not closed");
	t->p++;
	buf_addch(t->out, ']');
	if (empty == begin + 1 && t->out->n == empty + 1) {
		t->out->n = begin;
		buf_addstr(t->out, NOTHING);
	}
	return 0;
}
