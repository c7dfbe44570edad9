#include "base/clock.h"

#include <time.h>

usec_t
clock_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (usec_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

int64_t
clock_wall_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE])
{
	time_t sec = (time_t)(wall_ms / 1000);
	unsigned int ms = (unsigned int)(wall_ms % 1000) % 1000;
	struct tm tm;

	(void)gmtime_r(&sec, &tm);
	(void)strftime(out, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	out[20] = (char)('0' + ms / 100);
	out[21] = (char)('0' + ms / 10 % 10);
	out[22] = (char)('0' + ms % 10);
}
