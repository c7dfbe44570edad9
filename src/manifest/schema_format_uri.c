/* URIs: the grammar of RFC 3986, appendix A. */
#include <ctype.h>
#include <string.h>

#include "manifest/schema_format.h"

#define SUB_DELIMS "!$&'()*+,;="

/* Unreserved characters, percent-encoded ones and what else is allowed: how many bytes from s on. */
static size_t
run_of(const char *s, size_t n, const char *others)
{
	size_t i = 0;

	while (i < n) {
		unsigned char c = (unsigned char)s[i];

		if (c == '%') {
			if (n - i < 3 || !isxdigit((unsigned char)s[i + 1]) || !isxdigit((unsigned char)s[i + 2]))
				break;
			i += 3;
		} else if (c != '\0' && (isalnum(c) || strchr("-._~", c) != NULL || strchr(others, c) != NULL)) {
			i++;
		} else {
			break;
		}
	}
	return i;
}

static size_t
scheme(const char *s, size_t n)
{
	size_t i = 0;

	if (n == 0 || !isalpha((unsigned char)s[0]))
		return 0;
	while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '+' || s[i] == '-' || s[i] == '.'))
		i++;
	return i < n && s[i] == ':' ? i + 1 : 0;
}

/* "[" IPv6 or IPvFuture "]": its length, or 0. */
static size_t
ip_literal(const char *s, size_t n)
{
	const char *end = memchr(s, ']', n), *dot;
	size_t len;

	if (end == NULL)
		return 0;
	len = (size_t)(end - s) - 1;
	if (format_ipv6(s + 1, len))
		return len + 2;
	if (len < 4 || (s[1] != 'v' && s[1] != 'V'))
		return 0;
	for (dot = s + 2; dot < end && isxdigit((unsigned char)*dot); dot++)
		;
	if (dot == s + 2 || *dot != '.' || dot + 1 == end || memchr(dot, '%', (size_t)(end - dot)) != NULL)
		return 0;
	len = (size_t)(end - dot) - 1;
	return run_of(dot + 1, len, SUB_DELIMS ":") == len ? (size_t)(end - s) + 1 : 0;
}

/* [userinfo "@"] host [":" port] */
static bool
authority(const char *s, size_t n)
{
	const char *at = memrchr(s, '@', n);
	size_t i = 0;

	if (at != NULL) {
		size_t user = (size_t)(at - s);

		if (run_of(s, user, SUB_DELIMS ":") != user)
			return false;
		s += user + 1;
		n -= user + 1;
	}
	if (n > 0 && s[0] == '[') {
		i = ip_literal(s, n);
		if (i == 0)
			return false;
	} else {
		i = run_of(s, n, SUB_DELIMS);
	}
	if (i < n && s[i] == ':')
		for (i++; i < n && isdigit((unsigned char)s[i]); i++)
			;
	return i == n;
}

/* All behind the scheme. relative: it had none. */
static bool
hierarchy(const char *s, size_t n, bool relative)
{
	size_t i = 0;

	if (n >= 2 && s[0] == '/' && s[1] == '/') {
		size_t len = 0;

		while (2 + len < n && strchr("/?#", s[2 + len]) == NULL)
			len++;
		if (!authority(s + 2, len))
			return false;
		i = 2 + len;
	} else if (relative) {
		/* The first segment has no colon: it would look like a scheme. */
		i = run_of(s, n, SUB_DELIMS "@");
		if (i < n && s[i] == ':')
			return false;
	}
	i += run_of(s + i, n - i, SUB_DELIMS ":@/");
	if (i < n && s[i] == '?') {
		i++;
		i += run_of(s + i, n - i, SUB_DELIMS ":@/?");
	}
	if (i < n && s[i] == '#') {
		i++;
		i += run_of(s + i, n - i, SUB_DELIMS ":@/?");
	}
	return i == n;
}

bool
format_uri(const char *s, size_t n)
{
	size_t i = scheme(s, n);

	return i > 0 && hierarchy(s + i, n - i, false);
}

bool
format_uri_reference(const char *s, size_t n)
{
	return format_uri(s, n) || hierarchy(s, n, true);
}
