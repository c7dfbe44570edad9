#include "manifest/schema_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/mem.h"

#define HEAP_KIB (16 * 1024) /* for backtracking */
#define ITEM_STEPS 2 /* to try an item of a pattern */

struct regex {
	pcre2_code *code;
	int64_t weight; /* steps for each item that is tried */
};

struct regex *
regex_compile(const char *pattern, size_t n, struct err *e)
{
	struct buf out = {0};
	struct regex *re = NULL;
	pcre2_code *code = NULL;
	unsigned long repeat = 0;
	PCRE2_SIZE at;
	int error;

	if (regex_translate(pattern, n, &out, &repeat, e) == 0)
		code = pcre2_compile((PCRE2_SPTR)buf_str(&out), out.n,
		    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS |
			PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT,
		    &error, &at, NULL);
	else
		goto out;
	if (code == NULL) {
		char text[200] = "";

		(void)pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof text);
		(void)err_set(e, "%s", text);
		goto out;
	}
	re = mem_zalloc(sizeof *re);
	re->code = code;
	/* An item that fails after so many repetitions is counted as little as one that fails at once. */
	re->weight = ITEM_STEPS + (int64_t)(repeat / BYTES_A_STEP);
out:
	buf_free(&out);
	return re;
}

struct regex *
regex_check(const char *pattern, size_t n, struct err *e)
{
	struct buf out = {0};
	unsigned long repeat = 0;
	bool good = regex_translate(pattern, n, &out, &repeat, e) == 0;

	buf_free(&out);
	return good ? mem_zalloc(sizeof(struct regex)) : NULL;
}

void
regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	pcre2_code_free(re->code);
	free(re);
}

struct matching {
	pcre2_match_data *data;
	pcre2_match_context *context;
	int64_t *steps;
	size_t last; /* where in the subject the last item was tried */
	int64_t weight; /* of the pattern */
};

/* Called before each item of the pattern is tried: the one place where PCRE2 lets backtracking be counted. */
static int
count_item(pcre2_callout_block *b, void *arg)
{
	struct matching *m = arg;
	size_t at = b->current_position, far = at > m->last ? at - m->last : m->last - at;

	m->last = at;
	*m->steps -= m->weight + (int64_t)(far / BYTES_A_STEP);
	return *m->steps >= 0 ? 0 : PCRE2_ERROR_CALLOUT;
}

static struct matching *
run_begin(struct regex_run *run)
{
	struct matching *m = run->data;

	if (m != NULL)
		return m;
	m = mem_zalloc(sizeof *m);
	m->data = pcre2_match_data_create(1, NULL);
	m->context = pcre2_match_context_create(NULL);
	if (m->data == NULL || m->context == NULL)
		abort();
	m->steps = run->steps;
	(void)pcre2_set_callout(m->context, count_item, m);
	(void)pcre2_set_heap_limit(m->context, HEAP_KIB);
	run->data = m;
	return m;
}

void
regex_run_end(struct regex_run *run)
{
	struct matching *m = run->data;

	if (m == NULL)
		return;
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	free(m);
	run->data = NULL;
}

int
regex_match(const struct regex *re, struct regex_run *run, const char *s, size_t n)
{
	struct matching *m = run_begin(run);
	int rc;

	if (re->code == NULL)
		return -1; /* of regex_check */
	m->last = 0;
	m->weight = re->weight;
	*run->steps -= 10 + (int64_t)(n / BYTES_A_STEP);
	if (*run->steps < 0)
		return -1;
	rc = pcre2_match(re->code, (PCRE2_SPTR)s, n, 0, PCRE2_NO_UTF_CHECK, m->data, m->context);
	if (rc >= 0)
		return 1;
	return rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
