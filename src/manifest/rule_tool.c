/*
 * The rules of tools, in the shapes in which they are written down: a tool of MCP,
 * a function of OpenAI, and lists of tools.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "manifest/dialect.h"
#include "manifest/rule.h"

static void
name_format(const struct check *c, const struct rule *r, const char *extra, const char *allowed)
{
	const struct value *v = rule_string(c, r);
	char word[RULE_WORD];

	if (v == NULL)
		return;
	if (v->text_len < r->min || utf8_length(v->text, v->text_len) > r->max)
		rule_complain(c, r, rule_place(v, "/name"), "name has %zu characters; %zu to %zu are allowed",
		    utf8_length(v->text, v->text_len), r->min, r->max);
	else if (!rule_consists_of(v->text, v->text_len, extra))
		rule_complain(c, r, rule_place(v, "/name"), "name '%s' is not allowed; %s are",
		    text_escape_to(word, sizeof word, v->text), allowed);
}

void
rule_tool_name(const struct check *c, const struct rule *r)
{
	name_format(c, r, "_.-", "letters, digits, '_', '.' and '-'");
}

void
rule_function_name(const struct check *c, const struct rule *r)
{
	name_format(c, r, "_-", "letters, digits, '_' and '-'");
}

void
rule_tool_input_schema(const struct check *c, const struct rule *r)
{
	const struct value *v = value_get(c->root, r->key), *type;
	char pointer[RULE_WORD], word[RULE_WORD];

	if (v == NULL)
		return;
	if (v->type != VALUE_OBJECT) {
		rule_complain(c, r, rule_place_key(v, r, pointer), "%s is of type %s; an object is expected", r->key,
		    value_type_word(v->type));
		return;
	}
	type = value_get(v, "type");
	if (type == NULL || (type->type == VALUE_STRING && strcmp(type->text, "object") == 0))
		return;
	(void)snprintf(pointer, sizeof pointer, "/%s/type", r->key);
	if (type->type == VALUE_STRING)
		rule_complain(c, r, rule_place(type, pointer), "the type of %s is '%s'; 'object' is expected", r->key,
		    text_escape_to(word, sizeof word, type->text));
	else
		rule_complain(c, r, rule_place(type, pointer), "the type of %s is of type %s; 'object' is expected",
		    r->key, value_type_word(type->type));
}

/* Of what is an object only: if it is one, is another rule's matter. */
void
rule_tool_schema(const struct check *c, const struct rule *r)
{
	const struct value *v = value_get(c->root, r->key);
	struct schema_report report = {0};
	char prefix[RULE_WORD];

	if (v == NULL || v->type != VALUE_OBJECT)
		return;
	(void)snprintf(prefix, sizeof prefix, "/%s", r->key);
	switch (schema_check(dialects_metaschemas(c->src->collection->dialects), SCHEMA_2020_12, v, &report)) {
	case SCHEMA_VALID:
		break;
	case SCHEMA_INVALID:
		rule_report(c, r, prefix, &report);
		break;
	case SCHEMA_UNDECIDED:
		rule_undecided(c, prefix, &report);
		break;
	}
	schema_report_free(&report);
}

void
rule_tool_names(const struct check *c, const struct rule *r)
{
	const struct value *list = value_get(c->root, "tools");
	struct rule_names names = {0};

	for (size_t i = 0; list != NULL && list->type == VALUE_ARRAY && i < list->array.len; i++) {
		const struct value *name = value_get(list->array.items[i], "name");

		if (name != NULL && name->type == VALUE_STRING)
			rule_names_add(&names, name, "/tools/%zu/name", i);
	}
	rule_names_unique(c, r, &names, "tool");
}

/* One tool, at a pointer of the document. */
static void
check_tool(const struct check *c, const struct value *tool, const char *pointer)
{
	static char at_name[] = "/name", at_description[] = "/description";
	static char *name[] = {at_name, NULL}, *description[] = {at_description, NULL};
	static const struct fields fields = {.name = name, .description = description};
	const struct value *type = value_get(tool, "type"), *inner = value_get(tool, "function");
	struct check sub = {c->src, tool, pointer, *pointer == '\0' ? c->fields : &fields, c->markdown, c->ps};
	char below[RULE_WORD];

	if (type == NULL || type->type != VALUE_STRING || strcmp(type->text, "function") != 0) {
		check_rules(&sub, "tool");
		return;
	}
	if (inner != NULL && inner->type == VALUE_OBJECT) {
		(void)snprintf(below, sizeof below, "%s/function", pointer);
		sub = (struct check){c->src, inner, below, &fields, c->markdown, c->ps};
	}
	check_rules(&sub, "function");
}

/* What stands below "tools" and is a tool; that the rest is none, is told by type. */
static void
check_list(const struct check *c, const struct value *list)
{
	for (size_t i = 0; i < list->array.len; i++) {
		const struct value *tool = list->array.items[i];
		char pointer[RULE_WORD];

		(void)snprintf(pointer, sizeof pointer, "/tools/%zu", i);
		if (tool->type == VALUE_OBJECT)
			check_tool(c, tool, pointer);
	}
}

void
rule_tools(const struct check *c)
{
	const struct value *list = value_get(c->root, "tools");

	if (list == NULL || list->type != VALUE_ARRAY || value_get(c->root, "name") != NULL) {
		check_tool(c, c->root, "");
		return;
	}
	check_list(c, list);
	check_rules(c, "tools");
}
