#include "manifest/schema_format.h"

#include <ctype.h>
#include <string.h>

#include "manifest/schema_regex.h"

/* RFC 9562, 4: 8-4-4-4-12 hexadecimal digits. */
static bool
format_uuid(const char *s, size_t n)
{
	if (n != 36)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return true;
}

/* RFC 6901, 3. */
static bool
format_json_pointer(const char *s, size_t n)
{
	if (n > 0 && s[0] != '/')
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] == '~' && (i + 1 == n || (s[i + 1] != '0' && s[i + 1] != '1')))
			return false;
	return true;
}

static const struct format formats[] = {
    {"date", "date", "like 2026-01-31", BYTES_A_STEP, format_date},
    {"date-time", "date and time", "like 2026-01-31T23:59:59Z", BYTES_A_STEP, format_date_time},
    {"email", "e-mail address", "like name@example.org", 4, format_email},
    {"hostname", "host name", "like www.example.org", 1, format_hostname},
    {"ipv4", "IPv4 address", "like 192.0.2.1", BYTES_A_STEP, format_ipv4},
    {"ipv6", "IPv6 address", "like 2001:db8::1", BYTES_A_STEP, format_ipv6},
    {"json-pointer", "JSON pointer", "like /items/0/name", BYTES_A_STEP, format_json_pointer},
    {"regex", "regular expression of ECMA-262", NULL, 1, regex_valid},
    {"time", "time with an offset", "like 23:59:59Z or 23:59:59+01:00", BYTES_A_STEP, format_time},
    {"uri", "URI", "like https://example.org/path", 8, format_uri},
    {"uri-reference", "URI reference", "like ../path or https://example.org/path", 8, format_uri_reference},
    {"uuid", "UUID", "like 123e4567-e89b-12d3-a456-426614174000", BYTES_A_STEP, format_uuid},
};

const struct format *
format_find(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strlen(formats[i].name) == n && memcmp(formats[i].name, name, n) == 0)
			return &formats[i];
	return NULL;
}
