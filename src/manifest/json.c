#include "manifest/json.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "manifest/build.h"
#include "manifest/place.h"

enum expect { EXPECT_VALUE, EXPECT_FIRST_ITEM, EXPECT_FIRST_KEY, EXPECT_KEY, EXPECT_NEXT, EXPECT_END };

struct json {
	const char *s;
	size_t n;
	size_t i; /* the next byte */
	struct place place;
	struct build build;
	struct document *d;
	struct problems *ps;
};

static int json_fail(struct json *j, size_t at, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static int
json_fail(struct json *j, size_t at, const char *hint, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	place_to_byte(&j->place, at);
	problems_add(j->ps, "json-syntax", SEVERITY_ERROR, j->place.line, j->place.column, NULL, text, hint);
	return -1;
}

static int
peek(const struct json *j)
{
	return j->i < j->n ? (unsigned char)j->s[j->i] : -1;
}

/* What stands at the next byte, for "but found ...". */
static const char *
found(const struct json *j, char out[32])
{
	char c[8] = {0};
	uint32_t cp;
	size_t len = utf8_decode(j->s + j->i, j->n - j->i, &cp);

	if (j->i >= j->n)
		return "the end of the file";
	memcpy(c, j->s + j->i, len > 0 ? len : 1);
	(void)text_escape_to(out + 1, 29, c);
	out[0] = '\'';
	len = strlen(out);
	out[len] = '\'';
	out[len + 1] = '\0';
	return out;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void
skip_blanks(struct json *j)
{
	while (j->i < j->n && is_blank(j->s[j->i]))
		j->i++;
}

static struct value *
json_value(struct json *j, size_t at, enum value_type type)
{
	struct value *v = document_alloc(j->d, sizeof *v);

	place_to_byte(&j->place, at);
	*v = (struct value){.type = type, .line = j->place.line, .column = j->place.column};
	return v;
}

static int
hex4(struct json *j, uint32_t *ret)
{
	uint32_t cp = 0;

	for (int k = 0; k < 4; k++, j->i++) {
		static const char digits[] = "0123456789abcdef";
		int c = peek(j);
		const char *p = c > 0 ? strchr(digits, c | 0x20) : NULL;

		if (p == NULL || c < '0')
			return json_fail(j, j->i, NULL, "\\u must be followed by four hexadecimal digits");
		cp = cp << 4 | (uint32_t)(p - digits);
	}
	*ret = cp;
	return 0;
}

/* The digits of \uXXXX, and the second half of a surrogate pair. */
static int
unescape_unicode(struct json *j, size_t at, char out[4], size_t *ret_len)
{
	uint32_t cp, low;

	if (hex4(j, &cp) != 0)
		return -1;
	if (cp >= 0xd800 && cp <= 0xdfff) {
		if (cp >= 0xdc00 || j->n - j->i < 2 || j->s[j->i] != '\\' || j->s[j->i + 1] != 'u')
			return json_fail(j, at, "write the character itself, or both halves of the pair",
			    "\\u%04x is half of a surrogate pair and stands alone", cp);
		j->i += 2;
		if (hex4(j, &low) != 0)
			return -1;
		if (low < 0xdc00 || low > 0xdfff)
			return json_fail(j, at, "write the character itself, or both halves of the pair",
			    "\\u%04x must be followed by the second half of a surrogate pair, not \\u%04x", cp, low);
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
	}
	*ret_len = utf8_encode(cp, out);
	return 0;
}

/* The escape whose backslash is at j->i - 1. */
static int
unescape(struct json *j, char out[4], size_t *ret_len)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	int c = peek(j);
	const char *p = c > 0 ? strchr(letters, c) : NULL;
	char shown[32];

	if (p != NULL) {
		j->i++;
		out[0] = meant[p - letters];
		*ret_len = 1;
		return 0;
	}
	if (c != 'u')
		return json_fail(
		    j, j->i - 1, "write \\\\ for a backslash", "a backslash can not stand before %s", found(j, shown));
	j->i++;
	return unescape_unicode(j, j->i - 2, out, ret_len);
}

/* The bytes after the opening quote up to the closing one. out has room for them: unescaping never lengthens. */
static int
string_body(struct json *j, size_t open, char *out, size_t *ret_len)
{
	size_t len = 0, add = 0;
	char shown[32];

	for (;;) {
		int c = peek(j);

		if (c == '"')
			break;
		if (c < 0 || c == '\n' || c == '\r')
			return json_fail(j, open, "add the closing quote; write \\n for a new line inside a string",
			    "the string that begins here is not closed on its line");
		if (c < 0x20)
			return json_fail(j, j->i, "write it as an escape such as \\t",
			    "the control character %s stands in a string", found(j, shown));
		j->i++;
		if (c == '\\') {
			if (unescape(j, out + len, &add) != 0)
				return -1;
			len += add;
		} else {
			out[len++] = (char)c;
		}
	}
	j->i++;
	*ret_len = len;
	return 0;
}

/* Upper bound of the content: the bytes up to a quote that no backslash stands before. */
static size_t
string_room(const struct json *j)
{
	size_t i = j->i;

	while (i < j->n && j->s[i] != '"' && j->s[i] != '\n')
		i += j->s[i] == '\\' ? 2 : 1;
	return (i < j->n ? i : j->n) - j->i;
}

/* A string whose quote is the next byte. */
static int
json_string(struct json *j, const char **ret_text, size_t *ret_len)
{
	size_t open = j->i++;
	char *text = document_alloc(j->d, string_room(j) + 4);

	if (string_body(j, open, text, ret_len) != 0)
		return -1;
	text[*ret_len] = '\0'; /* a broken escape may have left something there */
	*ret_text = text;
	return 0;
}

static int
json_string_value(struct json *j)
{
	struct value *v = json_value(j, j->i, VALUE_STRING);

	if (json_string(j, &v->text, &v->text_len) != 0)
		return -1;
	return build_scalar(&j->build, v);
}

static size_t
digits(struct json *j)
{
	size_t from = j->i;

	while (j->i < j->n && j->s[j->i] >= '0' && j->s[j->i] <= '9')
		j->i++;
	return j->i - from;
}

/* Go over a number; ret_float when it has a fraction or an exponent. */
static int
number_syntax(struct json *j, bool *ret_float)
{
	bool is_float = false;
	size_t first;

	if (peek(j) == '-')
		j->i++;
	first = j->i;
	if (digits(j) == 0)
		return json_fail(j, j->i, NULL, "expected a digit after '-'");
	if (j->s[first] == '0' && j->i > first + 1)
		return json_fail(j, first, "remove the zeros, or put the value in quotes",
		    "a number can not begin with a zero that another digit follows");
	if (peek(j) == '.') {
		is_float = true;
		j->i++;
		if (digits(j) == 0)
			return json_fail(j, j->i, NULL, "expected a digit after the decimal point");
	}
	if (peek(j) == 'e' || peek(j) == 'E') {
		is_float = true;
		j->i++;
		if (peek(j) == '+' || peek(j) == '-')
			j->i++;
		if (digits(j) == 0)
			return json_fail(j, j->i, NULL, "expected a digit in the exponent");
	}
	*ret_float = is_float;
	return 0;
}

static int
json_number(struct json *j)
{
	size_t from = j->i;
	bool is_float = false;
	struct value *v;

	if (number_syntax(j, &is_float) != 0)
		return -1;
	v = json_value(j, from, VALUE_INT);
	v->text_len = j->i - from;
	v->text = document_strndup(j->d, j->s + from, v->text_len);
	errno = 0;
	if (!is_float)
		v->integer = strtoll(v->text, NULL, 10);
	if (is_float || errno == ERANGE) {
		v->type = VALUE_FLOAT;
		v->number = strtod(v->text, NULL);
		if (isinf(v->number))
			return json_fail(j, from, "put it in quotes if it is text", "the number is too large");
	}
	return build_scalar(&j->build, v);
}

static int
json_word(struct json *j)
{
	static const struct {
		const char *word;
		enum value_type type;
		bool boolean;
	} words[] = {{"null", VALUE_NULL, false}, {"true", VALUE_BOOL, true}, {"false", VALUE_BOOL, false}};
	size_t from = j->i, n = 0;
	char shown[48];

	while (from + n < j->n && n < 30 && strchr(" \t\n\r,:[]{}\"", j->s[from + n]) == NULL)
		n++;
	for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
		struct value *v;

		if (strlen(words[k].word) != n || memcmp(j->s + from, words[k].word, n) != 0)
			continue;
		v = json_value(j, from, words[k].type);
		if (v->type == VALUE_BOOL)
			v->boolean = words[k].boolean;
		v->text = words[k].word;
		v->text_len = n;
		j->i += n;
		return build_scalar(&j->build, v);
	}
	(void)text_escape_to(shown, sizeof shown, document_strndup(j->d, j->s + from, n));
	return json_fail(j, from, "text needs double quotes; the only words are true, false and null",
	    "expected a value, but found %s", n > 0 ? shown : found(j, (char[32]){0}));
}

