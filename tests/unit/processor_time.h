/* What the tests share that look at how long an input keeps the processor. */
#ifndef TESTS_UNIT_PROCESSOR_TIME_H
#define TESTS_UNIT_PROCESSOR_TIME_H

#include <time.h>

#define BOUND_MS 50.0
#define TRIES 3

/*
 * The times that are printed are below 50 ms on a machine that does nothing else.
 * What is checked leaves room for a busy one, and for a build without
 * optimisation or with sanitizers: a stall takes seconds at least.
 */
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
#define SLOWNESS 3.0
#else
#define SLOWNESS 40.0
#endif

static inline double
cpu_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

#endif
