#include "config/schemafiles.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

struct walk {
	const struct schemafiles *to;
	size_t files;
};

static bool
is_schema_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".json") == 0 || strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
is_wanted(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void walk_folder(struct walk *w, const char *folder, const char *relative, int depth);

static void
walk_entry(struct walk *w, const char *path, const char *relative, int depth)
{
	const struct schemafiles *to = w->to;
	struct stat st;

	if (stat(path, &st) != 0) {
		to->failed(to->arg, relative, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		if (depth == SCHEMAFILES_DEPTH)
			to->failed(to->arg, relative, "folders are nested too deep");
		else
			walk_folder(w, path, relative, depth + 1);
	} else if (is_schema_file(relative)) {
		w->files++;
		if (w->files <= SCHEMAFILES_MAX)
			to->file(to->arg, path, relative);
		else if (w->files == SCHEMAFILES_MAX + 1)
			to->failed(to->arg, relative, "there are more than 1000 files; the rest is not read");
	}
}

static void
walk_folder(struct walk *w, const char *folder, const char *relative, int depth)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_wanted, alphasort);

	if (n < 0) {
		w->to->failed(w->to->arg, *relative != '\0' ? relative : folder, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char *path = mem_printf("%s/%s", folder, name);
		char *below = mem_printf("%s%s%s", relative, *relative != '\0' ? "/" : "", name);

		walk_entry(w, path, below, depth);
		free(below);
		free(path);
		free(entries[i]);
	}
	free(entries);
}

void
schemafiles_each(const char *folder, const struct schemafiles *to)
{
	struct walk w = {.to = to};

	walk_folder(&w, folder, "", 0);
}
