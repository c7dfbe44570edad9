/* A change as a line: an event of the stream as it is, or one made from the indexes. */
#ifndef CTL_WATCH_PRINT_H
#define CTL_WATCH_PRINT_H

#include "ctl/out.h"
#include "ctl/snapshot.h"
#include "manifest/value.h"

struct event {
	const char *text; /* borrowed */
	size_t n;
	struct document *document;
	const struct value *root; /* NULL: it is no JSON */
	const char *generation, *type; /* NULL: it does not say */
};

void event_parse(struct event *ev, const char *text, size_t n);
void event_free(struct event *ev);

void watch_print_event(const struct out *o, struct buf *b, const struct event *ev, uint64_t rev);

/* all: s is all that is there, so that its items are new to the reader. */
void watch_print_change(const struct out *o, struct buf *b, const char *catalog, const struct snapshot *s, bool all,
    const struct snapshot_change *ch);

/* JSON only: dev.shelfd.catalog.reset, after which a consumer forgets what it knows. */
void watch_print_reset(const struct out *o, struct buf *b, const char *catalog, const struct snapshot *s);

#endif
