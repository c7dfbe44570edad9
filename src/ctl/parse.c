/* shelfctl parse: what shelfd would make of one file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "ctl/findings.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "ctl/judge.h"
#include "ctl/path.h"
#include "ctl/scan.h"
#include "ctl/source.h"
#include "ctl/verbs.h"

/* What is shown. problems: JSON array, "" when there are none. */
struct parsed {
	const struct scanned *at;
	const char *file;
	const char *problems;
	size_t problems_len;
};

static void
parsed_json(const struct out *o, struct buf *b, const struct parsed *p)
{
	const struct manifest *m = p->at->manifest;
	struct buf json = {0};
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_object(&w, NULL);
	jsonw_bool(&w, "ok", m->ok);
	jsonw_str(&w, "type", p->at->collection->type);
	if (p->at->key != NULL)
		jsonw_str(&w, "id", strchr(p->at->key, '/') + 1);
	jsonw_str_opt(&w, "name", m->name);
	jsonw_str_opt(&w, "version", m->version);
	if (m->description.p != NULL)
		jsonw_strn(&w, "description", m->description.p, m->description.n);
	jsonw_str(&w, "path", p->at->encoded);
	jsonw_str_opt(&w, "owner", m->owner);
	jsonw_str_opt(&w, "status", m->status);
	if (m->tags != NULL)
		jsonw_raw(&w, "tags", m->tags, strlen(m->tags));
	if (m->dependencies != NULL)
		jsonw_raw(&w, "dependencies", m->dependencies, strlen(m->dependencies));
	jsonw_int(&w, "size", (int64_t)m->size);
	jsonw_int(&w, "files", p->at->files);
	jsonw_hex(&w, "sha256", m->sha256, SHA256_SIZE);
	if (p->at->unreadable == NULL)
		jsonw_hex(&w, "bundle_sha256", p->at->bundle_sha256, SHA256_SIZE);
	if (m->ok)
		jsonw_hex(&w, "metadata_sha256", m->metadata_sha256, SHA256_SIZE);
	jsonw_hex(&w, "git_blob", m->git_blob, GIT_ID_SIZE);
	if (m->metadata != NULL)
		jsonw_raw(&w, "metadata", m->metadata, strlen(m->metadata));
	if (p->problems_len > 0)
		jsonw_raw(&w, "problems", p->problems, p->problems_len);
	else
		jsonw_raw(&w, "problems", "[]", 2);
	jsonw_object_end(&w);
	out_json(o, b, buf_str(&json), json.n);
	buf_free(&json);
}

static void
parsed_field(const struct out *o, struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_addstr(b, "  ");
	out_add(o, b, STYLE_BOLD, name);
	buf_addf(b, "%*s", (int)(17 - strlen(name)), "");
	out_add(o, b, STYLE_PLAIN, value);
	buf_addch(b, '\n');
}

static void
parsed_number(const struct out *o, struct buf *b, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	parsed_field(o, b, name, text);
}

static void
parsed_hex(const struct out *o, struct buf *b, const char *name, const uint8_t *digest, size_t n)
{
	struct buf hex = {0};

	text_hex(&hex, digest, n);
	parsed_field(o, b, name, buf_str(&hex));
	buf_free(&hex);
}

