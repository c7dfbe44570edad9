#include "config/collection.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "manifest/codes.h"

static void
read_word(struct reader *r, const struct member *m, const char *const words[2], const char *expected, int *ret)
{
	for (int i = 0; i < 2; i++) {
		if (m->value->type == VALUE_STRING && strcmp(m->value->text, words[i]) == 0) {
			*ret = i;
			return;
		}
	}
	reader_wrong(r, m, expected);
}

void
read_profile(struct reader *r, const struct member *m, void *to)
{
	static const char *const words[2] = {[PROFILE_LENIENT] = "lenient", [PROFILE_STRICT] = "strict"};
	int word = -1;

	read_word(r, m, words, "lenient or strict", &word);
	if (word >= 0)
		*(enum profile *)to = (enum profile)word;
}

void
read_on_invalid(struct reader *r, const struct member *m, void *to)
{
	static const char *const words[2] = {[ON_INVALID_KEEP] = "keep", [ON_INVALID_WITHDRAW] = "withdraw"};
	int word = -1;

	read_word(r, m, words, "keep or withdraw", &word);
	if (word >= 0)
		*(enum on_invalid *)to = (enum on_invalid)word;
}

static void
read_rule(struct reader *r, const struct member *m, struct levels *to)
{
	const struct value *v = m->value;
	enum level level;

	if (code_find(m->key) == NULL) {
		reader_unknown(r, m, "rules", code_nearest(m->key));
	} else if (!levels_may(m->key)) {
		problems_addf(r->ps, "config-value", SEVERITY_ERROR, m->line, m->column, NULL,
		    "%s is an error in every profile; no rule changes that", m->key);
	} else if (v->type != VALUE_STRING || level_parse(v->text, &level) != 0) {
		reader_wrong(r, m, "off, note, warning or error");
	} else {
		levels_set(to, m->key, level);
	}
}

void
read_rules(struct reader *r, const struct member *m, void *to)
{
	if (m->value->type != VALUE_OBJECT) {
		reader_wrong(r, m, "a mapping of problem codes to off, note, warning or error");
		return;
	}
	for (size_t i = 0; i < m->value->object.len; i++)
		read_rule(r, &m->value->object.members[i], to);
}

static void
read_type(struct reader *r, const struct member *m, void *to)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const struct value *v = m->value;

	if (v->type == VALUE_STRING && v->text_len >= 1 && v->text_len <= 32 && v->text[0] >= 'a' &&
	    v->text[0] <= 'z' && strspn(v->text, allowed) == v->text_len)
		reader_string(r, m, to);
	else
		reader_wrong(r, m, "1 to 32 of a-z, 0-9 and -, beginning with a letter");
}

static bool
path_usable(const char *s)
{
	if (*s == '/')
		return false;
	for (;;) {
		size_t n = strcspn(s, "/");

		if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		if (s[n] == '\0')
			return true;
		s += n + 1;
	}
}

static void
read_path(struct reader *r, const struct member *m, void *to)
{
	char **target = to, *path = NULL;
	size_t n;

	reader_string(r, m, &path);
	if (path == NULL)
		return;
	n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	if (strcmp(path, ".") == 0) {
		path[0] = '\0';
	} else if (!path_usable(path)) {
		reader_wrong(r, m, "a folder below the source's root, without '.' and '..'");
		free(path);
		return;
	}
	free(*target);
	*target = path;
}

/* Is a text usable? -1 with what was expected. */
typedef int word_check(const char *s, struct err *e);

/* Take over a list that was read from m (NULL: it was not) when each text of it passes the check. */
static void
take_list(struct reader *r, const struct member *m, char **list, word_check *check, char ***target)
{
	struct err e;

	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		struct member at = *m;

		if (check(list[i], &e) == 0)
			continue;
		if (m->value->type == VALUE_ARRAY)
			at.value = m->value->array.items[i];
		reader_wrong(r, &at, e.msg);
		kind_words_free(list);
		return;
	}
	if (list == NULL)
		return;
	kind_words_free(*target);
	*target = list;
}

