#include "ctl/judge.h"
#include "ctl/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

static struct manifest *
judge_unread(enum read_result r, const struct err *e)
{
	switch (r) {
	case READ_GONE:
		return manifest_unreadable("unreadable", "the file is not there", NULL);
	case READ_NOT_REGULAR:
		return manifest_unreadable("not-regular", "a manifest must be a regular file", NULL);
	case READ_SYMLINK:
		return manifest_unreadable(
		    "symlink", "a manifest must not be a symbolic link", "put the file itself here");
	case READ_TOO_LARGE:
		return manifest_unreadable("too-large", "the file is larger than 1 MiB", "make it smaller");
	case READ_UNSTABLE:
		return manifest_unreadable("unreadable", "the file changes all the time", NULL);
	case READ_OK:
	case READ_ERROR:
		break;
	}
	return manifest_unreadable("unreadable", e->msg, NULL);
}

struct manifest *
judge_file(int rootfd, const char *path, const struct manifest_source *src, struct signature *ret_sig)
{
	struct buf bytes = {0};
	struct err e = {0};
	enum read_result r = read_file(rootfd, path, &bytes, ret_sig, &e);
	struct manifest *m = r == READ_OK ? manifest_parse(src, buf_str(&bytes), bytes.n) : judge_unread(r, &e);

	if (r == READ_TOO_LARGE)
		(void)read_digest(rootfd, path, m->sha256, ret_sig, NULL);
	buf_free(&bytes);
	return m;
}

const struct collection *
judge_type(const struct ctl *c, const char *type)
{
	const struct collections *cs = &c->settings.collections;
	const char **names = mem_alloc((cs->n + 1) * sizeof *names), *near;

	for (size_t i = 0; i < cs->n; i++) {
		names[i] = cs->v[i].type;
		if (strcmp(cs->v[i].type, type) == 0) {
			free(names);
			return &cs->v[i];
		}
	}
	names[cs->n] = NULL;
	near = text_nearest(type, names);
	if (near != NULL)
		out_say("no collection has the type %s; did you mean %s?", type, near);
	else
		out_say("no collection has the type %s", type);
	free(names);
	return NULL;
}

static const struct collection *
judge_by_name(const struct collections *cs, const char *name)
{
	for (size_t i = 0; i < cs->n; i++)
		if (kind_entry_rank(&cs->v[i], name) >= 0)
			return &cs->v[i];
	return NULL;
}

bool
judge_known(const struct collections *cs, const char *absolute)
{
	return judge_by_name(cs, strrchr(absolute, '/') + 1) != NULL;
}

static void
judge_place(struct judge *j, const struct collection *found, const char *absolute)
{
	char *folder = path_parent(absolute);
	const char *name = strrchr(absolute, '/') + 1;
	struct buf id = {0};

	j->collection = *found;
	j->nowhere[0] = '\0';
	j->collection.path = j->nowhere;
	j->entry = kind_entry_rank(found, name) >= 0;
	j->root = j->entry ? path_parent(folder) : mem_strdup(folder);
	j->path = mem_strdup(path_below(absolute, j->root));
	if (j->entry)
		kind_entry_id(&j->collection, j->path, &id);
	else
		kind_flat_id(&j->collection, j->path, &id);
	j->id = buf_steal(&id);
	free(folder);
}

int
judge_guess(const struct ctl *c, const char *absolute, struct judge *ret)
{
	const char *type = session_opt(c, OPT_TYPE), *name = strrchr(absolute, '/') + 1;
	const struct collection *found =
	    type != NULL ? judge_type(c, type) : judge_by_name(&c->settings.collections, name);

	if (found == NULL) {
		if (type == NULL)
			out_say("%s is in no collection and its name tells no type; name one with --type", name);
		return CTL_USAGE;
	}
	judge_place(ret, found, absolute);
	return CTL_OK;
}

/* What a type is mostly written in: the format of its first entry manifest. */
static const char *
judge_stdin_name(const struct collection *found, const char *format)
{
	enum format f = found->entry[0] != NULL ? kind_format(found->entry[0]) : FORMAT_YAML;

	if (format != NULL && strcmp(format, "markdown") == 0)
		return "/stdin.md";
	if (format != NULL && strcmp(format, "yaml") == 0)
		return "/stdin.yaml";
	if (format != NULL && strcmp(format, "json") == 0)
		return "/stdin.json";
	if (format != NULL)
		return NULL;
	return f == FORMAT_MARKDOWN ? "/stdin.md" : f == FORMAT_JSON ? "/stdin.json" : "/stdin.yaml";
}

int
judge_stdin(const struct ctl *c, struct judge *ret)
{
	const char *type = session_opt(c, OPT_TYPE), *name;
	const struct collection *found;

	if (type == NULL) {
		out_say("standard input has no name that tells its type; name one with --type");
		return CTL_USAGE;
	}
	found = judge_type(c, type);
	if (found == NULL)
		return CTL_USAGE;
	name = judge_stdin_name(found, session_opt(c, OPT_FORMAT));
	if (name == NULL) {
		out_say("--format %s: markdown, yaml or json was expected", session_opt(c, OPT_FORMAT));
		return CTL_USAGE;
	}
	judge_place(ret, found, name);
	return CTL_OK;
}

void
judge_free(struct judge *j)
{
	free(j->root);
	free(j->path);
	free(j->id);
}

struct manifest *
judge_parse(const struct judge *j, const char *bytes, size_t n)
{
	const struct manifest_source src = {
	    .collection = &j->collection, .path = j->path, .id = j->id, .entry = j->entry};

	return manifest_parse(&src, bytes, n);
}

struct manifest *
judge_read(const struct judge *j)
{
	const struct manifest_source src = {
	    .collection = &j->collection, .path = j->path, .id = j->id, .entry = j->entry};
	struct signature sig;
	struct manifest *m;
	int fd = open(j->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return manifest_unreadable("unreadable", strerror(errno), NULL);
	m = judge_file(fd, j->path, &src, &sig);
	(void)close(fd);
	return m;
}

void
judge_profile(struct ctl *c)
{
	struct collections *cs = &c->settings.collections;

	for (size_t i = 0; session_flag(c, OPT_STRICT) && i < cs->n; i++)
		cs->v[i].profile = PROFILE_STRICT;
}
