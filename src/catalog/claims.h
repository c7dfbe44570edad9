/*
 * Which keys are settled before all manifests are read: by its path alone one
 * can tell the key that a manifest claims, unless the ids stand inside the
 * documents. A key that only one of the manifests claims can be published
 * whatever is read later. Pure.
 */
#ifndef CATALOG_CLAIMS_H
#define CATALOG_CLAIMS_H

#include <stdbool.h>

#include "manifest/kind.h"

struct claims;

/* cs must outlive the claims. */
struct claims *claims_new(const struct collections *cs);
void claims_free(struct claims *c); /* NULL is fine */

/* There is a manifest at this raw path. */
void claims_add(struct claims *c, const struct collection *collection, const char *path, bool entry);

/*
 * Is this key, "<type>/<id>", claimed by one of the manifests added, and can no
 * other hold it? false also for all keys of a type whose ids do not come from
 * paths below one folder.
 */
bool claims_single(const struct claims *c, const char *key);

#endif
