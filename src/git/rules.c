#include "git/rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct rule {
	char *pattern; /* into the text; no leading '/' and no trailing one */
	size_t len;
	bool keep; /* "!" */
	bool folder; /* trailing '/': folders only */
	bool path; /* has a '/' in it: matched against the whole path, not the last part */
	bool literal; /* no wildcard */
};

struct rules {
	char *text;
	struct rule *v;
	size_t n;
};

static const struct {
	const char *name;
	int (*is)(int);
} rules_classes[] = {
    {"alnum", isalnum},
    {"alpha", isalpha},
    {"blank", isblank},
    {"cntrl", iscntrl},
    {"digit", isdigit},
    {"graph", isgraph},
    {"lower", islower},
    {"print", isprint},
    {"punct", ispunct},
    {"space", isspace},
    {"upper", isupper},
    {"xdigit", isxdigit},
};

/* "[:name:]" at p; returns what follows, NULL when it is malformed. Without ":]" the '[' is a member like another. */
static const char *
rules_class(const char *p, unsigned char c, bool *in)
{
	const char *end = strchr(p + 2, ']');

	if (end == NULL)
		return NULL;
	if (end == p + 2 || end[-1] != ':') {
		*in = *in || c == '[';
		return p + 1;
	}
	for (size_t i = 0; i < sizeof rules_classes / sizeof rules_classes[0]; i++) {
		size_t n = strlen(rules_classes[i].name);

		if ((size_t)(end - p - 3) == n && memcmp(p + 2, rules_classes[i].name, n) == 0) {
			*in = *in || (c < 128 && rules_classes[i].is(c) != 0);
			return end + 1;
		}
	}
	return NULL;
}

/* One member of a bracket, a range perhaps; returns what follows, NULL when it is malformed. */
static const char *
rules_member(const char *p, unsigned char c, bool *in)
{
	unsigned char from, to;

	if (p[0] == '[' && p[1] == ':')
		return rules_class(p, c, in);
	if (*p == '\\')
		p++;
	if (*p == '\0')
		return NULL;
	from = to = (unsigned char)*p++;
	if (p[0] == '-' && p[1] != ']' && p[1] != '\0') {
		p++;
		if (*p == '\\')
			p++;
		if (*p == '\0')
			return NULL;
		to = (unsigned char)*p++;
	}
	*in = *in || (from <= c && c <= to);
	return p;
}

/* A bracket expression at p ('['). Returns what follows it when c is in, else NULL. */
static const char *
rules_bracket(const char *p, unsigned char c)
{
	bool negated, in = false, first = true;

	p++;
	negated = *p == '!' || *p == '^';
	if (negated)
		p++;
	for (; first || *p != ']'; first = false) {
		p = rules_member(p, c, &in);
		if (p == NULL)
			return NULL;
	}
	return in != negated && c != '/' ? p + 1 : NULL;
}

/* Match one character, no star, of the pattern. Returns what follows in the pattern, NULL for no. */
static const char *
rules_one(const char *p, unsigned char c)
{
	switch (*p) {
	case '\0':
		return NULL;
	case '?':
		return c != '/' ? p + 1 : NULL;
	case '[':
		return rules_bracket(p, c);
	case '\\':
		p++;
		/* fall through */
	default:
		return (unsigned char)*p == c ? p + 1 : NULL;
	}
}

/*
 * A failure goes back to the last star of the part, then to the last "**": for
 * each, an earlier one can absorb nothing that the last one can not.
 */
bool
rules_wildmatch(const char *pattern, const char *text)
{
	const char *p = pattern, *t = text, *star = NULL, *star_t = NULL, *deep = NULL, *deep_t = NULL, *next;

	for (;;) {
		if (*p == '*') {
			const char *q = p + strspn(p, "*");

			if (q - p > 1 && (p == pattern || p[-1] == '/') && *q == '\0')
				return true;
			if (q - p > 1 && (p == pattern || p[-1] == '/') && *q == '/') {
				p = deep = q + 1;
				deep_t = t;
				star = NULL;
			} else {
				p = star = q;
				star_t = t;
			}
			continue;
		}
		if (*p == '\0' && *t == '\0')
			return true;
		next = *t != '\0' ? rules_one(p, (unsigned char)*t) : NULL;
		if (next != NULL) {
			if (*t == '/')
				star = NULL;
			p = next;
			t++;
		} else if (star != NULL && *star_t != '\0' && *star_t != '/') {
			t = ++star_t;
			p = star;
		} else if (deep != NULL && (deep_t = strchr(deep_t, '/')) != NULL) {
			t = ++deep_t;
			p = deep;
			star = NULL;
		} else {
			return false;
		}
	}
}

/* Cut blanks at the end that no backslash guards. */
static size_t
rules_trim(const char *s, size_t n)
{
	size_t end = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 1 < n)
			i++;
		else if (s[i] == ' ')
			continue;
		end = i + 1;
	}
	return end;
}

static void
rules_add(struct rules *r, size_t *cap, char *s, size_t n)
{
	struct rule u = {0};

	if (n > 0 && s[n - 1] == '\r')
		n--;
	if (n > 0 && s[0] == '#')
		return;
	n = rules_trim(s, n);
	if (n > 0 && s[0] == '!') {
		u.keep = true;
		s++;
		n--;
	}
	if (n > 0 && s[n - 1] == '/') {
		u.folder = true;
		n--;
	}
	u.path = memchr(s, '/', n) != NULL;
	if (n > 0 && s[0] == '/') {
		s++;
		n--;
	}
	if (n == 0)
		return;
	s[n] = '\0';
	u.pattern = s;
	u.len = n;
	u.literal = strpbrk(s, "*?[\\") == NULL;
	if (r->n == *cap) {
		*cap = *cap != 0 ? *cap * 2 : 8;
		r->v = mem_realloc(r->v, *cap, sizeof r->v[0]);
	}
	r->v[r->n++] = u;
}

struct rules *
rules_parse(const char *s, size_t n)
{
	struct rules *r = mem_zalloc(sizeof *r);
	size_t cap = 0, at = n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	r->text = mem_strndup(s, n);
	while (at < n) {
		const char *nl = memchr(r->text + at, '\n', n - at);
		size_t len = nl != NULL ? (size_t)(nl - r->text) - at : n - at;

		rules_add(r, &cap, r->text + at, len);
		at += len + 1;
	}
	if (r->n == 0) {
		rules_free(r);
		return NULL;
	}
	return r;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	free(r->v);
	free(r->text);
	free(r);
}

static bool
rules_applies(const struct rule *u, const char *path, size_t path_len, const char *name, bool directory)
{
	size_t len = u->path ? path_len : path_len - (size_t)(name - path);

	if (u->folder && !directory)
		return false;
	if (!u->path)
		path = name;
	if (u->literal)
		return len == u->len && memcmp(path, u->pattern, len) == 0;
	return rules_wildmatch(u->pattern, path);
}

enum verdict
rules_match(const struct rules *r, const char *path, bool directory)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	size_t len = strlen(path);

	for (size_t i = r != NULL ? r->n : 0; i-- > 0;)
		if (rules_applies(&r->v[i], path, len, name, directory))
			return r->v[i].keep ? VERDICT_KEEP : VERDICT_IGNORE;
	return VERDICT_NONE;
}
