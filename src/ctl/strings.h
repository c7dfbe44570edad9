/* A list of strings that it owns. A zeroed one is empty. */
#ifndef CTL_STRINGS_H
#define CTL_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

struct strings {
	char **v;
	size_t n, cap;
};

void strings_add(struct strings *s, const char *text);
void strings_sort(struct strings *s); /* by bytes */
size_t strings_from(const struct strings *sorted, const char *word); /* the first that does not come before it */
bool strings_have(const struct strings *sorted, const char *word);
bool strings_equal(const struct strings *a, const struct strings *b);

/* Ends the list with a NULL that does not count, for those who want it so. */
const char *const *strings_list(struct strings *s);

void strings_free(struct strings *s);

#endif
