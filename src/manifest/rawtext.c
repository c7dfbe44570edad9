#include "manifest/rawtext.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "manifest/place.h"

/* Line and column of the byte at offset at; what is before it is valid UTF-8. */
static void
rawtext_place(const char *s, size_t at, int *ret_line, int *ret_column)
{
	struct place p;

	place_init(&p, s, at, 1);
	place_to_byte(&p, at);
	*ret_line = p.line;
	*ret_column = p.column;
}

static bool
begins_with(const char *s, size_t n, const char *what, size_t len)
{
	return n >= len && memcmp(s, what, len) == 0;
}

/*
 * A byte order mark of UTF-16 or UTF-32, or NULs where every other byte of ASCII
 * text in UTF-16 has one. A file in which NULs stand elsewhere is just damaged.
 */
static bool
is_utf16(const char *s, size_t n)
{
	size_t pairs = n / 2 < 32 ? n / 2 : 32, nuls[2] = {0, 0};

	if (begins_with(s, n, "\xff\xfe", 2) || begins_with(s, n, "\xfe\xff", 2))
		return true;
	for (size_t i = 0; i < 2 * pairs; i++)
		nuls[i % 2] += s[i] == '\0';
	return pairs >= 2 && ((nuls[0] == 0 && nuls[1] * 4 >= pairs * 3) || (nuls[1] == 0 && nuls[0] * 4 >= pairs * 3));
}

static const char *
find_line(const char *s, size_t n, const char *start)
{
	size_t len = strlen(start);

	for (const char *end = s + n; s < end;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));

		if (begins_with(s, (size_t)(end - s), start, len))
			return s;
		s = nl != NULL ? nl + 1 : end;
	}
	return NULL;
}

static int
check_conflict(const char *s, size_t n, struct problems *ps)
{
	const char *marker = find_line(s, n, "<<<<<<< ");
	int line, column;

	/* One that is left of several is as bad. "=======" may be a heading's. */
	if (marker == NULL)
		marker = find_line(s, n, ">>>>>>> ");
	if (marker == NULL)
		return 0;
	rawtext_place(s, (size_t)(marker - s), &line, &column);
	problems_add(ps, "conflict-markers", SEVERITY_ERROR, line, column, NULL,
	    "the file is in conflict and has git's conflict markers",
	    "choose the lines to keep, remove the markers, then git add the file");
	return -1;
}

static int
check_utf8(const char *s, size_t n, struct problems *ps)
{
	size_t good = utf8_valid_prefix(s, n);
	const char *nul = memchr(s, '\0', good);
	int line, column;

	if (nul != NULL) {
		rawtext_place(s, (size_t)(nul - s), &line, &column);
		problems_add(ps, "nul-byte", SEVERITY_ERROR, line, column, NULL, "there is a NUL byte; text has none",
		    "the file is binary or damaged: restore it");
		return -1;
	}
	if (good == n)
		return 0;
	rawtext_place(s, good, &line, &column);
	problems_addf(ps, "not-utf8", SEVERITY_ERROR, line, column, "save the file as UTF-8",
	    "byte 0x%02x is not valid UTF-8", (unsigned char)s[good]);
	return -1;
}

int
rawtext_check(const char **s, size_t *n, bool conflicted, struct problems *ps)
{
	static const char bom[] = "\xef\xbb\xbf";

	if (*n > LIMIT_FILE) {
		problems_addf(ps, "too-large", SEVERITY_ERROR, 0, 0,
		    "move what is large into files beside the manifest",
		    "the file has %zu bytes; at most %d are allowed", *n, LIMIT_FILE);
		return -1;
	}
	if (is_utf16(*s, *n)) {
		problems_add(ps, "utf16", SEVERITY_ERROR, 1, 1, NULL, "the file is UTF-16; UTF-8 is expected",
		    "save the file as UTF-8");
		return -1;
	}
	if (begins_with(*s, *n, bom, 3)) {
		problems_add(ps, "bom", SEVERITY_NOTE, 1, 1, NULL,
		    "the file begins with a byte order mark, which is skipped", "save the file as UTF-8 without it");
		*s += 3;
		*n -= 3;
	}
	if (check_utf8(*s, *n, ps) != 0)
		return -1;
	return conflicted ? check_conflict(*s, *n, ps) : 0;
}
