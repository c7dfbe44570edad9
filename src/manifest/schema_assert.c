/* Keywords about a single value: its type, number, text. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "manifest/schema_rules.h"

#define ENUM_SHOWN 12 /* values that a message lists */
#define TYPE(t) (1u << (t))

/* The bits of the types that a value has: 1.0 is an integer; .nan and .inf are no JSON at all. */
static unsigned
value_types(struct run *r, const struct value *v)
{
	struct number x;
	unsigned types;

	if (v->type != VALUE_FLOAT)
		return TYPE(v->type);
	if (!number_is(v) || !run_spend(r, v->text_len / DIGITS_A_STEP))
		return 0;
	number_read(&x, v);
	types = TYPE(VALUE_FLOAT) | (number_is_integer(&x) ? TYPE(VALUE_INT) : 0);
	number_free(&x);
	return types;
}

static const char *
article(enum value_type t)
{
	static const char *const words[] = {[VALUE_NULL] = "null",
	    [VALUE_BOOL] = "a boolean",
	    [VALUE_INT] = "an integer",
	    [VALUE_FLOAT] = "a number",
	    [VALUE_STRING] = "a string",
	    [VALUE_ARRAY] = "an array",
	    [VALUE_OBJECT] = "an object"};

	return words[t];
}

/* "a string, a number or null" */
static void
types_text(unsigned types, struct buf *out)
{
	unsigned left = types & TYPE(VALUE_FLOAT) ? types & ~TYPE(VALUE_INT) : types;

	for (enum value_type t = VALUE_NULL; t <= VALUE_OBJECT; t++) {
		if ((left & TYPE(t)) == 0)
			continue;
		left &= ~TYPE(t);
		buf_addstr(out, out->n == 0 ? "" : left == 0 ? " or " : ", ");
		buf_addstr(out, article(t));
	}
}

/* The remedy that is right most often. */
static const char *
type_hint(unsigned expected, const struct value *v)
{
	if ((expected & TYPE(VALUE_STRING)) != 0 && v->type <= VALUE_FLOAT)
		return "put it in quotes";
	if ((expected & TYPE(VALUE_ARRAY)) != 0 && v->type == VALUE_STRING)
		return "write it as a list";
	if ((expected & ~TYPE(VALUE_STRING)) != 0 && v->type == VALUE_STRING && v->quoted &&
	    expected < TYPE(VALUE_STRING))
		return "remove the quotes";
	return NULL;
}

bool
holds_type(struct run *r, const struct frame *f, const struct rule *rule)
{
	struct buf expected = {0};

	if ((rule->types & value_types(r, f->v)) != 0)
		return true;
	if (run_unheard(r))
		return false;
	types_text(rule->types, &expected);
	(void)run_broken(
	    r, f, rule, type_hint(rule->types, f->v), "must be %s, not %s", buf_str(&expected), article(f->v->type));
	buf_free(&expected);
	return false;
}

/* The allowed text that is nearest to a string, as a hint. */
static const char *
enum_hint(struct run *r, const struct rule *rule, const struct value *v, char *out, size_t size)
{
	const char *words[64], *near;
	const struct value *all = rule->value;
	size_t n = 0;

	if (v->type != VALUE_STRING || v->text_len > 100)
		return NULL;
	for (size_t i = 0; i < all->array.len && n < 63; i++)
		if (all->array.items[i]->type == VALUE_STRING && all->array.items[i]->text_len <= 100)
			words[n++] = all->array.items[i]->text;
	words[n] = NULL;
	near = run_nearest(r, v->text, words);
	if (near == NULL)
		return NULL;
	(void)snprintf(out, size, "did you mean \"%s\"?", near);
	return out;
}

static bool
broken_enum(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct value *all = rule->value;
	struct buf list = {0};
	char shown[SHOWN_SIZE], hint[160];
	size_t i;

	if (run_unheard(r))
		return false;
	for (i = 0; i < all->array.len && i < ENUM_SHOWN; i++) {
		buf_addstr(&list, i == 0 ? "" : i + 1 == all->array.len ? " or " : ", ");
		buf_addstr(&list, schema_shown(all->array.items[i], shown));
	}
	if (i < all->array.len)
		buf_addf(&list, " or one of %zu more", all->array.len - i);
	(void)run_broken(r, f, rule, enum_hint(r, rule, f->v, hint, sizeof hint), "must be %s, not %s",
	    list.n > 0 ? list.p : "nothing", schema_shown(f->v, shown));
	buf_free(&list);
	(void)run_spend(r, REPORT_STEPS * i / 2); /* as in run_broken, for the list */
	return false;
}

bool
holds_enum(struct run *r, const struct frame *f, const struct rule *rule)
{
	uint64_t hash = schema_hash(r, f->v);
	size_t low = 0, high = rule->values.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rule->values.v[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < rule->values.n && rule->values.v[low].hash == hash; low++)
		if (schema_equal(r, rule->values.v[low].value, f->v))
			return true;
	return broken_enum(r, f, rule);
}

