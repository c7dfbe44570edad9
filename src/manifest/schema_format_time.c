/* Dates and times of RFC 3339, 5.6. */
#include "manifest/schema_format.h"

/* Two digits, or -1. */
static int
two(const char *s)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return -1;
	return (s[0] - '0') * 10 + (s[1] - '0');
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool
format_date(const char *s, size_t n)
{
	int century, year, month, day;

	if (n != 10 || s[4] != '-' || s[7] != '-')
		return false;
	century = two(s);
	year = two(s + 2);
	month = two(s + 5);
	day = two(s + 8);
	if (century < 0 || year < 0 || month < 1 || month > 12)
		return false;
	return day >= 1 && day <= days_in_month(century * 100 + year, month);
}

/* "Z" or "+hh:mm": the minutes that local time is ahead. */
static bool
read_offset(const char *s, size_t n, int *ret)
{
	int hours, minutes;

	if (n == 1 && (s[0] == 'Z' || s[0] == 'z')) {
		*ret = 0;
		return true;
	}
	if (n != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':')
		return false;
	hours = two(s + 1);
	minutes = two(s + 4);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*ret = (s[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

bool
format_time(const char *s, size_t n)
{
	int hour, minute, second, offset, utc;
	size_t i = 8;

	if (n < 9 || s[2] != ':' || s[5] != ':')
		return false;
	hour = two(s);
	minute = two(s + 3);
	second = two(s + 6);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	if (s[i] == '.') {
		size_t from = ++i;

		while (i < n && s[i] >= '0' && s[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	if (!read_offset(s + i, n - i, &offset))
		return false;
	/* A leap second is the last one of a day in UTC. */
	utc = ((hour * 60 + minute - offset) % 1440 + 1440) % 1440;
	return second < 60 || utc == 1439;
}

bool
format_date_time(const char *s, size_t n)
{
	return n > 11 && format_date(s, 10) && (s[10] == 'T' || s[10] == 't') && format_time(s + 11, n - 11);
}