static void
parsed_text(const struct out *o, struct buf *b, const struct parsed *p)
{
	const struct manifest *m = p->at->manifest;
	char *description = m->description.p != NULL ? mem_strndup(m->description.p, m->description.n) : NULL;

	out_add(o, b, STYLE_BOLD, p->at->key != NULL ? p->at->key : p->file);
	buf_addch(b, '\n');
	parsed_field(o, b, "name", m->name);
	parsed_field(o, b, "version", m->version);
	parsed_field(o, b, "description", description);
	parsed_field(o, b, "path", p->at->encoded);
	parsed_field(o, b, "owner", m->owner);
	parsed_field(o, b, "status", m->status);
	parsed_field(o, b, "tags", m->tags);
	parsed_field(o, b, "dependencies", m->dependencies);
	parsed_number(o, b, "size", m->size);
	parsed_number(o, b, "files", p->at->files);
	parsed_hex(o, b, "sha256", m->sha256, SHA256_SIZE);
	if (p->at->unreadable == NULL)
		parsed_hex(o, b, "bundle_sha256", p->at->bundle_sha256, SHA256_SIZE);
	if (m->ok)
		parsed_hex(o, b, "metadata_sha256", m->metadata_sha256, SHA256_SIZE);
	parsed_hex(o, b, "git_blob", m->git_blob, GIT_ID_SIZE);
	parsed_field(o, b, "metadata", m->metadata);
	free(description);
}

static void
parsed_problems(const struct out *o, struct buf *b, const struct parsed *p)
{
	struct document *d = NULL;
	const struct value *v = ctl_json_parse(p->problems, p->problems_len, &d);

	for (size_t i = 0; v != NULL && i < v->array.len; i++) {
		struct finding f;

		if (finding_of_value(&f, p->file, p->at->encoded, v->array.items[i]))
			finding_text(o, b, &f);
	}
	document_free(d);
}

static bool
parsed_has_error(const struct parsed *p)
{
	struct document *d = NULL;
	const struct value *v = ctl_json_parse(p->problems, p->problems_len, &d);
	bool found = false;

	for (size_t i = 0; v != NULL && i < v->array.len && !found; i++) {
		const char *severity = ctl_json_text(v->array.items[i], "severity");

		found = severity != NULL && strcmp(severity, "error") == 0;
	}
	document_free(d);
	return found;
}

static int
parsed_print(const struct ctl *c, const struct parsed *p)
{
	struct buf b = {0};

	if (c->out.json) {
		parsed_json(&c->out, &b, p);
	} else {
		parsed_text(&c->out, &b, p);
		parsed_problems(&c->out, &b, p);
	}
	if (p->at->unreadable != NULL)
		out_note("%s: no bundle_sha256, a file of the bundle cannot be read: %s", p->file, p->at->unreadable);
	out_write(&b);
	buf_free(&b);
	return parsed_has_error(p) ? CTL_FINDINGS : CTL_OK;
}

/* The folder of an entry manifest is its bundle; of another file only the file itself counts. */
static void
parse_limit(struct scan *s, const struct collections *cs, const char *rel)
{
	const struct collection *c = collections_find(cs, rel);
	const char *slash = strrchr(rel, '/');
	char *limit = mem_strdup(rel);

	if (c != NULL && slash != NULL && kind_entry_rank(c, slash + 1) >= 0)
		limit[slash - rel] = '\0';
	scan_limit(s, limit);
	free(limit);
}

/* A file of a collection, with everything around it that counts. */
static int
parse_at(struct ctl *c, const char *root, const char *rel, const struct collections *cs, const char *file)
{
	struct parsed p = {.file = file};
	struct buf problems = {0};
	struct scan *s;
	struct err e;
	int rc;

	s = scan_new(root, cs, &e);
	if (s == NULL) {
		out_say("%s", e.msg);
		return e.sys == EACCES ? CTL_PERMISSION : CTL_FAILURE;
	}
	parse_limit(s, cs, rel);
	(void)scan_run(s, true);
	p.at = scan_find(s, rel);
	if (p.at == NULL) {
		out_say("%s is no manifest: it is part of a bundle, ignored, or matches no pattern of its collection;"
			" --type takes it for one",
		    file);
		rc = CTL_FAILURE;
	} else {
		(void)scan_problems(s, p.at, &problems);
		p.problems = buf_str(&problems);
		p.problems_len = problems.n;
		rc = parsed_print(c, &p);
	}
	buf_free(&problems);
	scan_free(s);
	return rc;
}

