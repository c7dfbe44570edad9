#include "manifest/fields.h"

#include <string.h>

const struct value *
fields_find(const struct value *root, char *const *pointers, unsigned types, const char **ret_pointer)
{
	for (size_t i = 0; pointers[i] != NULL; i++) {
		const struct value *v = value_at(root, pointers[i]);

		if (v == NULL || (TYPE_BIT(v->type) & types) == 0)
			continue;
		if (ret_pointer != NULL)
			*ret_pointer = pointers[i];
		return v;
	}
	return NULL;
}

bool
fields_is_text(const struct value *v)
{
	return v->type == VALUE_STRING && memchr(v->text, '\0', v->text_len) == NULL;
}

const char *const *
fields_statuses(void)
{
	static const char *const words[] = {"draft", "in_review", "published", "archived", NULL};

	return words;
}

const char *
fields_status(const struct value *v)
{
	const char *const *words = fields_statuses();

	if (!fields_is_text(v))
		return NULL;
	while (*words != NULL && strcmp(*words, v->text) != 0)
		words++;
	return *words;
}
