#include "ctl/sarif.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "manifest/codes.h"

static void
sarif_text(struct jsonw *w, const char *key, const char *text)
{
	jsonw_object(w, key);
	jsonw_str(w, "text", text);
	jsonw_object_end(w);
}

static void
sarif_rule(struct jsonw *w, const struct code *row)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "id", row->code);
	sarif_text(w, "shortDescription", row->title);
	sarif_text(w, "fullDescription", row->text);
	sarif_text(w, "help", row->text);
	jsonw_object(w, "defaultConfiguration");
	jsonw_str(w, "level", severity_word(row->lenient));
	jsonw_object_end(w);
	jsonw_object_end(w);
}

void
sarif_begin(struct buf *b)
{
	struct jsonw w;
	size_t n;
	const struct code *rows = code_all(&n);

	jsonw_init(&w, b);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	jsonw_str(&w, "version", "2.1.0");
	jsonw_array(&w, "runs");
	jsonw_object(&w, NULL);
	jsonw_object(&w, "tool");
	jsonw_object(&w, "driver");
	jsonw_str(&w, "name", "shelfctl");
	jsonw_str(&w, "version", PACKAGE_VERSION);
	jsonw_array(&w, "rules");
	for (size_t i = 0; i < n; i++)
		sarif_rule(&w, &rows[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	jsonw_str(&w, "columnKind", "unicodeCodePoints");
	jsonw_array(&w, "results");
}

/* A path as a URI reference (RFC 3986): what is reserved or no ASCII is encoded, a ':' could be taken for a scheme. */
static void
sarif_uri(struct jsonw *w, const char *key, const char *path)
{
	struct buf uri = {0};

	if (path[0] == '/')
		buf_addstr(&uri, "file://");
	for (const char *p = path; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~/", c) != NULL)
			buf_addch(&uri, *p);
		else
			buf_addf(&uri, "%%%02X", c);
	}
	jsonw_str(w, key, buf_str(&uri));
	buf_free(&uri);
}

static void
sarif_location(struct jsonw *w, const struct finding *f)
{
	jsonw_object(w, NULL);
	jsonw_object(w, "physicalLocation");
	jsonw_object(w, "artifactLocation");
	sarif_uri(w, "uri", f->file);
	jsonw_object_end(w);
	if (f->line > 0) {
		jsonw_object(w, "region");
		jsonw_int(w, "startLine", f->line);
		jsonw_int(w, "startColumn", f->column);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	if (f->pointer != NULL) {
		jsonw_array(w, "logicalLocations");
		jsonw_object(w, NULL);
		jsonw_str(w, "fullyQualifiedName", f->pointer);
		jsonw_object_end(w);
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
}

void
sarif_add(struct buf *b, const struct finding *f)
{
	struct jsonw w;
	struct buf message = {0};
	size_t n;
	const struct code *row = code_find(f->code);

	jsonw_init(&w, b);
	w.comma = b->p[b->n - 1] != '[';
	jsonw_object(&w, NULL);
	jsonw_str(&w, "ruleId", f->code);
	if (row != NULL)
		jsonw_int(&w, "ruleIndex", row - code_all(&n));
	jsonw_str(&w, "level", f->severity);
	buf_addf(&message, "%s%s%s", f->message, f->hint != NULL ? "; " : "", f->hint != NULL ? f->hint : "");
	sarif_text(&w, "message", buf_str(&message));
	jsonw_array(&w, "locations");
	sarif_location(&w, f);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_free(&message);
}

void
sarif_end(struct buf *b)
{
	struct jsonw w;

	jsonw_init(&w, b);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}
