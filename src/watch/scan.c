#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "watch/entries.h"
#include "watch/inner.h"

#define SCAN_FOLDERS 16 /* read in one go, some 200 us: others have a turn in between, Redis above all */

/* Folders still to be read, by number: one may go while another is read. Depth first, so a folder is read whole before the next. */
struct scan {
	struct watcher *w;
	uint32_t epoch;
	bool found;
	usec_t now;
	uint64_t *stack;
	size_t n, cap;
	uint64_t unit; /* the folder in a collection's root that is being read, 0 for none */
	size_t unit_depth; /* of the stack when it is through */
	bool background; /* what is touched meanwhile does not wait for the end */
	bool blank; /* nothing is known of any file */
	uint64_t *parts; /* tops of the trees to read, and told as scanned at the end */
	size_t n_parts, cap_parts;
	size_t folders, files;
};

static void
push(struct scan *sc, uint64_t number)
{
	if (sc->n == sc->cap) {
		sc->cap = sc->cap != 0 ? sc->cap * 2 : 64;
		sc->stack = mem_realloc(sc->stack, sc->cap, sizeof *sc->stack);
	}
	sc->stack[sc->n++] = number;
}

void
scan_unwatch(struct watcher *w, struct node *n)
{
	for (struct node *p = n; p != NULL; p = tree_walk(w->tree, n, p)) {
		if (p->wd < 0)
			continue;
		inotify_unwatch(w->inotify, p->wd);
		(void)tree_set_wd(w->tree, p, -1);
	}
}

static void
forget_names(void *arg, struct node *n)
{
	struct watcher *w = arg;

	if (w->last_dir == n->number)
		look_close(w);
	settle_forget(w->settle, n->number);
}

void
scan_forget(struct watcher *w, struct node *n)
{
	scan_unwatch(w, n);
	tree_remove(w->tree, n, forget_names, w);
}

/* Is the folder of n, which had its watch as twin, still there as well? */
static bool
is_at_both(struct watcher *w, const struct node *n, const struct node *twin)
{
	int fd = look_open(w, twin, O_PATH | O_DIRECTORY);
	struct place at;
	bool same = fd >= 0 && place_of(fd, &at) == 0 && at.dev == n->dev && at.ino == n->ino;

	if (fd >= 0)
		(void)close(fd);
	return same;
}

/*
 * One inode has one descriptor. When another node has it, that folder was moved
 * here and the event that says so is still to come; or it is mounted at both
 * places, and then the place that was read last has it.
 */
static void
watch_folder(struct scan *sc, struct node *n, int fd)
{
	struct watcher *w = sc->w;
	struct node *twin;
	int wd;

	if (w->inotify == NULL)
		return;
	wd = inotify_watch(w->inotify, fd);
	if (wd < 0 && errno == ENOSPC)
		w->limit_hit = true;
	if (wd != n->wd)
		inotify_unwatch(w->inotify, n->wd);
	n->blind = wd < 0;
	twin = tree_set_wd(w->tree, n, wd);
	if (twin != NULL)
		twin->blind = is_at_both(w, n, twin);
	w->blind |= n->blind || (twin != NULL && twin->blind);
}

static void
enter_child(struct scan *sc, struct node *dir, const char *name, const char *path)
{
	struct watcher *w = sc->w;
	struct node *child = tree_child(w->tree, dir, name);

	if (!path_enters(w, path)) {
		if (child == NULL)
			return;
		scan_forget(w, child);
		w->sink.gone(w->arg, path);
		return;
	}
	if (child == NULL) {
		/*
		 * Whatever had the name before, a file perhaps. In another root nothing is known of what is there, but
		 * what is known of the files is not void: the end of the scan tells what is gone.
		 */
		if (!w->root_moved)
			w->sink.gone(w->arg, path);
		child = tree_add(w->tree, dir, name, 0, 0);
	}
	child->epoch = sc->epoch;
	push(sc, child->number);
}

static void
tell_file(struct scan *sc, struct node *dir, int fd, const char *name, const char *path, bool regular)
{
	struct watcher *w = sc->w;
	struct node *child = tree_child(w->tree, dir, name);
	struct stat st;

	if (child != NULL) {
		scan_forget(w, child);
		w->sink.gone(w->arg, path);
	}
	if (!path_is_told(w, path))
		return;
	if (sc->blank && regular) {
		sc->files++;
		w->sink.saw(w->arg, path, ENTRY_FILE, NULL, NULL, false, sc->epoch);
		return;
	}
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (!errno_is_gone(errno))
			look_tell_unknown(w, dir, name, errno, sc->epoch, sc->now);
		return;
	}
	if (S_ISDIR(st.st_mode)) /* since the folder was read, and there is an event for it */
		return;
	sc->files++;
	if (sc->found)
		settle_found(w->settle, dir->number, name, w->led, sc->now);
	look_tell(w, fd, name, path, &st, false, sc->epoch);
}

