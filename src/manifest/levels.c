#include "manifest/levels.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/codes.h"

bool
levels_may(const char *code)
{
	const struct code *row = code_find(code);

	return row != NULL && row->lenient != SEVERITY_ERROR;
}

void
levels_set(struct levels *l, const char *code, enum level level)
{
	const struct code *row = code_find(code);
	size_t i = 0;

	assert(row != NULL);
	while (i < l->n && l->v[i].code != row->code)
		i++;
	if (i == l->n)
		l->v = mem_realloc(l->v, ++l->n, sizeof *l->v);
	l->v[i] = (struct level_row){.code = row->code, .level = level};
}

bool
levels_get(const struct levels *l, const char *code, enum level *ret)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].code, code) == 0) {
			*ret = l->v[i].level;
			return true;
		}
	}
	return false;
}

void
levels_add(struct levels *l, const struct levels *src)
{
	for (size_t i = 0; i < src->n; i++)
		levels_set(l, src->v[i].code, src->v[i].level);
}

void
levels_free(struct levels *l)
{
	free(l->v);
	*l = (struct levels){0};
}

int
level_parse(const char *word, enum level *ret)
{
	static const char *const words[] = {
	    [LEVEL_ERROR] = "error", [LEVEL_WARNING] = "warning", [LEVEL_NOTE] = "note", [LEVEL_OFF] = "off"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum level)i;
			return 0;
		}
	}
	return -1;
}
