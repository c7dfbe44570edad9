#include "base/backoff.h"

void
backoff_init(struct backoff *b, uint64_t seed)
{
	*b = (struct backoff){.random = seed | 1};
}

/* xorshift64 (Marsaglia, 2003) */
static usec_t
backoff_part(struct backoff *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->last / 2 + (usec_t)(b->random % (uint64_t)(b->last / 2 + 1));
}

usec_t
backoff_next(struct backoff *b)
{
	b->last = b->last == 0 ? BACKOFF_FIRST : usec_min(b->last * 2, BACKOFF_MAX);
	return backoff_part(b);
}

usec_t
backoff_longest(struct backoff *b)
{
	b->last = BACKOFF_MAX;
	return backoff_part(b);
}
