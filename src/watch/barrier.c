#include "watch/barrier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/rbtree.h"

#define NAME_SIZE 64

struct barrier {
	TAILQ_ENTRY(barrier) link;
	uint64_t id;
	bool arrived;
	bool over; /* nobody waits for it, but its event is still to come */
	bool placed;
	uint64_t seq; /* once placed: of the last touch that counts */
};

TAILQ_HEAD(barrier_list, barrier);

struct barriers {
	char *path;
	struct inotify *in;
	int dir;
	int wd;
	uint64_t last_id;
	struct barrier_list list; /* by id */
};

/* Whatever is at the path now. -1 with errno: all is as it was. */
static int
folder_open(struct barriers *bs)
{
	int dir = open(bs->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int wd = dir >= 0 ? inotify_watch(bs->in, dir) : -1;

	if (wd < 0) {
		int sys = errno;

		if (dir >= 0)
			(void)close(dir);
		errno = sys;
		return -1;
	}
	if (bs->dir >= 0)
		(void)close(bs->dir);
	bs->dir = dir;
	bs->wd = wd;
	return 0;
}

struct barriers *
barriers_new(const char *dir, struct inotify *in, struct err *e)
{
	struct barriers *bs = mem_zalloc(sizeof *bs);

	TAILQ_INIT(&bs->list);
	bs->path = mem_strdup(dir);
	bs->in = in;
	bs->dir = -1;
	if (folder_open(bs) != 0) {
		(void)err_sys(e, errno, "cannot watch the private folder %s", dir);
		barriers_free(bs);
		return NULL;
	}
	return bs;
}

/* The process is part of the name: two may share the folder while one takes over from the other. */
static void
file_name(const struct barrier *b, char name[NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, "barrier-%ld-%llu", (long)getpid(), (unsigned long long)b->id);
}

static void
remove_file(const struct barriers *bs, const struct barrier *b)
{
	char name[NAME_SIZE];

	file_name(b, name);
	(void)unlinkat(bs->dir, name, 0);
}

static void
barrier_drop(struct barriers *bs, struct barrier *b)
{
	if (!b->arrived)
		remove_file(bs, b);
	TAILQ_REMOVE(&bs->list, b, link);
	free(b);
}

void
barriers_free(struct barriers *bs)
{
	struct barrier *b;

	if (bs == NULL)
		return;
	while ((b = TAILQ_FIRST(&bs->list)) != NULL)
		barrier_drop(bs, b);
	if (bs->dir >= 0)
		(void)close(bs->dir);
	free(bs->path);
	free(bs);
}

static int
make_file(const struct barriers *bs, const struct barrier *b)
{
	char name[NAME_SIZE];
	int fd;

	file_name(b, name);
	fd = openat(bs->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	(void)close(fd);
	return 0;
}

/* Somebody removed the folder: the events of those that wait may have been lost with its watch. */
static int
folder_renew(struct barriers *bs)
{
	const struct barrier *b;

	if (fs_mkdirs(bs->path, 0700, NULL) != 0 || folder_open(bs) != 0)
		return -1;
	TAILQ_FOREACH(b, &bs->list, link)
	{
		if (!b->arrived && make_file(bs, b) != 0)
			return -1;
	}
	return 0;
}

int
barriers_start(struct barriers *bs, uint64_t *ret_id, struct err *e)
{
	struct barrier *b = mem_zalloc(sizeof *b);

	b->id = ++bs->last_id;
	if (make_file(bs, b) != 0 && (errno != ENOENT || folder_renew(bs) != 0 || make_file(bs, b) != 0)) {
		free(b);
		return err_sys(e, errno, "cannot make a barrier file in the private folder %s", bs->path);
	}
	TAILQ_INSERT_TAIL(&bs->list, b, link);
	*ret_id = b->id;
	return 0;
}

void
barriers_mark(struct barriers *bs, uint64_t *ret_id)
{
	struct barrier *b = mem_zalloc(sizeof *b);

	b->id = ++bs->last_id;
	b->arrived = true;
	TAILQ_INSERT_TAIL(&bs->list, b, link);
	*ret_id = b->id;
}

static void
arrive(struct barriers *bs, struct barrier *b)
{
	if (b->arrived)
		return;
	b->arrived = true;
	remove_file(bs, b);
	if (b->over)
		barrier_drop(bs, b);
}

void
barriers_event(struct barriers *bs, int wd, const char *name)
{
	char own[NAME_SIZE];
	struct barrier *b, *next;

	if (wd != bs->wd)
		return;
	for (b = TAILQ_FIRST(&bs->list); b != NULL; b = next) {
		next = TAILQ_NEXT(b, link);
		file_name(b, own);
		if (strcmp(name, own) == 0)
			arrive(bs, b);
	}
}

void
barriers_rewatch(struct barriers *bs)
{
	int wd = inotify_watch(bs->in, bs->dir);

	if (wd >= 0)
		bs->wd = wd;
}

bool
barriers_watches(const struct barriers *bs, int wd)
{
	return bs->wd == wd;
}

static struct barrier *
barrier_find(const struct barriers *bs, uint64_t id)
{
	struct barrier *b;

	TAILQ_FOREACH(b, &bs->list, link)
	{
		if (b->id == id)
			return b;
	}
	return NULL;
}

bool
barriers_arrived(const struct barriers *bs, uint64_t id)
{
	const struct barrier *b = barrier_find(bs, id);

	return b == NULL || b->arrived;
}

void
barriers_overflow(struct barriers *bs)
{
	struct barrier *b, *next;

	for (b = TAILQ_FIRST(&bs->list); b != NULL; b = next) {
		next = TAILQ_NEXT(b, link);
		arrive(bs, b);
	}
}

bool
barriers_placeable(const struct barriers *bs)
{
	const struct barrier *b;

	TAILQ_FOREACH(b, &bs->list, link)
	{
		if (b->arrived && !b->placed)
			return true;
	}
	return false;
}

void
barriers_place(struct barriers *bs, uint64_t seq)
{
	struct barrier *b;

	TAILQ_FOREACH(b, &bs->list, link)
	{
		if (!b->arrived || b->placed)
			continue;
		b->placed = true;
		b->seq = seq;
	}
}

bool
barriers_passed(const struct barriers *bs, const struct settle *s, uint64_t id)
{
	const struct barrier *b = barrier_find(bs, id);

	return b == NULL || (b->placed && !settle_waiting(s, b->seq));
}

void
barriers_end(struct barriers *bs, uint64_t id)
{
	struct barrier *b = barrier_find(bs, id);

	if (b == NULL)
		return;
	b->over = true;
	if (b->arrived)
		barrier_drop(bs, b);
}