static int
json_open(struct json *j, enum value_type type)
{
	place_to_byte(&j->place, j->i++);
	return build_open(&j->build, type, j->place.line, j->place.column);
}

static enum expect
json_close(struct json *j)
{
	struct build_size size;

	j->i++;
	(void)build_close(&j->build, &size);
	return j->build.depth > 0 ? EXPECT_NEXT : EXPECT_END;
}

static bool
after_comma(const struct json *j)
{
	size_t i = j->i;

	while (i > 0 && is_blank(j->s[i - 1]))
		i--;
	return i > 0 && j->s[i - 1] == ',';
}

static const char *
unexpected_hint(const struct json *j)
{
	switch (peek(j)) {
	case '\'':
		return "text needs double quotes";
	case '/':
	case '#':
		return "JSON has no comments; remove it";
	case ']':
	case '}':
		return after_comma(j) ? "remove the comma before it" : NULL;
	default:
		return NULL;
	}
}

static int
json_scalar(struct json *j)
{
	int c = peek(j);
	char shown[32];

	if (c == '"')
		return json_string_value(j);
	if (c == '-' || (c >= '0' && c <= '9'))
		return json_number(j);
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return json_word(j);
	return json_fail(j, j->i, unexpected_hint(j), "expected a value, but found %s", found(j, shown));
}

