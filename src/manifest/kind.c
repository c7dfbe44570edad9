#include "manifest/kind.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

/* Rows of the default collections: type, path, entry, flat. */
struct collection_row {
	const char *type;
	const char *path;
	const char *entry[4];
	const char *flat[5];
};

static const struct collection_row default_rows[] = {
    {"skill", "skills", {"SKILL.md"}, {"*.md"}},
    {"mcp", "mcps", {"server.json", "server.yaml", "server.yml"}, {"**/*.json", "**/*.yaml", "**/*.yml", "**/*.md"}},
    {"tool", "tools", {"tool.yaml", "tool.yml", "tool.json"}, {"**/*.yaml", "**/*.yml", "**/*.json", "**/*.md"}},
};

#define WORDS(...) kind_words((const char *const[]){__VA_ARGS__, NULL})

char **
kind_words(const char *const *words)
{
	size_t n = 0;
	char **copy;

	while (words[n] != NULL)
		n++;
	copy = mem_realloc(NULL, n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = mem_strdup(words[i]);
	copy[n] = NULL;
	return copy;
}

void
kind_words_free(char **words)
{
	if (words == NULL)
		return;
	for (size_t i = 0; words[i] != NULL; i++)
		free(words[i]);
	free(words);
}

void
collection_init(struct collection *c, const char *type, const char *path)
{
	*c = (struct collection){
	    .type = mem_strdup(type),
	    .path = mem_strdup(path),
	    .entry = WORDS(NULL),
	    .flat = WORDS(NULL),
	    .ignore = WORDS(NULL),
	    .fields =
		{
		    .name = WORDS("/name"),
		    .version = WORDS("/version", "/metadata/version"),
		    .description = WORDS("/description"),
		    .dependencies = WORDS("/dependencies"),
		    .tags = WORDS("/tags", "/metadata/tags"),
		    .owner = WORDS("/owner", "/author"),
		    .status = WORDS("/status"),
		},
	};
}

void
collection_free(struct collection *c)
{
	free(c->type);
	free(c->path);
	kind_words_free(c->entry);
	kind_words_free(c->flat);
	kind_words_free(c->ignore);
	kind_words_free(c->id_from);
	kind_words_free(c->fields.name);
	kind_words_free(c->fields.version);
	kind_words_free(c->fields.description);
	kind_words_free(c->fields.dependencies);
	kind_words_free(c->fields.tags);
	kind_words_free(c->fields.owner);
	kind_words_free(c->fields.status);
	free(c->schema);
	levels_free(&c->levels);
	*c = (struct collection){0};
}

void
collections_default(struct collections *cs)
{
	cs->n = sizeof default_rows / sizeof *default_rows;
	cs->v = mem_realloc(NULL, cs->n, sizeof *cs->v);
	for (size_t i = 0; i < cs->n; i++) {
		const struct collection_row *row = &default_rows[i];
		struct collection *c = &cs->v[i];

		collection_init(c, row->type, row->path);
		kind_words_free(c->entry);
		c->entry = kind_words(row->entry);
		kind_words_free(c->flat);
		c->flat = kind_words(row->flat);
		c->schema = mem_strdup(row->type);
	}
}

void
collections_free(struct collections *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		collection_free(&cs->v[i]);
	free(cs->v);
	*cs = (struct collections){0};
}

/* Is path the folder itself or below it? Everything is below "". */
static bool
path_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return n == 0 || (strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

/* Collections may lie in each other: the innermost owns the path. */
const struct collection *
collections_find(const struct collections *cs, const char *path)
{
	const struct collection *found = NULL;

	for (size_t i = 0; i < cs->n; i++) {
		const struct collection *c = &cs->v[i];

		if (path_within(path, c->path) && (found == NULL || strlen(c->path) > strlen(found->path)))
			found = c;
	}
	return found;
}

bool
collections_leads_to(const struct collections *cs, const char *path)
{
	bool leads = false;

	for (size_t i = 0; i < cs->n; i++) {
		const char *root = cs->v[i].path;

		if (*path == '\0' && *root == '\0')
			return false;
		leads |= strcmp(root, path) != 0 && path_within(root, path);
	}
	return leads;
}

const char *
collection_relative(const struct collection *c, const char *path)
{
	size_t n = strlen(c->path);

	return n > 0 && path[n] == '/' ? path + n + 1 : path + n;
}

static const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
name_ends(const char *name, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n >= len && memcmp(name + n - len, end, len) == 0;
}

/* Dot names cover .#name, .goutputstream-* and vim's .name.swp as well. 4913 is vim's probe for a writable folder. */
static bool
name_ignored(const char *name, size_t n)
{
	static const char *const ends[] = {"~", ".swp", ".swx", ".tmp", NULL};

	if (n == 0)
		return false;
	if (name[0] == '.' || (n >= 2 && name[0] == '#' && name[n - 1] == '#'))
		return true;
	if (n == 4 && memcmp(name, "4913", 4) == 0)
		return true;
	for (size_t i = 0; ends[i] != NULL; i++)
		if (name_ends(name, n, ends[i]))
			return true;
	return false;
}

/* Does one of the patterns match rel or a folder that it is in? */
static bool
patterns_cover(char *const *patterns, const char *rel)
{
	bool covered = false;
	char *prefix;

	if (patterns[0] == NULL)
		return false;
	prefix = mem_strdup(rel);
	for (size_t end = strcspn(rel, "/"); !covered; end += 1 + strcspn(rel + end + 1, "/")) {
		prefix[end] = '\0';
		for (size_t i = 0; patterns[i] != NULL && !covered; i++)
			covered = kind_match(patterns[i], prefix);
		if (rel[end] == '\0')
			break;
		prefix[end] = '/';
	}
	free(prefix);
	return covered;
}

bool
kind_ignored(const struct collection *c, const char *path)
{
	const char *rel = collection_relative(c, path);

	for (const char *name = rel; *name != '\0';) {
		size_t n = strcspn(name, "/");

		if (name_ignored(name, n))
			return true;
		name += name[n] == '/' ? n + 1 : n;
	}
	return patterns_cover(c->ignore, rel);
}

bool
kind_document(const char *name)
{
	static const char *const names[] = {
	    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CLAUDE.md", "AGENTS.md", "index.md", NULL};

	if (strncmp(name, "LICENSE", strlen("LICENSE")) == 0)
		return true;
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

int
kind_entry_rank(const struct collection *c, const char *name)
{
	for (int i = 0; c->entry[i] != NULL; i++)
		if (strcmp(c->entry[i], name) == 0)
			return i;
	return -1;
}

int
kind_flat_rank(const struct collection *c, const char *path)
{
	const char *rel = collection_relative(c, path);

	if (kind_document(path_base(rel)))
		return -1;
	for (int i = 0; c->flat[i] != NULL; i++)
		if (kind_match(c->flat[i], rel))
			return i;
	return -1;
}

void
kind_entry_id(const struct collection *c, const char *path, struct buf *out)
{
	const char *rel = collection_relative(c, path);
	const char *base = path_base(rel);

	if (base > rel)
		text_percent_encode(out, rel, (size_t)(base - rel) - 1);
}

/* A name that is all extension (".md") keeps it: an id has no empty part. */
void
kind_flat_id(const struct collection *c, const char *path, struct buf *out)
{
	const char *rel = collection_relative(c, path);
	const char *base = path_base(rel);
	const char *dot = strrchr(base, '.');

	text_percent_encode(out, rel, dot != NULL && dot > base ? (size_t)(dot - rel) : strlen(rel));
}

enum format
kind_format(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot == NULL)
		return FORMAT_MARKDOWN;
	if (strcasecmp(dot, ".json") == 0)
		return FORMAT_JSON;
	if (strcasecmp(dot, ".yaml") == 0 || strcasecmp(dot, ".yml") == 0)
		return FORMAT_YAML;
	return FORMAT_MARKDOWN;
}
