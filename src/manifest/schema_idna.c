#include "manifest/schema_idna.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define LABEL_MAX 64

struct label {
	uint32_t c[LABEL_MAX];
	size_t n;
};

/* RFC 3492, 5 */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 128 };

static uint32_t
adapt(uint32_t delta, uint32_t n, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / n;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static int
digit_value(char c)
{
	if (isalpha((unsigned char)c))
		return tolower((unsigned char)c) - 'a';
	return isdigit((unsigned char)c) ? c - '0' + 26 : -1;
}

/* One variable-length integer (RFC 3492, 6.2), added to *i. */
static bool
read_delta(const char **s, const char *end, uint32_t bias, uint32_t *i)
{
	uint64_t weight = 1, sum = *i;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
		int digit = *s < end ? digit_value(*(*s)++) : -1;

		if (digit < 0)
			return false;
		sum += (uint64_t)digit * weight;
		if (sum > UINT32_MAX)
			return false;
		if ((uint32_t)digit < t)
			break;
		weight *= BASE - t;
		if (weight > UINT32_MAX)
			return false;
	}
	*i = (uint32_t)sum;
	return true;
}

static bool
decode(const char *s, size_t n, struct label *l)
{
	const char *end = s + n, *hyphen = memrchr(s, '-', n);
	uint32_t code = INITIAL_N, i = 0, bias = INITIAL_BIAS;

	l->n = 0;
	if (hyphen != NULL) {
		for (; s < hyphen; s++)
			l->c[l->n++] = (unsigned char)*s;
		s++;
	}
	if (s == end)
		return false;
	while (s < end) {
		uint32_t old = i, count = (uint32_t)l->n + 1;

		if (l->n == LABEL_MAX || !read_delta(&s, end, bias, &i))
			return false;
		bias = adapt(i - old, count, old == 0);
		if (i / count > 0x10ffff - code)
			return false;
		code += i / count;
		i %= count;
		memmove(&l->c[i + 1], &l->c[i], (l->n - i) * sizeof *l->c);
		l->c[i++] = code;
		l->n++;
	}
	return true;
}

typedef uint32_t range[2];

static bool
in_ranges(uint32_t c, const range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}
#define IN(c, ranges) in_ranges(c, ranges, sizeof(ranges) / sizeof *(ranges))

/* RFC 5892, 2.6: exceptions that are disallowed; and what no label has: capitals, controls, surrogates. */
static const range disallowed[] = {{0x00, 0x2c}, {0x2e, 0x2f}, {0x3a, 0x60}, {0x7b, 0xb6}, {0xb8, 0xde}, {0xf7, 0xf7},
    {0x640, 0x640}, {0x7fa, 0x7fa}, {0x302e, 0x302f}, {0x3031, 0x3035}, {0x303b, 0x303b}, {0xd800, 0xf8ff},
    {0xfe00, 0xfe0f}, {0xff00, 0xffff}};
/* The blocks of combining marks, and the marks in the blocks of the larger Indic and Semitic scripts. */
static const range combining[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x5bf, 0x5bf}, {0x5c1, 0x5c2},
    {0x5c4, 0x5c5}, {0x5c7, 0x5c7}, {0x610, 0x61a}, {0x64b, 0x65f}, {0x670, 0x670}, {0x6d6, 0x6dc}, {0x6df, 0x6e4},
    {0x6e7, 0x6e8}, {0x6ea, 0x6ed}, {0x711, 0x711}, {0x730, 0x74a}, {0x900, 0x903}, {0x93a, 0x93c}, {0x93e, 0x94f},
    {0x951, 0x957}, {0x962, 0x963}, {0x981, 0x983}, {0x9bc, 0x9bc}, {0x9be, 0x9cd}, {0xa01, 0xa03}, {0xa3c, 0xa51},
    {0xa81, 0xa83}, {0xabc, 0xabc}, {0xabe, 0xacd}, {0xb01, 0xb03}, {0xb3c, 0xb3c}, {0xb3e, 0xb4d}, {0xb82, 0xb82},
    {0xbbe, 0xbcd}, {0xc00, 0xc04}, {0xc3e, 0xc4d}, {0xc81, 0xc83}, {0xcbe, 0xccd}, {0xd00, 0xd03}, {0xd3e, 0xd4d},
    {0xe31, 0xe31}, {0xe34, 0xe3a}, {0xe47, 0xe4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff},
    {0x302a, 0x302f}, {0x3099, 0x309a}, {0xfe20, 0xfe2f}};
