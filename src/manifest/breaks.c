#include "manifest/breaks.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const char *const hidden[BREAKS] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

/* Where stand-ins are taken from: letters of two bytes, and characters that Unicode reserves for such uses. */
struct range {
	uint32_t first, last;
};

static const struct range short_ones = {0x100, 0x7ff};
static const struct range long_ones = {0xfdd0, 0xfdef};

/* Which characters of both ranges the text has; the long ones count from 0. */
struct used {
	bool v[0x800];
};

static void
mark(struct used *u, uint32_t cp)
{
	if (cp >= long_ones.first && cp <= long_ones.last)
		u->v[cp - long_ones.first] = true;
	else if (cp >= short_ones.first && cp <= short_ones.last)
		u->v[cp] = true;
}

/* "\uXXXX" and "\UXXXXXXXX": four digits and eight. */
static void
mark_escape(struct used *u, const char *s, size_t n)
{
	char digits[9] = {0};

	if (n < 6 || s[0] != '\\' || (s[1] != 'u' && s[1] != 'U'))
		return;
	memcpy(digits, s + 2, s[1] == 'u' ? 4 : n < 10 ? n - 2 : 8);
	mark(u, (uint32_t)strtoul(digits, NULL, 16));
}

static void
mark_all(struct used *u, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint32_t cp = 0;
		size_t len = utf8_decode(s + i, n - i, &cp);

		mark(u, cp);
		mark_escape(u, s + i, n - i);
		i += len > 0 ? len : 1;
	}
}

static void
choose(struct used *u, size_t len, char out[4])
{
	struct range r = len == 2 ? short_ones : long_ones;
	uint32_t offset = len == 2 ? 0 : long_ones.first;

	for (uint32_t cp = r.last; cp >= r.first; cp--) {
		if (u->v[cp - offset])
			continue;
		u->v[cp - offset] = true;
		out[utf8_encode(cp, out)] = '\0';
		return;
	}
}

static bool
occurs(const char *s, size_t n, const char *what)
{
	size_t len = strlen(what);

	for (const char *p = s, *end = s + n; (p = memchr(p, what[0], (size_t)(end - p))) != NULL; p++)
		if ((size_t)(end - p) >= len && memcmp(p, what, len) == 0)
			return true;
	return false;
}

static void
replace(char *s, size_t n, const char *from, const char *to)
{
	size_t len = strlen(from);

	for (char *p = s, *end = s + n; (p = memchr(p, from[0], (size_t)(end - p))) != NULL; p++)
		if ((size_t)(end - p) >= len && memcmp(p, from, len) == 0)
			memcpy(p, to, len);
}

void
breaks_hide(struct breaks *b, const char *s, size_t n)
{
	struct used used = {0};

	*b = (struct breaks){0};
	for (int i = 0; i < BREAKS; i++) {
		size_t len = strlen(hidden[i]);

		if (n == 0 || !occurs(s, n, hidden[i]))
			continue;
		if (b->text == NULL) {
			b->text = mem_strndup(s, n);
			mark_all(&used, s, n);
		}
		choose(&used, len, b->stand_in[i]);
		if (b->stand_in[i][0] != '\0')
			replace(b->text, n, hidden[i], b->stand_in[i]);
	}
}

void
breaks_show(const struct breaks *b, char *s, size_t n)
{
	for (int i = 0; b->text != NULL && i < BREAKS; i++)
		if (b->stand_in[i][0] != '\0')
			replace(s, n, b->stand_in[i], hidden[i]);
}

void
breaks_free(struct breaks *b)
{
	free(b->text);
}
