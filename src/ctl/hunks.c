#include "ctl/hunks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/line.h"

#define AROUND 3

struct hunk_line {
	char sign; /* ' ', '-' or '+' */
	struct line line;
};

struct hunks {
	struct hunk_line *v;
	size_t n, cap;
};

static void
hunks_push(struct hunks *h, char sign, struct line l)
{
	if (h->n == h->cap) {
		h->cap = h->cap != 0 ? h->cap * 2 : 256;
		h->v = mem_realloc(h->v, h->cap, sizeof *h->v);
	}
	h->v[h->n++] = (struct hunk_line){sign, l};
}

static size_t
hunks_count(const char *s, size_t n)
{
	struct lines ls = {.s = s, .n = n};
	struct line l;
	size_t count = 0;

	while (lines_next(&ls, &l))
		count++;
	return count;
}

static bool
hunks_same(struct line a, struct line b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

static void
hunks_compare(struct hunks *h, const char *from, size_t from_n, const char *to, size_t to_n)
{
	bool added = hunks_count(from, from_n) == hunks_count(to, to_n); /* or it is still to come */
	struct lines old = {.s = from, .n = from_n}, new = {.s = to, .n = to_n};
	struct line a, b;

	while (lines_next(&new, &b)) {
		struct lines here = old, next = new;
		struct line after;
		bool there = lines_next(&old, &a), last = !lines_next(&next, &after);

		if (there && hunks_same(a, b)) {
			hunks_push(h, ' ', b);
		} else if (!there || (!added && !last && hunks_same(a, after))) {
			hunks_push(h, '+', b);
			added = true;
			old = here;
		} else {
			hunks_push(h, '-', a);
			hunks_push(h, '+', b);
		}
	}
}

/* Is a line with a change near enough? */
static bool
hunks_shown(const struct hunks *h, size_t i)
{
	size_t from = i > AROUND ? i - AROUND : 0;

	for (size_t k = from; k < h->n && k <= i + AROUND; k++)
		if (h->v[k].sign != ' ')
			return true;
	return false;
}

static void
hunks_head(const struct out *o, struct buf *b, const struct hunks *h, size_t i, size_t old, size_t new)
{
	char head[96];
	size_t n_old = 0, n_new = 0;

	for (; i < h->n && hunks_shown(h, i); i++) {
		n_old += h->v[i].sign != '+';
		n_new += h->v[i].sign != '-';
	}
	(void)snprintf(head, sizeof head, "@@ -%zu,%zu +%zu,%zu @@", old, n_old, new, n_new);
	out_add(o, b, STYLE_CYAN, head);
	buf_addch(b, '\n');
}

void
hunks_add(const struct out *o, struct buf *b, const char *from, size_t from_n, const char *to, size_t to_n)
{
	struct hunks h = {0};
	size_t old = 1, new = 1;
	bool open = false;

	hunks_compare(&h, from, from_n, to, to_n);
	for (size_t i = 0; i < h.n; i++) {
		const struct hunk_line *l = &h.v[i];
		bool shown = hunks_shown(&h, i);
		struct buf text = {0};

		if (shown && !open)
			hunks_head(o, b, &h, i, old, new);
		open = shown;
		old += l->sign != '+';
		new += l->sign != '-';
		if (!shown)
			continue;
		buf_addch(&text, l->sign);
		buf_add(&text, l->line.s, l->line.n);
		out_addn(o, b, l->sign == '-' ? STYLE_RED : l->sign == '+' ? STYLE_GREEN : STYLE_PLAIN, text.p, text.n);
		buf_addch(b, '\n');
		buf_free(&text);
	}
	free(h.v);
}
