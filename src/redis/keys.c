#include "redis/keys.h"

#include <string.h>

#include "base/mem.h"

#define CATALOG_MAX 64

char *
keys_make(const char *catalog, const char *suffix)
{
	return mem_printf("shelf:{%s}:%s", catalog, suffix);
}

bool
keys_catalog_valid(const char *catalog)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(catalog);

	return n >= 1 && n <= CATALOG_MAX && strspn(catalog, allowed) == n;
}
