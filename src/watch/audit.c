#include "watch/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rbtree.h"

#define HEARD_MAX 100000 /* with more going on nothing can be said */

struct entry {
	RB_ENTRY(entry) by_path;
	const char *path; /* behind the struct; a key for a search has none */
};

RB_HEAD(paths, entry);

struct audit {
	struct paths suspects, heard;
	size_t n_heard;
	bool running;
	usec_t until; /* USEC_NEVER before all has been looked at */
};

static int
compare_paths(const struct entry *a, const struct entry *b)
{
	return strcmp(a->path, b->path);
}

RBTREE_GENERATE(paths, entry, by_path, compare_paths)

/* false: it is there already. */
static bool
paths_add(struct paths *ps, const char *path)
{
	size_t size = strlen(path) + 1;
	struct entry *e = mem_zalloc(sizeof *e + size);

	e->path = memcpy(e + 1, path, size);
	if (RB_INSERT(paths, ps, e) == NULL)
		return true;
	free(e);
	return false;
}

static void
paths_clear(struct paths *ps)
{
	struct entry *e;

	while ((e = RB_ROOT(ps)) != NULL) {
		(void)RB_REMOVE(paths, ps, e);
		free(e);
	}
}

struct audit *
audit_new(void)
{
	struct audit *a = mem_zalloc(sizeof *a);

	RB_INIT(&a->suspects);
	RB_INIT(&a->heard);
	return a;
}

void
audit_cancel(struct audit *a)
{
	paths_clear(&a->suspects);
	paths_clear(&a->heard);
	a->n_heard = 0;
	a->running = false;
	a->until = USEC_NEVER;
}

void
audit_free(struct audit *a)
{
	if (a == NULL)
		return;
	audit_cancel(a);
	free(a);
}

void
audit_begin(struct audit *a)
{
	audit_cancel(a);
	a->running = true;
}

void
audit_read(struct audit *a, usec_t now)
{
	if (a->running)
		a->until = now + AUDIT_GRACE;
}

bool
audit_running(const struct audit *a)
{
	return a->running;
}

void
audit_suspect(struct audit *a, const char *path)
{
	if (a->running)
		(void)paths_add(&a->suspects, path);
}

void
audit_heard(struct audit *a, const char *path)
{
	if (!a->running)
		return;
	a->n_heard += paths_add(&a->heard, path);
	if (a->n_heard > HEARD_MAX)
		audit_cancel(a);
}

static bool
was_heard(const struct audit *a, const char *path)
{
	char *above = mem_strdup(path), *slash = NULL;
	struct entry key = {.path = above};
	bool heard;

	do {
		if (slash != NULL)
			*slash = '\0';
		heard = RB_FIND(paths, UNCONST(&a->heard), &key) != NULL;
		slash = strrchr(above, '/');
	} while (!heard && slash != NULL);
	free(above);
	return heard;
}

bool
audit_over(struct audit *a, usec_t now, void (*left)(void *arg, const char *path), void *arg, size_t *ret_n)
{
	struct entry *e;

	if (!a->running || now < a->until)
		return false;
	*ret_n = 0;
	RB_FOREACH(e, paths, &a->suspects)
	{
		if (was_heard(a, e->path))
			continue;
		left(arg, e->path);
		++*ret_n;
	}
	audit_cancel(a);
	return true;
}

usec_t
audit_deadline(const struct audit *a)
{
	return a->running ? a->until : USEC_NEVER;
}
