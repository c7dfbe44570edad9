#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

struct unit {
	const char *word;
	uint64_t factor;
};

/* Digits, then one of the words; nothing else. */
static int
parse_unit(const char *text, const struct unit *units, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	const char *s = text;

	for (; *s >= '0' && *s <= '9'; s++) {
		if (n > max / 10)
			return -1;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	if (s == text)
		return -1;
	for (; units->word != NULL; units++) {
		if (strcmp(s, units->word) != 0)
			continue;
		if (n > max / units->factor)
			return -1;
		*ret = n * units->factor;
		return 0;
	}
	return -1;
}

int
settings_duration(const char *text, usec_t *ret)
{
	static const struct unit units[] = {
	    {"us", 1},
	    {"ms", (uint64_t)USEC_PER_MS},
	    {"s", (uint64_t)USEC_PER_SEC},
	    {"m", 60 * (uint64_t)USEC_PER_SEC},
	    {"h", 3600 * (uint64_t)USEC_PER_SEC},
	    {NULL, 0},
	};
	uint64_t n;

	if (parse_unit(text, units, 365 * 86400 * (uint64_t)USEC_PER_SEC, &n) != 0)
		return -1;
	*ret = (usec_t)n;
	return 0;
}

int
settings_size(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {
	    {"B", 1},
	    {"KiB", 1024},
	    {"MiB", 1024 * 1024},
	    {"GiB", 1024 * 1024 * 1024},
	    {NULL, 0},
	};

	return parse_unit(text, units, UINT64_C(1) << 60, ret);
}

bool
settings_catalog_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(name);

	return n >= 1 && n <= 64 && strspn(name, allowed) == n;
}
