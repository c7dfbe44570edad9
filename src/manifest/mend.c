#include "manifest/mend.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "manifest/frontmatter.h"
#include "manifest/line.h"
#include "manifest/mend_steps.h"
#include "manifest/parse.h"
#include "manifest/rawtext.h"
#include "manifest/value.h"

#define STEPS 100 /* for one text, */
#define STEPS_BYTES (16 * 1024 * 1024) /* and as many bytes to parse */

/* What a text without front matter is described by. */
static void
described(const char *s, size_t n, struct buf *out)
{
	char *description = frontmatter_describe(s, n);

	buf_addstr(out, description != NULL ? description : "");
	free(description);
}

/* Does it parse? meaning: what the metadata says, to compare. */
static bool
understood(enum format format, const char *s, size_t n, struct buf *meaning, struct problems *ps)
{
	struct document *d = document_new();
	enum parsed_as parsed = PARSED_BAD;
	const struct value *root;

	if (rawtext_check(&s, &n, true, ps) == 0)
		parsed = parse_document(format, s, n, d, &root, ps);
	if (parsed == PARSED_DOCUMENT)
		value_canonical(root, meaning);
	else if (parsed == PARSED_PLAIN)
		described(s, n, meaning);
	document_free(d);
	return parsed != PARSED_BAD;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

/* A CR by itself is something else; where there is one, line ends are left alone. */
static bool
only_crlf(const char *s, size_t n)
{
	bool found = false;

	for (const char *p = s, *end = s + n; (p = memchr(p, '\r', (size_t)(end - p))) != NULL; p++) {
		if (p + 1 == end || p[1] != '\n')
			return false;
		found = true;
	}
	return found;
}

static bool
begins_with_mark(const char *s, size_t n)
{
	return n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0;
}

/* What of the bytes can be mended without looking at what they mean. */
static void
mend_bytes(const char *s, size_t n, struct mended *ret)
{
	ret->bom = begins_with_mark(s, n) && !begins_with_mark(s + 3, n - 3);
	if (ret->bom) {
		s += 3;
		n -= 3;
	}
	ret->crlf = only_crlf(s, n);
	for (size_t i = 0; i < n; i++)
		if (!ret->crlf || s[i] != '\r')
			buf_addch(&ret->text, s[i]);
}

static const struct problem *
first_error(struct problems *ps)
{
	problems_sort(ps);
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].severity == SEVERITY_ERROR)
			return &ps->v[i];
	return NULL;
}

/* One thing that is wrong. width: of a tab; *tabs tells that it mattered. */
static bool
mend_one(struct buf *text, const struct problem *p, size_t width, bool *tabs)
{
	if (strcmp(p->code, "frontmatter-not-closed") == 0)
		return mend_close(text, p->line);
	if (strcmp(p->code, "yaml-unquoted-colon") == 0)
		return mend_quote(text, p->line, p->column);
	if (strcmp(p->code, "yaml-syntax") != 0 || !mend_tabs(text, p->line, p->column, width))
		return false;
	*tabs = true;
	return true;
}

/* Until it parses. */
static bool
mend_all(enum format format, struct buf *text, size_t width, struct buf *meaning, bool *tabs)
{
	for (size_t i = 0; i < STEPS && i * text->n < STEPS_BYTES; i++) {
		struct problems ps = {0};
		const struct problem *p;
		bool ok, stepped;

		buf_clear(meaning);
		ok = understood(format, buf_str(text), text->n, meaning, &ps);
		p = ok ? NULL : first_error(&ps);
		stepped = p != NULL && mend_one(text, p, width, tabs);
		problems_free(&ps);
		if (!stepped)
			return ok;
	}
	return false;
}

static void
copy(struct buf *to, const struct buf *from)
{
	buf_clear(to);
	buf_add(to, buf_str(from), from->n);
}

/* Is what a narrow tab gives what any other would give, where that parses at all? */
static bool
mend_meaning(enum format format, struct buf *text)
{
	static const size_t widths[] = {2, 4, 8};
	struct buf best = {0}, meant = {0}, try = {0}, meaning = {0};
	bool found = false, doubt = false, tabs = true;

	for (size_t i = 0; i < sizeof widths / sizeof *widths && tabs && !doubt; i++) {
		tabs = false;
		copy(&try, text);
		if (!mend_all(format, &try, widths[i], &meaning, &tabs))
			continue;
		if (!found) {
			copy(&best, &try);
			copy(&meant, &meaning);
		}
		doubt = found && !same(&meant, &meaning);
		found = true;
	}
	if (found && !doubt)
		copy(text, &best);
	buf_free(&best);
	buf_free(&meant);
	buf_free(&try);
	buf_free(&meaning);
	return found && !doubt;
}

static bool
has(const struct buf *b, char c)
{
	return b->n > 0 && memchr(b->p, c, b->n) != NULL;
}

enum mend
mend_text(enum format format, const char *s, size_t n, struct mended *ret)
{
	struct problems ps = {0}, after = {0};
	struct buf before = {0}, meaning = {0};
	struct mended m = {0};
	bool parsed = understood(format, s, n, &before, &ps), raw;
	enum mend result = MEND_IMPOSSIBLE;

	raw = n <= LIMIT_FILE;
	if (raw)
		mend_bytes(s, n, &m);
	if (parsed && !m.bom && !m.crlf)
		result = MEND_NOTHING;
	else if (parsed)
		result = understood(format, buf_str(&m.text), m.text.n, &meaning, &after) && same(&before, &meaning)
		    ? MEND_DONE
		    : MEND_NOTHING;
	else if (raw && format != FORMAT_JSON && !has(&m.text, '\r') && mend_meaning(format, &m.text))
		result = MEND_DONE;
	if (result == MEND_DONE)
		*ret = m;
	else
		buf_free(&m.text);
	problems_free(&ps);
	problems_free(&after);
	buf_free(&before);
	buf_free(&meaning);
	return result;
}
