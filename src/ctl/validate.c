/* shelfctl validate: documents by a JSON Schema, whatever they are. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "base/text.h"
#include "ctl/input.h"
#include "ctl/report.h"
#include "ctl/schemaset.h"
#include "ctl/verbs.h"
#include "manifest/dialect.h"
#include "manifest/frontmatter.h"
#include "manifest/parse.h"
#include "manifest/rawtext.h"

struct validate {
	struct ctl *c;
	const struct schema *schema;
	const struct dialects *dialects; /* that the schema is of, or NULL */
	struct report report;
	size_t files, invalid, undecided, unread;
};

/* What is told of one file. result is what the schema says; problems: why it was not asked. */
struct judged {
	const char *file;
	enum schema_result result;
	const struct schema_report *violations;
	const struct problems *problems;
	const struct buf *text;
	const struct dialects *dialects; /* or NULL */
};

#define HINT_SIZE 256

/* What the engine advises, else what the author of a dialect wrote beside the rule; as lint does. */
static const char *
violation_hint(const struct judged *j, const struct schema_violation *v, char room[HINT_SIZE])
{
	const char *description = v->hint == NULL ? dialects_description(j->dialects, v->schema) : NULL;

	if (description == NULL || *description == '\0')
		return v->hint;
	return text_escape_to(room, HINT_SIZE, description);
}

