/* A set of strings that it owns, in byte order. A zeroed one is empty. */
#ifndef BASE_TEXTSET_H
#define BASE_TEXTSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/rbtree.h"

struct textset_entry;
RB_HEAD(textset_tree, textset_entry);

struct textset {
	struct textset_tree tree;
	size_t n;
};

bool textset_add(struct textset *s, const char *text); /* false: it is there already */
bool textset_has(const struct textset *s, const char *text);

/* Take the first one out; it takes the place of what ret held. false: the set is empty. */
bool textset_take(struct textset *s, struct buf *ret);

void textset_each(const struct textset *s, void (*each)(void *arg, const char *text), void *arg);
void textset_clear(struct textset *s);

#endif
