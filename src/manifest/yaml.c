#include "manifest/yaml.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/text.h"
#include "manifest/breaks.h"
#include "manifest/build.h"
#include "manifest/place.h"
#include "manifest/scalar.h"
#include "manifest/yaml_comment.h"
#include "manifest/yaml_error.h"

#define CORE_TAG "tag:yaml.org,2002:"
#define MAX_TAG_DIRECTIVES 16

/* What an anchor stands for; size is set once the value is complete. */
struct anchor {
	char *name;
	int line;
	struct value *value;
	struct build_size size;
	bool complete;
};

struct yaml {
	yaml_parser_t parser;
	struct place place;
	struct place seen; /* for yaml_comment_right */
	struct build build;
	struct breaks breaks;
	struct document *d;
	struct problems *ps;
	void *anchors; /* tree of struct anchor, tsearch(3): balanced, so names can not make it slow */
	struct anchor *open[LIMIT_DEPTH]; /* by depth: the anchor of an open collection, or NULL */
	int documents;
};

static int
compare_anchors(const void *a, const void *b)
{
	return strcmp(((const struct anchor *)a)->name, ((const struct anchor *)b)->name);
}

static void
anchor_free(void *p)
{
	struct anchor *a = p;

	free(a->name);
	free(a);
}

static struct anchor *
anchor_find(const struct yaml *y, const char *name)
{
	struct anchor key = {.name = (char *)(uintptr_t)name};
	struct anchor *const *found = tfind(&key, &y->anchors, compare_anchors);

	return found != NULL ? *found : NULL;
}

/* A later anchor of the same name takes over. name may be NULL: no anchor. */
static struct anchor *
anchor_set(struct yaml *y, const yaml_char_t *name, int line)
{
	struct anchor *a;

	if (name == NULL)
		return NULL;
	a = anchor_find(y, (const char *)name);
	if (a == NULL) {
		a = mem_zalloc(sizeof *a);
		a->name = mem_strdup((const char *)name);
		if (tsearch(a, &y->anchors, compare_anchors) == NULL)
			abort();
	} else {
		/* An open collection of that name must not complete the new one. */
		for (int i = 0; i < y->build.depth; i++)
			if (y->open[i] == a)
				y->open[i] = NULL;
	}
	a->line = line;
	a->value = NULL;
	a->complete = false;
	return a;
}

static void
anchor_complete(struct anchor *a, struct value *v, const struct build_size *size)
{
	if (a == NULL)
		return;
	a->value = v;
	a->size = *size;
	a->complete = true;
}

static int
fail_tag(struct yaml *y, const char *tag, const char *why)
{
	char shown[80];

	problems_addf(y->ps, "yaml-tag", SEVERITY_ERROR, y->place.line, y->place.column,
	    "remove the tag; a word that begins with ! needs quotes if it is text", "the tag \"%s\" %s",
	    text_escape_to(shown, sizeof shown, tag), why);
	return -1;
}

/* The part behind the prefix of the core schema, or NULL. */
static const char *
core_tag(const char *tag)
{
	return strncmp(tag, CORE_TAG, sizeof CORE_TAG - 1) == 0 ? tag + sizeof CORE_TAG - 1 : NULL;
}

/* want: the name of the only core tag that this kind of collection may have. */
static int
check_collection_tag(struct yaml *y, const yaml_char_t *tag, const char *want)
{
	const char *name;

	if (tag == NULL || strcmp((const char *)tag, "!") == 0)
		return 0;
	name = core_tag((const char *)tag);
	if (name == NULL)
		return fail_tag(y, (const char *)tag, "is not one of the core tags (!!str, !!int, !!map and so on)");
	if (strcmp(name, want) != 0)
		return fail_tag(y, (const char *)tag, "does not fit a list or mapping");
	return 0;
}

/* The type that a tag asks for; the text must have its form. */
static int
tagged_type(struct yaml *y, const char *tag, const struct value *v, enum value_type *ret)
{
	static const struct {
		const char *name;
		enum value_type type;
	} core[] = {{"str", VALUE_STRING}, {"int", VALUE_INT}, {"float", VALUE_FLOAT}, {"bool", VALUE_BOOL},
	    {"null", VALUE_NULL}};
	const char *name = core_tag(tag);
	enum value_type form = scalar_type(v->text, v->text_len);

	if (strcmp(tag, "!") == 0)
		name = "str";
	for (size_t i = 0; name != NULL && i < sizeof core / sizeof *core; i++) {
		enum value_type type = core[i].type;

		if (strcmp(name, core[i].name) != 0)
			continue;
		if (type != VALUE_STRING && type != form && !(type == VALUE_FLOAT && form == VALUE_INT))
			return fail_tag(y, tag, "does not fit the value");
		*ret = type;
		return 0;
	}
	return fail_tag(y, tag, "is not one of the core tags (!!str, !!int, !!map and so on)");
}

