#include "ctl/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One that does not fit is cut, and so is another one than itself: it never matches. */
static void
follow_place(struct follow *f, const char *generation, size_t n, uint64_t rev)
{
	if (n >= sizeof f->generation)
		n = sizeof f->generation - 1;
	memcpy(f->generation, generation, n);
	f->generation[n] = '\0';
	f->rev = rev;
	f->placed = true;
}

void
follow_init(struct follow *f)
{
	*f = (struct follow){.want = FOLLOW_HEAD};
}

bool
follow_init_since(struct follow *f, const char *text)
{
	const char *dot = strrchr(text, '.'), *digits = dot != NULL ? dot + 1 : text;
	size_t n = dot != NULL ? (size_t)(dot - text) : 0;
	unsigned long long rev;
	char *end;

	if (digits[0] < '0' || digits[0] > '9' || n >= sizeof f->generation || (dot != NULL && n == 0))
		return false;
	errno = 0;
	rev = strtoull(digits, &end, 10);
	if (*end != '\0' || errno != 0)
		return false;
	follow_init(f);
	follow_place(f, text, n, rev);
	return true;
}

void
follow_init_snapshot(struct follow *f)
{
	follow_init(f);
	f->snapshot = true;
}

static bool
follow_same(const struct follow *f, const char *generation)
{
	return strcmp(generation, f->generation) == 0;
}

/* Where the first head puts a consumer that named no place, or no generation. */
static void
follow_first(struct follow *f, const char *generation, uint64_t rev)
{
	if (!f->placed || f->generation[0] == '\0')
		follow_place(f, generation, strlen(generation), f->placed ? f->rev : rev);
	f->known = true;
}

void
follow_head(struct follow *f, const char *generation, uint64_t rev)
{
	if (generation == NULL) {
		/* Whatever comes to be while it waits is new to it. */
		if (!f->known && !f->placed)
			follow_place(f, "", 0, 0);
		f->want = FOLLOW_BIRTH;
		return;
	}
	if (!f->known)
		follow_first(f, generation, rev);
	if (f->snapshot || !follow_same(f, generation) || rev < f->rev)
		f->want = FOLLOW_ALL;
	else
		f->want = rev > f->rev ? FOLLOW_PEEK : FOLLOW_WAIT;
}

bool
follow_entry(struct follow *f, const char *generation, uint64_t rev)
{
	if (f->want != FOLLOW_PEEK && f->want != FOLLOW_WAIT)
		return false;
	if (generation != NULL && !follow_same(f, generation))
		f->want = FOLLOW_ALL;
	else if (rev > f->rev + 1)
		f->want = FOLLOW_BETWEEN;
	if (f->want == FOLLOW_ALL || f->want == FOLLOW_BETWEEN || rev <= f->rev)
		return false;
	f->rev = rev;
	f->took = true;
	f->want = FOLLOW_WAIT;
	return true;
}

void
follow_entries_end(struct follow *f, size_t n)
{
	bool took = f->took;

	f->took = false;
	if (f->want == FOLLOW_PEEK)
		f->want = FOLLOW_BETWEEN; /* the head is ahead and the stream is not: it was cut */
	else if (f->want == FOLLOW_BIRTH || (f->want == FOLLOW_WAIT && n == 0))
		f->want = FOLLOW_HEAD; /* only the head can tell why nothing comes */
	else if (f->want == FOLLOW_WAIT && !took)
		f->want = FOLLOW_REST; /* entries that are not shelfd's come again at once */
}

bool
follow_read(struct follow *f, const char *generation, uint64_t rev, uint64_t floor)
{
	bool between = f->want == FOLLOW_BETWEEN;

	if (generation == NULL) {
		f->want = FOLLOW_HEAD;
		return false;
	}
	if (between && (!follow_same(f, generation) || rev < f->rev || floor > f->rev + 1)) {
		f->want = FOLLOW_ALL;
		return false;
	}
	/* So too when the stream is ahead of the head. */
	f->want = between && rev == f->rev ? FOLLOW_REST : FOLLOW_WAIT;
	follow_place(f, generation, strlen(generation), rev);
	f->known = true;
	f->snapshot = false;
	return true;
}

void
follow_rested(struct follow *f)
{
	f->want = FOLLOW_HEAD;
}

void
follow_lost(struct follow *f)
{
	f->want = FOLLOW_HEAD;
}
