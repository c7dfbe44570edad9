/* The rules of catalog items that no schema can say. */
#include <stdio.h>
#include <string.h>

#include "manifest/rule.h"

/* By what it is referred to: its id, else its name. */
static const struct value *
part_name(const struct value *part, const char **ret_key)
{
	static const char *const keys[] = {"id", "name"};

	for (size_t i = 0; i < 2; i++) {
		const struct value *v = value_get(part, keys[i]);

		if (v == NULL || v->type != VALUE_STRING)
			continue;
		*ret_key = keys[i];
		return v;
	}
	return NULL;
}

static void
add_parts(const struct value *parent, const char *pointer, const char *what, struct rule_names *names)
{
	const struct value *list = value_get(parent, what);

	for (size_t i = 0; list != NULL && list->type == VALUE_ARRAY && i < list->array.len; i++) {
		const char *key;
		const struct value *name = part_name(list->array.items[i], &key);

		if (name != NULL)
			rule_names_add(names, name, "%s/%s/%zu/%s", pointer, what, i, key);
	}
}

/* Fields count over all groups: what a person fills in is known by the field's name alone. */
static void
add_form(const struct value *form, const char *pointer, struct rule_names *groups, struct rule_names *fields)
{
	const struct value *list = value_get(form, "groups");
	char below[RULE_WORD];

	add_parts(form, pointer, "groups", groups);
	add_parts(form, pointer, "fields", fields);
	for (size_t i = 0; list != NULL && list->type == VALUE_ARRAY && i < list->array.len; i++) {
		(void)snprintf(below, sizeof below, "%s/groups/%zu", pointer, i);
		add_parts(list->array.items[i], below, "fields", fields);
	}
}

void
rule_catalog_names(const struct check *c, const struct rule *r)
{
	const struct value *presentation = value_get(c->root, "presentation"), *form;
	struct rule_names groups = {0}, fields = {0};

	if (presentation == NULL)
		return;
	add_form(presentation, "/presentation", &groups, &fields);
	form = value_get(presentation, "form");
	if (form != NULL)
		add_form(form, "/presentation/form", &groups, &fields);
	rule_names_unique(c, r, &groups, "group");
	rule_names_unique(c, r, &fields, "field");
}