static void
take_entry(struct scan *sc, struct node *dir, int fd, const struct dirent64 *d)
{
	unsigned char type = d->d_type;
	const char *path;
	struct stat st;

	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return;
	/* It may have come while the folder was not watched. */
	if (sc->found && strcmp(d->d_name, ".gitignore") == 0) {
		git_soon(sc->w, sc->now);
		sc->w->git_found = true;
	}
	path = path_set(sc->w, dir, d->d_name);
	if (!path_counts(sc->w, path))
		return;
	if (type == DT_UNKNOWN && fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		type = DT_DIR;
	if (type == DT_DIR)
		enter_child(sc, dir, d->d_name, path);
	else
		tell_file(sc, dir, fd, d->d_name, path, type == DT_REG);
}

static int
take_entries(struct scan *sc, struct node *dir, int fd)
{
	struct entries es;
	const struct dirent64 *d;
	bool first = true;

	do {
		if (entries_read(&es, fd) != 0)
			return -1;
		if (first && es.all && !entries_have(&es, ".gitignore"))
			sc->w->sink.plain(sc->w->arg, path_set(sc->w, dir, NULL));
		first = false;
		for (d = NULL; (d = entries_next(&es, d)) != NULL;)
			take_entry(sc, dir, fd, d);
	} while (!es.all);
	return 0;
}

/* Children that the folder no longer has. Their files are older than the scan, and so the sink finds them. */
static void
forget_unseen(struct scan *sc, struct node *dir)
{
	struct watcher *w = sc->w;
	struct node *next;

	for (struct node *child = tree_next_child(w->tree, dir, NULL); child != NULL; child = next) {
		next = tree_next_child(w->tree, dir, child);
		if (child->epoch != sc->epoch)
			scan_forget(w, child);
	}
}

/* A mount point whose mount is gone: what was there is not deleted. What is put into the folder itself counts again. */
static bool
is_unmounted(const struct node *n, int fd, const struct place *at)
{
	return n->mounted && !at->mounted && place_empty(fd) == 1;
}

/* One question for each mount, not for each folder. */
static void
note_silence(struct watcher *w, struct node *n, int fd)
{
	const struct node *up = n->parent;
	const char *name = "";
	char shown[256];
	bool was = n->silent;

	n->silent = up != NULL && up->dev == n->dev && !n->mounted ? up->silent : place_silent(fd, &name);
	if (n->silent && !was && (up == NULL || !up->silent))
		log_info("%s is on %s, where not every change has an event: it is looked at every %.1f s",
		    up == NULL ? w->root : text_escape_to(shown, sizeof shown, path_set(w, n, NULL)), name,
		    (double)w->poll.every / (double)USEC_PER_SEC);
	w->silent |= n->silent;
}

static int
read_folder(struct scan *sc, struct node *n, int fd)
{
	struct place at;

	if (place_of(fd, &at) != 0)
		return -1;
	if (is_unmounted(n, fd, &at)) {
		errno = ESTALE;
		return -1;
	}
	n->dev = at.dev;
	n->ino = at.ino;
	n->mounted = at.mounted;
	note_silence(sc->w, n, fd);
	if (!HAS_FAULT(FAULT_WATCH_LATE))
		watch_folder(sc, n, fd);
	n->epoch = sc->epoch;
	if (take_entries(sc, n, fd) != 0)
		return -1;
	if (HAS_FAULT(FAULT_WATCH_LATE))
		watch_folder(sc, n, fd);
	forget_unseen(sc, n);
	sc->folders++;
	return 0;
}

static void
scan_one(struct scan *sc, struct node *n)
{
	struct watcher *w = sc->w;
	int fd = look_open(w, n, O_RDONLY | O_DIRECTORY);
	int r = fd >= 0 ? read_folder(sc, n, fd) : -1;
	int sys = errno;

	if (fd >= 0)
		(void)close(fd);
	/* Others have their turn in the background, and would take what is not read yet for gone. */
	if (r == 0 && !sc->background)
		retries_forget(w->retries, path_set(w, n, NULL));
	if (r == 0)
		return;
	if (errno_is_gone(sys))
		n->epoch = 0; /* it went while the scan came to it, and there is an event for that */
	else
		look_tell_unknown(w, n, NULL, sys, sc->epoch, sc->now);
}

static void
tell_of_limit(struct watcher *w)
{
	size_t folders = tree_count(w->tree), watched = tree_watched(w->tree);
	const char *name;

	w->limit = inotify_limit(&name);
	if (w->limit_hit && !w->limit_told)
		log_warning("the sysctl %s is %zu and used up: %zu of %zu folders here are not watched and are looked "
			    "at every %.1f s instead; raise it to %zu or more",
		    name, w->limit, folders - watched, folders, (double)w->poll.every / (double)USEC_PER_SEC,
		    w->limit + 2 * folders);
	if (!w->limit_hit && w->limit_told)
		log_info(
		    "the sysctl %s is %zu now: %zu of %zu folders here are watched", name, w->limit, watched, folders);
	w->limit_told = w->limit_hit;
}

static struct scan *
scan_new(struct watcher *w, bool found, usec_t now)
{
	struct scan *sc = mem_zalloc(sizeof *sc);

	if (++w->epoch == 0)
		w->epoch = 1;
	w->scans++;
	*sc = (struct scan){.w = w, .epoch = w->epoch, .found = found, .now = now, .blank = w->blank && w->scans == 1};
	return sc;
}

static void
scan_part(struct scan *sc, const struct node *n)
{
	if (sc->n_parts == sc->cap_parts) {
		sc->cap_parts = sc->cap_parts != 0 ? sc->cap_parts * 2 : 4;
		sc->parts = mem_realloc(sc->parts, sc->cap_parts, sizeof *sc->parts);
	}
	sc->parts[sc->n_parts++] = n->number;
	push(sc, n->number);
}

static void
scan_free(struct scan *sc)
{
	if (sc == NULL)
		return;
	free(sc->parts);
	free(sc->stack);
	free(sc);
}

static void
scan_end(struct scan *sc)
{
	struct watcher *w = sc->w;

	if (w->limit_hit != w->limit_told)
		tell_of_limit(w);
	log_debug("looked at %zu folders and %zu files", sc->folders, sc->files);
	for (size_t i = 0; i < sc->n_parts; i++) {
		const struct node *n = tree_by_number(w->tree, sc->parts[i]);

		if (n == NULL) /* what became of it was told when it went */
			continue;
		if (n->parent == NULL)
			root_scanned(w, sc->now);
		w->sink.scanned(w->arg, path_set(w, n, NULL), sc->epoch);
	}
	scan_free(sc);
}

/* A folder that lies in a collection's root is a unit. */
static void
unit_begin(struct scan *sc, const struct node *n)
{
	struct watcher *w = sc->w;
	const struct collection *c;
	const char *path, *below;

	if (sc->unit != 0 || n->parent == NULL)
		return;
	path = path_set(w, n, NULL);
	c = collections_find(w->collections, path);
	below = c != NULL ? collection_relative(c, path) : "";
	if (*below == '\0' || strchr(below, '/') != NULL)
		return;
	sc->unit = n->number;
	sc->unit_depth = sc->n;
}

static void
unit_end(struct scan *sc)
{
	struct watcher *w = sc->w;
	struct node *unit;

	if (sc->unit == 0 || sc->n > sc->unit_depth)
		return;
	unit = tree_by_number(w->tree, sc->unit);
	sc->unit = 0;
	if (unit != NULL)
		w->sink.whole(w->arg, path_set(w, unit, NULL));
}

void
scan_folder(struct watcher *w, struct node *n, bool found, usec_t now)
{
	struct scan *sc = scan_new(w, found, now);

	scan_part(sc, n);
	look_close(w);
	while (sc->n > 0) {
		struct node *next = tree_by_number(w->tree, sc->stack[--sc->n]);

		if (next != NULL)
			scan_one(sc, next);
	}
	scan_end(sc);
}

void
scan_begin(struct watcher *w, usec_t now)
{
	scan_cancel(w);
	w->limit_hit = false;
	w->scan = scan_new(w, false, now);
	scan_part(w->scan, tree_root(w->tree));
}

void
scan_begin_parts(struct watcher *w, usec_t now)
{
	w->scan = scan_new(w, true, now);
	w->scan->background = true;
}

void
scan_add_part(struct watcher *w, const struct node *n)
{
	scan_part(w->scan, n);
}

bool
scan_in_background(const struct watcher *w)
{
	return w->scan != NULL && w->scan->background;
}

void
scan_go_on(struct watcher *w, usec_t now)
{
	struct scan *sc = w->scan;

	look_close(w);
	sc->now = now;
	for (int i = 0; i < SCAN_FOLDERS && sc->n > 0; i++) {
		struct node *next = tree_by_number(w->tree, sc->stack[--sc->n]);

		if (next != NULL) {
			unit_begin(sc, next);
			scan_one(sc, next);
		}
		unit_end(sc);
	}
	if (sc->n > 0)
		return;
	w->scan = NULL;
	/* What is missing in a root that went is not deleted. */
	if (root_present(w))
		scan_end(sc);
	else
		scan_free(sc);
}

void
scan_cancel(struct watcher *w)
{
	if (w->scan == NULL)
		return;
	audit_cancel(w->audit);
	scan_free(w->scan);
	w->scan = NULL;
}

void
scan_count(struct watcher *w, const char *reason)
{
	size_t i = 0;

	while (i + 1 < WATCHER_REASONS && w->rescans[i].reason != NULL && strcmp(w->rescans[i].reason, reason) != 0)
		i++;
	if (w->rescans[i].reason == NULL)
		w->rescans[i].reason = reason;
	w->rescans[i].n++;
}
