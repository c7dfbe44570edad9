#include "manifest/codes.h"

#include <stdlib.h>
#include <string.h>

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

const struct code *
code_all(size_t *ret_n)
{
	*ret_n = codes_table_n;
	return codes_table;
}
