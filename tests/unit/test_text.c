#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/jsonw.h"
#include "base/text.h"

static void
assert_valid_prefix(const char *s, size_t n, size_t want)
{
	assert_int_equal(utf8_valid_prefix(s, n), want);
}

static void
utf8_refuses_what_rfc_3629_forbids(void **state)
{
	(void)state;
	assert_valid_prefix("a\xc3\xa4z", 4, 4);
	assert_valid_prefix("\xf0\x9f\x93\x9a", 4, 4);
	assert_valid_prefix("a\xc0\x80", 3, 1); /* overlong NUL */
	assert_valid_prefix("\xe0\x80\xaf", 3, 0); /* overlong slash */
	assert_valid_prefix("\xed\xa0\x80", 3, 0); /* surrogate */
	assert_valid_prefix("\xf4\x90\x80\x80", 4, 0); /* above U+10FFFF */
	assert_valid_prefix("ab\xe2\x82", 4, 2); /* cut off */
}

static void
the_first_invalid_byte_is_found_wherever_it_stands(void **state)
{
	char s[33];

	(void)state;
	for (size_t at = 0; at < sizeof s; at++) {
		memset(s, 'a', sizeof s);
		s[at] = '\xff';
		assert_valid_prefix(s, sizeof s, at);
		assert_valid_prefix(s, at, at);
	}
}

static void
escape_shows_controls_bidi_and_invalid_bytes_as_hex(void **state)
{
	struct buf b = {0};

	(void)state;
	text_escape(&b, "a\x1b[2J\n\xff \xc3\xa4\xe2\x80\xae%", 14);
	assert_string_equal(buf_str(&b), "a\\x1B[2J\\x0A\\xFF \xc3\xa4\\xE2\\x80\\xAE%");
	buf_free(&b);
}

static void
percent_encoding_goes_there_and_back(void **state)
{
	static const char raw[] = "a%b\n\xff\xc3\xa4/\x7f";
	struct buf enc = {0}, dec = {0};

	(void)state;
	text_percent_encode(&enc, raw, sizeof raw - 1);
	assert_string_equal(buf_str(&enc), "a%25b%0A%FF\xc3\xa4/%7F");
	assert_int_equal(text_percent_decode(&dec, enc.p, enc.n), 0);
	assert_int_equal(dec.n, sizeof raw - 1);
	assert_memory_equal(dec.p, raw, dec.n);
	assert_int_equal(text_percent_decode(&dec, "%4", 2), -1);
	buf_free(&enc);
	buf_free(&dec);
}

static void
nearest_suggests_only_what_is_near(void **state)
{
	static const char *const words[] = {"status", "show", "sync", NULL};

	(void)state;
	assert_string_equal(text_nearest("statsu", words), "status");
	assert_string_equal(text_nearest("shwo", words), "show");
	assert_null(text_nearest("zzzzzz", words));
	assert_null(text_nearest("", words));
}

static void
json_writer_puts_commas_and_escapes(void **state)
{
	struct buf b = {0};
	struct jsonw w;

	(void)state;
	jsonw_init(&w, &b);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "a", "x\"\\\n\x01\xff");
	jsonw_array(&w, "b");
	jsonw_int(&w, NULL, -7);
	jsonw_bool(&w, NULL, true);
	jsonw_array_end(&w);
	jsonw_object(&w, "c");
	jsonw_object_end(&w);
	jsonw_str_opt(&w, "d", NULL);
	jsonw_null(&w, "e");
	jsonw_object_end(&w);
	assert_string_equal(
	    buf_str(&b), "{\"a\":\"x\\\"\\\\\\n\\u0001\xef\xbf\xbd\",\"b\":[-7,true],\"c\":{},\"e\":null}");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(utf8_refuses_what_rfc_3629_forbids),
	    cmocka_unit_test(the_first_invalid_byte_is_found_wherever_it_stands),
	    cmocka_unit_test(escape_shows_controls_bidi_and_invalid_bytes_as_hex),
	    cmocka_unit_test(percent_encoding_goes_there_and_back),
	    cmocka_unit_test(nearest_suggests_only_what_is_near),
	    cmocka_unit_test(json_writer_puts_commas_and_escapes),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
