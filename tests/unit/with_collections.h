/* A test with the default three collections as its state. */
#ifndef TESTS_WITH_COLLECTIONS_H
#define TESTS_WITH_COLLECTIONS_H

#include <stdlib.h>

#include "base/mem.h"
#include "manifest/kind.h"

enum { SKILL, MCP, TOOL };

static inline int
collections_set_up(void **state)
{
	struct collections *cs = mem_zalloc(sizeof *cs);

	collections_default(cs);
	*state = cs;
	return 0;
}

static inline int
collections_tear_down(void **state)
{
	collections_free(*state);
	free(*state);
	return 0;
}

#define WITH_COLLECTIONS(f) cmocka_unit_test_setup_teardown(f, collections_set_up, collections_tear_down)

#endif
