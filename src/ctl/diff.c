/* shelfctl diff: what a sync would publish, by a look at the disk and one at Redis. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/changed.h"
#include "ctl/scan.h"
#include "ctl/source.h"
#include "ctl/store.h"
#include "ctl/verbs.h"

/* What is compared of an item: what makes a revision, but for git. */
enum part {
	PART_VERSION,
	PART_SHA256,
	PART_BUNDLE,
	PART_METADATA,
	PART_STATUS,
	PART_STATE,
	PART_PATH,
	PART_NAME,
	PART_DESCRIPTION,
	PART_DEPENDENCIES,
	PART_TAGS,
	PART_OWNER,
	PARTS
};

static const char *const part_names[PARTS + 1] = {
    [PART_VERSION] = "version",
    [PART_SHA256] = "sha256",
    [PART_BUNDLE] = "bundle_sha256",
    [PART_METADATA] = "metadata_sha256",
    [PART_STATUS] = "status",
    [PART_STATE] = "state",
    [PART_PATH] = "path",
    [PART_NAME] = "name",
    [PART_DESCRIPTION] = "description",
    [PART_DEPENDENCIES] = "dependencies",
    [PART_TAGS] = "tags",
    [PART_OWNER] = "owner",
    NULL,
};

/* One side of an item. */
struct side {
	struct slice part[PARTS]; /* p NULL: it does not have it */
	char digest[3][2 * SHA256_SIZE + 1]; /* behind some of them */
};

struct diff {
	const struct out *out;
	struct scan *scan;
	struct strings keys; /* of the disk, sorted */
	size_t at; /* the first of them that is not compared yet */
	size_t items, differ;
	struct buf b;
};

static struct slice
text_of(const char *s)
{
	return (struct slice){s, s != NULL ? strlen(s) : 0};
}

static struct slice
side_digest(char *to, const uint8_t *digest)
{
	struct buf hex = {0};

	text_hex(&hex, digest, SHA256_SIZE);
	memcpy(to, hex.p, 2 * SHA256_SIZE);
	to[2 * SHA256_SIZE] = '\0';
	buf_free(&hex);
	return text_of(to);
}

static void
side_of_disk(struct side *s, const struct item *it)
{
	const struct manifest *m = it->manifest;

	*s = (struct side){0};
	s->part[PART_VERSION] = text_of(m->version);
	s->part[PART_SHA256] = side_digest(s->digest[0], it->face.sha256);
	s->part[PART_BUNDLE] = side_digest(s->digest[1], it->face.bundle_sha256);
	s->part[PART_METADATA] = side_digest(s->digest[2], it->face.metadata_sha256);
	s->part[PART_STATUS] = text_of(it->face.status);
	s->part[PART_STATE] = text_of("ok");
	s->part[PART_PATH] = text_of(it->face.path);
	s->part[PART_NAME] = text_of(m->name);
	s->part[PART_DESCRIPTION] = m->description;
	s->part[PART_DEPENDENCIES] = text_of(m->dependencies);
	s->part[PART_TAGS] = text_of(m->tags);
	s->part[PART_OWNER] = text_of(m->owner);
}

static void
side_of_redis(struct side *s, const redisReply *item)
{
	*s = (struct side){0};
	for (int i = 0; i < PARTS; i++)
		s->part[i] = text_of(reply_text(item, part_names[i]));
}

