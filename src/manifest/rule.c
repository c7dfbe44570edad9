#include "manifest/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/fields.h"

void
rule_complain(const struct check *c, const struct rule *r, struct rule_place at, const char *fmt, ...)
{
	char message[512];
	struct buf pointer = {0};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	buf_addstr(&pointer, c->base);
	if (at.pointer != NULL)
		buf_addstr(&pointer, at.pointer);
	problems_add(c->ps, r->code, check_severity(r->code, c->src->collection->profile), at.line, at.column,
	    pointer.n > 0 ? buf_str(&pointer) : NULL, message, r->hint);
	buf_free(&pointer);
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
	return strcmp(r->key, "name") == 0 ? c->fields->name : c->fields->description;
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
	const struct value *v = fields_find(c->root, c->fields->status, TYPES_ANY, &pointer);
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

bool
rule_consists_of(const char *s, size_t n, const char *extra)
{
	for (size_t i = 0; i < n; i++) {
		bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z');

		if (!letter && !(s[i] >= '0' && s[i] <= '9') && (s[i] == '\0' || strchr(extra, s[i]) == NULL))
			return false;
	}
	return true;
}

void
rule_names_add(struct rule_names *names, const struct value *v, const char *fmt, ...)
{
	char pointer[RULE_WORD];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(pointer, sizeof pointer, fmt, ap);
	va_end(ap);
	names->v = mem_realloc(names->v, names->n + 1, sizeof *names->v);
	names->v[names->n++] = (struct rule_name){.value = v, .pointer = mem_strdup(pointer)};
}

/* Equal names side by side, in the order of the document. */
static int
rule_names_order(const void *left, const void *right)
{
	const struct value *a = ((const struct rule_name *)left)->value, *b = ((const struct rule_name *)right)->value;
	size_t n = a->text_len < b->text_len ? a->text_len : b->text_len;
	int order = memcmp(a->text, b->text, n);

	if (order == 0)
		order = (a->text_len > b->text_len) - (a->text_len < b->text_len);
	if (order == 0)
		order = (a->line > b->line) - (a->line < b->line);
	return order != 0 ? order : (a->column > b->column) - (a->column < b->column);
}

void
rule_names_unique(const struct check *c, const struct rule *r, struct rule_names *names, const char *what)
{
	size_t first = 0;

	if (names->n > 0)
		qsort(names->v, names->n, sizeof *names->v, rule_names_order);
	for (size_t i = 0; i < names->n; i++) {
		const struct value *v = names->v[i].value, *of = names->v[first].value;
		char word[RULE_WORD];

		if (v->text_len != of->text_len || memcmp(v->text, of->text, v->text_len) != 0)
			first = i;
		else if (i > first)
			rule_complain(c, r, rule_place(v, names->v[i].pointer),
			    "another %s on line %d has the name '%s'", what, of->line,
			    text_escape_to(word, sizeof word, v->text));
	}
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].pointer);
	free(names->v);
	*names = (struct rule_names){0};
}