static void
judged_json_violations(struct jsonw *w, const struct judged *j)
{
	char hint[HINT_SIZE];

	jsonw_array(w, "violations");
	for (size_t i = 0; i < j->violations->n; i++) {
		const struct schema_violation *v = &j->violations->v[i];

		jsonw_object(w, NULL);
		jsonw_int(w, "line", v->line);
		jsonw_int(w, "column", v->column);
		jsonw_str(w, "pointer", v->pointer);
		jsonw_str(w, "keyword", v->keyword);
		jsonw_str(w, "schema", v->schema);
		jsonw_str(w, "message", v->message);
		jsonw_str_opt(w, "hint", violation_hint(j, v, hint));
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
judged_json(const struct out *o, struct buf *b, const struct judged *j)
{
	struct buf json = {0}, problems = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "file", j->file);
	if (j->result == SCHEMA_UNDECIDED)
		jsonw_null(&w, "valid");
	else
		jsonw_bool(&w, "valid", j->result == SCHEMA_VALID);
	judged_json_violations(&w, j);
	if (j->violations->truncated)
		jsonw_bool(&w, "truncated", true);
	if (j->problems->n > 0) {
		problems_json(j->problems, &problems);
		jsonw_raw(&w, "problems", buf_str(&problems), problems.n);
	}
	jsonw_object_end(&w);
	out_json(o, b, buf_str(&json), json.n);
	buf_free(&problems);
	buf_free(&json);
}

static void
judged_text(struct report *r, const struct judged *j)
{
	char hint[HINT_SIZE];
	struct finding f;

	for (size_t i = 0; i < j->problems->n; i++) {
		finding_of_problem(&f, j->file, j->file, &j->problems->v[i]);
		report_add(r, &f, buf_str(j->text), j->text->n);
	}
	for (size_t i = 0; i < j->violations->n; i++) {
		const struct schema_violation *v = &j->violations->v[i];
		char *message =
		    v->pointer[0] != '\0' ? mem_printf("%s: %s", v->pointer, v->message) : mem_strdup(v->message);

		f = (struct finding){.file = j->file,
		    .path = j->file,
		    .severity = "error",
		    .line = v->line,
		    .column = v->column,
		    .code = v->keyword[0] != '\0' ? v->keyword : "schema",
		    .message = message,
		    .hint = violation_hint(j, v, hint)};
		report_add(r, &f, buf_str(j->text), j->text->n);
		free(message);
	}
	if (j->violations->truncated)
		out_note("%s: there is more than is shown here", j->file);
}

static void
judged_tell(struct validate *v, const struct judged *j)
{
	if (v->c->out.json)
		judged_json(&v->c->out, &v->report.b, j);
	else
		judged_text(&v->report, j);
	report_flush(&v->report);
}

/* The format of a file by its name, of standard input by --format. */
static int
input_format(const struct ctl *c, const char *file, enum format *ret)
{
	const char *format = session_opt(c, OPT_FORMAT);

	*ret = strcmp(file, "-") == 0 ? FORMAT_JSON : kind_format(file);
	if (format == NULL)
		return CTL_OK;
	if (strcmp(format, "json") == 0)
		*ret = FORMAT_JSON;
	else if (strcmp(format, "yaml") == 0)
		*ret = FORMAT_YAML;
	else if (strcmp(format, "markdown") == 0)
		*ret = FORMAT_MARKDOWN;
	else {
		out_say("--format %s: markdown, yaml or json was expected", format);
		return CTL_USAGE;
	}
	return CTL_OK;
}

static enum schema_result
validate_text(struct validate *v, enum format format, const struct buf *text, struct problems *ps,
    struct schema_report *violations)
{
	struct document *d = document_new();
	enum schema_result result = SCHEMA_INVALID;
	const char *bytes = buf_str(text);
	const struct value *root;
	size_t n = text->n;

	if (rawtext_check(&bytes, &n, false, ps) == 0) {
		switch (parse_document(format, bytes, n, d, &root, ps)) {
		case PARSED_DOCUMENT:
			result = schema_validate(v->schema, root, violations);
			break;
		case PARSED_PLAIN:
			frontmatter_missing(bytes, n, SEVERITY_ERROR, ps);
			break;
		case PARSED_BAD:
			break;
		}
	}
	document_free(d);
	return result;
}

static int
validate_file(struct validate *v, const char *file)
{
	struct schema_report violations = {0};
	struct problems ps = {0};
	struct buf text = {0};
	struct judged j = {
	    .file = file, .violations = &violations, .problems = &ps, .text = &text, .dialects = v->dialects};
	enum format format;
	struct err e;
	int rc = input_format(v->c, file, &format);

	if (rc == CTL_OK && input_read(file, &text, &e) != 0) {
		out_say("%s", e.msg);
		v->unread++;
	} else if (rc == CTL_OK) {
		j.result = validate_text(v, format, &text, &ps, &violations);
		v->files++;
		v->invalid += j.result == SCHEMA_INVALID;
		v->undecided += j.result == SCHEMA_UNDECIDED;
		judged_tell(v, &j);
	}
	schema_report_free(&violations);
	problems_free(&ps);
	buf_free(&text);
	return rc;
}

static int
validate_files(struct validate *v, int argc, const char *const *argv)
{
	int rc = CTL_OK;

	for (int i = 0; i < argc && rc == CTL_OK; i++)
		rc = validate_file(v, argv[i]);
	if (rc != CTL_OK)
		return rc;
	out_note("%zu file%s: %zu valid, %zu invalid%s", v->files, v->files == 1 ? "" : "s",
	    v->files - v->invalid - v->undecided, v->invalid, v->undecided > 0 ? ", the rest undecided" : "");
	if (v->invalid + v->undecided > 0)
		return CTL_FINDINGS;
	return v->unread > 0 ? CTL_FAILURE : CTL_OK;
}

/* Is the place of a schema ("document#pointer") in this document? */
static bool
is_in(const char *schema, const char *document)
{
	size_t n = strlen(document);

	return strncmp(schema, document, n) == 0 && schema[n] == '#';
}

/* What is wrong with one document of the schema. text is that of the schema's own document. */
static void
tell_document(
    struct validate *v, const struct schema_report *all, const char *document, const char *uri, const struct buf *text)
{
	struct schema_report own = {.v = mem_alloc(all->n * sizeof *own.v), .truncated = all->truncated};
	const struct problems none = {0};
	const struct buf unknown = {0};
	char *file = schemaset_shown(document);

	for (size_t i = 0; i < all->n; i++)
		if (is_in(all->v[i].schema, document))
			own.v[own.n++] = all->v[i];
	judged_tell(v,
	    &(struct judged){.file = file,
		.result = SCHEMA_INVALID,
		.violations = &own,
		.problems = &none,
		.text = is_in(uri, document) || strcmp(document, uri) == 0 ? text : &unknown});
	free(file);
	free(own.v);
}

/* A schema that can not be used is told like a document that is wrong: by its lines, or those of what it refers to. */
static void
tell_broken(struct validate *v, const struct schema_report *report, const char *uri, const struct buf *text)
{
	for (size_t i = 0; i < report->n; i++) {
		char *document = mem_strndup(report->v[i].schema, strcspn(report->v[i].schema, "#"));
		size_t first = 0;

		while (!is_in(report->v[first].schema, document))
			first++;
		if (first == i)
			tell_document(v, report, document, uri, text);
		free(document);
	}
}

/* By the name of a dialect, shelfd's own or one of the folder that the configuration names, or by an $id in that folder. */
static int
validate_dialect(struct validate *v, const char *name, unsigned flags)
{
	struct dialects *d;
	struct err e;
	int rc = session_dialects(v->c);

	if (rc != CTL_OK)
		return rc;
	d = v->c->settings.dialects;
	if (dialects_schema(d, name, flags, &v->schema, &e) != 0) {
		out_say("there is no file %s, and %s", name, e.msg);
		return CTL_FAILURE;
	}
	if (v->schema == NULL) {
		out_say("%s has rules and no schema; shelfctl lint checks by them", name);
		return CTL_FAILURE;
	}
	v->dialects = d;
	return CTL_OK;
}

static int
validate_compile(struct validate *v, struct schemas *set)
{
	const char *name = session_opt(v->c, OPT_SCHEMA);
	unsigned flags = session_flag(v->c, OPT_FORMATS) ? SCHEMA_FORMATS : 0;
	struct schema_report report = {0};
	struct buf text = {0};
	char *uri;
	int rc;

	rc = schemaset_name(v->c, set, name, &uri, &text);
	if (rc != CTL_OK)
		goto out;
	if (uri == NULL) {
		rc = validate_dialect(v, name, flags);
		goto out;
	}
	v->schema = schemas_compile(set, uri, flags, &report);
	if (v->schema == NULL) {
		tell_broken(v, &report, uri, &text);
		out_say("%s is no schema that can be used", name);
		rc = CTL_FAILURE;
	}
	free(uri);
out:
	schema_report_free(&report);
	buf_free(&text);
	return rc;
}

int
verb_validate(struct ctl *c, int argc, const char *const *argv)
{
	struct validate v = {.c = c};
	struct schemas *set;
	int rc;

	if (session_opt(c, OPT_SCHEMA) == NULL) {
		out_say("validate needs --schema: a file, the name of a dialect, or an $id in a folder of schemas");
		return CTL_USAGE;
	}
	rc = schemaset_new(c, &set);
	if (rc != CTL_OK)
		return rc;
	report_begin(&v.report, &c->out, REPORT_TEXT);
	rc = validate_compile(&v, set);
	if (rc == CTL_OK)
		rc = validate_files(&v, argc, argv);
	report_end(&v.report);
	schemas_free(set);
	return rc;
}
