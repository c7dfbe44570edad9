/* Rules over a value, within the budget. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "manifest/schema_private.h"

bool
run_spend(struct run *r, uint64_t steps)
{
	if (r->steps >= 0 && steps <= (uint64_t)r->steps) {
		r->steps -= (int64_t)steps;
		return true;
	}
	r->steps = -1;
	if (r->exhausted == NULL)
		r->exhausted = "checking this value against the schema takes too many steps";
	return false;
}

int
run_regex(struct run *r, const struct regex *re, const char *s, size_t n)
{
	int match = r->steps >= 0 ? regex_match(re, &r->regex, s, n) : -1;

	if (match >= 0)
		return match;
	r->steps = -1;
	if (r->exhausted == NULL)
		r->exhausted = "a pattern of the schema takes too many steps on this value";
	return -1;
}

const char *
run_nearest(struct run *r, const char *word, const char *const *candidates)
{
	uint64_t pairs = 0, n = strlen(word);

	for (size_t i = 0; candidates[i] != NULL; i++)
		pairs += n * strlen(candidates[i]);
	if (pairs > r->hints)
		return NULL;
	r->hints -= pairs;
	return text_nearest(word, candidates);
}

/* marks */

static void
marks_init(struct marks *m, const struct value *v)
{
	size_t words;

	m->n = v->type == VALUE_OBJECT ? v->object.len : v->array.len;
	words = (m->n + 63) / 64;
	m->small = 0;
	m->bits = words <= 1 ? &m->small : mem_zalloc(words * sizeof *m->bits);
}

static void
marks_end(struct marks *m)
{
	if (m->bits != &m->small)
		free(m->bits);
}

static void
marks_merge(struct marks *to, const struct marks *from)
{
	for (size_t i = 0; i < (to->n + 63) / 64; i++)
		to->bits[i] |= from->bits[i];
}

void
marks_set(struct marks *m, size_t i)
{
	if (m != NULL)
		m->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

bool
marks_has(const struct marks *m, size_t i)
{
	return (m->bits[i / 64] >> (i % 64) & 1) != 0;
}

/* reports */

static void
step_text(const struct step *step, struct buf *out)
{
	const struct step *chain[LIMIT_DEPTH + 2];
	size_t n = 0;

	for (; step != NULL && n < sizeof chain / sizeof *chain; step = step->up)
		chain[n++] = step;
	while (n-- > 0) {
		if (chain[n]->member != NULL)
			pointer_add(out, chain[n]->member->key, chain[n]->member->key_len);
		else
			buf_addf(out, "/%zu", chain[n]->index);
	}
}

/* Where the rule stands: "document#/pointer/keyword". */
static void
rule_text(const struct schema *s, const char *keyword, struct buf *out)
{
	buf_addstr(out, location_document(s->at));
	buf_addch(out, '#');
	location_text(s->at, out);
	if (*keyword != '\0')
		pointer_add(out, keyword, strlen(keyword));
}

struct place_of {
	int line, column;
	const struct step *step;
};

bool
run_unheard(const struct run *r)
{
	return r->quiet > 0 || r->report == NULL || r->report->truncated || r->exhausted != NULL;
}

static bool
report(struct run *r, const struct schema *s, const char *keyword, struct place_of at, const char *hint,
    const char *fmt, va_list ap)
{
	struct buf pointer = {0}, schema = {0};
	char message[1024];

	if (run_unheard(r))
		return false;
	(void)vsnprintf(message, sizeof message, fmt, ap);
	step_text(at.step, &pointer);
	rule_text(s, keyword, &schema);
	schema_report_add(r->report,
	    &(struct schema_violation){
		.line = at.line,
		.column = at.column,
		.pointer = UNCONST(buf_str(&pointer)),
		.keyword = UNCONST(keyword),
		.schema = UNCONST(buf_str(&schema)),
		.message = message,
		.hint = UNCONST(hint),
	    });
	buf_free(&pointer);
	buf_free(&schema);
	(void)run_spend(r, REPORT_STEPS); /* run_rules notices when that was too much */
	return false;
}

bool
run_broken(struct run *r, const struct frame *f, const struct rule *rule, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)report(
	    r, f->schema, rule->keyword->name, (struct place_of){f->v->line, f->v->column, f->step}, hint, fmt, ap);
	va_end(ap);
	return false;
}

bool
run_broken_member(
    struct run *r, const struct frame *f, const struct rule *rule, size_t index, const char *hint, const char *fmt, ...)
{
	const struct member *m = &f->v->object.members[index];
	struct step step = {.up = f->step, .member = m};
	va_list ap;

	va_start(ap, fmt);
	(void)report(r, f->schema, rule->keyword->name, (struct place_of){m->line, m->column, &step}, hint, fmt, ap);
	va_end(ap);
	return false;
}

bool
run_broken_item(struct run *r, const struct frame *f, const struct rule *rule, size_t index, const char *fmt, ...)
{
	const struct value *v = f->v->array.items[index];
	struct step step = {.up = f->step, .index = index};
	va_list ap;

	va_start(ap, fmt);
	(void)report(r, f->schema, rule->keyword->name, (struct place_of){v->line, v->column, &step}, NULL, fmt, ap);
	va_end(ap);
	return false;
}

