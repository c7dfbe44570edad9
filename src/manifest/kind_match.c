/*
 * The patterns of kind.h. Both levels, parts of a path and characters of a
 * part, are the same loop: only the last star needs to be tried again, which is
 * what keeps the time bounded.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "manifest/kind.h"

/* A run of bytes without '/': one part of a path or a pattern. */
struct part {
	const char *s;
	size_t n;
};

static struct part
part_at(const char *s)
{
	return (struct part){s, strcspn(s, "/")};
}

static const char *
part_next(struct part p)
{
	return p.s[p.n] == '/' ? p.s + p.n + 1 : p.s + p.n;
}

static bool
part_is_deep(struct part p)
{
	return p.n == 2 && p.s[0] == '*' && p.s[1] == '*';
}

/* One character and its length; a byte that is not UTF-8 is a character that equals no other. */
static size_t
match_char(const char *s, size_t n, uint32_t *ret_cp)
{
	size_t len = utf8_decode(s, n, ret_cp);

	if (len != 0)
		return len;
	*ret_cp = 0x110000u + (unsigned char)s[0];
	return 1;
}

/* The same in a pattern, where a backslash makes the next character plain. */
static size_t
match_pattern_char(const char *s, size_t n, uint32_t *ret_cp)
{
	if (s[0] == '\\' && n > 1)
		return 1 + match_char(s + 1, n - 1, ret_cp);
	return match_char(s, n, ret_cp);
}

/* Length of the bracket expression at s (which begins with '['), 0 when it is not closed. *ret_in: cp is in it. */
static size_t
match_bracket(const char *s, size_t n, uint32_t cp, bool *ret_in)
{
	size_t i = 1;
	bool negated = i < n && (s[i] == '!' || s[i] == '^');
	bool in = false, first = true;

	if (negated)
		i++;
	while (i < n && (s[i] != ']' || first)) {
		uint32_t low = 0, high;

		i += match_pattern_char(s + i, n - i, &low);
		high = low;
		if (i + 1 < n && s[i] == '-' && s[i + 1] != ']')
			i += 1 + match_pattern_char(s + i + 1, n - i - 1, &high);
		in |= cp >= low && cp <= high;
		first = false;
	}
	if (i >= n)
		return 0;
	*ret_in = in != negated;
	return i + 1;
}

/* Does the pattern's next unit take the character at s? Both lengths are set when it does. */
static bool
match_unit(struct part pat, struct part s, size_t *ret_pat, size_t *ret_s)
{
	uint32_t want = 0, cp = 0;
	size_t taken, len;
	bool in = false;

	if (pat.n == 0 || s.n == 0)
		return false;
	len = match_char(s.s, s.n, &cp);
	if (pat.s[0] == '?') {
		taken = 1;
		in = true;
	} else if (pat.s[0] == '[' && (taken = match_bracket(pat.s, pat.n, cp, &in)) != 0) {
		/* in says it */
	} else {
		taken = match_pattern_char(pat.s, pat.n, &want);
		in = want == cp;
	}
	*ret_pat = taken;
	*ret_s = len;
	return in;
}

static struct part
part_from(struct part p, size_t i)
{
	return (struct part){p.s + i, p.n - i};
}

static bool
match_part(struct part pat, struct part s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, star_i = 0;

	while (i < s.n || p < pat.n) {
		size_t dp, di;

		if (p < pat.n && pat.s[p] == '*') {
			star = ++p;
			star_i = i;
		} else if (match_unit(part_from(pat, p), part_from(s, i), &dp, &di)) {
			p += dp;
			i += di;
		} else if (star != SIZE_MAX && star_i < s.n) {
			uint32_t cp;

			star_i += match_char(s.s + star_i, s.n - star_i, &cp);
			p = star;
			i = star_i;
		} else {
			return false;
		}
	}
	return true;
}

bool
kind_match(const char *pattern, const char *path)
{
	const char *p = pattern, *s = path, *deep = NULL, *deep_s = NULL;

	while (*s != '\0' || *p != '\0') {
		struct part pat = part_at(p), part = part_at(s);

		if (part_is_deep(pat)) {
			if (*part_next(pat) == '\0')
				return *s != '\0';
			deep = p = part_next(pat);
			deep_s = s;
		} else if (*p != '\0' && *s != '\0' && match_part(pat, part)) {
			p = part_next(pat);
			s = part_next(part);
		} else if (deep != NULL && *deep_s != '\0') {
			s = deep_s = part_next(part_at(deep_s));
			p = deep;
		} else {
			return false;
		}
	}
	return true;
}

static int
pattern_check_part(struct part p, struct err *e)
{
	bool in;

	if (p.n == 0)
		return err_set(e, "an empty part: '/' must stand between two names");
	if ((p.n == 1 && p.s[0] == '.') || (p.n == 2 && p.s[0] == '.' && p.s[1] == '.'))
		return err_set(e, "a part '%.*s': patterns are relative and only go down", (int)p.n, p.s);
	for (size_t i = 0; i < p.n;) {
		size_t len = 1;

		if (p.s[i] == '\\' && i + 1 == p.n)
			return err_set(e, "a backslash with nothing behind it");
		if (p.s[i] == '\\')
			len = 2;
		if (p.s[i] == '[') {
			len = match_bracket(p.s + i, p.n - i, 0, &in);
			if (len == 0)
				return err_set(e, "a '[' that is not closed");
			if (memmem(p.s + i, len, "[:", 2) != NULL)
				return err_set(e, "a character class such as [:alpha:], which is not supported");
		}
		i += len;
	}
	return 0;
}

int
kind_pattern_check(const char *pattern, struct err *e)
{
	const char *p = pattern;

	if (*p == '\0')
		return err_set(e, "it is empty");
	for (;;) {
		struct part part = part_at(p);

		if (pattern_check_part(part, e) != 0)
			return -1;
		if (part.s[part.n] == '\0')
			return 0;
		p = part.s + part.n + 1;
	}
}
