#include <assert.h>
#include <string.h>

#include "manifest/dialect.h"
#include "manifest/kind.h"

#ifdef __LP64__
/* Whoever adds a member digests it as well. */
static_assert(sizeof(struct collection) == 168, "see collections_digest");
#endif

static void
digest_text(struct sha256_ctx *d, const char *s)
{
	sha256_add(d, s != NULL ? "+" : "-", 1);
	if (s != NULL)
		sha256_add(d, s, strlen(s) + 1);
}

static void
digest_words(struct sha256_ctx *d, char *const *words)
{
	for (; words != NULL && *words != NULL; words++)
		digest_text(d, *words);
	digest_text(d, NULL);
}

static void
digest_collection(struct sha256_ctx *d, const struct collection *c)
{
	char *const *const lists[] = {c->entry, c->flat, c->ignore, c->id_from, c->fields.name, c->fields.version,
	    c->fields.description, c->fields.dependencies, c->fields.tags, c->fields.owner, c->fields.status};
	const char *const texts[] = {c->type, c->path, c->schema};
	const uint8_t words[] = {(uint8_t)c->profile, (uint8_t)c->on_invalid};
	uint8_t schemas[SHA256_SIZE]; /* c->validator is one of them, and says nothing more than its name */

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		digest_text(d, texts[i]);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		digest_words(d, lists[i]);
	for (size_t i = 0; i < c->levels.n; i++) {
		const uint8_t level = (uint8_t)c->levels.v[i].level;

		digest_text(d, c->levels.v[i].code);
		sha256_add(d, &level, sizeof level);
	}
	digest_text(d, NULL);
	sha256_add(d, words, sizeof words);
	dialects_digest(c->dialects, schemas);
	sha256_add(d, schemas, sizeof schemas);
}

void
collections_digest(const struct collections *cs, uint8_t out[SHA256_SIZE])
{
	struct sha256_ctx d;

	sha256_init(&d);
	for (size_t i = 0; i < cs->n; i++)
		digest_collection(&d, &cs->v[i]);
	sha256_digest(&d, SHA256_SIZE, out);
}
