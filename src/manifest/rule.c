#include "manifest/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "manifest/fields.h"

void
rule_complain(const struct check *c, const struct rule *r, struct rule_place at, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	problems_add(c->ps, r->code, check_severity(r->code, c->src->collection->profile), at.line, at.column,
	    at.pointer, message, r->hint);
}

struct rule_place
rule_place(const struct value *v, const char *pointer)
{
	return (struct rule_place){v->line, v->column, pointer};
}

struct rule_place
rule_place_key(const struct value *v, const struct rule *r, char room[RULE_WORD])
{
	(void)snprintf(room, RULE_WORD, "/%s", r->key);
	return rule_place(v, room);
}

const struct value *
rule_string(const struct check *c, const struct rule *r)
{
	const struct value *v = value_get(c->root, r->key);

	return v != NULL && v->type == VALUE_STRING ? v : NULL;
}

bool
rule_blank(const struct value *v)
{
	for (size_t i = 0; i < v->text_len; i++)
		if (strchr(" \t\r\n", v->text[i]) == NULL || v->text[i] == '\0')
			return false;
	return true;
}

/* name or description, wherever the collection says that it stands. */
static char *const *
pointers_of(const struct check *c, const struct rule *r)
{
	const struct fields *f = &c->src->collection->fields;

	return strcmp(r->key, "name") == 0 ? f->name : f->description;
}

void
rule_is_text(const struct check *c, const struct rule *r)
{
	const char *pointer = NULL;
	const struct value *v = fields_find(c->root, pointers_of(c, r), TYPES_ANY, &pointer);

	if (v == NULL || fields_is_text(v))
		return;
	if (v->type == VALUE_STRING)
		rule_complain(c, r, rule_place(v, pointer), "%s has a NUL character; text has none", r->key);
	else
		rule_complain(c, r, rule_place(v, pointer), "%s is of type %s; a string is expected", r->key,
		    value_type_word(v->type));
}

void
rule_is_there(const struct check *c, const struct rule *r)
{
	if (fields_find(c->root, pointers_of(c, r), TYPES_ANY, NULL) == NULL)
		rule_complain(c, r, rule_place(c->root, NULL), "there is no %s in the %s", r->key,
		    c->markdown ? "front matter" : "document");
}

void
rule_status(const struct check *c, const struct rule *r)
{
	const char *pointer = NULL, *near;
	const struct value *v = fields_find(c->root, c->src->collection->fields.status, TYPES_ANY, &pointer);
	char word[RULE_WORD];

	if (v == NULL || fields_status(v) != NULL)
		return;
	if (v->type != VALUE_STRING) {
		rule_complain(c, r, rule_place(v, pointer), "status is of type %s; published is assumed",
		    value_type_word(v->type));
		return;
	}
	near = text_nearest(v->text, fields_statuses());
	rule_complain(c, r, rule_place(v, pointer), "status '%s' is not known; published is assumed%s%s%s",
	    text_escape_to(word, sizeof word, v->text), near != NULL ? "; did you mean '" : "",
	    near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* A text of nothing but blanks counts as empty. */
void
rule_length(const struct check *c, const struct rule *r)
{
	const struct value *v = value_get(c->root, r->key);
	char pointer[RULE_WORD];
	size_t n;

	if (v == NULL || v->type != VALUE_STRING)
		return;
	n = utf8_length(v->text, v->text_len);
	if (r->min > 0 && rule_blank(v))
		rule_complain(c, r, rule_place_key(v, r, pointer), "%s is empty; %zu to %zu characters are allowed",
		    r->key, r->min, r->max);
	else if (n > r->max)
		rule_complain(c, r, rule_place_key(v, r, pointer), "%s has %zu characters; at most %zu are allowed",
		    r->key, n, r->max);
}
