#include "base/textset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct textset_entry {
	RB_ENTRY(textset_entry) by_text;
	const char *text; /* behind the struct; a key for a search has none */
};

static int
compare(const struct textset_entry *a, const struct textset_entry *b)
{
	return strcmp(a->text, b->text);
}

RBTREE_GENERATE(textset_tree, textset_entry, by_text, compare)

bool
textset_add(struct textset *s, const char *text)
{
	size_t size = strlen(text) + 1;
	struct textset_entry *e = mem_alloc(sizeof *e + size);

	e->text = memcpy(e + 1, text, size);
	if (RB_INSERT(textset_tree, &s->tree, e) != NULL) {
		free(e);
		return false;
	}
	s->n++;
	return true;
}

bool
textset_has(const struct textset *s, const char *text)
{
	struct textset_entry key = {.text = text};

	return RB_FIND(textset_tree, (struct textset_tree *)UNCONST(&s->tree), &key) != NULL;
}

static void
drop(struct textset *s, struct textset_entry *e)
{
	(void)RB_REMOVE(textset_tree, &s->tree, e);
	s->n--;
	free(e);
}

bool
textset_take(struct textset *s, struct buf *ret)
{
	struct textset_entry *e = RB_MIN(textset_tree, &s->tree);

	if (e == NULL)
		return false;
	buf_clear(ret);
	buf_addstr(ret, e->text);
	drop(s, e);
	return true;
}

void
textset_each(const struct textset *s, void (*each)(void *arg, const char *text), void *arg)
{
	struct textset_entry *e;

	RB_FOREACH(e, textset_tree, (struct textset_tree *)UNCONST(&s->tree))
	{
		each(arg, e->text);
	}
}

void
textset_clear(struct textset *s)
{
	struct textset_entry *e;

	while ((e = RB_ROOT(&s->tree)) != NULL)
		drop(s, e);
}