static bool
part_equal(struct slice a, struct slice b)
{
	if (a.p == NULL || b.p == NULL)
		return a.p == b.p;
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static bool
side_equal(const struct side *a, const struct side *b)
{
	for (int i = 0; i < PARTS; i++)
		if (!part_equal(a->part[i], b->part[i]))
			return false;
	return true;
}

static void
diff_value(struct diff *d, enum style style, struct slice value)
{
	if (value.p != NULL)
		out_addn(d->out, &d->b, style, value.p, value.n);
	else
		out_add(d->out, &d->b, style, "(none)");
}

static void
diff_text(struct diff *d, const char *key, const struct side *redis, const struct side *disk)
{
	bool created = redis == NULL, deleted = disk == NULL;
	struct slice path = (deleted ? redis : disk)->part[PART_PATH];

	out_add(d->out, &d->b,
	    created       ? STYLE_GREEN
		: deleted ? STYLE_RED
			  : STYLE_YELLOW,
	    created       ? "+"
		: deleted ? "-"
			  : "~");
	buf_addch(&d->b, ' ');
	out_add(d->out, &d->b, STYLE_BOLD, key);
	if (path.p != NULL) {
		buf_addstr(&d->b, "  ");
		out_addn(d->out, &d->b, STYLE_DIM, path.p, path.n);
	}
	buf_addch(&d->b, '\n');
	for (int i = 0; i < PARTS && !created && !deleted; i++) {
		struct slice from = redis->part[i], to = disk->part[i];

		if (part_equal(from, to))
			continue;
		buf_addf(&d->b, "    %-17s", part_names[i]);
		diff_value(d, STYLE_RED, from);
		buf_addstr(&d->b, " -> ");
		diff_value(d, STYLE_GREEN, to);
		buf_addch(&d->b, '\n');
	}
}

static void
diff_member(struct jsonw *w, const char *name, struct slice value)
{
	if (value.p != NULL)
		jsonw_strn(w, name, value.p, value.n);
}

static void
diff_json(struct diff *d, const char *op, const char *key, const struct side *redis, const struct side *disk)
{
	const char *slash = strchr(key, '/');
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "op", op);
	jsonw_strn(&w, "type", key, slash != NULL ? (size_t)(slash - key) : strlen(key));
	jsonw_str(&w, "id", slash != NULL ? slash + 1 : "");
	diff_member(&w, "path", (disk != NULL ? disk : redis)->part[PART_PATH]);
	jsonw_object(&w, "fields");
	for (int i = 0; i < PARTS && redis != NULL && disk != NULL; i++) {
		if (part_equal(redis->part[i], disk->part[i]))
			continue;
		jsonw_object(&w, part_names[i]);
		diff_member(&w, "redis", redis->part[i]);
		diff_member(&w, "disk", disk->part[i]);
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	out_json(d->out, &d->b, buf_str(&json), json.n);
	buf_free(&json);
}

/* Either side may be NULL: the item is not there. */
static void
diff_found(struct diff *d, const char *key, const struct side *redis, const struct side *disk)
{
	const char *op = redis == NULL ? "created" : disk == NULL ? "deleted" : "updated";

	d->differ++;
	if (d->out->json)
		diff_json(d, op, key, redis, disk);
	else
		diff_text(d, key, redis, disk);
}

/* The keys of the disk that come before this one (NULL: all): Redis does not have them. */
static void
diff_disk_only(struct diff *d, const char *before)
{
	for (; d->at < d->keys.n && (before == NULL || strcmp(d->keys.v[d->at], before) < 0); d->at++) {
		const char *key = d->keys.v[d->at];
		struct desired want;
		struct side disk;

		if ((d->at > 0 && strcmp(d->keys.v[d->at - 1], key) == 0) || !scan_desired(d->scan, key, NULL, &want) ||
		    want.item == NULL)
			continue;
		side_of_disk(&disk, want.item);
		d->items++;
		diff_found(d, key, NULL, &disk);
	}
}

static void
diff_published(void *arg, const char *key, const redisReply *item)
{
	struct diff *d = arg;
	struct desired want;
	struct side redis, disk;

	diff_disk_only(d, key);
	while (d->at < d->keys.n && strcmp(d->keys.v[d->at], key) == 0)
		d->at++;
	d->items++;
	side_of_redis(&redis, item);
	if (!scan_desired(d->scan, key, redis.part[PART_PATH].p, &want)) {
		diff_found(d, key, &redis, NULL);
		return;
	}
	if (want.item != NULL) {
		side_of_disk(&disk, want.item);
	} else {
		/* The manifest is broken, so the last good version stays. */
		disk = redis;
		disk.part[PART_STATE] = text_of("stale");
	}
	if (!side_equal(&redis, &disk))
		diff_found(d, key, &redis, &disk);
	if (d->b.n > 64 * 1024)
		out_write(&d->b);
}

static int
diff_compare(struct diff *d, struct store *r, struct err *e)
{
	struct strings keys = {0};
	int rc = store_keys(r, NULL, &keys, e);

	if (rc == 0)
		rc = store_items(r, &keys, part_names, diff_published, d, e);
	if (rc == 0)
		diff_disk_only(d, NULL);
	strings_free(&keys);
	return rc;
}

/* -1: something could not be read, which was said. */
static int
diff_scan(struct diff *d, const char *root)
{
	struct strings ignored = {0};
	const struct scanned *all;
	size_t n;
	int rc;

	/* Outside of git nothing is ignored. */
	(void)changed_ignored(root, &ignored, NULL);
	scan_ignore(d->scan, &ignored);
	rc = scan_run(d->scan, true);
	all = scan_all(d->scan, &n);
	for (size_t i = 0; i < n; i++) {
		if (all[i].unreadable != NULL) {
			out_note("%s: %s", all[i].path, all[i].unreadable);
			rc = -1;
		}
	}
	scan_keys(d->scan, &d->keys);
	return rc;
}

static int
diff_run(struct ctl *c, struct store *r, const char *root)
{
	struct diff d = {.out = &c->out};
	struct err e;
	bool whole;
	int rc = CTL_OK;

	d.scan = scan_new(root, &c->settings.collections, &e);
	if (d.scan == NULL) {
		out_say("%s", e.msg);
		return e.sys == EACCES ? CTL_PERMISSION : CTL_FAILURE;
	}
	whole = diff_scan(&d, root) == 0;
	if (diff_compare(&d, r, &e) != 0)
		rc = session_redis_failed(c, &e);
	out_write(&d.b);
	if (rc == CTL_OK && d.differ > 0)
		out_note("%zu of %zu items differ", d.differ, d.items);
	else if (rc == CTL_OK && whole)
		out_note("no difference: %zu items", d.items);
	if (rc == CTL_OK)
		rc = d.differ > 0 ? CTL_FINDINGS : whole ? CTL_OK : CTL_FAILURE;
	strings_free(&d.keys);
	scan_free(d.scan);
	buf_free(&d.b);
	return rc;
}

int
verb_diff(struct ctl *c, int argc, const char *const *argv)
{
	struct store r = {0};
	char *root;
	int rc = session_dialects(c);

	(void)argc;
	(void)argv;
	if (rc != CTL_OK)
		return rc;
	root = source_root(c);
	if (!source_has_collection(&c->settings.collections, root)) {
		out_say("nothing to compare in %s: it has no folder of a collection; name the root with -C", root);
		rc = CTL_FAILURE;
	} else {
		rc = session_redis(c, &r.client);
	}
	if (rc == CTL_OK) {
		r.catalog = c->settings.catalog;
		rc = diff_run(c, &r, root);
	}
	client_free(r.client);
	free(root);
	return rc;
}