static int
pattern_check(const char *s, struct err *e)
{
	return kind_pattern_check(s, e) == 0 ? 0 : err_prefix(e, "a pattern like *.md or drafts/**");
}

static int
entry_check(const char *s, struct err *e)
{
	return strchr(s, '/') == NULL ? 0 : err_set(e, "a file name without '/'");
}

static int
pointer_check(const char *s, struct err *e)
{
	bool ok = *s == '\0' || *s == '/';

	for (; ok && *s != '\0'; s++)
		ok = *s != '~' || s[1] == '0' || s[1] == '1';
	return ok ? 0 : err_set(e, "a JSON pointer like /metadata/id");
}

void
read_patterns(struct reader *r, const struct member *m, void *to)
{
	char **list = NULL;

	reader_one_or_list(r, m, &list);
	take_list(r, m, list, pattern_check, to);
}

static void
read_entry(struct reader *r, const struct member *m, void *to)
{
	char **list = NULL;

	reader_one_or_list(r, m, &list);
	take_list(r, m, list, entry_check, to);
}

static void
read_pointers(struct reader *r, const struct member *m, void *to)
{
	char **list = NULL;

	reader_one_or_list(r, m, &list);
	take_list(r, m, list, pointer_check, to);
}

/* Whether there is a dialect of this name is for dialects_load to say, which can tell the place. */
static void
read_schema(struct reader *r, const struct member *m, void *to)
{
	struct collection *c = to;

	reader_string(r, m, &c->schema);
	c->schema_line = m->value->line;
	c->schema_column = m->value->column;
}

static const struct reader_key fields_keys[] = {
    {"name", read_pointers, offsetof(struct fields, name), NULL},
    {"version", read_pointers, offsetof(struct fields, version), NULL},
    {"description", read_pointers, offsetof(struct fields, description), NULL},
    {"dependencies", read_pointers, offsetof(struct fields, dependencies), NULL},
    {"tags", read_pointers, offsetof(struct fields, tags), NULL},
    {"owner", read_pointers, offsetof(struct fields, owner), NULL},
    {"status", read_pointers, offsetof(struct fields, status), NULL},
    {NULL, NULL, 0, NULL},
};

static const struct reader_key collection_keys[] = {
    {"type", read_type, offsetof(struct collection, type), NULL},
    {"path", read_path, offsetof(struct collection, path), NULL},
    {"entry", read_entry, offsetof(struct collection, entry), NULL},
    {"flat", read_patterns, offsetof(struct collection, flat), NULL},
    {"ignore", read_patterns, offsetof(struct collection, ignore), NULL},
    {"id_from", read_pointers, offsetof(struct collection, id_from), NULL},
    {"fields", NULL, offsetof(struct collection, fields), fields_keys},
    {"schema", read_schema, 0, NULL},
    {"profile", read_profile, offsetof(struct collection, profile), NULL},
    {"rules", read_rules, offsetof(struct collection, levels), NULL},
    {"on_invalid", read_on_invalid, offsetof(struct collection, on_invalid), NULL},
    {NULL, NULL, 0, NULL},
};

/* At the member's value, or at the collection where it has no such member. name, shown behind what, may be "". */
static void
collection_error(struct reader *r, const struct value *v, const char *member, const char *what, const char *name)
{
	const struct value *at = member != NULL ? value_get(v, member) : NULL;
	char shown[128];

	if (at == NULL)
		at = v;
	problems_addf(r->ps, "config-value", SEVERITY_ERROR, at->line, at->column, NULL, "%s%s", what,
	    text_escape_to(shown, sizeof shown, name));
}

static void
add_ignore(struct collection *c, char *const *more)
{
	size_t n = 0, m = 0;

	while (c->ignore[n] != NULL)
		n++;
	while (more != NULL && more[m] != NULL)
		m++;
	c->ignore = mem_realloc(c->ignore, n + m + 1, sizeof *c->ignore);
	for (size_t i = 0; i < m; i++)
		c->ignore[n + i] = mem_strdup(more[i]);
	c->ignore[n + m] = NULL;
}

