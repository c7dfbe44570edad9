#include "ctl/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
follow_begin(struct follow *f, const char *generation, uint64_t rev)
{
	size_t n = strnlen(generation, sizeof f->generation);

	if (n == sizeof f->generation)
		n--;
	memcpy(f->generation, generation, n);
	f->generation[n] = '\0';
	f->rev = rev;
}

enum follow_step
follow_event(const struct follow *f, const char *generation, uint64_t rev)
{
	if (generation != NULL && strcmp(generation, f->generation) != 0)
		return FOLLOW_RESET;
	if (rev <= f->rev)
		return FOLLOW_OLD;
	return rev == f->rev + 1 ? FOLLOW_NEXT : FOLLOW_GAP;
}

enum follow_step
follow_head(const struct follow *f, const char *generation, uint64_t rev)
{
	if (strcmp(generation, f->generation) != 0 || rev < f->rev)
		return FOLLOW_RESET;
	return rev == f->rev ? FOLLOW_OLD : FOLLOW_GAP;
}

enum follow_step
follow_gap(const struct follow *f, uint64_t floor)
{
	return floor > f->rev + 1 ? FOLLOW_RESET : FOLLOW_GAP;
}

void
follow_take(struct follow *f, uint64_t rev)
{
	f->rev = rev;
}

bool
follow_parse(const char *text, struct follow *ret)
{
	const char *dot = strrchr(text, '.'), *digits = dot != NULL ? dot + 1 : text;
	size_t n = dot != NULL ? (size_t)(dot - text) : 0;
	unsigned long long rev;
	char *end;

	if (digits[0] < '0' || digits[0] > '9' || n >= sizeof ret->generation || (dot != NULL && n == 0))
		return false;
	errno = 0;
	rev = strtoull(digits, &end, 10);
	if (*end != '\0' || errno != 0)
		return false;
	memcpy(ret->generation, text, n);
	ret->generation[n] = '\0';
	ret->rev = rev;
	return true;
}
