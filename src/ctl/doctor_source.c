#include "ctl/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "ctl/diagnosis.h"
#include "ctl/path.h"
#include "ctl/strings.h"
#include "watch/place.h"

#define NAMES_MAX 1000 /* of a folder, for one with a letter */
#define MOUNTS_MAX (4u * 1024 * 1024)
#define GITFILE_MAX 8192

/* -1: there is no source to look at. */
static int
source_open(struct doctor *d)
{
	int fd = open(d->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		checkup_add(&d->found, "source", VERDICT_FAILED,
		    errno == EACCES ? "let shelfd's user read and enter it"
				    : "name the checkout in source.root, or with -C",
		    "%s: %s", d->root, strerror(errno));
	else if (place_empty(fd) == 1)
		checkup_add(&d->found, "source", VERDICT_FAILED, "clone the repository there, or mount it",
		    "%s is empty, and shelfd waits", d->root);
	else
		checkup_add(&d->found, "source", VERDICT_OK, NULL, "%s", d->root);
	return fd;
}

/* Who reads the source: the daemon, by the owner of its socket, else whoever runs us. */
static uid_t
reader_uid(const struct doctor *d)
{
	struct stat st;

	return d->daemon != NULL && stat(d->socket, &st) == 0 ? st.st_uid : geteuid();
}

/* As git has it: the user who called sudo counts as well. */
static bool
is_trusted(uid_t owner, uid_t reader)
{
	const char *sudo = reader == 0 && geteuid() == 0 ? getenv("SUDO_UID") : NULL;

	return owner == reader || (sudo != NULL && *sudo != '\0' && strtoul(sudo, NULL, 10) == owner);
}

/* The folder with .git at or above the root; NULL: none. */
static char *
find_worktree(const char *root)
{
	char *dir = mem_strdup(root);

	for (;;) {
		char *dot_git = path_join(dir, ".git"), *up;
		bool there = access(dot_git, F_OK) == 0;

		free(dot_git);
		if (there)
			return dir;
		up = path_parent(dir);
		if (strcmp(up, dir) == 0) {
			free(up);
			free(dir);
			return NULL;
		}
		free(dir);
		dir = up;
	}
}

/* Where .git is a file it names the folder. The caller frees; NULL: it is no such file. */
static char *
linked_git_dir(const char *worktree, const char *dot_git)
{
	struct buf text = {0};
	char *dir = NULL;

	if (fs_read(dot_git, GITFILE_MAX, &text, NULL) == 0 && strncmp(buf_str(&text), "gitdir: ", 8) == 0) {
		char *name = mem_strndup(text.p + 8, strcspn(text.p + 8, "\r\n"));

		dir = name[0] == '/' ? mem_strdup(name) : path_join(worktree, name);
		free(name);
	}
	buf_free(&text);
	return dir;
}

/* The first of the paths that git would not trust, or NULL. */
static const char *
foreign_path(const char *const *paths, uid_t reader, uid_t *ret_owner)
{
	struct stat st;

	for (; *paths != NULL; paths++) {
		if (lstat(*paths, &st) != 0 || is_trusted(st.st_uid, reader))
			continue;
		*ret_owner = st.st_uid;
		return *paths;
	}
	return NULL;
}

static void
source_owner(struct doctor *d)
{
	char *worktree = find_worktree(d->root);
	char *dot_git = worktree != NULL ? path_join(worktree, ".git") : NULL;
	char *git_dir = worktree != NULL ? linked_git_dir(worktree, dot_git) : NULL;
	const char *const paths[] = {worktree, dot_git, git_dir, NULL};
	uid_t reader = reader_uid(d), owner = 0;
	const char *foreign = worktree != NULL ? foreign_path(paths, reader, &owner) : NULL;

	if (worktree == NULL)
		checkup_add(
		    &d->found, "owner", VERDICT_OK, NULL, "no git checkout: files are published without a commit");
	else if (foreign == NULL)
		checkup_add(&d->found, "owner", VERDICT_OK, NULL, "checkout and git directory belong to UID %u",
		    (unsigned int)reader);
	else if (d->c->settings.source.trust_owner)
		checkup_add(&d->found, "owner", VERDICT_OK, NULL, "%s belongs to UID %u; source.trust_owner allows it",
		    foreign, (unsigned int)owner);
	else
		checkup_add(&d->found, "owner", VERDICT_FAILED,
		    "run shelfd as its owner, or set source.trust_owner: true",
		    "%s belongs to UID %u and not to UID %u, so git does not trust it", foreign, (unsigned int)owner,
		    (unsigned int)reader);
	free(git_dir);
	free(dot_git);
	free(worktree);
}

/* The type in the mount's line of proc_pid_mountinfo(5); the caller frees. NULL: not found. */
static char *
mount_type(int fd)
{
	char *mount = NULL, *type = NULL;
	struct buf lines = {0};
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, &sx) != 0 ||
	    (sx.stx_mask & STATX_MNT_ID) == 0 || fs_read("/proc/self/mountinfo", MOUNTS_MAX, &lines, NULL) != 0)
		return NULL;
	mount = mem_printf("%llu ", (unsigned long long)sx.stx_mnt_id);
	for (const char *line = buf_str(&lines); *line != '\0' && type == NULL;) {
		const char *end = line + strcspn(line, "\n"), *dash = strstr(line, " - ");

		if (strncmp(line, mount, strlen(mount)) == 0 && dash != NULL && dash < end)
			type = mem_strndup(dash + 3, strcspn(dash + 3, " \n"));
		line = *end != '\0' ? end + 1 : end;
	}
	buf_free(&lines);
	free(mount);
	return type;
}

