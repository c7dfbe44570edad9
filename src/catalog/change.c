#include "catalog/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

static const char *const op_words[] = {
    [OP_CREATED] = "created",
    [OP_UPDATED] = "updated",
    [OP_DELETED] = "deleted",
};

const char *
op_word(enum op op)
{
	return op_words[op];
}

static struct change *
changeset_add(struct changeset *cs, enum op op, const char *key, const struct published_item *pub)
{
	struct change *ch;

	if ((cs->n & (cs->n - 1)) == 0)
		cs->changes = mem_realloc(cs->changes, cs->n != 0 ? cs->n * 2 : 1, sizeof *cs->changes);
	ch = &cs->changes[cs->n++];
	*ch = (struct change){.op = op, .key = mem_strdup(key)};
	if (pub != NULL) {
		ch->before = face_dup(pub->face);
		ch->created_rev = pub->created_rev;
		memcpy(ch->created_at, pub->created_at, sizeof ch->created_at);
	}
	return ch;
}

static void
diff_key(struct catalog *c, const char *key, const struct published_item *pub, struct changeset *upserts,
    struct changeset *deletions)
{
	struct change *ch;
	struct desired d;

	if (!catalog_desired(
		c, key, pub != NULL ? pub->face->source : NULL, pub != NULL ? pub->face->path : NULL, &d)) {
		if (pub != NULL)
			changeset_add(deletions, OP_DELETED, key, pub);
		return;
	}
	if (d.item == NULL) {
		if (pub->face->stale)
			return;
		ch = changeset_add(upserts, OP_UPDATED, key, pub);
		ch->patch = true;
		ch->patched = face_dup(pub->face);
		ch->patched->stale = true;
		ch->after = ch->patched;
		return;
	}
	if (pub != NULL && face_equal(pub->face, &d.item->face))
		return;
	ch = changeset_add(upserts, pub != NULL ? OP_UPDATED : OP_CREATED, key, pub);
	ch->item = item_ref(d.item);
	ch->after = &ch->item->face;
}

static void
diff_path(struct catalog *c, const struct published *p, const char *path, struct changeset *cs)
{
	const char *key = catalog_key(c, path);
	const struct published_item *pub = key != NULL ? published_get(p, key) : NULL;
	struct buf json = {0};
	bool any = catalog_problems(
	    c, path, pub != NULL ? pub->face->source : NULL, pub != NULL ? pub->face->path : NULL, &json);

	if (published_problems_equal(p, path, any ? json.p : NULL, json.n)) {
		buf_free(&json);
		return;
	}
	if ((cs->n_problems & (cs->n_problems - 1)) == 0)
		cs->problems =
		    mem_realloc(cs->problems, cs->n_problems != 0 ? cs->n_problems * 2 : 1, sizeof *cs->problems);
	cs->problems[cs->n_problems].path = mem_strdup(path);
	cs->problems[cs->n_problems].json = any ? mem_strndup(json.p, json.n) : NULL;
	cs->n_problems++;
	buf_free(&json);
}

static int
deletion_cmp(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a, *y = *(const struct change *const *)b;
	int r = memcmp(x->before->bundle_sha256, y->before->bundle_sha256, SHA256_SIZE);

	return r != 0 ? r : strcmp(x->key, y->key);
}

static size_t
type_length(const char *key)
{
	return strcspn(key, "/");
}

/* A label only: what was created with the content of something deleted in the same set is called renamed. */
static void
label_renames(struct changeset *upserts, const struct changeset *deletions)
{
	const struct change **gone = mem_alloc((deletions->n + 1) * sizeof *gone);

	for (size_t i = 0; i < deletions->n; i++)
		gone[i] = &deletions->changes[i];
	qsort(gone, deletions->n, sizeof(*gone), deletion_cmp);
	for (size_t i = 0; i < upserts->n; i++) {
		struct change *ch = &upserts->changes[i];
		size_t lo = 0, hi = deletions->n;

		if (ch->op != OP_CREATED)
			continue;
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (memcmp(gone[mid]->before->bundle_sha256, ch->after->bundle_sha256, SHA256_SIZE) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < deletions->n &&
		    memcmp(gone[lo]->before->bundle_sha256, ch->after->bundle_sha256, SHA256_SIZE) == 0 &&
		    type_length(gone[lo]->key) == type_length(ch->key) &&
		    memcmp(gone[lo]->key, ch->key, type_length(ch->key)) == 0)
			ch->renamed_from = mem_strdup(gone[lo]->key);
	}
	free(gone);
}

