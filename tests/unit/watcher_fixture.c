#include "watcher_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define IDLE_RUNS 1000 /* runs in a row without time passing or an event: the loop would spin */

#define OK(call)                                                    \
	do {                                                        \
		if ((call) < 0)                                     \
			fail_msg("%s: %s", #call, strerror(errno)); \
	} while (0)

static bool
is_at_or_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return n == 0 || (strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

static struct seen *
seen_find(struct fixture *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->seen[i].path, path) == 0)
			return &f->seen[i];
	return NULL;
}

static void
seen_drop(struct fixture *f, size_t i)
{
	free(f->seen[i].path);
	free(f->seen[i].target);
	f->seen[i] = f->seen[--f->n];
}

static void
note(struct fixture *f, const char *what, const char *path)
{
	buf_addf(&f->log, "%s%s%s\n", what, *path != '\0' ? " " : "", path);
}

static void
sink_saw(void *arg, const char *path, enum entry_kind kind, const struct signature *sig, const char *target, bool force,
    uint32_t epoch)
{
	struct fixture *f = arg;
	struct seen *s = seen_find(f, path);

	note(f, force ? "saw" : "see", path);
	assert_int_equal(target != NULL, kind == ENTRY_SYMLINK);
	if (s == NULL) {
		if (f->n == f->cap) {
			f->cap = f->cap != 0 ? 2 * f->cap : 64;
			f->seen = mem_realloc(f->seen, f->cap, sizeof *f->seen);
		}
		s = &f->seen[f->n++];
		*s = (struct seen){.path = mem_strdup(path)};
	}
	free(s->target);
	s->target = mem_strdup_opt(target);
	s->kind = kind;
	s->sig = *sig;
	s->epoch = epoch;
	if (f->defer && !watcher_defer(f->w, path, f->now))
		note(f, "taken", path);
}

static void
sink_gone(void *arg, const char *path)
{
	struct fixture *f = arg;

	note(f, "gone", path);
	for (size_t i = f->n; i-- > 0;)
		if (is_at_or_below(f->seen[i].path, path))
			seen_drop(f, i);
}

static void
sink_plain(void *arg, const char *path)
{
	(void)arg, (void)path;
}

static bool
sink_ignored(void *arg, const char *path, bool directory)
{
	struct fixture *f = arg;

	(void)directory;
	if (f->until != NULL && strcmp(path, f->until) == 0) {
		f->until = NULL;
		f->meanwhile(f);
	}
	return f->ignored != NULL && is_at_or_below(path, f->ignored);
}

