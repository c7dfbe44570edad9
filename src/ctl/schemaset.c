#include "ctl/schemaset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/schemafiles.h"
#include "ctl/input.h"
#include "ctl/path.h"
#include "manifest/parse.h"
#include "manifest/rawtext.h"

/* A path as a part of a URI. */
static void
uri_path(struct buf *out, const char *path)
{
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if (isalnum(c) || strchr("-._~/", c) != NULL)
			buf_addch(out, *path);
		else
			buf_addf(out, "%%%02X", c);
	}
}

static char *
file_uri(const char *absolute)
{
	struct buf uri = {0};

	buf_addstr(&uri, "file://");
	uri_path(&uri, absolute);
	return buf_steal(&uri);
}

static const struct problem *
first_error(const struct problems *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].severity == SEVERITY_ERROR)
			return &ps->v[i];
	return NULL;
}

/* -1 with what is wrong first, and where. */
static int
add_text(struct schemas *s, const char *uri, const char *path, const struct buf *text, struct err *e)
{
	struct document *d = document_new();
	struct schema_report report = {0};
	struct problems ps = {0};
	const struct value *root;
	const char *bytes = buf_str(text);
	size_t n = text->n;
	int rc = 0;

	if (rawtext_check(&bytes, &n, false, &ps) != 0 ||
	    parse_document(kind_format(path), bytes, n, d, &root, &ps) != PARSED_DOCUMENT) {
		const struct problem *p = first_error(&ps);

		document_free(d);
		rc = p != NULL ? err_set(e, "%s:%d:%d: %s", path, p->line, p->column, p->message)
			       : err_set(e, "%s: a schema is JSON or YAML", path);
	} else if (schemas_add(s, uri, d, root, &report) != 0) {
		rc = err_set(e, "%s:%d:%d: %s", path, report.v[0].line, report.v[0].column, report.v[0].message);
	}
	schema_report_free(&report);
	problems_free(&ps);
	return rc;
}

/* The folder of schemas while it is read. */
struct folder {
	struct schemas *set;
	const char *base; /* URI of the folder, ends with a slash */
};

static void
folder_file(void *arg, const char *path, const char *relative)
{
	const struct folder *f = arg;
	struct buf uri = {0}, text = {0};
	struct err e;

	buf_addstr(&uri, f->base);
	uri_path(&uri, relative);
	if (input_read(path, &text, &e) != 0 || add_text(f->set, buf_str(&uri), path, &text, &e) != 0)
		out_note("%s; left out", e.msg);
	buf_free(&text);
	buf_free(&uri);
}

static void
folder_failed(void *arg, const char *relative, const char *why)
{
	(void)arg;
	out_note("%s: %s; left out", relative, why);
}

/* [URI=]DIR: the folder, and the URI below which its files are known; ends with a slash. */
struct place {
	const char *dir;
	char *base;
};

static void
place_read(struct place *p, const char *option)
{
	const char *eq = strchr(option, '='), *scheme = strstr(option, "://");
	bool named = eq != NULL && scheme != NULL && scheme < eq, slash;
	char *absolute, *base;

	p->dir = named ? eq + 1 : option;
	absolute = path_absolute(p->dir);
	base = named ? mem_strndup(option, (size_t)(eq - option)) : file_uri(absolute);
	slash = *base != '\0' && base[strlen(base) - 1] == '/';
	p->base = mem_printf("%s%s", base, slash ? "" : "/");
	free(base);
	free(absolute);
}

static void
read_folder(struct schemas *s, const char *option)
{
	struct place p;
	struct folder f = {.set = s};

	place_read(&p, option);
	f.base = p.base;
	schemafiles_each(p.dir, &(struct schemafiles){.file = folder_file, .failed = folder_failed, .arg = &f});
	free(p.base);
}

/* The URI of the file of the folder that has this name without its extension; or NULL. */
static char *
find_in_folder(const struct schemas *s, const char *option, const char *name)
{
	static const char *const endings[] = {
	    ".json", ".schema.json", ".yaml", ".schema.yaml", ".yml", ".schema.yml", NULL};
	struct buf uri = {0};
	struct place p;
	bool found = false;

	place_read(&p, option);
	for (size_t i = 0; !found && endings[i] != NULL; i++) {
		buf_clear(&uri);
		buf_addstr(&uri, p.base);
		uri_path(&uri, name);
		buf_addstr(&uri, endings[i]);
		found = schemas_have(s, buf_str(&uri));
	}
	free(p.base);
	if (found)
		return buf_steal(&uri);
	buf_free(&uri);
	return NULL;
}

int
schemaset_new(const struct ctl *c, struct schemas **ret)
{
	const char *draft = session_opt(c, OPT_DRAFT), *folder = session_opt(c, OPT_SCHEMAS);

	if (draft != NULL && strcmp(draft, "7") != 0 && strcmp(draft, "2020-12") != 0) {
		out_say("--draft %s: 7 or 2020-12 was expected", draft);
		return CTL_USAGE;
	}
	*ret = schemas_new(NULL, draft != NULL && strcmp(draft, "7") == 0 ? SCHEMA_DRAFT_7 : SCHEMA_2020_12);
	if (folder != NULL)
		read_folder(*ret, folder);
	return CTL_OK;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISDIR(st.st_mode));
}

/* *ret_uri without a fragment. */
static int
read_named(struct schemas *s, const char *path, char **ret_uri, struct buf *text)
{
	char *absolute = path_absolute(path), *uri = file_uri(absolute);
	struct err e;
	int rc = input_read(path, text, &e);

	free(absolute);
	if (rc == 0 && !schemas_have(s, uri))
		rc = add_text(s, uri, path, text, &e);
	if (rc != 0) {
		out_say("%s", e.msg);
		free(uri);
		return CTL_FAILURE;
	}
	*ret_uri = uri;
	return CTL_OK;
}

int
schemaset_name(const struct ctl *c, struct schemas *s, const char *name, char **ret_uri, struct buf *text)
{
	const char *folder = session_opt(c, OPT_SCHEMAS);
	size_t n = strcspn(name, "#");
	char *path, *uri;
	int rc = CTL_OK;

	*ret_uri = NULL;
	if (schemas_have(s, name)) {
		*ret_uri = mem_strdup(name);
		return CTL_OK;
	}
	path = mem_strndup(name, n);
	if (!is_there(path)) {
		*ret_uri = folder != NULL ? find_in_folder(s, folder, name) : NULL;
	} else {
		rc = read_named(s, path, &uri, text);
		if (rc == CTL_OK) {
			*ret_uri = mem_printf("%s%s", uri, name + n);
			free(uri);
		}
	}
	free(path);
	return rc;
}

char *
schemaset_shown(const char *uri)
{
	struct buf path = {0};
	char *shown = NULL;

	if (strncmp(uri, "file:///", 8) == 0 && text_percent_decode(&path, uri + 7, strlen(uri) - 7) == 0 &&
	    strlen(buf_str(&path)) == path.n)
		shown = path_shown(buf_str(&path));
	buf_free(&path);
	return shown != NULL ? shown : mem_strdup(uri);
}
