/* Keywords about objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/schema_rules.h"

#define NEAR_MAX 64 /* keys that are looked through for a suggestion */

static const struct named *
find_named(const struct rule *rule, const char *key, size_t len)
{
	size_t low = 0, high = rule->map.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct named *at = &rule->map.v[middle];
		size_t n = len < at->len ? len : at->len;
		int c = memcmp(at->key, key, n);

		if (c == 0 && at->len == len)
			return at;
		if (c < 0 || (c == 0 && at->len < len))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool
has_member(struct run *r, const struct value *v, const char *key, size_t len)
{
	if (!run_spend(r, 1 + v->object.len / 8))
		return false;
	for (size_t i = 0; i < v->object.len; i++) {
		const struct member *m = &v->object.members[i];

		if (m->key_len == len && memcmp(m->key, key, len) == 0)
			return true;
	}
	return false;
}

bool
holds_max_properties(struct run *r, const struct frame *f, const struct rule *rule)
{
	return f->v->type != VALUE_OBJECT || f->v->object.len <= rule->size ||
	    run_broken(r, f, rule, NULL, "has %zu keys; at most %zu are allowed", f->v->object.len, rule->size);
}

bool
holds_min_properties(struct run *r, const struct frame *f, const struct rule *rule)
{
	return f->v->type != VALUE_OBJECT || f->v->object.len >= rule->size ||
	    run_broken(r, f, rule, NULL, "has %zu key%s; at least %zu must be there", f->v->object.len,
		f->v->object.len == 1 ? "" : "s", rule->size);
}

static bool
broken_required(struct run *r, const struct frame *f, const struct rule *rule, const char *key)
{
	char shown[SHOWN_SIZE];

	return !run_unheard(r) &&
	    run_broken(r, f, rule, "add it", "the key \"%s\" is missing", text_escape_to(shown, sizeof shown, key));
}

/* From the shorter side: which of the names are members, by looking for each member among the names. */
bool
holds_required(struct run *r, const struct frame *f, const struct rule *rule)
{
	size_t left = rule->map.n;
	unsigned char few[64] = {0}, *there;

	if (f->v->type != VALUE_OBJECT || left == 0)
		return true;
	if (!run_spend(r, rule->map.n + f->v->object.len))
		return false;
	there = left <= sizeof few ? few : mem_zalloc(left);
	for (size_t i = 0; i < f->v->object.len; i++) {
		const struct member *m = &f->v->object.members[i];
		const struct named *found = find_named(rule, m->key, m->key_len);

		if (found != NULL)
			there[found - rule->map.v] = 1;
	}
	for (size_t i = 0; i < rule->map.n; i++) {
		/* The same name twice in a list: one stands for both. */
		if (there[i] != 0 || find_named(rule, rule->map.v[i].key, rule->map.v[i].len) != &rule->map.v[i])
			left--;
		else
			(void)broken_required(r, f, rule, rule->map.v[i].key);
	}
	if (there != few)
		free(there);
	return left == 0;
}

static bool
has_names(struct run *r, const struct frame *f, const struct rule *rule, const struct member *because,
    const struct value *names)
{
	char shown[SHOWN_SIZE], why[SHOWN_SIZE];
	bool valid = true;

	for (size_t i = 0; i < names->array.len; i++) {
		const struct value *name = names->array.items[i];

		if (has_member(r, f->v, name->text, name->text_len))
			continue;
		valid = run_broken(r, f, rule, "add it", "the key \"%s\" is missing; \"%s\" needs it",
		    text_escape_to(shown, sizeof shown, name->text), text_escape_to(why, sizeof why, because->key));
	}
	return valid;
}

/* What a member asks of the whole object: other members, or a schema. */
bool
holds_dependencies(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	if (f->v->type != VALUE_OBJECT)
		return true;
	for (size_t i = 0; i < f->v->object.len && run_spend(r, 1); i++) {
		const struct member *m = &f->v->object.members[i];
		const struct named *found = find_named(rule, m->key, m->key_len);

		if (found == NULL)
			continue;
		if (found->schema != NULL)
			valid = run_in_place(r, f, found->schema) && valid;
		else
			valid = has_names(r, f, rule, m, found->names) && valid;
	}
	return valid;
}

bool
holds_dependent_required(struct run *r, const struct frame *f, const struct rule *rule)
{
	return holds_dependencies(r, f, rule);
}

bool
holds_dependent_schemas(struct run *r, const struct frame *f, const struct rule *rule)
{
	return holds_dependencies(r, f, rule);
}

bool
holds_property_names(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	if (f->v->type != VALUE_OBJECT)
		return true;
	for (size_t i = 0; i < f->v->object.len; i++) {
		const struct member *m = &f->v->object.members[i];
		struct step step = {.up = f->step, .member = m};
		struct value key = {
		    .type = VALUE_STRING, .line = m->line, .column = m->column, .text = m->key, .text_len = m->key_len};

		if (!run_schema(r, f, rule->one.schema, &key, &step, NULL))
			valid = false;
	}
	return valid;
}

bool
holds_properties(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	if (f->v->type != VALUE_OBJECT)
		return true;
	for (size_t i = 0; i < f->v->object.len && (valid || !run_unheard(r)) && run_spend(r, 1); i++) {
		const struct member *m = &f->v->object.members[i];
		const struct named *found = find_named(rule, m->key, m->key_len);

		if (found != NULL)
			valid = run_member(r, f, rule, found->schema, i) && valid;
	}
	return valid;
}

bool
holds_pattern_properties(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;

	if (f->v->type != VALUE_OBJECT)
		return true;
	for (size_t i = 0; i < f->v->object.len && (valid || !run_unheard(r)); i++) {
		const struct member *m = &f->v->object.members[i];

		for (size_t k = 0; k < rule->patterns.n; k++) {
			int match = run_regex(r, rule->patterns.v[k].regex, m->key, m->key_len);

			if (match < 0)
				return false;
			if (match > 0)
				valid = run_member(r, f, rule, rule->patterns.v[k].schema, i) && valid;
		}
	}
	return valid;
}

/* A key that the schema knows and that is nearly this one, as a hint. */
static const char *
key_hint(struct run *r, const struct frame *f, const char *key, char *out, size_t size)
{
	const struct rule *known = schema_sibling(f->schema, "properties");
	const char *words[NEAR_MAX], *near;
	size_t n = 0;

	if (known == NULL || strlen(key) > 100)
		return "remove it, or correct its name";
	for (size_t i = 0; i < known->map.n && n < NEAR_MAX - 1; i++)
		if (known->map.v[i].len <= 100)
			words[n++] = known->map.v[i].key;
	words[n] = NULL;
	near = run_nearest(r, key, words);
	if (near == NULL)
		return "remove it, or correct its name";
	(void)snprintf(out, size, "did you mean \"%s\"?", near);
	return out;
}

/* Members that nobody has marked yet. */
bool
holds_additional_properties(struct run *r, const struct frame *f, const struct rule *rule)
{
	bool valid = true;
	char shown[SHOWN_SIZE], hint[160];

	if (f->v->type != VALUE_OBJECT)
		return true;
	for (size_t i = 0; i < f->v->object.len && run_spend(r, 1); i++) {
		const char *key = f->v->object.members[i].key;

		if (marks_has(f->marks, i))
			continue;
		if (!rule->one.schema->never) {
			valid = run_member(r, f, rule, rule->one.schema, i) && valid;
			continue;
		}
		marks_set(f->marks, i);
		valid = false;
		if (run_unheard(r))
			break;
		(void)run_broken_member(r, f, rule, i, key_hint(r, f, key, hint, sizeof hint),
		    "the key \"%s\" is not allowed here", text_escape_to(shown, sizeof shown, key));
	}
	return valid;
}

bool
holds_unevaluated_properties(struct run *r, const struct frame *f, const struct rule *rule)
{
	return holds_additional_properties(r, f, rule);
}
