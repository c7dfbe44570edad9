/* What no Redis says, or none that means well: refused in time, and nothing taken for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "conn_stage.h"
#include "random.h"

static void
assert_broken(struct stage *s, const char *reply, const char *part)
{
	stage_ready(s);
	stage_say_text(s, reply);
	assert_int_equal(s->n_lost, 1);
	if (strstr(s->why.msg, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", s->why.msg, part);
}

static void
huge_array_is_refused_before_memory_is_taken_for_it(void **state)
{
	assert_broken(*state, "*2147483647\r\n", "more than 1000000 elements");
}

static void
nested_arrays_are_counted_together(void **state)
{
	assert_broken(*state, "*2\r\n*600000\r\n:1\r\n:1\r\n*600000\r\n*600000\r\n", "more than 1000000 elements");
}

static void
many_arrays_are_not_counted_together(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	buf_addstr(&b, "*50000\r\n");
	for (int i = 0; i < 50000; i++)
		buf_addstr(&b, ":1\r\n");
	for (int i = 0; i < 21; i++)
		stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 0);
	assert_int_equal(s->replies.n, 21 * strlen("array of 50000\n"));
	buf_free(&b);
}

static void
huge_string_is_refused_before_it_is_read(void **state)
{
	assert_broken(*state, "$67108865\r\nx", "string of more than");
}

static void
string_without_a_length_is_refused(void **state)
{
	assert_broken(*state, "$000000000000000000000000000000", "string without a length");
}

static void
protocol_error_ends_the_connection(void **state)
{
	assert_broken(*state, "HTTP/1.1 400 Bad Request\r\n", "broke the protocol");
}

static void
line_without_an_end_is_refused(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	buf_addch(&b, '+');
	while (b.n < 200000)
		buf_addstr(&b, "xxxxxxxxxxxxxxxx");
	stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 1);
	assert_non_null(strstr(s->why.msg, "line that does not end"));
	buf_free(&b);
}

static void
string_of_megabytes_is_taken(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	buf_addstr(&b, "$5000000\r\n");
	memset(buf_reserve(&b, 5000000), 'y', 5000000);
	buf_commit(&b, 5000000);
	buf_addstr(&b, "\r\n:7\r\n");
	stage_say(s, b.p, b.n);
	assert_string_equal(buf_str(&s->replies), "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n7\n");
	buf_free(&b);
}

static void
arrays_in_arrays_without_an_end_are_refused(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	for (int i = 0; i < 100000; i++)
		buf_addstr(&b, "*1\r\n");
	stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 1);
	assert_non_null(strstr(s->why.msg, "more than 7 deep"));
	buf_free(&b);
}

static void
reply_of_many_large_strings_is_refused(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	stage_say_text(s, "*1000000\r\n");
	buf_addstr(&b, "$1000000\r\n");
	memset(buf_reserve(&b, 1000000), 'y', 1000000);
	buf_commit(&b, 1000000);
	buf_addstr(&b, "\r\n");
	for (int i = 0; i < 67; i++)
		stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 0);
	stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 1);
	assert_non_null(strstr(s->why.msg, "a reply of more than 67108864 bytes"));
	buf_free(&b);
}

static void
many_replies_may_have_more_bytes_than_one(void **state)
{
	struct stage *s = *state;
	struct buf b = {0};

	stage_ready(s);
	buf_addstr(&b, "$4000000\r\n");
	memset(buf_reserve(&b, 4000000), 'y', 4000000);
	buf_commit(&b, 4000000);
	buf_addstr(&b, "\r\n");
	for (int i = 0; i < 20; i++)
		stage_say(s, b.p, b.n);
	assert_int_equal(s->n_lost, 0);
	buf_free(&b);
}

/* Bytes that look like RESP more often than not. */
static void
add_noise(struct random *r, struct buf *b)
{
	static const char *const words[] = {"*", "$", "+", "-", ":", "\r\n", "\r", "\n", "0", "-1", "-2", "3", "12",
	    "2147483647", "-2147483648", "9223372036854775807", "99999999999999999999", "OK", "x", " ", "*2\r\n",
	    "*-1\r\n", "$-1\r\n", "$3\r\nabc\r\n", "$3\r\nabcd", ":1\r\n", "+OK\r\n", "-ERR no\r\n", "*1\r\n", "_\r\n",
	    "%1\r\n", "~1\r\n", "#t\r\n", ",1.5\r\n", ">2\r\n", "(1\r\n"};
	unsigned n = sizeof words / sizeof *words;

	for (unsigned i = random_below(r, 40) + 1; i > 0; i--) {
		if (random_below(r, 8) == 0)
			buf_addch(b, (char)random_below(r, 256));
		else
			buf_addstr(b, words[random_below(r, n)]);
	}
}

/* However the bytes are cut, they mean the same: the replies before the first mistake, and that mistake. */
static void
noise_gives_the_same_replies_however_it_is_cut(void **state)
{
	struct random r = random_seeded("noise");

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct buf noise = {0}, replies[2] = {0};
		int lost[2];

		add_noise(&r, &noise);
		for (int pass = 0; pass < 2; pass++) {
			void *v;
			struct stage *s;

			assert_int_equal(conn_setup(&v), 0);
			s = v;
			stage_ready(s);
			for (size_t at = 0; at < noise.n;) {
				size_t n = pass == 0 ? noise.n : random_below(&r, 8) + 1;

				n = n < noise.n - at ? n : noise.n - at;
				stage_say(s, noise.p + at, n);
				at += n;
			}
			buf_add(&replies[pass], s->replies.p, s->replies.n);
			lost[pass] = s->n_lost;
			assert_true(s->n_lost == 0 || s->conn == NULL);
			(void)conn_teardown(&v);
		}
		assert_string_equal(buf_str(&replies[0]), buf_str(&replies[1]));
		assert_int_equal(lost[0], lost[1]);
		buf_free(&replies[0]);
		buf_free(&replies[1]);
		buf_free(&noise);
	}
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, conn_setup, conn_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(huge_array_is_refused_before_memory_is_taken_for_it),
	    STAGED(nested_arrays_are_counted_together),
	    STAGED(many_arrays_are_not_counted_together),
	    STAGED(huge_string_is_refused_before_it_is_read),
	    STAGED(string_without_a_length_is_refused),
	    STAGED(protocol_error_ends_the_connection),
	    STAGED(line_without_an_end_is_refused),
	    STAGED(string_of_megabytes_is_taken),
	    STAGED(arrays_in_arrays_without_an_end_are_refused),
	    STAGED(reply_of_many_large_strings_is_refused),
	    STAGED(many_replies_may_have_more_bytes_than_one),
	    cmocka_unit_test(noise_gives_the_same_replies_however_it_is_cut),
	};

	return cmocka_run_group_tests_name("conn_hostile", tests, NULL, NULL);
}
