#include "ctl/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define TABLE_COLUMNS 8
#define TABLE_GAP 2
#define TABLE_LAST_MIN 12 /* columns that the last one keeps */
#define TABLE_FIRST_MIN 16 /* and the first one */

struct cell {
	char *text;
	size_t columns;
	enum style style;
};

struct table {
	const struct out *out;
	size_t columns;
	size_t width[TABLE_COLUMNS];
	struct cell *cells;
	size_t n, cap;
};

struct table *
table_new(const struct out *o, const char *const *headings)
{
	struct table *t = mem_zalloc(sizeof *t);

	t->out = o;
	while (headings[t->columns] != NULL && t->columns < TABLE_COLUMNS)
		t->columns++;
	for (size_t i = 0; i < t->columns; i++)
		table_add(t, STYLE_BOLD, headings[i]);
	return t;
}

void
table_add(struct table *t, enum style style, const char *text)
{
	struct buf b = {0};
	struct cell *c;
	size_t column = t->n % t->columns;

	if (t->n == t->cap) {
		t->cap = t->cap != 0 ? t->cap * 2 : 64;
		t->cells = mem_realloc(t->cells, t->cap, sizeof *t->cells);
	}
	if (text != NULL)
		text_escape(&b, text, strlen(text));
	c = &t->cells[t->n++];
	c->text = buf_steal(&b);
	c->columns = out_columns(c->text);
	c->style = style;
	if (c->columns > t->width[column])
		t->width[column] = c->columns;
}

/* Take columns off one column, but leave it least. */
static void
table_shrink(size_t *width, size_t least, size_t *excess)
{
	size_t cut;

	if (*width <= least)
		return;
	cut = *width - least < *excess ? *width - least : *excess;
	*width -= cut;
	*excess -= cut;
}

static void
table_print_cell(const struct table *t, struct buf *b, const struct cell *c, size_t width, bool last)
{
	size_t used = c->columns;

	if (c->columns > width) {
		char *cut = mem_printf("%.*s\xe2\x80\xa6", (int)out_fit(c->text, width - 1), c->text);

		out_add(t->out, b, c->style, cut);
		used = out_columns(cut);
		free(cut);
	} else if (c->columns > 0) {
		out_add(t->out, b, c->style, c->text);
	}
	for (; !last && used < width + TABLE_GAP; used++)
		buf_addch(b, ' ');
}

void
table_print(const struct table *t, struct buf *b)
{
	size_t width[TABLE_COLUMNS], total = 0, last = t->columns - 1;

	memcpy(width, t->width, sizeof width);
	for (size_t i = 0; i < t->columns; i++)
		total += width[i] + (i != last ? TABLE_GAP : 0);
	if (t->out->width != 0 && total > t->out->width) {
		size_t excess = total - t->out->width;

		table_shrink(&width[last], TABLE_LAST_MIN, &excess);
		table_shrink(&width[0], TABLE_FIRST_MIN, &excess);
	}
	for (size_t i = 0; i < t->n; i++) {
		bool end = i % t->columns == last;

		table_print_cell(t, b, &t->cells[i], width[i % t->columns], end);
		if (end) {
			while (b->n > 0 && b->p[b->n - 1] == ' ')
				b->p[--b->n] = '\0';
			buf_addch(b, '\n');
		}
	}
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}