static void
source_file_system(struct doctor *d, int fd)
{
	const char *silent = NULL;
	char *type = mount_type(fd);

	if (place_silent(fd, &silent))
		checkup_add(&d->found, "file-system", VERDICT_WARNING,
		    "put the checkout on a local disk, or accept that changes are seen at the next look only",
		    "%s: not every change has an event there, so shelfd looks again and again",
		    type != NULL ? type : silent);
	else
		checkup_add(&d->found, "file-system", VERDICT_OK, NULL, "%s: every change has its event",
		    type != NULL ? type : "of an unknown type");
	free(type);
}

static bool
same_file(void *arg, const char *a, const char *b)
{
	const int *fd = arg;
	struct stat one, other;

	return fstatat(*fd, a, &one, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(*fd, b, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int
folder_case(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = -1;
	DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;
	struct strings names = {0};

	if (entries == NULL) {
		if (copy >= 0)
			(void)close(copy);
		return -1;
	}
	while (names.n < NAMES_MAX && (entry = readdir(entries)) != NULL)
		strings_add(&names, entry->d_name);
	if (names.n > 0 && names.n < NAMES_MAX) { /* else a listed name could be taken for another case of one */
		const char **list = mem_alloc((names.n + 1) * sizeof *list);

		for (size_t i = 0; i < names.n; i++)
			list[i] = names.v[i];
		list[names.n] = NULL;
		r = diagnose_case(list, same_file, &dir);
		free(list);
	}
	strings_free(&names);
	(void)closedir(entries);
	return r;
}

/* In the root and in each collection's root: ext4 and others decide it for each folder. */
static void
source_case(struct doctor *d, int fd)
{
	const struct collections *cs = &d->c->settings.collections;
	int folds = folder_case(fd);

	for (size_t i = 0; i < cs->n && folds != 1; i++) {
		int dir = cs->v[i].path[0] != '\0' ? openat(fd, cs->v[i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		int r = dir >= 0 ? folder_case(dir) : -1;

		folds = r > folds ? r : folds;
		if (dir >= 0)
			(void)close(dir);
	}
	if (folds == 1)
		checkup_add(&d->found, "letter-case", VERDICT_WARNING,
		    "do not let names differ in case only: git has both, the disk has one",
		    "the file system takes names for the same that differ in case");
	else if (folds == 0)
		checkup_add(&d->found, "letter-case", VERDICT_OK, NULL, "names that differ in case are told apart");
}

void
doctor_source(struct doctor *d)
{
	int fd = source_open(d);

	if (fd < 0)
		return;
	source_owner(d);
	source_file_system(d, fd);
	source_case(d, fd);
	(void)close(fd);
}
