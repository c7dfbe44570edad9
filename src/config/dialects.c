#include "config/dialects.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/schemafiles.h"
#include "manifest/dialect.h"

/* One reading of the user's folder. */
struct load {
	struct settings *s;
	struct dialects *d;
	struct problems *ps;
};

static void
load_error(void *arg, const char *path, const char *what)
{
	struct load *l = arg;
	char shown[256];

	problems_addf(l->ps, "config-value", SEVERITY_ERROR, l->s->schemas_line, l->s->schemas_column, NULL,
	    "schemas: %s: %s", text_escape_to(shown, sizeof shown, path), what);
}

/* relative: below the folder; its name is that without ".json" and without ".schema". */
static void
load_file(void *arg, const char *path, const char *relative)
{
	struct load *l = arg;
	const char *extension = strrchr(relative, '.');
	size_t n = (size_t)(extension - relative);
	struct buf bytes = {0};
	struct err e;
	char *name;

	if (n > 7 && memcmp(extension - 7, ".schema", 7) == 0)
		n -= 7;
	name = mem_strndup(relative, n);
	if (fs_read(path, LIMIT_FILE, &bytes, &e) != 0 ||
	    dialects_add(l->d, name, kind_format(relative), buf_str(&bytes), bytes.n, &e) != 0)
		load_error(l, relative, e.msg);
	buf_free(&bytes);
	free(name);
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
		schemafiles_each(s->schemas, &(struct schemafiles){.file = load_file, .failed = load_error, .arg = &l});
	if (dialects_complete(l.d, &e) != 0)
		load_error(&l, s->schemas != NULL ? s->schemas : "", e.msg);
	else
		for (size_t i = 0; i < s->collections.n; i++)
			load_collection(&l, &s->collections.v[i]);
	problems_sort(ps);
	return ps->n > before ? -1 : 0;
}
