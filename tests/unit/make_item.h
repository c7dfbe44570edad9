/* Items for tests, without files. */
#ifndef TESTS_MAKE_ITEM_H
#define TESTS_MAKE_ITEM_H

#include <stdio.h>
#include <string.h>

#include "catalog/item.h"

/* A skill with this id and name at this path; name and content tell one version from another. */
static inline struct item *
make_named_item(const char *id, const char *name, const char *path, const char *content)
{
	struct collections cs;
	struct item_place at = {.source = "main", .path = path, .files = 1};
	struct manifest_source src = {.path = path, .id = id};
	char text[2048];
	int n = snprintf(text, sizeof text, "---\nname: %s\ndescription: text %s\nversion: 1.0\n---\n", name, content);
	struct manifest *m;
	struct item *it;

	collections_default(&cs);
	src.collection = &cs.v[0];
	m = manifest_parse(&src, text, (size_t)n);
	sha256(text, (size_t)n, at.bundle_sha256);
	it = item_new("skill", m, &at);
	manifest_unref(m);
	collections_free(&cs);
	return it;
}

static inline struct item *
make_item(const char *id, const char *path, const char *content)
{
	return make_named_item(id, id, path, content);
}

#endif