/* The value of a scalar event; NULL with an error added. */
static struct value *
scalar_value(struct yaml *y, const yaml_event_t *e)
{
	const char *tag = (const char *)e->data.scalar.tag;
	size_t n = e->data.scalar.length;
	enum value_type type = VALUE_STRING;
	struct value *v;
	char *text;

	if (n > LIMIT_SCALAR) {
		problems_addf(y->ps, "scalar-too-long", SEVERITY_ERROR, y->place.line, y->place.column,
		    "move the text to a file beside the manifest", "the value has %zu bytes; at most %d are allowed", n,
		    LIMIT_SCALAR);
		return NULL;
	}
	if (n == 1 && e->data.scalar.value[0] == '-' && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		problems_addf(y->ps, "yaml-syntax", SEVERITY_ERROR, y->place.line, y->place.column,
		    "put it in quotes if it is text",
		    "a '-' by itself begins an item of a list, which can not be here");
		return NULL;
	}
	v = document_alloc(y->d, sizeof *v);
	v->line = y->place.line;
	v->column = y->place.column;
	v->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	text = document_strndup(y->d, (const char *)e->data.scalar.value, n);
	breaks_show(&y->breaks, text, n);
	v->text = text;
	v->text_len = n;
	if (tag != NULL) {
		if (tagged_type(y, tag, v, &type) != 0)
			return NULL;
	} else if (!v->quoted) {
		type = scalar_type(v->text, n);
	}
	scalar_set(v, type);
	if (tag != NULL && v->type == VALUE_STRING && type != VALUE_STRING) {
		(void)fail_tag(y, tag, "does not fit a number as large as this");
		return NULL;
	}
	return v;
}

static int
on_key(struct yaml *y, const struct value *v)
{
	if (!v->quoted && v->text_len == 2 && memcmp(v->text, "<<", 2) == 0)
		problems_addf(y->ps, "yaml-merge-key", SEVERITY_NOTE, y->place.line, y->place.column,
		    "write out the keys that were meant to be merged",
		    "\"<<\" is an ordinary key here: YAML 1.2 has no merge keys");
	return build_key(&y->build, v->text, v->text_len, y->place.line, y->place.column);
}

static int
on_scalar(struct yaml *y, const yaml_event_t *e)
{
	struct anchor *a = anchor_set(y, e->data.scalar.anchor, y->place.line);
	struct value *v = scalar_value(y, e);
	struct build_size size = {.nodes = 1};

	if (v == NULL)
		return -1;
	size.text = v->text_len;
	if ((build_wants_key(&y->build) ? on_key(y, v) : build_scalar(&y->build, v)) != 0)
		return -1;
	anchor_complete(a, v, &size);
	return 0;
}

static int
fail_key(struct yaml *y)
{
	problems_addf(y->ps, "yaml-key", SEVERITY_ERROR, y->place.line, y->place.column,
	    "use text as the key; put text that begins with { or [ in quotes", "a list or mapping can not be a key");
	return -1;
}

static int
on_alias(struct yaml *y, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct anchor *a = anchor_find(y, name);
	char shown[64];

	(void)text_escape_to(shown, sizeof shown, name);
	if (a == NULL) {
		problems_addf(y->ps, "yaml-alias", SEVERITY_ERROR, y->place.line, y->place.column,
		    "put the value in quotes if the * is text", "there is no anchor \"&%s\" before this alias", shown);
		return -1;
	}
	if (!a->complete) {
		problems_addf(y->ps, "yaml-alias", SEVERITY_ERROR, y->place.line, y->place.column,
		    "write out the part that is meant",
		    "the alias \"*%s\" stands inside the value of its own anchor on line %d", shown, a->line);
		return -1;
	}
	if (!build_wants_key(&y->build))
		return build_share(&y->build, a->value, &a->size, y->place.line, y->place.column);
	if (a->value->type == VALUE_ARRAY || a->value->type == VALUE_OBJECT)
		return fail_key(y);
	return on_key(y, a->value);
}

static int
on_open(struct yaml *y, enum value_type type, const yaml_char_t *tag, const yaml_char_t *anchor)
{
	struct anchor *a;

	if (build_wants_key(&y->build))
		return fail_key(y);
	if (check_collection_tag(y, tag, type == VALUE_ARRAY ? "seq" : "map") != 0)
		return -1;
	a = anchor_set(y, anchor, y->place.line);
	if (build_open(&y->build, type, y->place.line, y->place.column) != 0)
		return -1;
	y->open[y->build.depth - 1] = a;
	return 0;
}

