/* Random damage to good texts: the parsers must not crash and must say what is wrong. */
#include "parsing.h"

#include "base/text.h"
#include "manifest/frontmatter.h"
#include "manifest/json.h"
#include "manifest/yaml.h"

#define ROUNDS 20000

static struct value *
parse_yaml(struct document *d, const char *s, size_t n, struct problems *ps)
{
	return yaml_parse(d, s, n, 1, ps);
}

static const char *const yaml_seeds[] = {
    "name: pdf\ndescription: Fill in forms. Use when the user has a PDF.\nallowed-tools: [Read, \"Bash(git:*)\"]\n",
    "a: &x {b: [1, 2.5, ~, true], c: 'it''s'}\nd: *x\ne: !!str 12\n? f\n: g\n",
    "text: |\n  one\n   two\n\nfolded: >-\n  a\n  b\n# comment\n- no\n",
    "%YAML 1.2\n%TAG ! tag:x,2000:\n---\n\"k\\u00e4\\x41\": \xc3\xa4\xe2\x80\xa8\xf0\x9f\x98\x80\r\n...\n",
    "- - - [[{a: [b]}]]\n- ? x\n- : y\n- \"un\n  folded\"\n- &a &b *a\n",
};

static const char *const json_seeds[] = {
    "{\"name\": \"x\", \"list\": [1, -2.5e10, true, false, null, {}], \"\\u00e4\\ud83d\\ude00\": \"\\n\\\"\"}",
    "[[[[]]], 0, -0, 1e-5, 123456789012345678901234567890, \"\xc3\xa4\xf0\x9f\x98\x80\"]",
};

static uint64_t
next(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return *x >> 33;
}

/* One to eight times: change, insert, remove or double some bytes. */
static void
damage(struct buf *b, uint64_t *x)
{
	static const char likely[] = "[]{}:,-?&*!|>'\"%@` \n\t\r#\\0aue.<=~\xc2\x85\xe2\xa8\xf0\x9f";
	uint64_t times = 1 + next(x) % 8;

	while (times-- > 0) {
		size_t at = next(x) % (b->n + 1), n = 1 + next(x) % 6;
		struct buf out = {0};

		n = n > b->n - at ? b->n - at : n;
		buf_add(&out, b->p, at);
		switch (next(x) % 4) {
		case 0:
			buf_addch(&out, likely[next(x) % (sizeof likely - 1)]);
			break;
		case 1:
			buf_addch(&out, (char)(next(x) & 0xff));
			at += at < b->n;
			break;
		case 2:
			at += n;
			break;
		default:
			buf_add(&out, b->p + at, n);
			break;
		}
		buf_add(&out, b->p + at, b->n - at);
		buf_free(b);
		*b = out;
	}
}

/* As manifests are read: only valid UTF-8 without NUL goes to a parser, in memory of exactly that size. */
static void
try(parse_function *parse, const struct buf *b, int *parsed)
{
	size_t n = b->n > 0 ? utf8_valid_prefix(b->p, b->n) : 0;
	struct document *d = document_new();
	struct problems ps = {0};
	struct buf out = {0};
	struct value *v;
	char *exact;

	n = n > 0 ? strnlen(b->p, n) : 0;
	exact = malloc(n > 0 ? n : 1);
	assert_non_null(exact);
	if (n > 0)
		memcpy(exact, b->p, n);
	v = parse(d, exact, n, &ps);
	assert_true((v == NULL) == problems_have_errors(&ps));
	for (size_t i = 0; i < ps.n; i++)
		assert_true(ps.v[i].line >= 1 && ps.v[i].column >= 1 && (size_t)ps.v[i].column <= n + 1);
	if (v != NULL) {
		value_canonical(v, &out);
		*parsed += 1;
	}
	free(frontmatter_describe(exact, n));
	buf_free(&out);
	problems_free(&ps);
	document_free(d);
	free(exact);
}

static void
run(parse_function *parse, const char *const *seeds, size_t n, uint64_t x)
{
	int parsed = 0;

	print_message("seed %llu\n", (unsigned long long)x);
	for (int i = 0; i < ROUNDS; i++) {
		struct buf b = {0};

		buf_addstr(&b, seeds[(size_t)i % n]);
		damage(&b, &x);
		try(parse, &b, &parsed);
		buf_free(&b);
	}
	/* Otherwise the damage is too great to reach the far parts of the parser. */
	assert_true(parsed > ROUNDS / 100 && parsed < ROUNDS);
}

static void
damaged_yaml_is_parsed_or_told(void **state)
{
	(void)state;
	run(parse_yaml, yaml_seeds, sizeof yaml_seeds / sizeof *yaml_seeds, 20260102);
}

static void
damaged_json_is_parsed_or_told(void **state)
{
	(void)state;
	run(json_parse, json_seeds, sizeof json_seeds / sizeof *json_seeds, 20260103);
}

/* What JSON is, YAML is too, but for a few things (a key on two lines) that these texts do not have. */
static void
damaged_json_that_parses_is_the_same_in_yaml(void **state)
{
	static const char *const seeds[] = {"{\"a\": [1, -2, true, null, {\"b\": \"c d\"}], \"e\": \"\\n\\u00e4\"}"};
	uint64_t x = 20260104;
	int same = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)x);
	for (int i = 0; i < ROUNDS; i++) {
		struct document *d = document_new();
		struct problems ps = {0};
		struct buf b = {0}, j = {0}, y = {0};
		const struct value *v;
		size_t n;

		buf_addstr(&b, seeds[0]);
		damage(&b, &x);
		n = strspn(b.p, "{}[]\":,abcdefglnrstu\\0123456789- ");
		v = json_parse(d, b.p, n, &ps);
		if (v != NULL) {
			value_canonical(v, &j);
			v = yaml_parse(d, b.p, n, 1, &ps);
			if (v != NULL)
				value_canonical(v, &y);
			if (strcmp(buf_str(&j), buf_str(&y)) != 0)
				fail_msg("%.*s: JSON %s, YAML %s (%s)", (int)n, b.p, buf_str(&j), buf_str(&y),
				    ps.n > 0 ? ps.v[0].message : "");
			same++;
		}
		buf_free(&b);
		buf_free(&j);
		buf_free(&y);
		problems_free(&ps);
		document_free(d);
	}
	assert_true(same > ROUNDS / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(damaged_yaml_is_parsed_or_told),
	    cmocka_unit_test(damaged_json_is_parsed_or_told),
	    cmocka_unit_test(damaged_json_that_parses_is_the_same_in_yaml),
	};

	return cmocka_run_group_tests_name("parse_random", tests, NULL, NULL);
}