static const range viramas[] = {{0x94d, 0x94d}, {0x9cd, 0x9cd}, {0xa4d, 0xa4d}, {0xacd, 0xacd}, {0xb4d, 0xb4d},
    {0xbcd, 0xbcd}, {0xc4d, 0xc4d}, {0xccd, 0xccd}, {0xd3b, 0xd3c}, {0xd4d, 0xd4d}, {0xdca, 0xdca}, {0xe3a, 0xe3a},
    {0xf84, 0xf84}, {0x1039, 0x103a}, {0x1714, 0x1715}, {0x17d2, 0x17d2}, {0x1b44, 0x1b44}, {0xa806, 0xa806},
    {0xa8c4, 0xa8c4}, {0xa953, 0xa953}, {0xa9c0, 0xa9c0}, {0x11046, 0x11046}, {0x110b9, 0x110b9}};
static const range greek[] = {{0x370, 0x373}, {0x375, 0x377}, {0x37a, 0x37d}, {0x37f, 0x37f}, {0x384, 0x384},
    {0x386, 0x386}, {0x388, 0x3e1}, {0x3f0, 0x3ff}, {0x1f00, 0x1fff}};
static const range hebrew[] = {{0x591, 0x5f4}, {0xfb1d, 0xfb4f}};
static const range kana_or_han[] = {{0x2e80, 0x2fd5}, {0x3005, 0x3007}, {0x3021, 0x3029}, {0x3041, 0x309f},
    {0x30a1, 0x30fa}, {0x30fd, 0x30ff}, {0x31f0, 0x31ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xf900, 0xfaff},
    {0x1b000, 0x1b16f}, {0x20000, 0x3134f}};
/* Letters that join on both sides, or on one: the Arabic and the Syriac ones. */
static const range joining[] = {
    {0x620, 0x64a}, {0x66e, 0x6d3}, {0x6fa, 0x6ff}, {0x710, 0x74f}, {0x750, 0x77f}, {0x7ca, 0x7ea}, {0x8a0, 0x8c7}};

static bool
any_in(const struct label *l, const range *ranges, size_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (in_ranges(l->c[i], ranges, n))
			return true;
	return false;
}
#define ANY_IN(l, ranges) any_in(l, ranges, sizeof(ranges) / sizeof *(ranges))

static const range arabic_digits[] = {{0x660, 0x669}}, extended_digits[] = {{0x6f0, 0x6f9}};

/* RFC 5892, appendix A. before and after are 0 at the ends. */
static bool
context_allows(const struct label *l, uint32_t c, uint32_t before, uint32_t after)
{
	switch (c) {
	case 0x200c:
		return IN(before, viramas) || (IN(before, joining) && IN(after, joining));
	case 0x200d:
		return IN(before, viramas);
	case 0xb7:
		return before == 'l' && after == 'l';
	case 0x375:
		return IN(after, greek);
	case 0x5f3:
	case 0x5f4:
		return IN(before, hebrew);
	case 0x30fb:
		return ANY_IN(l, kana_or_han);
	default:
		return true;
	}
}

bool
idna_valid(const char *s, size_t n)
{
	struct label l;

	if (!decode(s, n, &l) || IN(l.c[0], combining))
		return false;
	if (l.c[0] == '-' || l.c[l.n - 1] == '-' || (l.n >= 4 && l.c[2] == '-' && l.c[3] == '-'))
		return false;
	for (size_t i = 0; i < l.n; i++) {
		uint32_t before = i > 0 ? l.c[i - 1] : 0, after = i + 1 < l.n ? l.c[i + 1] : 0;
		uint32_t c = l.c[i] < 0x80 ? (uint32_t)tolower((int)l.c[i]) : l.c[i];

		if (IN(c, disallowed) || !context_allows(&l, c, before, after))
			return false;
	}
	return !(ANY_IN(&l, arabic_digits) && ANY_IN(&l, extended_digits));
}
