#include "base/clock.h"

#include <string.h>
#include <time.h>

#define SEC_PER_DAY 86400
#define DATE_LENGTH 10 /* "2026-01-31" */

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

static void
put_digits(char *out, unsigned int v, int n)
{
	for (; n > 0; v /= 10)
		out[--n] = (char)('0' + v % 10);
}

/* The calendar is asked once a day: what a save waits for is code that is in no cache of the processor. */
static const char *
date_of(int64_t day)
{
	static _Thread_local int64_t known = INT64_MIN;
	static _Thread_local char text[DATE_LENGTH + 1];
	time_t sec = (time_t)(day * SEC_PER_DAY);
	struct tm tm;

	if (day == known)
		return text;
	(void)gmtime_r(&sec, &tm);
	(void)strftime(text, sizeof text, "%Y-%m-%d", &tm);
	known = day;
	return text;
}

void
clock_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE])
{
	int64_t sec = wall_ms / 1000;
	unsigned int of_day = (unsigned int)(sec % SEC_PER_DAY);

	memcpy(out, date_of(sec / SEC_PER_DAY), DATE_LENGTH);
	memcpy(out + DATE_LENGTH, "T00:00:00.000Z", sizeof "T00:00:00.000Z");
	put_digits(out + 11, of_day / 3600, 2);
	put_digits(out + 14, of_day / 60 % 60, 2);
	put_digits(out + 17, of_day % 60, 2);
	put_digits(out + 20, (unsigned int)(wall_ms % 1000), 3);
}
