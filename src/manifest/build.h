/*
 * Building a document from the events of a parser: what is common to YAML and
 * JSON. Counts depth, nodes and text against the limits and finds duplicate
 * keys. Nothing here recurses.
 */
#ifndef MANIFEST_BUILD_H
#define MANIFEST_BUILD_H

#include "base/limits.h"
#include "manifest/value.h"

/* What a value costs, everything below it included. */
struct build_size {
	size_t nodes; /* values */
	size_t text; /* bytes of keys and scalars */
	int height; /* nested collections; 0 for a scalar */
};

struct build_frame {
	struct value *value;
	size_t start; /* in pending */
	struct build_size before; /* the totals when it was opened */
	int height; /* of the tallest child */
};

struct build {
	struct document *d;
	struct problems *ps;
	const char *duplicate_code;
	struct build_frame frames[LIMIT_DEPTH]; /* the collections that are open */
	int depth;
	struct member *pending; /* what the open collections hold so far, one behind the other */
	size_t n, cap;
	struct build_size total;
	size_t shared_text; /* bytes that only exist through aliases */
	bool keyed; /* the last pending member waits for its value */
	struct value *root;
	bool failed; /* a problem was added that must not end the parse at once */
};

void build_init(struct build *b, struct document *d, struct problems *ps, const char *duplicate_code);

/* Everything below returns 0, or -1 with an error added: too-deep, too-many-nodes, key-too-long. */

/* Open a collection (VALUE_ARRAY or VALUE_OBJECT) as the next value. */
int build_open(struct build *b, enum value_type type, int line, int column);

/* Close the innermost collection. Each duplicate key is added as an error and sets b->failed. */
struct value *build_close(struct build *b, struct build_size *ret_size);

/* True when the next thing must be a key. */
bool build_wants_key(const struct build *b);

/* text is in the arena already. */
int build_key(struct build *b, const char *text, size_t n, int line, int column);

/* v is in the arena, complete. */
int build_scalar(struct build *b, struct value *v);

/* v was built before and costs as much again (an alias at line, column). */
int build_share(struct build *b, struct value *v, const struct build_size *size, int line, int column);

/* The collection that is open at this depth (0 is the root), NULL when none is. */
const struct value *build_at_depth(const struct build *b, int depth);

/* The root when all is closed and nothing failed, else NULL. Frees what is not in the arena. */
struct value *build_finish(struct build *b);

#endif
