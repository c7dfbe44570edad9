#include "git/ignore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rbtree.h"
#include "base/sha.h"
#include "base/text.h"
#include "git/rules.h"
#include "git/stamp.h"

#define IGNORE_FILE_MAX (256 * 1024) /* a larger ignore file is not read */
#define IGNORE_FOLDERS_MAX 200000 /* known folders; then the cache starts over */

/* An ignore file as it was read. */
struct source {
	struct stamp stamp;
	uint8_t sha256[SHA256_SIZE]; /* of its bytes when there: a touch changes no rule */
	struct rules *rules;
	bool failed; /* the last try to read it did: it is read again at the next refresh */
};

struct folder {
	RB_ENTRY(folder) link;
	struct folder *parent; /* NULL for the work tree */
	struct source *source; /* its .gitignore, NULL when it has none */
	const char *path; /* behind the struct */
	size_t below; /* where a path's part below this folder begins */
	bool matched; /* it, or a folder above it, is ignored: nothing below is looked at */
};

RB_HEAD(folders, folder);

struct ignore {
	char *workdir;
	char *exclude_path, *global_path;
	struct source *exclude, *global;
	struct folders folders;
	size_t n;
	bool stale; /* the next refresh says "changed" without a look */
	bool unread; /* a file could not be read, since the last refresh */
	struct err why;
	struct folder *last; /* folder of the latest query: scans go folder by folder */
	struct buf name;
};

static int
ignore_compare(const struct folder *a, const struct folder *b)
{
	return strcmp(a->path, b->path);
}

RBTREE_GENERATE(folders, folder, link, ignore_compare)

static void
ignore_failed(struct ignore *ig, struct source *s, const struct err *why)
{
	s->failed = true;
	ig->unread = true;
	ig->why = *why;
}

/* NULL when there is no regular file. */
static struct source *
ignore_read(struct ignore *ig, const char *path)
{
	struct stamp stamp = stamp_take(path);
	struct buf bytes = {0};
	struct source *s;
	struct err e = {0};

	if (stamp.failed)
		(void)err_sys(&e, errno, "%s", path);
	else if (!stamp.there || (fs_read(path, IGNORE_FILE_MAX, &bytes, &e) != 0 && e.sys == ENOENT))
		return NULL;
	s = mem_zalloc(sizeof *s);
	s->stamp = stamp;
	if (e.sys != 0) {
		ignore_failed(ig, s, &e);
	} else if (e.msg[0] != '\0') {
		char shown[1024];

		log_warning("ignore file left out: %s", text_escape_to(shown, sizeof shown, e.msg));
	}
	if (e.msg[0] != '\0')
		buf_clear(&bytes);
	sha256(buf_str(&bytes), bytes.n, s->sha256);
	s->rules = rules_parse(buf_str(&bytes), bytes.n);
	buf_free(&bytes);
	return s;
}

static void
ignore_free_source(struct source *s)
{
	if (s != NULL)
		rules_free(s->rules);
	free(s);
}

/*
 * Did the rules change? A young file is read again and again until its stamp can be relied on; of one that cannot be
 * read the rules that are known stay.
 */
static bool
ignore_source_moved(struct ignore *ig, struct source **s, const char *path)
{
	struct stamp now = stamp_take(path);
	struct source *old = *s, *fresh;
	bool moved;

	if (!now.failed && (old == NULL ? !now.there : !old->failed && stamp_same(&old->stamp, &now)))
		return false;
	fresh = ignore_read(ig, path);
	if (old != NULL && fresh != NULL && fresh->failed) {
		old->failed = true;
		ignore_free_source(fresh);
		return false;
	}
	moved = old == NULL || fresh == NULL || memcmp(old->sha256, fresh->sha256, SHA256_SIZE) != 0;
	*s = fresh;
	ignore_free_source(old);
	return moved;
}

static const char *
ignore_gitignore(struct ignore *ig, const char *folder)
{
	buf_clear(&ig->name);
	buf_addstr(&ig->name, ig->workdir);
	buf_addch(&ig->name, '/');
	buf_addstr(&ig->name, folder);
	buf_addstr(&ig->name, folder[0] != '\0' ? "/.gitignore" : ".gitignore");
	return buf_str(&ig->name);
}

static struct folder *
ignore_add(struct ignore *ig, struct folder *parent, const char *path, size_t len, bool matched, bool plain)
{
	struct folder *f = mem_zalloc(sizeof *f + len + 1);

	memcpy(f + 1, path, len);
	f->path = (const char *)(f + 1);
	f->parent = parent;
	f->below = len != 0 ? len + 1 : 0;
	f->matched = matched;
	if (!matched && !plain)
		f->source = ignore_read(ig, ignore_gitignore(ig, f->path));
	(void)RB_INSERT(folders, &ig->folders, f);
	ig->n++;
	return f;
}

static void
ignore_clear(struct ignore *ig)
{
	struct folder *f, *next;

	for (f = RB_MIN(folders, &ig->folders); f != NULL; f = next) {
		next = RB_NEXT(folders, &ig->folders, f);
		(void)RB_REMOVE(folders, &ig->folders, f);
		ignore_free_source(f->source);
		free(f);
	}
	ig->n = 0;
	ig->last = NULL;
}

