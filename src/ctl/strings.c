#include "ctl/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
strings_add(struct strings *s, const char *text)
{
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 64;
		s->v = mem_realloc(s->v, s->cap, sizeof *s->v);
	}
	s->v[s->n++] = mem_strdup(text);
}

static int
strings_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
strings_sort(struct strings *s)
{
	if (s->n > 1)
		qsort(s->v, s->n, sizeof *s->v, strings_cmp);
}

void
strings_free(struct strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strings){0};
}

size_t
strings_from(const struct strings *sorted, const char *word)
{
	size_t from = 0, to = sorted->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(sorted->v[middle], word) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool
strings_have(const struct strings *sorted, const char *word)
{
	size_t i = strings_from(sorted, word);

	return i < sorted->n && strcmp(sorted->v[i], word) == 0;
}

bool
strings_equal(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

const char *const *
strings_list(struct strings *s)
{
	s->v = mem_realloc(s->v, s->n + 1, sizeof *s->v);
	s->cap = s->n + 1;
	s->v[s->n] = NULL;
	return (const char *const *)s->v;
}
