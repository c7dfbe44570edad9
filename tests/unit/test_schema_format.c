/* The examples are those of the documents that define the formats, or are made by their rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "manifest/schema_format.h"

#define MAX 40

struct examples {
	const char *format;
	const char *valid[MAX], *invalid[MAX];
};

static const struct examples all[] = {
    {"date", {"1985-04-12", "2000-02-29", "2024-02-29", "9999-12-31", "0000-01-01"},
	{"1900-02-29", "2023-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "85-04-12", "1985-4-12",
	    "1985/04/12", "1985-04-12Z", " 1985-04-12", "1985-04-1\xd9\xa2", ""}},
    /* RFC 3339, 5.8 */
    {"date-time",
	{"1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00",
	    "1937-01-01T12:00:27.87+00:20", "1985-04-12t23:20:50z"},
	{"1985-04-12 23:20:50Z", "1985-04-12T23:20:50", "1985-04-12T24:00:00Z", "1985-04-12T23:60:00Z",
	    "1990-12-31T23:58:60Z", "1990-12-31T15:59:60Z", "1985-04-12T23:20:50.Z", "1985-04-12T23:20:50,5Z",
	    "1985-04-12T23:20:50+0100", "1985-04-12T23:20:50+24:00", "1985-04-12T23:20:50+01:60", "1985-04-12"}},
    {"time", {"23:20:50.52Z", "00:00:00+00:00", "23:59:60Z", "00:29:60+00:30"},
	{"23:20:50", "1:20:50Z", "23:20Z", "24:00:00Z", "22:59:60Z", "12:00:00 Z", "12:00:00+1:00"}},
    {"email",
	{"joe@example.org", "joe.bloggs+tag@sub.example.org", "!#$%&'*+-/=?^_`{|}~@x", "\"joe bloggs\"@example.org",
	    "\"a@b\\\"c\"@example.org", "x@[192.0.2.1]", "x@[IPv6:2001:db8::1]"},
	{"joe", "@example.org", "joe@", ".joe@example.org", "joe.@example.org", "jo..e@example.org", "jo e@example.org",
	    "joe@-x.org", "joe@exa_mple.org", "j\xc3\xb6@example.org", "\"joe@example.org", "x@[300.0.0.1]",
	    "x@[::1]"}},
    {"hostname", {"example.org", "a", "1.example", "xn--bcher-kva.example", "a-b.c"},
	{"", ".", "a.", ".a", "a..b", "-a", "a-", "a_b",
	    "b\xc3\xbc"
	    "cher.example",
	    "ab--cd", "xn--", "xn--a-"}},
    {"ipv4", {"0.0.0.0", "192.0.2.255", "255.255.255.255"},
	{"", "192.0.2", "192.0.2.1.5", "256.0.0.1", "01.2.3.4", "1.2.3.04", "1.2.3.", "1..2.3", "1.2.3.4 ",
	    "0x1.2.3.4"}},
    /* RFC 5892, 2.6 and appendix A: what is allowed only beside certain others, or never */
    {"hostname",
	{"xn--collecci-ioa91d", "xn--wva3je", "xn--mebp7a", "xn--cckeg35a", "xn--11b2ezcw70k", "xn--11b2ezcs70k",
	    "xn--ngba5hb2804a", "xn--cibc", "xn--bcher-kva", "xn--zca", "xn--wgv71a"},
	{"xn--ab-0ea", "xn--l-fda", "xn--a-jib", "xn--ab-yod", "xn--ab-3n4a", "xn--cib20a", "xn--chbjb", "xn--ab-m1t",
	    "xn--bung-fna", "xn--a-ubb", "xn--07j4780c", "xn--ab-j1t", "xn--37j7a", "xn--a-std", "xn--ab---3ra"}},
    /* RFC 4291, 2.2 */
    {"ipv6",
	{"ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "2001:DB8:0:0:8:800:200C:417A", "2001:DB8::8:800:200C:417A",
	    "FF01::101", "::1", "::", "0:0:0:0:0:0:13.1.68.3", "::FFFF:129.144.52.38", "1::", "1:2:3:4:5:6:7::"},
	{"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g",
	    "1:2:3:4:5:6:7:8::", "::1%eth0", "1.2.3.4::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", ":1", "1:", "::/64"}},
    /* RFC 3986, 1.1.2 */
    {"uri",
	{"ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
	    "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
	    "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212", "telnet://192.0.2.16:80/",
	    "urn:oasis:names:specification:docbook:dtd:xml:4.1.2", "http://u:p@h:80/a?b#c", "file:///etc/passwd",
	    "http://[v1.fe:d]/", "a:", "http://x/%41"},
	{"", "//host/path", "path", "#frag", "1http://x", "http://x/ y", "http://x/%4", "http://x/%gg", "http://[::1",
	    "http://[x]/", "http://h:8a/", "http://x/<y>", "http://x/\\", "http://x/\"", "http://\xc3\xb6.example",
	    "http://a@b@c/", "http://x#a#b", "http://x/{y}", ":x"}},
    {"uri-reference", {"", "#", "?q", "a/b", "/a", "//h", "../x", "./a:b", "http://x", "a?b:c"},
	{"a b", "1:b", "\\a", "#a#b", "%", "a/[b]", "\xc3\xb6"}},
    {"uuid",
	{"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
	    "00000000-0000-0000-0000-000000000000"},
	{"", "f81d4fae7dec11d0a76500a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
	    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6a", "g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
	    "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}", "f81d4fae-7dec-11d0-a7650-0a0c91e6bf6"}},
    {"regex", {"", "^a+$", "[a-z]{2,3}", "(?<y>\\d)\\k<y>"}, {"(", "[", "a**", "\\Z", "(?i)a"}},
    /* RFC 6901, 5 */
    {"json-pointer", {"", "/foo", "/foo/0", "/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"},
	{"a", "#/a", "/~", "/~2", "/a~", "0"}},
};

static void
formats_take_what_their_documents_say_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct format *f = format_find(all[i].format, strlen(all[i].format));

		assert_non_null(f);
		for (const char *const *s = all[i].valid; *s != NULL; s++)
			if (!f->valid(*s, strlen(*s)))
				fail_msg("\"%s\" is no %s", *s, f->name);
		for (const char *const *s = all[i].invalid; *s != NULL; s++)
			if (f->valid(*s, strlen(*s)))
				fail_msg("\"%s\" is a %s", *s, f->name);
	}
}

static void
a_nul_is_in_no_format(void **state)
{
	static const char *const texts[][2] = {{"email", "a\0b@c.d"}, {"hostname", "a\0bcdef"}, {"uri", "a:/\0bcd"},
	    {"uri-reference", "/ab\0cde"}, {"ipv4", "1.2.\0.4"}, {"regex", "[\0bcdef"}};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(format_find(texts[i][0], strlen(texts[i][0]))->valid(texts[i][1], 7));
}

static void
a_format_that_is_not_known_says_nothing(void **state)
{
	(void)state;
	assert_null(format_find("colour", 6));
	assert_null(format_find("dat", 3));
	assert_null(format_find("", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(formats_take_what_their_documents_say_and_nothing_else),
	    cmocka_unit_test(a_nul_is_in_no_format),
	    cmocka_unit_test(a_format_that_is_not_known_says_nothing),
	};

	return cmocka_run_group_tests_name("schema_format", tests, NULL, NULL);
}