struct ignore *
ignore_new(const char *workdir, const char *exclude)
{
	struct ignore *ig = mem_zalloc(sizeof *ig);

	RB_INIT(&ig->folders);
	ig->workdir = mem_strdup(workdir);
	ig->exclude_path = mem_strdup(exclude);
	ig->exclude = ignore_read(ig, exclude);
	return ig;
}

void
ignore_free(struct ignore *ig)
{
	if (ig == NULL)
		return;
	ignore_clear(ig);
	ignore_free_source(ig->exclude);
	ignore_free_source(ig->global);
	buf_free(&ig->name);
	free(ig->exclude_path);
	free(ig->global_path);
	free(ig->workdir);
	free(ig);
}

void
ignore_set_global(struct ignore *ig, const char *path)
{
	if (path == NULL ? ig->global_path == NULL : ig->global_path != NULL && strcmp(path, ig->global_path) == 0)
		return;
	free(ig->global_path);
	ig->global_path = mem_strdup_opt(path);
	ignore_free_source(ig->global);
	ig->global = path != NULL ? ignore_read(ig, path) : NULL;
	ig->stale = true;
}

/* Most folders have no ignore file: dir, the open work tree, makes that question cheap for 20,000 of them. */
static bool
ignore_folder_moved(struct ignore *ig, int dir, struct folder *f)
{
	const char *path = ignore_gitignore(ig, f->path);

	if (f->matched || (f->source == NULL && faccessat(dir, path + strlen(ig->workdir) + 1, F_OK, 0) != 0))
		return false;
	return ignore_source_moved(ig, &f->source, path);
}

bool
ignore_refresh(struct ignore *ig)
{
	int dir = open(ig->workdir[0] != '\0' ? ig->workdir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool moved = ig->stale;

	ig->stale = false;
	ig->unread = false;
	moved = ignore_source_moved(ig, &ig->exclude, ig->exclude_path) || moved;
	if (ig->global_path != NULL)
		moved = ignore_source_moved(ig, &ig->global, ig->global_path) || moved;
	for (struct folder *f = RB_MIN(folders, &ig->folders); f != NULL && !moved;
	     f = RB_NEXT(folders, &ig->folders, f))
		moved = ignore_folder_moved(ig, dir, f);
	if (dir >= 0)
		(void)close(dir);
	if (moved)
		ignore_clear(ig);
	return moved;
}

static enum verdict
ignore_ask(const struct source *s, const char *path, bool directory)
{
	return s != NULL ? rules_match(s->rules, path, directory) : VERDICT_NONE;
}

/* The rules nearest to the path speak first. */
static bool
ignore_verdict(const struct ignore *ig, const struct folder *f, const char *path, bool directory)
{
	enum verdict v = VERDICT_NONE;

	for (; f != NULL && v == VERDICT_NONE; f = f->parent)
		v = ignore_ask(f->source, path + f->below, directory);
	if (v == VERDICT_NONE)
		v = ignore_ask(ig->exclude, path, directory);
	if (v == VERDICT_NONE)
		v = ignore_ask(ig->global, path, directory);
	return v == VERDICT_IGNORE;
}

/* The known folder named by the first len bytes of path, or NULL. */
static struct folder *
ignore_find(struct ignore *ig, const char *path, size_t len)
{
	struct folder key;

	buf_clear(&ig->name);
	buf_add(&ig->name, path, len);
	key.path = buf_str(&ig->name);
	return RB_FIND(folders, &ig->folders, &key);
}

/* The folder named by the first len bytes of path, below parent (NULL: the work tree itself). plain: has no .gitignore. */
static struct folder *
ignore_folder(struct ignore *ig, struct folder *parent, const char *path, size_t len, bool plain)
{
	struct folder *f = ignore_find(ig, path, len);
	char *name;

	if (f != NULL)
		return f;
	name = mem_strndup(path, len);
	f = ignore_add(ig, parent, name, len,
	    parent != NULL && (parent->matched || ignore_verdict(ig, parent, name, true)), plain);
	free(name);
	return f;
}

/* The folder that path is in. */
static struct folder *
ignore_parent(struct ignore *ig, const char *path)
{
	const char *end = strrchr(path, '/');
	size_t len = end != NULL ? (size_t)(end - path) : 0;
	struct folder *f = ig->last;

	if (f != NULL && strncmp(f->path, path, len) == 0 && f->path[len] == '\0')
		return f;
	if (ig->n > IGNORE_FOLDERS_MAX) {
		ignore_clear(ig);
		ig->stale = true;
	}
	f = ignore_find(ig, path, len);
	if (f == NULL) {
		f = ignore_folder(ig, NULL, path, 0, false);
		for (size_t i = 0; i <= len && len != 0; i++)
			if (i == len || path[i] == '/')
				f = ignore_folder(ig, f, path, i, false);
	}
	ig->last = f;
	return f;
}

bool
ignore_matches(struct ignore *ig, const char *path, bool directory)
{
	const struct folder *f = ignore_parent(ig, path);

	return f->matched || ignore_verdict(ig, f, path, directory);
}

void
ignore_plain(struct ignore *ig, const char *folder)
{
	size_t len = strlen(folder);

	ig->last = ignore_folder(ig, len != 0 ? ignore_parent(ig, folder) : NULL, folder, len, true);
}

const struct err *
ignore_unread(const struct ignore *ig)
{
	return ig->unread ? &ig->why : NULL;
}
