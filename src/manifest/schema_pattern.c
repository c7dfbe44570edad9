/*
 * Patterns of ECMA-262 (the grammar with the flag "u") as patterns for PCRE2.
 * More lenient in what many authors write and Annex B allows: a lone '{', '}' or
 * ']', an escaped character that needs no escape, '-' beside a class escape.
 */
#include "manifest/schema_pattern.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

int
pattern_fail(struct pattern *t, const char *at, const char *what)
{
	return err_set(t->e, "%s at byte %zu of the pattern", what, (size_t)(at - t->s) + 1);
}

bool
pattern_next_is(const struct pattern *t, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(t->end - t->p) >= n && memcmp(t->p, what, n) == 0;
}

void
pattern_put_char(struct pattern *t, uint32_t c)
{
	static const char digits[] = "0123456789abcdef";
	char text[] = {'\\', 'x', digits[c >> 4 & 15], digits[c & 15]};

	if (c >= 0xd800 && c < 0xe000)
		buf_addf(t->out, "\\x{%x}", (unsigned)c); /* no character: PCRE2 will say so */
	else if (c >= 0x80)
		buf_add(t->out, text, utf8_encode(c, text));
	else if (isalnum((int)c))
		buf_addch(t->out, (char)c);
	else
		buf_add(t->out, text, sizeof text);
}

/* <name>; p is at '<'. The name is copied with its brackets. */
static int
read_name(struct pattern *t)
{
	const char *at = t->p++, *from = t->p;

	while (t->p < t->end && (isalnum((unsigned char)*t->p) || *t->p == '_'))
		t->p++;
	if (t->p == from || isdigit((unsigned char)*from) || !pattern_next_is(t, ">"))
		return pattern_fail(t, at, "a group needs a name of ASCII letters, digits and '_' between '<' and '>'");
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
		return pattern_fail(t, at, "groups are nested too deep");
	for (size_t i = 0; i < sizeof looks / sizeof *looks && !look; i++)
		if (pattern_next_is(t, looks[i])) {
			look = true;
			t->p += strlen(looks[i]);
		}
	if (!look && pattern_next_is(t, "(?:"))
		t->p += 3;
	else if (!look && pattern_next_is(t, "(?<"))
		t->p += 2;
	else if (!look && pattern_next_is(t, "(?"))
		return pattern_fail(t, at, "this kind of group is none of ECMA-262");
	else if (!look)
		t->p++;
	buf_add(t->out, at, (size_t)(t->p - at));
	t->look[t->depth++] = look;
	t->repeatable = false;
	return pattern_next_is(t, "<") && t->p - at == 2 ? read_name(t) : 0;
}

/* A backslash outside of a class. */
static int
read_backslash(struct pattern *t)
{
	const char *at = t->p;
	int escape = pattern_read_class_escape(t, false);
	uint32_t c;

	t->repeatable = true;
	if (escape != 0)
		return escape > 0 ? 0 : -1;
	t->p++;
	if (pattern_next_is(t, "b") || pattern_next_is(t, "B")) {
		buf_addf(t->out, "\\%c", *t->p++);
		t->repeatable = false;
		return 0;
	}
	if (pattern_next_is(t, "k<")) {
		t->p++;
		buf_addstr(t->out, "\\k");
		return read_name(t);
	}
	if (t->p < t->end && *t->p >= '1' && *t->p <= '9') {
		unsigned long group = 0;

		for (; t->p < t->end && isdigit((unsigned char)*t->p) && group <= t->groups; t->p++)
			group = group * 10 + (unsigned long)(*t->p - '0');
		if (group > t->groups)
			return pattern_fail(t, at, "there is no group of this number");
		buf_addf(t->out, "\\g{%lu}", group);
		return 0;
	}
	if (pattern_read_escape(t, &c) != 0)
		return -1;
	if (c >= 0xd800 && c < 0xe000)
		buf_addstr(t->out, NOTHING);
	else
		pattern_put_char(t, c);
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
	if (pattern_next_is(t, ",")) {
		const char *second = ++t->p;

		max = read_count(t);
		if (t->p == second)
			max = min;
	}
	if (!pattern_next_is(t, "}")) {
		t->p = at;
		return 0;
	}
	t->p++;
	if (max < min)
		return pattern_fail(t, at, "the bounds of the repetition are upside down");
	if (max > REGEX_REPEAT)
		return pattern_fail(t, at, "the repetition has a bound above 65535");
	if (min > t->repeat)
		t->repeat = min;
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
		return pattern_fail(t, at, "there is nothing to repeat");
	if (pattern_next_is(t, "?"))
		t->p++;
	buf_add(t->out, at, (size_t)(t->p - at));
	t->repeatable = false;
	return 1;
}

static int
close_group(struct pattern *t)
{
	if (t->depth == 0)
		return pattern_fail(t, t->p, "a ')' has no '('");
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
		return pattern_fail(t, t->p, "there is a byte that is not UTF-8");
	t->p += n;
	pattern_put_char(t, c);
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
		return pattern_read_class(t);
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
regex_translate(const char *pattern, size_t n, struct buf *out, unsigned long *ret_repeat, struct err *e)
{
	struct pattern t = {.s = pattern, .p = pattern, .end = pattern + n, .out = out, .e = e};

	if (n > REGEX_LENGTH)
		return err_set(e, "the pattern is longer than %d bytes", REGEX_LENGTH);
	t.groups = count_groups(pattern, t.end);
	while (t.p < t.end)
		if (read_term(&t) != 0)
			return -1;
	if (t.depth > 0)
		return pattern_fail(&t, t.end, "a '(' is not closed");
	*ret_repeat = t.repeat;
	return 0;
}

bool
regex_valid(const char *pattern, size_t n)
{
	struct buf out = {0};
	unsigned long repeat;
	bool valid = regex_translate(pattern, n, &out, &repeat, NULL) == 0;

	buf_free(&out);
	return valid;
}
