/* What the schema of a dialect says of a document, as problems. */
#include <string.h>

#include "base/text.h"
#include "manifest/dialect.h"
#include "manifest/rule.h"

/* A code for each kind of keyword, so that each can be explained and switched off. */
static const struct {
	const char *code;
	const char *const *keywords;
} kinds[] = {
    {"schema-required", (const char *const[]){"required", "dependentRequired", NULL}},
    {"schema-type", (const char *const[]){"type", NULL}},
    {"schema-unknown-key",
	(const char *const[]){"additionalProperties", "unevaluatedProperties", "propertyNames", NULL}},
    {"schema-value",
	(const char *const[]){"const", "enum", "pattern", "format", "minLength", "maxLength", "minimum", "maximum",
	    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems",
	    "minProperties", "maxProperties", NULL}},
};

static const char *
schema_code(const char *keyword)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (const char *const *k = kinds[i].keywords; *k != NULL; k++)
			if (strcmp(*k, keyword) == 0)
				return kinds[i].code;
	return "schema-violation";
}

static bool
is_choice(const struct schema_violation *w)
{
	return strcmp(w->keyword, "anyOf") == 0 || strcmp(w->keyword, "oneOf") == 0;
}

static bool
begins(const char *s, const char *start, size_t n)
{
	return strncmp(s, start, n) == 0 && (s[n] == '\0' || s[n] == '/');
}

/*
 * May other be why the choice w fails? It is about the same value or one below it,
 * and not a rule of the schema that has the choice as one of its parts.
 */
static bool
is_reason(const struct schema_violation *w, const struct schema_violation *other)
{
	const char *keyword = strrchr(w->schema, '/');
	bool beside = keyword != NULL && begins(other->schema, w->schema, (size_t)(keyword - w->schema));

	return begins(other->pointer, w->pointer, strlen(w->pointer)) &&
	    (!beside || begins(other->schema, w->schema, strlen(w->schema)));
}

/* Does it only say that no alternative fits, where the nearest one says why, or another did before it? */
static bool
is_summary(const struct schema_report *report, const struct schema_violation *w)
{
	for (size_t i = 0; is_choice(w) && i < report->n; i++) {
		const struct schema_violation *other = &report->v[i];
		bool before = other < w && strcmp(other->pointer, w->pointer) == 0;

		if (is_choice(other) ? before : is_reason(w, other))
			return true;
	}
	return false;
}

/* Did a rule of shelfd's own, which knows more, complain of this value already? told: so many problems came before. */
static bool
already_told(const struct check *c, size_t told, const char *prefix, const struct schema_violation *w)
{
	struct buf pointer = {0};
	bool found = false;

	buf_addf(&pointer, "%s%s%s", c->base, prefix, w->pointer);
	for (size_t i = 0; i < told && i < c->ps->n && !found; i++) {
		const struct problem *p = &c->ps->v[i];

		found = p->pointer != NULL && strcmp(p->pointer, buf_str(&pointer)) == 0 && p->line == w->line &&
		    p->column == w->column;
	}
	buf_free(&pointer);
	return found;
}

static const struct schema *
schema_for(const struct check *c)
{
	const struct collection *collection = c->src->collection;
	const struct value *declared = value_get(c->root, "$schema");
	const struct schema *schema = NULL;

	if (collection->schema == NULL || collection->dialects == NULL)
		return collection->validator;
	if (declared != NULL && declared->type == VALUE_STRING)
		schema = dialects_declared(collection->dialects, declared->text);
	return schema != NULL ? schema : collection->validator;
}

void
rule_report(const struct check *c, const struct rule *r, const char *prefix, const struct schema_report *report)
{
	size_t told = c->ps->n;

	for (size_t i = 0; i < report->n; i++) {
		const struct schema_violation *w = &report->v[i];
		struct buf pointer = {0};
		struct rule advised = *r;

		if (is_summary(report, w) || already_told(c, told, prefix, w))
			continue;
		buf_addf(&pointer, "%s%s", prefix, w->pointer);
		advised.hint = w->hint != NULL ? w->hint : r->hint;
		rule_complain(
		    c, &advised, (struct rule_place){w->line, w->column, buf_str(&pointer)}, "%s", w->message);
		buf_free(&pointer);
	}
}

void
rule_undecided(const struct check *c, const char *prefix, const struct schema_report *report)
{
	static const struct rule r = {.code = "schema-undecided",
	    .hint = "make the schema or the document simpler, or name a draft that is known"};

	rule_report(c, &r, prefix, report);
}

/* What the engine advises, else what the author of the schema wrote beside the rule. */
static void
complain_by_schema(const struct check *c, const struct schema_violation *w)
{
	const char *description = dialects_description(c->src->collection->dialects, w->schema);
	struct rule r = {.code = schema_code(w->keyword), .hint = w->hint};
	char hint[256];

	if (r.hint == NULL && description != NULL && *description != '\0') {
		(void)text_escape_to(hint, sizeof hint, description);
		r.hint = hint;
	}
	rule_complain(c, &r, (struct rule_place){w->line, w->column, w->pointer}, "%s", w->message);
}

void
rule_schema(const struct check *c)
{
	const struct schema *schema = schema_for(c);
	struct schema_report report = {0};
	size_t told = c->ps->n;

	if (schema == NULL)
		return;
	switch (schema_validate(schema, c->root, &report)) {
	case SCHEMA_VALID:
		break;
	case SCHEMA_UNDECIDED:
		rule_undecided(c, "", &report);
		break;
	case SCHEMA_INVALID:
		for (size_t i = 0; i < report.n; i++) {
			const struct schema_violation *w = &report.v[i];

			if (!already_told(c, told, "", w) && !is_summary(&report, w))
				complain_by_schema(c, w);
		}
		break;
	}
	schema_report_free(&report);
}