void
changeset_diff(struct catalog *c, const struct published *p, struct changeset *ret)
{
	struct changeset upserts = {0}, deletions = {0};
	struct buf text = {0};

	while (catalog_next_key(c, &text))
		diff_key(c, text.p, published_get(p, text.p), &upserts, &deletions);
	while (catalog_next_path(c, &text))
		diff_path(c, p, text.p, &upserts);
	buf_free(&text);
	if (upserts.n != 0 && deletions.n != 0)
		label_renames(&upserts, &deletions);
	if (deletions.n != 0) {
		upserts.changes = mem_realloc(upserts.changes, upserts.n + deletions.n, sizeof *upserts.changes);
		memcpy(upserts.changes + upserts.n, deletions.changes, deletions.n * sizeof *upserts.changes);
		upserts.n += deletions.n;
		free(deletions.changes);
	}
	*ret = upserts;
}

static void
change_free(struct change *ch)
{
	free(ch->key);
	item_unref(ch->item);
	free(ch->before);
	free(ch->patched);
	free(ch->renamed_from);
}

void
changeset_diff_ahead(struct catalog *c, const struct published *p, bool (*settled)(void *, const char *key), void *arg,
    struct changeset *ret)
{
	struct changeset creations = {.more = true}, rest = {0};
	struct buf key = {0}, put_back = {0};

	while (catalog_next_key(c, &key)) {
		if (published_get(p, key.p) == NULL && settled(arg, key.p))
			diff_key(c, key.p, NULL, &creations, &rest);
		else
			buf_add(&put_back, key.p, key.n + 1);
	}
	for (size_t at = 0; at < put_back.n; at += strlen(put_back.p + at) + 1)
		catalog_touch_key(c, put_back.p + at);
	if (creations.n != 0) {
		struct change *last = &creations.changes[--creations.n];

		catalog_touch_key(c, last->key);
		change_free(last);
	}
	buf_free(&key);
	buf_free(&put_back);
	*ret = creations;
}

void
changeset_repeat(struct changeset *cs, struct catalog *c, const struct published *p)
{
	const struct published_item *pub = NULL;
	size_t n = cs->n;

	while (cs->n == n && (pub = published_next(p, pub != NULL ? pub->key : NULL)) != NULL) {
		struct desired d;

		if (catalog_desired(c, pub->key, pub->face->source, pub->face->path, &d) && d.item != NULL) {
			struct change *ch = changeset_add(cs, OP_UPDATED, pub->key, pub);

			ch->item = item_ref(d.item);
			ch->after = &ch->item->face;
		}
	}
}

static bool
is_unknown(const struct change *ch, bool (*unknown)(void *arg, const char *path), void *arg)
{
	struct buf raw = {0};
	bool r = ch->op == OP_DELETED && ch->before->path != NULL &&
	    text_percent_decode(&raw, ch->before->path, strlen(ch->before->path)) == 0 && unknown(arg, buf_str(&raw));

	buf_free(&raw);
	return r;
}

void
changeset_hold(struct changeset *cs, bool (*unknown)(void *arg, const char *path), void *arg, struct textset *ret_held)
{
	size_t n = 0;

	for (size_t i = 0; i < cs->n; i++) {
		if (is_unknown(&cs->changes[i], unknown, arg)) {
			(void)textset_add(ret_held, cs->changes[i].key);
			change_free(&cs->changes[i]);
		} else {
			cs->changes[n++] = cs->changes[i];
		}
	}
	cs->n = n;
	/* What is not deleted was not renamed. */
	for (size_t i = 0; i < cs->n && ret_held->n > 0; i++) {
		struct change *ch = &cs->changes[i];

		if (ch->renamed_from == NULL || !textset_has(ret_held, ch->renamed_from))
			continue;
		free(ch->renamed_from);
		ch->renamed_from = NULL;
	}
}