static void
on_close(struct yaml *y)
{
	struct anchor *a = y->open[y->build.depth - 1];
	struct build_size size;
	struct value *v = build_close(&y->build, &size);

	anchor_complete(a, v, &size);
}

static int
on_document(struct yaml *y)
{
	if (++y->documents == 1)
		return 0;
	problems_addf(y->ps, "yaml-documents", SEVERITY_ERROR, y->place.line, y->place.column,
	    "keep one document in a file; remove the \"---\"", "a second document begins here");
	return -1;
}

static int
fail_comment(struct yaml *y)
{
	problems_addf(y->ps, "yaml-syntax", SEVERITY_ERROR, y->seen.line, y->seen.column,
	    "put a blank before it, or put the value in quotes if it is text",
	    "a comment needs a blank before its '#'");
	return -1;
}

static int
on_event(struct yaml *y, const yaml_event_t *e)
{
	if (!yaml_comment_right(&y->seen, e))
		return fail_comment(y);
	place_to_character(&y->place, e->start_mark.index);
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(y);
	case YAML_SCALAR_EVENT:
		return on_scalar(y, e);
	case YAML_ALIAS_EVENT:
		return on_alias(y, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(y, VALUE_ARRAY, e->data.sequence_start.tag, e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return on_open(y, VALUE_OBJECT, e->data.mapping_start.tag, e->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_close(y);
		return 0;
	default:
		return 0;
	}
}

/*
 * libyaml compares each %TAG directive with all before it, so a file full of
 * them would take minutes. Nobody has more than a few. A directive begins a
 * line, and for libyaml a line may end with a character outside ASCII (breaks.h).
 */
static int
check_directives(struct yaml *y, const char *s, size_t n)
{
	const char *p = s, *end = s + n;
	int count = 0;

	for (; (p = memchr(p, '%', (size_t)(end - p))) != NULL; p++) {
		bool first = p == s || p[-1] == '\n' || p[-1] == '\r' || (unsigned char)p[-1] >= 0x80;

		if (first && end - p > 4 && memcmp(p, "%TAG", 4) == 0)
			count++;
		if (count > MAX_TAG_DIRECTIVES) {
			place_to_byte(&y->place, (size_t)(p - s));
			problems_addf(y->ps, "yaml-tag", SEVERITY_ERROR, y->place.line, y->place.column,
			    "remove the %TAG lines; only the core tags are allowed",
			    "there are more than %d %%TAG lines", MAX_TAG_DIRECTIVES);
			return -1;
		}
	}
	return 0;
}

static int
yaml_events(struct yaml *y)
{
	bool more = true;

	while (more) {
		yaml_event_t e;
		int result;

		if (!yaml_parser_parse(&y->parser, &e)) {
			yaml_explain(&y->parser, &y->place, y->ps);
			return -1;
		}
		more = e.type != YAML_STREAM_END_EVENT;
		result = on_event(y, &e);
		yaml_event_delete(&e);
		if (result != 0)
			return -1;
	}
	return 0;
}

static struct value *
empty_document(struct document *d, int first_line)
{
	struct value *v = document_alloc(d, sizeof *v);

	v->line = first_line;
	v->column = 1;
	v->text = "";
	return v;
}

struct value *
yaml_parse(struct document *d, const char *s, size_t n, int first_line, struct problems *ps)
{
	struct yaml y = {.d = d, .ps = ps};
	struct value *root;
	int result;

	if (n == 0)
		s = ""; /* libyaml wants a pointer */
	place_init(&y.place, s, n, first_line);
	place_init(&y.seen, s, n, first_line);
	build_init(&y.build, d, ps, "yaml-duplicate-key");
	if (!yaml_parser_initialize(&y.parser))
		abort();
	yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
	breaks_hide(&y.breaks, s, n);
	yaml_parser_set_input_string(&y.parser, (const yaml_char_t *)(y.breaks.text != NULL ? y.breaks.text : s), n);
	result = check_directives(&y, s, n);
	if (result == 0)
		result = yaml_events(&y);
	root = build_finish(&y.build);
	yaml_parser_delete(&y.parser);
	tdestroy(y.anchors, anchor_free);
	breaks_free(&y.breaks);
	if (result != 0 || y.build.failed)
		return NULL;
	return root != NULL ? root : empty_document(d, first_line);
}