static bool
broken_never(struct run *r, const struct schema *s, const struct value *v, const struct step *step, ...)
{
	va_list none;

	va_start(none, step);
	(void)report(r, s, "", (struct place_of){v->line, v->column, step}, NULL, "nothing is allowed here", none);
	va_end(none);
	return false;
}

/* evaluation */

static bool
run_rules(struct run *r, const struct frame *f)
{
	const struct schema *s = f->schema;
	bool valid = true;

	for (size_t i = 0; i < s->n; i++) {
		if (!run_spend(r, 1))
			return false;
		if (!s->rules[i].keyword->holds(r, f, &s->rules[i]))
			valid = false;
		if (!valid && run_unheard(r))
			return false;
	}
	return valid && r->exhausted == NULL;
}

bool
run_schema(struct run *r, const struct frame *up, const struct schema *s, const struct value *v,
    const struct step *step, struct marks *marks)
{
	struct frame f = {.up = up, .schema = s, .v = v, .step = step};
	struct marks own;
	bool valid;

	if (s->always)
		return run_spend(r, 1);
	if (s->never)
		return broken_never(r, s, v, step);
	if (r->depth == SCHEMA_DEPTH) {
		r->exhausted = "the schema refers to itself without an end, or is nested too deep";
		r->steps = -1;
		return false;
	}
	if ((marks != NULL || s->marks) && (v->type == VALUE_OBJECT || v->type == VALUE_ARRAY)) {
		marks_init(&own, v);
		f.marks = &own;
		(void)run_spend(r, own.n / 64); /* as above */
	}
	r->depth++;
	valid = run_rules(r, &f);
	r->depth--;
	if (f.marks != NULL) {
		if (valid && marks != NULL)
			marks_merge(marks, f.marks);
		marks_end(f.marks);
	}
	return valid;
}

bool
run_in_place(struct run *r, const struct frame *f, const struct schema *s)
{
	return run_schema(r, f, s, f->v, f->step, f->marks);
}

bool
run_member(struct run *r, const struct frame *f, const struct rule *rule, const struct schema *s, size_t index)
{
	const struct member *m = &f->v->object.members[index];
	struct step step = {.up = f->step, .member = m};
	char shown[SHOWN_SIZE];

	marks_set(f->marks, index);
	if (s->never)
		return run_broken_member(r, f, rule, index, NULL, "the key \"%s\" is not allowed here",
		    text_escape_to(shown, sizeof shown, m->key));
	return run_schema(r, f, s, m->value, &step, NULL);
}

bool
run_item(struct run *r, const struct frame *f, const struct rule *rule, const struct schema *s, size_t index)
{
	struct step step = {.up = f->step, .index = index};
	const struct value *v = f->v->array.items[index];

	marks_set(f->marks, index);
	if (s->never)
		return run_broken_item(r, f, rule, index, "item %zu of the array is not allowed here", index + 1);
	return run_schema(r, f, s, v, &step, NULL);
}

/* Cut at a character, so that what is shown stays UTF-8. */
const char *
schema_shown(const struct value *v, char out[SHOWN_SIZE])
{
	struct buf text = {0};

	if (v->type == VALUE_STRING && v->text_len > SHOWN_SIZE) {
		struct value clipped = *v;

		clipped.text_len = utf8_valid_prefix(v->text, SHOWN_SIZE);
		value_canonical(&clipped, &text);
	} else if (v->type == VALUE_ARRAY || v->type == VALUE_OBJECT) {
		buf_addf(&text, "this %s", value_type_word(v->type));
	} else {
		value_canonical(v, &text);
	}
	(void)text_escape_to(out, SHOWN_SIZE, buf_str(&text));
	buf_free(&text);
	return out;
}

/* What was found wrong before the budget was spent is wrong all the same. */
static enum schema_result
run_exhausted(const struct run *r, const struct schema *schema, const struct value *v)
{
	if (r->report == NULL)
		return SCHEMA_UNDECIDED;
	if (r->report->n > 0) {
		r->report->truncated = true;
		return SCHEMA_INVALID;
	}
	schema_report_add(r->report,
	    &(struct schema_violation){
		.line = v->line,
		.column = v->column,
		.pointer = (char[]){""},
		.keyword = (char[]){""},
		.schema = UNCONST(location_document(schema->at)),
		.message = UNCONST(r->exhausted),
	    });
	return SCHEMA_UNDECIDED;
}

enum schema_result
schema_validate(const struct schema *schema, const struct value *v, struct schema_report *ret)
{
	struct run r = {.steps = SCHEMA_STEPS, .report = ret, .hints = HINT_PAIRS};
	enum schema_result result;

	r.regex.steps = &r.steps;
	result = run_schema(&r, NULL, schema, v, NULL, NULL) ? SCHEMA_VALID : SCHEMA_INVALID;
	regex_run_end(&r.regex);
	if (r.exhausted != NULL)
		result = run_exhausted(&r, schema, v);
	if (ret != NULL)
		schema_report_sort(ret);
	return result;
}