static int
expect_value(struct json *j, enum expect *state)
{
	int c = peek(j);

	if (c == ']' && *state == EXPECT_FIRST_ITEM) {
		*state = json_close(j);
		return 0;
	}
	if (c == '[' || c == '{') {
		*state = c == '[' ? EXPECT_FIRST_ITEM : EXPECT_FIRST_KEY;
		return json_open(j, c == '[' ? VALUE_ARRAY : VALUE_OBJECT);
	}
	if (json_scalar(j) != 0)
		return -1;
	*state = j->build.depth > 0 ? EXPECT_NEXT : EXPECT_END;
	return 0;
}

static int
expect_key(struct json *j, enum expect *state)
{
	const char *key;
	char shown[32];
	size_t n;
	int line, column;

	if (peek(j) == '}' && *state == EXPECT_FIRST_KEY) {
		*state = json_close(j);
		return 0;
	}
	if (peek(j) != '"') {
		const char *hint = unexpected_hint(j);

		return json_fail(j, j->i, hint != NULL ? hint : "a key needs double quotes",
		    "expected a key in double quotes, but found %s", found(j, shown));
	}
	place_to_byte(&j->place, j->i);
	line = j->place.line;
	column = j->place.column;
	if (json_string(j, &key, &n) != 0 || build_key(&j->build, key, n, line, column) != 0)
		return -1;
	skip_blanks(j);
	if (peek(j) != ':')
		return json_fail(j, j->i, NULL, "expected ':' after the key, but found %s", found(j, shown));
	j->i++;
	*state = EXPECT_VALUE;
	return 0;
}

/* After a value inside a collection: a comma or the end of it. */
static int
expect_next(struct json *j, enum expect *state)
{
	const struct value *v = build_at_depth(&j->build, j->build.depth - 1);
	char end = v->type == VALUE_ARRAY ? ']' : '}';
	char shown[32];
	int c = peek(j);

	if (c == end) {
		*state = json_close(j);
		return 0;
	}
	if (c == ',') {
		j->i++;
		*state = end == ']' ? EXPECT_VALUE : EXPECT_KEY;
		return 0;
	}
	return json_fail(j, j->i, c < 0 ? NULL : "a comma is missing, or the value before it needs double quotes",
	    "expected ',' or '%c' (the %s begins on line %d), but found %s", end, value_type_word(v->type), v->line,
	    found(j, shown));
}

static int
json_step(struct json *j, enum expect *state)
{
	skip_blanks(j);
	switch (*state) {
	case EXPECT_VALUE:
	case EXPECT_FIRST_ITEM:
		return expect_value(j, state);
	case EXPECT_FIRST_KEY:
	case EXPECT_KEY:
		return expect_key(j, state);
	case EXPECT_NEXT:
		return expect_next(j, state);
	case EXPECT_END:
		break;
	}
	return json_fail(
	    j, j->i, "a file holds one JSON value; remove what follows", "there is text after the end of the value");
}

struct value *
json_parse(struct document *d, const char *s, size_t n, struct problems *ps)
{
	struct json j = {.s = s, .n = n, .d = d, .ps = ps};
	enum expect state = EXPECT_VALUE;
	struct value *root;
	int result = 0;

	place_init(&j.place, s, n, 1);
	build_init(&j.build, d, ps, "json-duplicate-key");
	while (result == 0 && (state != EXPECT_END || (skip_blanks(&j), j.i < n)))
		result = json_step(&j, &state);
	root = build_finish(&j.build);
	return result == 0 ? root : NULL;
}