bool
holds_const(struct run *r, const struct frame *f, const struct rule *rule)
{
	char wanted[SHOWN_SIZE], shown[SHOWN_SIZE];

	if (schema_equal(r, rule->value, f->v))
		return true;
	if (run_unheard(r))
		return false;
	if (rule->value->type == VALUE_ARRAY || rule->value->type == VALUE_OBJECT)
		return run_broken(r, f, rule, NULL, "is not the one value that the schema allows");
	return run_broken(
	    r, f, rule, NULL, "must be %s, not %s", schema_shown(rule->value, wanted), schema_shown(f->v, shown));
}

/* The order of the value and the bound; 0 in *ret_order and false when the value is no number. */
static bool
compare(struct run *r, const struct value *v, const struct number *bound, int *ret_order)
{
	struct number x;

	if (!number_is(v) || !run_spend(r, v->text_len / DIGITS_A_STEP))
		return false;
	number_read(&x, v);
	*ret_order = number_compare(&x, bound);
	number_free(&x);
	return true;
}

static bool
broken_bound(struct run *r, const struct frame *f, const struct rule *rule, const char *words)
{
	char wanted[SHOWN_SIZE], shown[SHOWN_SIZE];

	if (run_unheard(r))
		return false;
	return run_broken(r, f, rule, NULL, "must be %s %s, not %s", words, schema_shown(rule->value, wanted),
	    schema_shown(f->v, shown));
}

bool
holds_maximum(struct run *r, const struct frame *f, const struct rule *rule)
{
	int order;

	return !compare(r, f->v, &rule->number, &order) || order <= 0 || broken_bound(r, f, rule, "at most");
}

bool
holds_exclusive_maximum(struct run *r, const struct frame *f, const struct rule *rule)
{
	int order;

	return !compare(r, f->v, &rule->number, &order) || order < 0 || broken_bound(r, f, rule, "below");
}

bool
holds_minimum(struct run *r, const struct frame *f, const struct rule *rule)
{
	int order;

	return !compare(r, f->v, &rule->number, &order) || order >= 0 || broken_bound(r, f, rule, "at least");
}

bool
holds_exclusive_minimum(struct run *r, const struct frame *f, const struct rule *rule)
{
	int order;

	return !compare(r, f->v, &rule->number, &order) || order > 0 || broken_bound(r, f, rule, "above");
}

bool
holds_multiple_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	struct number x;
	bool multiple;

	if (!number_is(f->v) || !run_spend(r, f->v->text_len / DIGITS_A_STEP))
		return true;
	number_read(&x, f->v);
	multiple = run_spend(r, number_multiple_cost(&x, &rule->number)) && number_is_multiple(&x, &rule->number);
	number_free(&x);
	return multiple || broken_bound(r, f, rule, "a multiple of");
}

/* The length of a string in code points. */
static size_t
length(struct run *r, const struct value *v)
{
	return run_spend(r, v->text_len / BYTES_A_STEP) ? utf8_length(v->text, v->text_len) : 0;
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

bool
holds_max_length(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t n;

	if (f->v->type != VALUE_STRING)
		return true;
	n = length(r, f->v);
	return n <= rule->size ||
	    run_broken(r, f, rule, NULL, "has %zu characters; at most %zu are allowed", n, rule->size);
}

bool
holds_min_length(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t n;

	if (f->v->type != VALUE_STRING)
		return true;
	n = length(r, f->v);
	return n >= rule->size ||
	    run_broken(r, f, rule, NULL, "has %zu character%s; at least %zu must be there", n, plural(n), rule->size);
}

bool
holds_pattern(struct run *r, const struct frame *f, const struct rule *rule)
{
	char shown[SHOWN_SIZE], pattern[256];
	int match;

	if (f->v->type != VALUE_STRING)
		return true;
	match = run_regex(r, rule->regex, f->v->text, f->v->text_len);
	if (match != 0 || run_unheard(r))
		return match > 0;
	return run_broken(r, f, rule, NULL, "%s does not match the pattern %s", schema_shown(f->v, shown),
	    text_escape_to(pattern, sizeof pattern, rule->value->text));
}

bool
holds_format(struct run *r, const struct frame *f, const struct rule *rule)
{
	char shown[SHOWN_SIZE];

	if (f->v->type != VALUE_STRING || rule->format == NULL ||
	    !run_spend(r, 1 + f->v->text_len / rule->format->bytes_a_step) ||
	    rule->format->valid(f->v->text, f->v->text_len))
		return true;
	return !run_unheard(r) &&
	    run_broken(r, f, rule, rule->format->hint, "%s is no %s", schema_shown(f->v, shown), rule->format->what);
}
