/* Keywords about arrays. */
#include <stdlib.h>

#include "base/mem.h"
#include "manifest/schema_rules.h"

#define SORT_STEPS 4 /* for each of some thousands of items */

bool
holds_max_items(struct run *r, const struct frame *f, const struct rule *rule)
{
	return f->v->type != VALUE_ARRAY || f->v->array.len <= rule->size ||
	    run_broken(r, f, rule, NULL, "has %zu items; at most %zu are allowed", f->v->array.len, rule->size);
}

bool
holds_min_items(struct run *r, const struct frame *f, const struct rule *rule)
{
	return f->v->type != VALUE_ARRAY || f->v->array.len >= rule->size ||
	    run_broken(r, f, rule, NULL, "has %zu item%s; at least %zu must be there", f->v->array.len,
		f->v->array.len == 1 ? "" : "s", rule->size);
}

struct hashed {
	uint64_t hash;
	size_t index;
};

static int
compare_hashed(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Is there one before items[at] that is equal? Equal ones have the same hash and stand together. */
static bool
has_twin(struct run *r, const struct value *v, const struct hashed *items, size_t at, size_t *ret)
{
	for (size_t i = at; i > 0 && items[i - 1].hash == items[at].hash; i--)
		if (schema_equal(r, v->array.items[items[i - 1].index], v->array.items[items[at].index])) {
			*ret = items[i - 1].index;
			return true;
		}
	return false;
}

bool
holds_unique_items(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct value *v = f->v;
	struct hashed *items;
	bool valid = true;

	if (v->type != VALUE_ARRAY || !rule->value->boolean || v->array.len < 2)
		return true;
	if (!run_spend(r, SORT_STEPS * v->array.len))
		return false;
	items = mem_alloc(v->array.len * sizeof *items);
	for (size_t i = 0; i < v->array.len; i++)
		items[i] = (struct hashed){.hash = schema_hash(r, v->array.items[i]), .index = i};
	qsort(items, v->array.len, sizeof *items, compare_hashed);
	for (size_t i = 1; i < v->array.len && (valid || !run_unheard(r)) && run_spend(r, 1); i++) {
		size_t twin;

		if (has_twin(r, v, items, i, &twin))
			valid = run_broken_item(r, f, rule, items[i].index,
			    "item %zu is equal to item %zu; each must be there only once", items[i].index + 1,
			    twin + 1);
	}
	free(items);
	return valid;
}

/* Schemas by position. */
bool
holds_prefix_items(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	if (f->v->type != VALUE_ARRAY)
		return true;
	for (size_t i = 0; i < f->v->array.len && i < rule->list.n && (valid || !run_unheard(r)); i++)
		valid = run_item(r, f, rule, rule->list.v[i], i) && valid;
	return valid;
}

/* One schema from a position on. */
bool
holds_items(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	if (f->v->type != VALUE_ARRAY)
		return true;
	for (size_t i = rule->one.from; i < f->v->array.len && (valid || !run_unheard(r)); i++)
		valid = run_item(r, f, rule, rule->one.schema, i) && valid;
	return valid;
}

bool
holds_items7(struct run *r, const struct frame *f, const struct rule *rule)
{
	return rule->value->type == VALUE_ARRAY ? holds_prefix_items(r, f, rule) : holds_items(r, f, rule);
}

bool
holds_contains(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t n = 0;

	if (f->v->type != VALUE_ARRAY)
		return true;
	r->quiet++;
	for (size_t i = 0; i < f->v->array.len; i++) {
		struct step step = {.up = f->step, .index = i};

		if (!run_schema(r, f, rule->one.schema, f->v->array.items[i], &step, NULL))
			continue;
		marks_set(f->marks, i);
		n++;
	}
	r->quiet--;
	if (n < rule->one.min)
		return run_broken(r, f, rule, NULL,
		    "%zu of its items fit what the array must contain; at least %zu must", n, rule->one.min);
	return n <= rule->one.max ||
	    run_broken(r, f, rule, NULL, "%zu of its items fit what the array may contain at most %zu times", n,
		rule->one.max);
}

bool
holds_unevaluated_items(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	if (f->v->type != VALUE_ARRAY)
		return true;
	for (size_t i = 0; i < f->v->array.len && run_spend(r, 1); i++)
		if (!marks_has(f->marks, i))
			valid = run_item(r, f, rule, rule->one.schema, i) && valid;
	return valid;
}
