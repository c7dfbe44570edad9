#include "ctl/limits.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool
limits_hold(const struct strings *limits, const char *path)
{
	char *part = mem_strdup(path);
	bool held = limits->n == 0 || strings_have(limits, part);

	while (!held && part[0] != '\0') {
		char *slash = strrchr(part, '/');

		*(slash != NULL ? slash : part) = '\0';
		held = strings_have(limits, part);
	}
	free(part);
	return held;
}

bool
limits_below(const struct strings *limits, const char *path)
{
	char *prefix = mem_printf("%s/", path);
	size_t n = strlen(prefix), i = strings_from(limits, prefix);
	bool found = limits->n == 0 || path[0] == '\0' || strings_have(limits, path) ||
	    (i < limits->n && strncmp(limits->v[i], prefix, n) == 0);

	free(prefix);
	return found;
}

bool
limits_twin(const struct strings *limits, const char *path)
{
	char *prefix = mem_printf("%s.", path);
	size_t n = strlen(prefix), i = strings_from(limits, prefix);
	bool found = false;

	for (; !found && i < limits->n && strncmp(limits->v[i], prefix, n) == 0; i++)
		found = strpbrk(limits->v[i] + n, "./") == NULL;
	free(prefix);
	return found;
}