void
changeset_free(struct changeset *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		change_free(&cs->changes[i]);
	for (size_t i = 0; i < cs->n_problems; i++) {
		free(cs->problems[i].path);
		free(cs->problems[i].json);
	}
	free(cs->changes);
	free(cs->problems);
	*cs = (struct changeset){0};
}

/* Which optional members still fit. */
enum detail { DETAIL_ALL, DETAIL_NO_PATH, DETAIL_NO_RENAME, DETAIL_LEAST };

static void
event_data(struct jsonw *w, const struct change *ch, const struct event_context *ctx, enum detail detail)
{
	size_t type_len = type_length(ch->key);
	const struct face *face = ch->op == OP_DELETED ? ch->before : ch->after;

	jsonw_object(w, "data");
	jsonw_str(w, "generation", ctx->generation);
	jsonw_int(w, "rev", (int64_t)ctx->rev);
	jsonw_int(w, "type_rev_before", (int64_t)ctx->type_rev_before);
	jsonw_str(w, "batch", ctx->batch);
	jsonw_bool(w, "batch_last", ctx->batch_last);
	jsonw_str(w, "op", op_word(ch->op));
	jsonw_strn(w, "type", ch->key, type_len);
	jsonw_str(w, "id", ch->key + type_len + 1);
	if (detail < DETAIL_NO_PATH)
		jsonw_str_opt(w, "path", face->path);
	if (ch->op != OP_DELETED)
		jsonw_hex(w, "sha256", ch->after->sha256, SHA256_SIZE);
	if (ch->before != NULL)
		jsonw_hex(w, "sha256_before", ch->before->sha256, SHA256_SIZE);
	if (ch->op != OP_DELETED)
		jsonw_hex(w, "bundle_sha256", ch->after->bundle_sha256, SHA256_SIZE);
	if (detail < DETAIL_LEAST)
		jsonw_str_opt(w, "version", face->version);
	jsonw_str_opt(w, "commit", ctx->commit);
	if (detail < DETAIL_NO_RENAME)
		jsonw_str_opt(w, "renamed_from", ch->renamed_from);
	jsonw_object_end(w);
}

static void
event_write(const struct change *ch, const struct event_context *ctx, enum detail detail, struct buf *out)
{
	static const char *const types[] = {
	    [OP_CREATED] = "dev.shelfd.item.created",
	    [OP_UPDATED] = "dev.shelfd.item.updated",
	    [OP_DELETED] = "dev.shelfd.item.deleted",
	};
	char digits[TEXT_DIGITS];
	struct buf text = {0};
	struct jsonw w;

	buf_addstr(&text, ctx->generation);
	buf_addch(&text, '.');
	buf_add(&text, digits, text_digits(ctx->rev, digits));
	jsonw_init(&w, out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "specversion", "1.0");
	jsonw_str(&w, "id", text.p);
	buf_clear(&text);
	buf_addstr(&text, "/shelfd/");
	buf_addstr(&text, ctx->catalog);
	jsonw_str(&w, "source", text.p);
	buf_free(&text);
	jsonw_str(&w, "type", types[ch->op]);
	jsonw_str(&w, "subject", ch->key);
	jsonw_str(&w, "time", ctx->time);
	jsonw_str(&w, "datacontenttype", "application/json");
	event_data(&w, ch, ctx, detail);
	jsonw_object_end(&w);
}

void
change_event(const struct change *ch, const struct event_context *ctx, struct buf *out)
{
	size_t start = out->n;

	for (enum detail detail = DETAIL_ALL;; detail++) {
		event_write(ch, ctx, detail, out);
		if (out->n - start <= LIMIT_EVENT || detail == DETAIL_LEAST)
			return;
		out->n = start;
	}
}

void
control_event(
    const char *type, const char *catalog, const char *id, const char *time, const char *data, struct buf *out)
{
	char source[128];
	struct jsonw w;

	(void)snprintf(source, sizeof source, "/shelfd/%s", catalog);
	jsonw_init(&w, out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "specversion", "1.0");
	jsonw_str(&w, "id", id);
	jsonw_str(&w, "source", source);
	jsonw_str(&w, "type", type);
	jsonw_str(&w, "time", time);
	jsonw_str(&w, "datacontenttype", "application/json");
	jsonw_raw(&w, "data", data, strlen(data));
	jsonw_object_end(&w);
}
