#include "ctl/schemaset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

/* [URI=]DIR: the files of DIR are known below URI, or as files. */
static void
read_folder(struct schemas *s, const char *option)
{
	const char *eq = strchr(option, '='), *scheme = strstr(option, "://");
	bool named = eq != NULL && scheme != NULL && scheme < eq;
	const char *dir = named ? eq + 1 : option;
	char *absolute = path_absolute(dir);
	char *base = named ? mem_strndup(option, (size_t)(eq - option)) : file_uri(absolute);
	bool slash = *base != '\0' && base[strlen(base) - 1] == '/';
	char *whole = mem_printf("%s%s", base, slash ? "" : "/");
	struct folder f = {.set = s, .base = whole};

	schemafiles_each(dir, &(struct schemafiles){.file = folder_file, .failed = folder_failed, .arg = &f});
	free(whole);
	free(base);
	free(absolute);
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

int
schemaset_name(struct schemas *s, const char *name, char **ret_uri, struct buf *text)
{
	size_t n = strcspn(name, "#");
	char *absolute, *whole, *uri, *path;
	struct err e;
	int rc;

	if (schemas_have(s, name)) {
		*ret_uri = mem_strdup(name);
		return CTL_OK;
	}
	path = mem_strndup(name, n);
	absolute = path_absolute(path);
	whole = file_uri(absolute);
	free(absolute);
	rc = input_read(path, text, &e);
	if (rc == 0 && !schemas_have(s, whole))
		rc = add_text(s, whole, path, text, &e);
	uri = mem_printf("%s%s", whole, name + n);
	free(whole);
	free(path);
	if (rc != 0) {
		out_say("%s", e.msg);
		free(uri);
		return CTL_FAILURE;
	}
	*ret_uri = uri;
	return CTL_OK;
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
