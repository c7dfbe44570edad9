/* The schema files of a folder: .json, .yaml and .yml at any depth. Reads folders; the files are left to the caller. */
#ifndef CONFIG_SCHEMAFILES_H
#define CONFIG_SCHEMAFILES_H

#define SCHEMAFILES_MAX 1000 /* files */
#define SCHEMAFILES_DEPTH 8 /* folders within folders */

struct schemafiles {
	/* path: to open it; relative: below the folder. */
	void (*file)(void *arg, const char *path, const char *relative);
	/* What can not be looked at, or is too much. relative is the folder itself where that is it. */
	void (*failed)(void *arg, const char *relative, const char *why);
	void *arg;
};

/* Tell of each, sorted by name within a folder. Names that begin with a dot do not count. */
void schemafiles_each(const char *folder, const struct schemafiles *to);

#endif
