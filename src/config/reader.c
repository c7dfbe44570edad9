#include "config/reader.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"

void
reader_wrong(struct reader *r, const struct member *m, const char *expected)
{
	const struct value *v = m->value;
	bool scalar = v->type != VALUE_ARRAY && v->type != VALUE_OBJECT && v->text_len != 0;
	char key[80], found[80];

	problems_addf(r->ps, "config-value", SEVERITY_ERROR, v->line != 0 ? v->line : m->line,
	    v->line != 0 ? v->column : m->column, NULL, "wrong value for %s%s%s; expected %s",
	    text_escape_to(key, sizeof key, m->key), scalar ? ": " : "",
	    scalar ? text_escape_to(found, sizeof found, v->text) : "", expected);
}

void
reader_unknown(struct reader *r, const struct member *m, const char *where, const char *near)
{
	char shown[80], *hint;

	hint = near != NULL ? mem_printf("did you mean %s?", near) : NULL;
	problems_addf(r->ps, "config-unknown-key", SEVERITY_ERROR, m->line, m->column, hint, "unknown key %s%s%s",
	    text_escape_to(shown, sizeof shown, m->key), *where != '\0' ? " in " : "", where);
	free(hint);
}

static void
unknown_key(struct reader *r, const struct member *m, const char *where, const struct reader_key *keys)
{
	const char *names[64];
	size_t n = 0;

	for (; keys[n].name != NULL && n < 63; n++)
		names[n] = keys[n].name;
	names[n] = NULL;
	reader_unknown(r, m, where, text_nearest(m->key, names));
}

void
reader_object(struct reader *r, const struct value *v, const char *where, const struct reader_key *keys, void *base)
{
	for (size_t i = 0; i < v->object.len; i++) {
		const struct member *m = &v->object.members[i];
		const struct reader_key *k = keys;

		while (k->name != NULL && strcmp(k->name, m->key) != 0)
			k++;
		if (k->name == NULL)
			unknown_key(r, m, where, keys);
		else if (k->keys == NULL)
			k->set(r, m, (char *)base + k->offset);
		else if (m->value->type == VALUE_OBJECT)
			reader_object(r, m->value, k->name, k->keys, (char *)base + k->offset);
		else if (m->value->type != VALUE_NULL)
			reader_wrong(r, m, "a mapping");
	}
}

/* NULL with an error when it is no usable string. */
static const char *
string_of(struct reader *r, const struct member *m, const struct value *v)
{
	if (v->type == VALUE_STRING && v->text_len != 0 && strlen(v->text) == v->text_len)
		return v->text;
	reader_wrong(r, m, "a text that is not empty");
	return NULL;
}

void
reader_string(struct reader *r, const struct member *m, void *to)
{
	const char *s = string_of(r, m, m->value);
	char **target = to;

	if (s == NULL)
		return;
	free(*target);
	*target = mem_strdup(s);
}

void
reader_list(struct reader *r, const struct member *m, void *to)
{
	const struct value *v = m->value;
	char **list, ***target = to;

	if (v->type != VALUE_ARRAY) {
		reader_wrong(r, m, "a list of texts");
		return;
	}
	list = mem_zalloc((v->array.len + 1) * sizeof *list);
	for (size_t i = 0; i < v->array.len; i++) {
		const struct member element = {
		    .key = m->key, .line = m->line, .column = m->column, .value = v->array.items[i]};
		const char *s = string_of(r, &element, v->array.items[i]);

		if (s == NULL) {
			kind_words_free(list);
			return;
		}
		list[i] = mem_strdup(s);
	}
	kind_words_free(*target);
	*target = list;
}

void
reader_one_or_list(struct reader *r, const struct member *m, void *to)
{
	char *one = NULL, ***target = to;

	if (m->value->type == VALUE_ARRAY) {
		reader_list(r, m, to);
		return;
	}
	reader_string(r, m, &one);
	if (one == NULL)
		return;
	kind_words_free(*target);
	*target = mem_zalloc(2 * sizeof **target);
	(*target)[0] = one;
}

void
reader_bool(struct reader *r, const struct member *m, void *to)
{
	if (m->value->type == VALUE_BOOL)
		*(bool *)to = m->value->boolean;
	else
		reader_wrong(r, m, "true or false");
}

void
reader_int(struct reader *r, const struct member *m, void *to)
{
	const struct value *v = m->value;

	if (v->type == VALUE_INT && v->integer >= 0 && v->integer <= INT_MAX)
		*(int *)to = (int)v->integer;
	else
		reader_wrong(r, m, "a whole number of 0 or more");
}

void
reader_duration(struct reader *r, const struct member *m, void *to)
{
	usec_t t;

	if (m->value->type == VALUE_STRING && settings_duration(m->value->text, &t) == 0 && t > 0)
		*(usec_t *)to = t;
	else
		reader_wrong(r, m, "a duration like 10ms, 2s or 5m");
}
