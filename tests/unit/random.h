/* Seeded random numbers for tests: a failing run is repeated with SHELFD_TEST_SEED. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

struct random {
	uint64_t state;
};

/* From SHELFD_TEST_SEED, else from the clock; the seed is printed. */
static inline struct random
random_seeded(const char *test)
{
	const char *word = getenv("SHELFD_TEST_SEED");
	uint64_t seed = word != NULL ? strtoull(word, NULL, 10) : (uint64_t)clock_wall_ms();

	printf("%s: SHELFD_TEST_SEED=%llu\n", test, (unsigned long long)seed);
	(void)fflush(stdout);
	return (struct random){.state = seed};
}

/* 0 to n - 1 (splitmix64). */
static inline unsigned
random_below(struct random *r, unsigned n)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % n);
}

#endif