static bool
paths_overlap(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), k = n < m ? n : m;

	if (k == 0)
		return true;
	return strncmp(a, b, k) == 0 && (n == m || (n > m ? a : b)[k] == '/');
}

/* Is there something at the key, be it right or wrong? */
static bool
collection_has(const struct value *v, const char *key)
{
	const struct value *member = value_get(v, key);

	return member != NULL && member->type != VALUE_NULL && (member->type != VALUE_ARRAY || member->array.len != 0);
}

static void
collection_check(struct reader *r, const struct value *v, const struct collections *cs, size_t i)
{
	const struct collection *c = &cs->v[i];

	if (!collection_has(v, "entry") && !collection_has(v, "flat"))
		collection_error(r, v, NULL, "a collection needs entry or flat: which files are its manifests", "");
	for (size_t k = 0; k < i; k++) {
		const struct collection *other = &cs->v[k];

		if (strcmp(other->type, c->type) == 0 && *c->type != '\0')
			collection_error(r, v, "type", "another collection has the type ", c->type);
		if (paths_overlap(other->path, c->path))
			collection_error(
			    r, v, "path", "the path lies in, or holds, that of the collection ", other->type);
	}
}

static void
collection_read(
    struct reader *r, const struct value *v, const struct collection_defaults *defaults, struct collections *cs)
{
	struct collection *c = &cs->v[cs->n];
	bool has_type, has_path;

	if (v->type != VALUE_OBJECT) {
		collection_error(r, v, NULL, "a collection is a mapping with type, path, entry or flat", "");
		return;
	}
	collection_init(c, "", "");
	free(c->type);
	free(c->path);
	c->type = c->path = NULL; /* to see whether they are given */
	c->profile = defaults->profile;
	c->on_invalid = defaults->on_invalid;
	levels_add(&c->levels, &defaults->levels);
	reader_object(r, v, "collections", collection_keys, c);
	add_ignore(c, defaults->ignore);
	if (c->id_from != NULL && c->id_from[0] == NULL) {
		kind_words_free(c->id_from); /* an empty list names no place */
		c->id_from = NULL;
	}
	has_type = c->type != NULL;
	has_path = c->path != NULL;
	if (!has_type && value_get(v, "type") == NULL)
		collection_error(r, v, NULL, "a collection needs a type", "");
	if (!has_path && value_get(v, "path") == NULL)
		collection_error(r, v, NULL, "a collection needs a path", "");
	if (!has_type)
		c->type = mem_strdup("");
	if (!has_path)
		c->path = mem_printf("/%zu", cs->n); /* overlaps with none; an error was told */
	collection_check(r, v, cs, cs->n);
	cs->n++;
}

void
collections_read(
    struct reader *r, const struct member *m, const struct collection_defaults *defaults, struct collections *cs)
{
	if (m != NULL && (m->value->type != VALUE_ARRAY || m->value->array.len == 0)) {
		reader_wrong(r, m, "a list of collections");
		return;
	}
	if (m == NULL) {
		collections_default(cs);
		for (size_t i = 0; i < cs->n; i++) {
			cs->v[i].profile = defaults->profile;
			cs->v[i].on_invalid = defaults->on_invalid;
			levels_add(&cs->v[i].levels, &defaults->levels);
			add_ignore(&cs->v[i], defaults->ignore);
		}
		return;
	}
	if (m->value->array.len > LIMIT_COLLECTIONS) {
		reader_wrong(r, m, "a list of at most 100 collections");
		return;
	}
	cs->v = mem_zalloc(m->value->array.len * sizeof *cs->v);
	for (size_t i = 0; i < m->value->array.len; i++)
		collection_read(r, m->value->array.items[i], defaults, cs);
}
