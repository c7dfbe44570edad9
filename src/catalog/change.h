/*
 * A change, a set of changes that belong together, and the event that tells of
 * one. Pure.
 */
#ifndef CATALOG_CHANGE_H
#define CATALOG_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/textset.h"
#include "catalog/catalog.h"
#include "catalog/item.h"
#include "catalog/published.h"

enum op { OP_CREATED, OP_UPDATED, OP_DELETED };

const char *op_word(enum op op); /* "created", "updated", "deleted" */

struct change {
	enum op op;
	char *key; /* owned */
	struct item *item; /* a reference; NULL when deleted, and when patch */
	bool patch; /* only state moves, from a face that Redis gave: the item's other fields stay as they are */
	struct face *before; /* owned; NULL when created */
	const struct face *after; /* of item, or patched; NULL when deleted */
	struct face *patched; /* owned; NULL unless patch */
	char *renamed_from; /* key of an item with the same content that this set deletes, or NULL */
	uint64_t created_rev; /* of the item, 0 when it is created by this */
	char created_at[CLOCK_RFC3339_SIZE];
};

struct problem_change {
	char *path; /* encoded */
	char *json; /* NULL: no problems any more */
};

/* Changes under one batch id; sent in one or several calls, in order: creations and updates, then deletions. */
struct changeset {
	struct change *changes;
	size_t n;
	struct problem_change *problems;
	size_t n_problems;
	bool more; /* another set follows under the same batch id */
};

/*
 * The difference between what should be published and what is, for everything
 * touched. Takes the touched marks off. All of it belongs to one batch.
 */
void changeset_diff(struct catalog *c, const struct published *p, struct changeset *ret);

/*
 * The same for creations alone, while some of the catalog is still unknown: of
 * the touched keys that have nothing published and are settled, so that what is
 * still to come can not change them. One is held back, so that a set that ends
 * the batch can follow. All other marks stay.
 */
void changeset_diff_ahead(struct catalog *c, const struct published *p, bool (*settled)(void *, const char *key),
    void *arg, struct changeset *ret);

/*
 * Add an update of some item to what it is already, for a set that must not be empty: what was
 * held back to end the batch may be gone by now. Adds nothing where there is no item.
 */
void changeset_repeat(struct changeset *cs, struct catalog *c, const struct published *p);

/*
 * Take out the deletions of items whose path (raw) is unknown: that nothing of
 * them was found proves nothing. Their keys go to ret_held.
 */
void changeset_hold(
    struct changeset *cs, bool (*unknown)(void *arg, const char *path), void *arg, struct textset *ret_held);

void changeset_free(struct changeset *cs);

/* What an event says beside its change. */
struct event_context {
	const char *catalog;
	const char *generation;
	uint64_t rev;
	uint64_t type_rev_before;
	const char *batch;
	bool batch_last;
	const char *commit; /* NULL outside git */
	const char *time; /* RFC 3339 */
};

/*
 * CloudEvents 1.0 JSON of at most LIMIT_EVENT bytes: where long names would
 * exceed it, path, renamed_from and version are left out in this order.
 */
void change_event(const struct change *ch, const struct event_context *ctx, struct buf *out);

/* Control events: dev.shelfd.problems.changed, .catalog.reset, .heartbeat. data is a JSON object. */
void control_event(
    const char *type, const char *catalog, const char *id, const char *time, const char *data, struct buf *out);

#endif
