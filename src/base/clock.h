/*
 * Time as a type. Everything that waits uses usec_t of the monotonic clock and
 * is given it as an argument; only the loop asks the kernel. What is published
 * uses msec of the wall clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

typedef int64_t usec_t; /* microseconds, CLOCK_MONOTONIC */

#define USEC_NEVER INT64_MAX
#define USEC_PER_MS INT64_C(1000)
#define USEC_PER_SEC INT64_C(1000000)

usec_t clock_now(void);

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

/* RFC 3339 in UTC with milliseconds, "2026-01-31T23:59:59.123Z": 24 bytes and a NUL. */
#define CLOCK_RFC3339_SIZE 25
void clock_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE]);

static inline usec_t
usec_min(usec_t a, usec_t b)
{
	return a < b ? a : b;
}

#endif