/* The digest of a bundle of one file. */
static void
parse_bundle_digest(const struct judge *j, struct scanned *at)
{
	const char *slash = strrchr(j->path, '/');
	struct buf b = {0};

	buf_addstr(&b, slash != NULL ? slash + 1 : j->path);
	buf_addch(&b, '\0');
	text_hex(&b, at->manifest->sha256, SHA256_SIZE);
	buf_addch(&b, '\n');
	sha256(b.p, b.n, at->bundle_sha256);
	buf_free(&b);
}

/* A manifest that stands alone. m's reference is taken. */
static int
parse_lone(struct ctl *c, const struct judge *j, struct manifest *m, const char *file)
{
	struct buf problems = {0}, encoded = {0};
	struct scanned at = {.collection = &j->collection, .entry = j->entry, .manifest = m, .files = 1};
	struct parsed p = {.at = &at, .file = file};
	int rc;

	text_percent_encode(&encoded, file, strlen(file));
	at.encoded = buf_steal(&encoded);
	at.key = mem_printf("%s/%s", j->collection.type, m->id != NULL ? m->id : j->id);
	parse_bundle_digest(j, &at);
	problems_json(&m->problems, &problems);
	p.problems = buf_str(&problems);
	p.problems_len = problems.n;
	rc = parsed_print(c, &p);
	buf_free(&problems);
	free(at.encoded);
	free(at.key);
	manifest_unref(m);
	return rc;
}

static int
parse_outside(struct ctl *c, const char *absolute, const char *file)
{
	struct judge j;
	int rc = judge_guess(c, absolute, &j);

	if (rc != CTL_OK)
		return rc;
	if (j.entry && strchr(j.path, '/') != NULL) {
		struct collections one = {.v = &j.collection, .n = 1};

		rc = parse_at(c, j.root, j.path, &one, file);
	} else {
		rc = parse_lone(c, &j, judge_read(&j), file);
	}
	judge_free(&j);
	return rc;
}

static int
parse_file(struct ctl *c, const char *arg)
{
	char *absolute = path_absolute(arg), *file = path_shown(absolute), *root = NULL, *rel = NULL;
	struct stat st;
	int rc;

	if (session_opt(c, OPT_TYPE) == NULL)
		source_locate(c, absolute, &root, &rel);
	if (lstat(absolute, &st) != 0) {
		out_say("%s: %s", arg, strerror(errno));
		rc = errno == EACCES ? CTL_PERMISSION : CTL_FAILURE;
	} else if (S_ISDIR(st.st_mode)) {
		out_say("%s is a folder; name the manifest in it", arg);
		rc = CTL_USAGE;
	} else if (session_opt(c, OPT_FORMAT) != NULL) {
		out_say("--format is for standard input; the name of a file tells its format");
		rc = CTL_USAGE;
	} else if (rel != NULL) {
		rc = parse_at(c, root, rel, &c->settings.collections, file);
	} else {
		rc = parse_outside(c, absolute, file);
	}
	free(rel);
	free(root);
	free(file);
	free(absolute);
	return rc;
}

static int
parse_stdin(struct ctl *c)
{
	struct buf bytes = {0};
	struct judge j;
	struct err e;
	int rc = judge_stdin(c, &j);

	if (rc != CTL_OK)
		return rc;
	if (input_stdin(&bytes, &e) != 0) {
		out_say("%s", e.msg);
		rc = CTL_FAILURE;
	} else {
		rc = parse_lone(c, &j, judge_parse(&j, buf_str(&bytes), bytes.n), j.path);
	}
	buf_free(&bytes);
	judge_free(&j);
	return rc;
}

int
verb_parse(struct ctl *c, int argc, const char *const *argv)
{
	int rc = session_dialects(c);

	(void)argc;
	if (rc != CTL_OK)
		return rc;
	judge_profile(c);
	return strcmp(argv[0], "-") == 0 ? parse_stdin(c) : parse_file(c, argv[0]);
}
