#include "config/dialects.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "manifest/dialect.h"

#define MAX_FILES 1000
#define MAX_DEPTH 8

/* One reading of the user's folder. */
struct load {
	struct settings *s;
	struct dialects *d;
	struct problems *ps;
	size_t files;
};

static void
load_error(struct load *l, const char *path, const char *what)
{
	char shown[256];

	problems_addf(l->ps, "config-value", SEVERITY_ERROR, l->s->schemas_line, l->s->schemas_column, NULL,
	    "schemas: %s: %s", text_escape_to(shown, sizeof shown, path), what);
}

/* The extension of a schema's file, or NULL. */
static const char *
load_extension(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL || dot == name)
		return NULL;
	return strcmp(dot, ".json") == 0 || strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ? dot : NULL;
}

/* relative: below the folder; its name is that without ".json" and without ".schema". */
static void
load_file(struct load *l, const char *path, const char *relative)
{
	const char *extension = load_extension(relative);
	size_t n = (size_t)(extension - relative);
	struct buf bytes = {0};
	struct err e;
	char *name;

	if (n > 7 && memcmp(extension - 7, ".schema", 7) == 0)
		n -= 7;
	name = mem_strndup(relative, n);
	if (fs_read(path, LIMIT_FILE, &bytes, &e) != 0 ||
	    dialects_add(l->d, name, strcmp(extension, ".json") != 0, buf_str(&bytes), bytes.n, &e) != 0)
		load_error(l, relative, e.msg);
	buf_free(&bytes);
	free(name);
}

static int
load_wanted(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void load_folder(struct load *l, const char *folder, const char *relative, int depth);

static void
load_entry(struct load *l, const char *folder, const char *relative, const char *name, int depth)
{
	char *path = mem_printf("%s/%s", folder, name);
	char *below = mem_printf("%s%s%s", relative, *relative != '\0' ? "/" : "", name);
	struct stat st;

	if (stat(path, &st) != 0) {
		load_error(l, below, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		if (depth == MAX_DEPTH)
			load_error(l, below, "folders are nested too deep");
		else
			load_folder(l, path, below, depth + 1);
	} else if (load_extension(name) != NULL) {
		if (++l->files == MAX_FILES + 1)
			load_error(l, below, "there are more than 1000 files; the rest is not read");
		if (l->files <= MAX_FILES)
			load_file(l, path, below);
	}
	free(below);
	free(path);
}

static void
load_folder(struct load *l, const char *folder, const char *relative, int depth)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, load_wanted, alphasort);

	if (n < 0) {
		load_error(l, *relative != '\0' ? relative : folder, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		load_entry(l, folder, relative, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
}

static void
load_collection(struct load *l, struct collection *c)
{
	struct err e;

	c->dialects = l->d;
	if (c->schema != NULL && dialects_find(l->d, c->schema, &c->validator, &e) != 0)
		problems_addf(
		    l->ps, "config-value", SEVERITY_ERROR, c->schema_line, c->schema_column, NULL, "%s", e.msg);
}

int
dialects_load(struct settings *s, struct problems *ps)
{
	struct load l = {.s = s, .d = dialects_new(), .ps = ps};
	size_t before = ps->n;
	struct err e;

	s->dialects = l.d;
	if (s->schemas != NULL)
		load_folder(&l, s->schemas, "", 0);
	if (dialects_complete(l.d, &e) != 0)
		load_error(&l, s->schemas != NULL ? s->schemas : "", e.msg);
	else
		for (size_t i = 0; i < s->collections.n; i++)
			load_collection(&l, &s->collections.v[i]);
	problems_sort(ps);
	return ps->n > before ? -1 : 0;
}
