#include "catalog/claims.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLOTS_FIRST 1024 /* a power of two, as all its successors */

/*
 * A set of hashes of keys, open addressing. The lowest bit of an entry tells
 * that the key is claimed twice. Two keys with one hash count as one that is:
 * they merely wait until everything is read.
 */
struct claims {
	const struct collections *collections;
	uint64_t *slots; /* 0: free */
	size_t n, size;
	struct buf id;
};

/* FNV-1a, 64 bits. */
#define HASH_START UINT64_C(14695981039346656037)

static uint64_t
hash_add(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h;
}

/* As it stands in a slot: never 0, and not claimed twice. */
static uint64_t
hash_entry(uint64_t h)
{
	h &= ~UINT64_C(1);
	return h != 0 ? h : 2;
}

struct claims *
claims_new(const struct collections *cs)
{
	struct claims *c = mem_zalloc(sizeof *c);

	c->collections = cs;
	c->size = SLOTS_FIRST;
	c->slots = mem_zalloc(c->size * sizeof *c->slots);
	return c;
}

void
claims_free(struct claims *c)
{
	if (c == NULL)
		return;
	buf_free(&c->id);
	free(c->slots);
	free(c);
}

/* Where the entry is, or the free slot where it belongs. */
static uint64_t *
slot_of(const struct claims *c, uint64_t entry)
{
	size_t i = (size_t)(entry >> 1) & (c->size - 1);

	while (c->slots[i] != 0 && hash_entry(c->slots[i]) != entry)
		i = (i + 1) & (c->size - 1);
	return &c->slots[i];
}

static void
claims_grow(struct claims *c)
{
	uint64_t *old = c->slots;
	size_t size = c->size;

	c->size *= 2;
	c->slots = mem_zalloc(c->size * sizeof *c->slots);
	for (size_t i = 0; i < size; i++)
		if (old[i] != 0)
			*slot_of(c, hash_entry(old[i])) = old[i];
	free(old);
}

void
claims_add(struct claims *c, const struct collection *collection, const char *path, bool entry)
{
	uint64_t h, *slot;

	if (collection->id_from != NULL)
		return;
	buf_clear(&c->id);
	if (entry)
		kind_entry_id(collection, path, &c->id);
	else
		kind_flat_id(collection, path, &c->id);
	h = hash_entry(hash_add(hash_add(hash_add(HASH_START, collection->type), "/"), buf_str(&c->id)));
	slot = slot_of(c, h);
	if (*slot != 0) {
		*slot |= 1;
		return;
	}
	*slot = h;
	if (++c->n > c->size / 2)
		claims_grow(c);
}

/* The ids of one collection alone are told apart by what lies below its root. */
static bool
type_settled(const struct claims *c, const char *key)
{
	size_t found = 0;

	for (size_t i = 0; i < c->collections->n; i++) {
		const struct collection *collection = &c->collections->v[i];
		size_t len = strlen(collection->type);

		if (strncmp(key, collection->type, len) != 0 || key[len] != '/')
			continue;
		found++;
		if (collection->id_from != NULL)
			return false;
	}
	return found == 1;
}

bool
claims_single(const struct claims *c, const char *key)
{
	const uint64_t *slot = slot_of(c, hash_entry(hash_add(HASH_START, key)));

	return *slot != 0 && (*slot & 1) == 0 && type_settled(c, key);
}
