/* Names and addresses of the network. */
#include <ctype.h>
#include <string.h>

#include "manifest/schema_format.h"
#include "manifest/schema_idna.h"

#define NAME_MAX_LEN 253 /* RFC 1123, 2.1 and RFC 1034, 3.1, as text */
#define LABEL_MAX_LEN 63

/* RFC 2673, 3.2: four decimal numbers, without leading zeros. */
bool
format_ipv4(const char *s, size_t n)
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		size_t from;
		int v = 0;

		if (part > 0 && (i == n || s[i++] != '.'))
			return false;
		for (from = i; i < n && i - from < 3 && isdigit((unsigned char)s[i]); i++)
			v = v * 10 + (s[i] - '0');
		if (i == from || v > 255 || (s[from] == '0' && i - from > 1))
			return false;
	}
	return i == n;
}

/* RFC 4291, 2.2: eight groups of hexadecimal digits; "::" once, for one or more; the last two as IPv4. */
bool
format_ipv6(const char *s, size_t n)
{
	size_t i = 0;
	int groups = 0;
	bool gap = false;

	if (n >= 2 && s[0] == ':' && s[1] == ':') {
		gap = true;
		i = 2;
	}
	while (i < n) {
		size_t from = i;

		while (i < n && isxdigit((unsigned char)s[i]))
			i++;
		if (i < n && s[i] == '.')
			return format_ipv4(s + from, n - from) && (gap ? groups <= 5 : groups == 6);
		if (i == from || i - from > 4 || groups == 8)
			return false;
		groups++;
		if (i == n)
			break;
		if (s[i++] != ':' || i == n)
			return false;
		if (s[i] == ':') {
			if (gap)
				return false;
			gap = true;
			i++;
		}
	}
	return gap ? groups < 8 : groups == 8;
}

/* RFC 1123, 2.1; a label that begins with "xn--" by RFC 5891, 5.4 as well. */
static bool
valid_label(const char *s, size_t n)
{
	if (n == 0 || n > LABEL_MAX_LEN || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	if (n >= 4 && s[2] == '-' && s[3] == '-')
		return strncasecmp(s, "xn", 2) == 0 && idna_valid(s + 4, n - 4);
	return true;
}

bool
format_hostname(const char *s, size_t n)
{
	const char *end = s + n;

	if (n == 0 || n > NAME_MAX_LEN)
		return false;
	for (;;) {
		const char *dot = memchr(s, '.', (size_t)(end - s));
		const char *stop = dot != NULL ? dot : end;

		if (!valid_label(s, (size_t)(stop - s)))
			return false;
		if (dot == NULL)
			return true;
		s = dot + 1;
	}
}

/* RFC 5321, 4.1.2: Quoted-string. */
static bool
valid_quoted(const char *s, size_t n)
{
	if (n < 2 || s[n - 1] != '"')
		return false;
	for (size_t i = 1; i < n - 1; i++) {
		if (s[i] == '\\' && ++i == n - 1)
			return false;
		if (s[i] < 32 || s[i] > 126 || (s[i] == '"' && s[i - 1] != '\\'))
			return false;
	}
	return true;
}

/* RFC 5321, 4.1.2: Dot-string. */
static bool
valid_local(const char *s, size_t n)
{
	if (n == 0 || n > 64)
		return false;
	if (s[0] == '"')
		return valid_quoted(s, n);
	if (s[0] == '.' || s[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' ? s[i - 1] == '.'
				: !isalnum((unsigned char)s[i]) &&
			    (s[i] == '\0' || strchr("!#$%&'*+-/=?^_`{|}~", s[i]) == NULL))
			return false;
	}
	return true;
}

/* RFC 5321, 4.1.3. */
static bool
valid_literal(const char *s, size_t n)
{
	if (n < 2 || s[0] != '[' || s[n - 1] != ']')
		return false;
	if (n > 7 && strncasecmp(s + 1, "IPv6:", 5) == 0)
		return format_ipv6(s + 6, n - 7);
	return format_ipv4(s + 1, n - 2);
}

bool
format_email(const char *s, size_t n)
{
	const char *at = memrchr(s, '@', n);
	size_t local, domain;

	if (at == NULL)
		return false;
	local = (size_t)(at - s);
	domain = n - local - 1;
	return valid_local(s, local) &&
	    (domain > 0 && at[1] == '[' ? valid_literal(at + 1, domain) : format_hostname(at + 1, domain));
}
