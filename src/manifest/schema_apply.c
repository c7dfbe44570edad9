/* Keywords that apply other schemas to the same value. */
#include <string.h>

#include "manifest/schema_rules.h"

#define NEAREST_MAX 3

bool
holds_ref(struct run *r, const struct frame *f, const struct rule *rule)
{
	return run_in_place(r, f, rule->one.schema);
}

static const struct schema *
find_dynamic(const struct scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->n_dynamics; i++)
		if (strcmp(scope->dynamics[i].name, name) == 0)
			return scope->dynamics[i].schema;
	return NULL;
}

/* The outermost schema on the way here whose resource has the anchor (2020-12 core, 8.2.3.2). */
bool
holds_dynamic_ref(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct schema *target = rule->one.schema;
	const struct scope *last = NULL;
	uint64_t steps = 0;

	for (const struct frame *at = f; rule->one.dynamic != NULL && at != NULL; at = at->up, steps++) {
		const struct schema *found;

		if (at->schema->scope == last)
			continue;
		last = at->schema->scope;
		found = find_dynamic(last, rule->one.dynamic);
		if (found != NULL)
			target = found;
	}
	return run_spend(r, steps / 8) && run_in_place(r, f, target);
}

bool
holds_all_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	for (size_t i = 0; i < rule->list.n && (valid || !run_unheard(r)); i++)
		valid = run_in_place(r, f, rule->list.v[i]) && valid;
	return valid;
}

/* How many hold. Ends at `enough`, unless it must be known what all of them evaluate. */
static size_t
count_valid(struct run *r, const struct frame *f, const struct rule *rule, size_t enough)
{
	size_t n = 0;

	r->quiet++;
	for (size_t i = 0; i < rule->list.n && (n < enough || f->marks != NULL); i++)
		n += run_in_place(r, f, rule->list.v[i]);
	r->quiet--;
	return n;
}

#define FAR 1000 /* not even of the same type */

/* How far a value is from a schema: of a mistake about the value itself more than of one below it. */
static size_t
distance(const struct schema_report *report, size_t pointer_len)
{
	size_t d = 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct schema_violation *v = &report->v[i];
		bool itself = strlen(v->pointer) == pointer_len, type = strcmp(v->keyword, "type") == 0;
		bool kind = type || strcmp(v->keyword, "const") == 0 || strcmp(v->keyword, "enum") == 0;

		d += itself && type ? FAR : itself && kind ? 100 : kind ? 10 : 1;
	}
	return report->truncated ? FAR : d;
}

/* Tell what is wrong by the one alternative that is nearest, when there is one: that is most often the one meant. */
static void
tell_nearest(struct run *r, const struct frame *f, const struct rule *rule)
{
	struct schema_report *own = r->report, best = {0};
	size_t least = FAR, pointer_len = own->n > 0 ? strlen(own->v[own->n - 1].pointer) : 0;
	bool one = false;

	r->nearest++;
	for (size_t i = 0; i < rule->list.n; i++) {
		struct schema_report report = {0};
		size_t d;

		r->report = &report;
		(void)run_schema(r, f, rule->list.v[i], f->v, f->step, NULL);
		d = distance(&report, pointer_len);
		if (d < least) {
			struct schema_report swap = best;

			best = report;
			report = swap;
			least = d;
			one = true;
		} else if (d == least) {
			one = false;
		}
		schema_report_free(&report);
	}
	r->nearest--;
	r->report = own;
	for (size_t i = 0; one && i < best.n; i++)
		schema_report_add(own, &best.v[i]);
	schema_report_free(&best);
}

static bool
broken_alternatives(struct run *r, const struct frame *f, const struct rule *rule)
{
	if (run_unheard(r))
		return false;
	(void)run_broken(r, f, rule, NULL, "fits none of the %zu alternatives that are allowed here", rule->list.n);
	/* Each level tries its alternatives twice. */
	if (!r->report->truncated && r->nearest < NEAREST_MAX)
		tell_nearest(r, f, rule);
	return false;
}

bool
holds_any_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	return count_valid(r, f, rule, 1) > 0 || broken_alternatives(r, f, rule);
}

bool
holds_one_of(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t n = count_valid(r, f, rule, 2);

	if (n == 0)
		return broken_alternatives(r, f, rule);
	return n == 1 ||
	    run_broken(
		r, f, rule, NULL, "fits more than one of the %zu alternatives; exactly one was expected", rule->list.n);
}

bool
holds_not(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid;

	r->quiet++;
	valid = run_schema(r, f, rule->one.schema, f->v, f->step, NULL);
	r->quiet--;
	return !valid || run_broken(r, f, rule, NULL, "is what the schema forbids here");
}

bool
holds_if(struct run *r, const struct frame *f, const struct rule *rule)
{
	const struct schema *branch;
	bool valid;

	if (rule->one.then == NULL && rule->one.otherwise == NULL && f->marks == NULL)
		return true;
	r->quiet++;
	valid = run_in_place(r, f, rule->one.schema);
	r->quiet--;
	branch = valid ? rule->one.then : rule->one.otherwise;
	return branch == NULL || run_in_place(r, f, branch);
}