/* As whoever keeps a catalog asks for each file that a scan passed by: an error is no proof. */
static bool
really_gone(struct fixture *f, const char *path)
{
	struct stat st;

	if (fstatat(f->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISDIR(st.st_mode) || sink_ignored(f, path, false);
	return errno == ENOENT || errno == ENOTDIR;
}

static void
sink_whole(void *arg, const char *path)
{
	note(arg, "whole", path);
}

static void
sink_scanned(void *arg, const char *prefix, uint32_t epoch)
{
	struct fixture *f = arg;

	note(f, "scanned", prefix);
	for (size_t i = f->n; i-- > 0;)
		if (is_at_or_below(f->seen[i].path, prefix) && f->seen[i].epoch != epoch &&
		    really_gone(f, f->seen[i].path))
			seen_drop(f, i);
}

static void
sink_unknown(void *arg, const char *path, const struct err *e, bool first, uint32_t epoch)
{
	struct fixture *f = arg;

	assert_true(e->sys != 0);
	note(f, first ? "unknown" : "unknown again", path);
	for (size_t i = 0; i < f->n; i++)
		if (is_at_or_below(f->seen[i].path, path))
			f->seen[i].epoch = epoch;
}

static void
sink_git(void *arg)
{
	struct fixture *f = arg;

	note(f, "git", "");
	f->gits++;
	if (f->scan_on_git)
		assert_int_equal(watcher_scan(f->w, NULL, "ignore", f->now, NULL), 0);
}

int
fixture_setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	const char *tmp = getenv("TMPDIR");
	char *path;

	f->top = mem_printf("%s/shelfd-watch-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->top));
	path = mem_printf("%s/root", f->top);
	OK(mkdir(path, 0755));
	OK(f->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	free(path);
	OK(mkdirat(f->dir, "../private", 0700));
	OK(mkdirat(f->dir, "../git", 0755));
	OK(f->git = openat(f->dir, "../git", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	git_put(f, "HEAD");
	put(f, "LICENSE", "x"); /* an empty root counts as none */
	collections_default(&f->collections);
	f->now = 1000 * USEC_PER_SEC;
	*state = f;
	return 0;
}

static int
erase_at(int dir, const char *path)
{
	int fd;
	DIR *d;

	if (unlinkat(dir, path, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	d = fdopendir(fd);
	assert_non_null(d);
	for (struct dirent *ent; (ent = readdir(d)) != NULL;)
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			OK(erase_at(fd, ent->d_name));
	(void)closedir(d);
	return unlinkat(dir, path, AT_REMOVEDIR);
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	watcher_free(f->w);
	OK(erase_at(AT_FDCWD, f->top));
	(void)close(f->dir);
	(void)close(f->git);
	while (f->n > 0)
		seen_drop(f, f->n - 1);
	free(f->seen);
	buf_free(&f->log);
	collections_free(&f->collections);
	free(f->top);
	free(f);
	return 0;
}

static void
start(struct fixture *f, bool watch)
{
	const struct watcher_sink sink = {
	    .saw = sink_saw,
	    .gone = sink_gone,
	    .whole = sink_whole,
	    .scanned = sink_scanned,
	    .unknown = sink_unknown,
	    .plain = sink_plain,
	    .ignored = sink_ignored,
	    .git = sink_git,
	};
	char *root = mem_printf("%s/root", f->top), *git = mem_printf("%s/git", f->top),
	     *private = mem_printf("%s/private", f->top);
	const struct watcher_config cfg = {
	    .root = root,
	    .collections = &f->collections,
	    .git_dir = git,
	    .private_dir = private,
	    .settle = {.quiet = 10 * USEC_PER_MS, .writer = 100 * USEC_PER_MS, .max_delay = USEC_PER_SEC},
	    .hold = {.quiet = 20 * USEC_PER_MS, .cap = 5 * USEC_PER_SEC},
	    .poll = 2 * USEC_PER_SEC,
	    .audit = f->audit,
	    .watch = watch,
	};
	struct err e;

	f->w = watcher_new(&cfg, &sink, f, &e);
	if (f->w == NULL)
		fail_msg("%s", e.msg);
	fixture_scan(f);
	free(root);
	free(git);
	free(private);
}

void
fixture_scan(struct fixture *f)
{
	struct err e;

	if (watcher_scan(f->w, NULL, "request", f->now, &e) != 0)
		fail_msg("%s", e.msg);
	while (watcher_scanning(f->w))
		watcher_run(f->w, f->now);
}

void
fixture_start(struct fixture *f)
{
	start(f, true);
	fixture_sync(f);
	fixture_clear(f);
}

void
fixture_start_without_watch(struct fixture *f)
{
	start(f, false);
}

static bool
readable(const struct fixture *f)
{
	struct pollfd p = {.fd = watcher_fd(f->w), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

void
fixture_run(struct fixture *f)
{
	if (readable(f))
		watcher_read(f->w, f->now);
	if (watcher_deadline(f->w) <= f->now)
		watcher_run(f->w, f->now);
}

/* One turn of a loop that sleeps until the deadline. false: the barrier is done, or it would sleep for ever. */
static bool
turn(struct fixture *f, uint64_t barrier, int *idle)
{
	usec_t deadline;

	*idle = readable(f) ? 0 : *idle + 1;
	if (*idle > IDLE_RUNS)
		fail_msg("the watcher asks to be run without end");
	fixture_run(f);
	if (barrier != 0 && watcher_passed(f->w, barrier))
		return false;
	deadline = watcher_deadline(f->w);
	if (readable(f) || deadline <= f->now)
		return true;
	if (deadline == USEC_NEVER)
		return false;
	f->now = deadline;
	*idle = 0;
	return true;
}

/* Longer than anything waits for an event that is there; what is done again and again has no end. */
static void
rest(struct fixture *f)
{
	usec_t end = f->now + 10 * USEC_PER_SEC;
	int idle = 0;

	while (f->now < end && turn(f, 0, &idle))
		;
}

void
fixture_sync(struct fixture *f)
{
	uint64_t id;
	int idle = 0;

	if (watcher_barrier(f->w, &id, NULL) != 0) {
		fixture_scan(f);
		rest(f);
		return;
	}
	while (!watcher_passed(f->w, id))
		if (!turn(f, id, &idle) && !watcher_passed(f->w, id))
			fail_msg("the watcher waits for nothing, and the barrier is not done");
	watcher_barrier_end(f->w, id);
}

static void
assert_seen(struct fixture *f, int dir, const char *name, const char *path, const struct stat *st)
{
	const struct seen *s = seen_find(f, path);
	char target[PATH_MAX];
	struct signature sig;
	ssize_t n;

	if (s == NULL)
		fail_msg("%s was not told", path);
	signature_of(st, &sig);
	if (!signature_equal(&sig, &s->sig))
		fail_msg("%s changed and was not told", path);
	assert_int_equal(s->kind,
	    S_ISREG(st->st_mode)       ? ENTRY_FILE
		: S_ISLNK(st->st_mode) ? ENTRY_SYMLINK
				       : ENTRY_OTHER);
	if (!S_ISLNK(st->st_mode))
		return;
	OK(n = readlinkat(dir, name, target, sizeof target - 1));
	target[n] = '\0';
	assert_string_equal(s->target, target);
}

/* The number of files at and below path that should be known; each of them is. */
static size_t
assert_folder_exact(struct fixture *f, int dir, const char *prefix)
{
	DIR *d = fdopendir(dir);
	size_t files = 0;

	assert_non_null(d);
	for (struct dirent *ent; (ent = readdir(d)) != NULL;) {
		char *path = mem_printf("%s/%s", prefix, ent->d_name);
		struct stat st;

		if (ent->d_name[0] != '.' && !sink_ignored(f, path, false)) {
			OK(fstatat(dir, ent->d_name, &st, AT_SYMLINK_NOFOLLOW));
			if (S_ISDIR(st.st_mode)) {
				int fd;

				OK(fd = openat(dir, ent->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
				files += assert_folder_exact(f, fd, path);
			} else {
				assert_seen(f, dir, ent->d_name, path, &st);
				files++;
			}
		}
		free(path);
	}
	(void)closedir(d);
	return files;
}

/* Watches that the kernel holds for us, by proc_pid_fdinfo(5). */
static size_t
kernel_watches(const struct fixture *f)
{
	char *path = mem_printf("/proc/self/fdinfo/%d", watcher_fd(f->w)), line[256];
	FILE *info = fopen(path, "re");
	size_t n = 0;

	assert_non_null(info);
	while (fgets(line, sizeof line, info) != NULL)
		n += strncmp(line, "inotify wd:", strlen("inotify wd:")) == 0;
	(void)fclose(info);
	free(path);
	return n;
}

static void
assert_watched(struct fixture *f)
{
	struct watcher_stats stats;

	watcher_stats(f->w, &stats);
	assert_int_equal(stats.unwatched, 0);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(kernel_watches(f), stats.watches + 3); /* git/, private/, and what has root/ */
}

void
fixture_assert_told(struct fixture *f)
{
	static const char *const tops[] = {"skills", "mcps", "tools"};
	size_t files = 0;

	for (size_t i = 0; i < 3; i++) {
		int fd = openat(f->dir, tops[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0 && !sink_ignored(f, tops[i], true))
			files += assert_folder_exact(f, fd, tops[i]);
		else if (fd >= 0)
			(void)close(fd);
	}
	if (files != f->n)
		fail_msg("%zu files are there and %zu are known, such as %s", files, f->n,
		    f->n > 0 ? f->seen[f->n - 1].path : "none");
}

void
fixture_assert_exact(struct fixture *f)
{
	fixture_assert_told(f);
	if (watcher_fd(f->w) < 0)
		return;
	rest(f);
	fixture_assert_told(f);
	assert_watched(f);
}

size_t
fixture_count(const struct fixture *f, const char *line)
{
	size_t len = strlen(line), n = 0;

	for (const char *p = buf_str(&f->log); *p != '\0'; p = strchr(p, '\n') + 1)
		n += strncmp(p, line, len) == 0 && p[len] == '\n';
	return n;
}

bool
fixture_told(const struct fixture *f, const char *line)
{
	return fixture_count(f, line) > 0;
}

void
fixture_clear(struct fixture *f)
{
	buf_clear(&f->log);
}

void
folders(struct fixture *f, const char *path)
{
	for (const char *p = path; *p != '\0';) {
		char *part;

		p += strcspn(p, "/");
		part = mem_strndup(path, (size_t)(p - path));
		if (mkdirat(f->dir, part, 0755) != 0 && errno != EEXIST)
			fail_msg("mkdir %s: %s", part, strerror(errno));
		free(part);
		p += *p == '/';
	}
}

static void
write_file(int dir, const char *path, const char *text)
{
	int fd;

	OK(fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
	OK(write(fd, text, strlen(text)));
	OK(close(fd));
}

void
put(struct fixture *f, const char *path, const char *text)
{
	const char *slash = strrchr(path, '/');

	if (slash != NULL) {
		char *folder = mem_strndup(path, (size_t)(slash - path));

		folders(f, folder);
		free(folder);
	}
	write_file(f->dir, path, text);
}

void
move(struct fixture *f, const char *from, const char *to)
{
	OK(renameat(f->dir, from, f->dir, to));
}

void
erase(struct fixture *f, const char *path)
{
	OK(erase_at(f->dir, path));
}

void
git_put(struct fixture *f, const char *name)
{
	write_file(f->git, name, "ref: refs/heads/main\n");
}

void
git_erase(struct fixture *f, const char *name)
{
	OK(erase_at(f->git, name));
}
