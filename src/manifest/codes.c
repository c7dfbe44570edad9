#include "manifest/codes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/codes_table.h"

static int
code_compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct code *)row)->code);
}

const struct code *
code_find(const char *code)
{
	return bsearch(code, codes_table, codes_table_n, sizeof *codes_table, code_compare);
}

const char *
code_nearest(const char *word)
{
	const char **names = mem_alloc((codes_table_n + 1) * sizeof *names), *near;

	for (size_t i = 0; i < codes_table_n; i++)
		names[i] = codes_table[i].code;
	names[codes_table_n] = NULL;
	near = text_nearest(word, names);
	free(names);
	return near;
}

const struct code *
code_all(size_t *ret_n)
{
	*ret_n = codes_table_n;
	return codes_table;
}
