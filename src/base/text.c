#include "base/text.h"

#include <stdio.h>
#include <string.h>

size_t
utf8_decode(const char *str, size_t n, uint32_t *ret_cp)
{
	const unsigned char *s = (const unsigned char *)str;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t cp;
	size_t len;

	if (n == 0)
		return 0;
	if (s[0] < 0x80) {
		*ret_cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		len = 2;
		cp = s[0] & 0x1fu;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		len = 3;
		cp = s[0] & 0x0fu;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		len = 4;
		cp = s[0] & 0x07u;
	} else {
		return 0;
	}
	if (n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s[i] & 0x3fu);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret_cp = cp;
	return len;
}

size_t
utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

size_t
utf8_valid_prefix(const char *s, size_t n)
{
	size_t i = 0;
	uint32_t cp;

	while (i < n) {
		uint64_t eight;
		size_t len;

		/* Most text is ASCII: take it a word at a time. */
		if (n - i >= sizeof eight) {
			memcpy(&eight, s + i, sizeof eight);
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof eight;
				continue;
			}
		}
		if ((unsigned char)s[i] < 0x80) {
			i++;
			continue;
		}
		len = utf8_decode(s + i, n - i, &cp);
		if (len == 0)
			break;
		i += len;
	}
	return i;
}

size_t
utf8_length(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			count++;
	return count;
}

bool
text_printable(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return false;
	if (cp == 0x61c || cp == 0x200e || cp == 0x200f || cp == 0x2028 || cp == 0x2029)
		return false;
	return !((cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069));
}

static void
text_add_encoded(struct buf *out, const char *s, size_t n, const char *prefix, char also)
{
	size_t i = 0, from = 0;

	while (i < n) {
		uint32_t cp = 0;
		size_t len = utf8_decode(s + i, n - i, &cp);

		if (len != 0 && text_printable(cp) && s[i] != also) {
			i += len;
			continue;
		}
		buf_add(out, s + from, i - from);
		for (size_t end = i + (len != 0 ? len : 1); i < end; i++) {
			static const char digits[] = "0123456789ABCDEF";
			unsigned char c = (unsigned char)s[i];

			buf_addstr(out, prefix);
			buf_addch(out, digits[c >> 4]);
			buf_addch(out, digits[c & 15]);
		}
		from = i;
	}
	buf_add(out, s + from, n - from);
}

void
text_escape(struct buf *out, const char *s, size_t n)
{
	text_add_encoded(out, s, n, "\\x", '\0');
}

const char *
text_escape_to(char *out, size_t size, const char *s)
{
	struct buf b = {0};

	text_escape(&b, s, strlen(s));
	if (b.n < size) {
		memcpy(out, buf_str(&b), b.n + 1);
	} else {
		size_t keep = utf8_valid_prefix(b.p, size - 4);

		memcpy(out, b.p, keep);
		memcpy(out + keep, "...", 4);
	}
	buf_free(&b);
	return out;
}

void
text_percent_encode(struct buf *out, const char *s, size_t n)
{
	text_add_encoded(out, s, n, "%", '%');
}

static int
text_hexdigit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_percent_decode(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			buf_addch(out, s[i]);
			continue;
		}
		if (n - i < 3 || text_hexdigit(s[i + 1]) < 0 || text_hexdigit(s[i + 2]) < 0)
			return -1;
		buf_addch(out, (char)(text_hexdigit(s[i + 1]) << 4 | text_hexdigit(s[i + 2])));
		i += 2;
	}
	return 0;
}

size_t
text_digits(uint64_t v, char out[TEXT_DIGITS])
{
	char rev[TEXT_DIGITS];
	size_t n = 0;

	do
		rev[n++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	for (size_t i = 0; i < n; i++)
		out[i] = rev[n - 1 - i];
	return n;
}

void
text_hex(struct buf *out, const void *p, size_t n)
{
	const unsigned char *s = p;
	static const char digits[] = "0123456789abcdef";
	char *to = buf_reserve(out, 2 * n);

	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[s[i] >> 4];
		to[2 * i + 1] = digits[s[i] & 15];
	}
	buf_commit(out, 2 * n);
}

int
text_unhex(const char *s, size_t len, void *out, size_t n)
{
	unsigned char *p = out;

	if (len != 2 * n)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (text_hexdigit(s[i]) < 0)
			return -1;
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(text_hexdigit(s[2 * i]) << 4 | text_hexdigit(s[2 * i + 1]));
	return 0;
}

#define NEAREST_MAX 63

/* Optimal string alignment distance; both words at most NEAREST_MAX bytes. */
static size_t
text_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[3][NEAREST_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *cur = row[i % 3], *prev = row[(i - 1) % 3], *before = row[(i + 1) % 3];

		cur[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t d = prev[j - 1] + (a[i - 1] != b[j - 1]);

			if (prev[j] + 1 < d)
				d = prev[j] + 1;
			if (cur[j - 1] + 1 < d)
				d = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			cur[j] = d;
		}
	}
	return row[n % 3][m];
}

const char *
text_nearest(const char *word, const char *const *candidates)
{
	size_t n = strlen(word), best = n / 3 + 2;
	const char *found = NULL;

	if (n == 0 || n > NEAREST_MAX)
		return NULL;
	for (; *candidates != NULL; candidates++) {
		size_t m = strlen(*candidates), d;

		/* The distance is at least the difference of the lengths. */
		if (m > NEAREST_MAX || (m > n ? m - n : n - m) >= best)
			continue;
		d = text_distance(word, n, *candidates, m);
		if (d < best && d < m) {
			best = d;
			found = *candidates;
		}
	}
	return found;
}
