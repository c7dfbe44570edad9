/*
 * What the parts of the JSON Schema engine share. Only schema*.c include this.
 *
 * schema.c        the set of documents; compiling and checking as a whole
 * schema_index.c  schemas with a URI of their own, and anchors
 * schema_ref.c    from a reference to a value
 * schema_dialect.c  what $schema says
 * schema_compile.c, schema_build*.c  from a value to rules
 * schema_keywords.c  the keywords as a table
 * schema_run.c    rules over a value, within the budget
 * schema_assert.c, schema_apply.c, schema_object.c, schema_array.c  what the keywords mean
 */
#ifndef MANIFEST_SCHEMA_PRIVATE_H
#define MANIFEST_SCHEMA_PRIVATE_H

#include "base/rbtree.h"
#include "manifest/schema.h"
#include "manifest/schema_format.h"
#include "manifest/schema_number.h"
#include "manifest/schema_regex.h"

#define SCHEMA_STEPS 1000000 /* of one validation; a step takes some 10 ns */
#define REPORT_STEPS 50 /* to tell of a violation */
#define HINT_PAIRS 1000000 /* of one validation; some 2 ms */
#define DIGITS_A_STEP 4 /* of numbers that are read */
#define BAD_PATTERNS 10 /* in one compilation; then no more are looked at: what is refused late costs most */
#define SCHEMA_DEPTH 400 /* schemas within schemas while one value is validated */
#define SCHEMA_NODES 100000 /* schemas compiled for one set */

/* A draft as a bit, for the table of keywords. */
#define DRAFT_7 1u
#define DRAFT_2020 2u
#define DRAFTS_ALL (DRAFT_7 | DRAFT_2020)

/* The vocabularies of 2020-12 as bits. */
#define VOCAB_CORE 1u
#define VOCAB_APPLICATOR 2u
#define VOCAB_UNEVALUATED 4u
#define VOCAB_VALIDATION 8u
#define VOCAB_FORMAT 16u /* as an annotation */
#define VOCAB_FORMAT_ASSERTION 32u
#define VOCAB_CONTENT 64u
#define VOCAB_META 128u
#define VOCAB_ALL (255u & ~VOCAB_FORMAT_ASSERTION)

/* A value in a schema document: a chain of reference tokens up to its root. */
struct location {
	const struct location *up; /* NULL: the root */
	const char *token; /* NULL: index counts; of the root the URI of the document */
	size_t len;
	size_t index;
};

/* Append '/' and a reference token, escaped (RFC 6901). */
void pointer_add(struct buf *out, const char *token, size_t n);

void location_text(const struct location *at, struct buf *out); /* as a JSON pointer */
const char *location_document(const struct location *at);

struct anchor {
	RB_ENTRY(anchor) entry; /* by name */
	const char *name;
	const struct value *value;
	const struct location *at;
	bool dynamic;
};
RB_HEAD(anchor_tree, anchor);

/* A schema with a URI of its own, or the root of a document. */
struct resource {
	RB_ENTRY(resource) entry; /* in the set's roots, by root */
	const char *uri; /* its base URI, without a fragment */
	const struct value *root;
	const struct location *at; /* in its document */
	const struct value *document_root;
	const char *meta; /* $schema, its own or inherited, without an empty fragment; NULL: none */
	bool draft7; /* as far as the index needs to know */
	struct anchor_tree anchors;
};
RB_HEAD(resource_tree, resource);

struct known {
	RB_ENTRY(known) entry;
	const char *uri;
	const struct resource *resource;
};
RB_HEAD(known_tree, known);

struct keyword;
struct schema;

/* What is known of a draft: its own or that of a metaschema of the user. */
struct dialect {
	unsigned draft; /* one bit */
	unsigned vocabularies;
	const struct resource *meta; /* NULL: not known; nothing is checked by it then */
};

struct dynamic {
	const char *name;
	const struct schema *schema;
};

/* A resource as it was compiled: what the dynamic scope is made of. */
struct scope {
	RB_ENTRY(scope) entry; /* by resource and flags */
	struct scope *older;
	const struct resource *resource;
	unsigned flags;
	struct dialect dialect;
	struct dynamic *dynamics;
	size_t n_dynamics;
};
RB_HEAD(scope_tree, scope);

struct named {
	const char *key;
	size_t len;
	const struct schema *schema; /* or NULL: names counts */
	const struct value *names; /* an array of strings */
};

struct patterned {
	const struct regex *regex;
	const struct schema *schema;
};

struct listed {
	uint64_t hash;
	const struct value *value;
};

/* A keyword of a schema, compiled. */
struct rule {
	const struct keyword *keyword;
	const struct value *value; /* as the schema has it */
	union {
		struct {
			const struct schema *schema;
			const struct schema *then, *otherwise; /* if */
			const char *dynamic; /* $dynamicRef: the name, or NULL */
			size_t from; /* items: the first index that counts */
			size_t min, max; /* contains */
		} one;
		struct {
			const struct schema **v;
			size_t n;
		} list;
		struct {
			struct named *v; /* by key */
			size_t n;
		} map;
		struct {
			struct patterned *v;
			size_t n;
		} patterns;
		struct {
			struct listed *v; /* by hash */
			size_t n;
		} values;
		struct number number;
		size_t size;
		unsigned types; /* bits */
		const struct regex *regex;
		const struct format *format;
	};
};

struct schema {
	RB_ENTRY(schema) entry; /* by value and flags */
	const struct value *value;
	const struct location *at;
	const struct scope *scope;
	bool always, never; /* true, false */
	bool marks; /* some rule wants to know what others have evaluated */
	struct rule *rules;
	size_t n;
	struct schema *next; /* waits to be compiled */
	struct schema *older; /* the one made before it */
};
RB_HEAD(schema_tree, schema);

struct owned {
	struct owned *next;
	struct document *document;
};

struct regex_list {
	struct regex_list *next;
	struct regex *regex;
};

struct checked {
	struct checked *next;
	const struct value *root;
};

struct schemas {
	const struct schemas *base;
	enum schema_draft draft;
	struct document *arena;
	struct owned *documents;
	struct resource_tree roots;
	struct known_tree known;
	struct schema_tree nodes;
	size_t n_nodes;
	struct schema *queue; /* to be compiled */
	struct schema *newest;
	struct scope_tree scopes;
	struct scope *newest_scope;
	struct regex_list *regexes;
	struct checked *checked; /* documents that are valid by their metaschema */
	int bad_patterns;
	bool check_only; /* nothing will be validated by it: patterns are looked at and not compiled */
	const struct schema *meta7, *meta2020; /* of the outermost base */
};

/* schema_report.c */

/* pointer is taken; the rest is copied. hint may be NULL. */
void schema_report_add(struct schema_report *r, const struct schema_violation *v);
void schema_report_sort(struct schema_report *r);

/* What is wrong with a schema itself. key NULL: with the value. r may be NULL. Returns -1. */
int schema_complain(struct schema_report *r, const struct location *at, const struct value *v, const char *keyword,
    const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* schema_index.c */

/* Enter the document and all schemas in it that have a URI. All or nothing. */
int schema_index(struct schemas *s, const char *uri, const struct value *root, struct schema_report *r);
const struct resource *schema_known(const struct schemas *s, const char *uri);
const struct anchor *schema_anchor(const struct resource *r, const char *name);
struct anchor *schema_next_anchor(const struct resource *r, const struct anchor *last); /* NULL: the first, the end */
const struct resource *schema_resource_at(const struct schemas *s, const struct value *root);

/* schema_ref.c */
struct target {
	const struct resource *resource;
	const struct value *value;
	const struct location *at;
	const char *anchor; /* the name of the fragment when it is one of a dynamic anchor; or NULL */
};

/* Where ref leads from base; NULL, or a reason (static or in s's arena) when it leads nowhere. */
const char *schema_resolve(struct schemas *s, const char *base, const char *ref, size_t n, struct target *ret);
const struct location *location_below(struct schemas *s, const struct location *up, const char *token, size_t len);
const struct location *location_item(struct schemas *s, const struct location *up, size_t index);

/* schema_compile.c */

/* One rule being compiled. */
struct compiling {
	struct schemas *s;
	struct schema *schema;
	const struct member *member; /* the keyword and its value */
	unsigned flags;
	struct schema_report *report;
};

/* The compiled schema of a value; its rules may come later. NULL when it can not be one. */
const struct schema *schema_node(struct schemas *s, const struct resource *resource, const struct value *v,
    const struct location *at, unsigned flags, struct schema_report *r);

/* What was compiled up to now, and back to it: schemas of a compilation that failed are only half made. */
struct compiled {
	struct schema *newest;
	struct scope *newest_scope;
};
struct compiled schema_mark(const struct schemas *s);
void schema_undo(struct schemas *s, const struct compiled *to);

/* Compile what waits. */
int schema_work(struct schemas *s, struct schema_report *r);
const struct scope *schema_scope(
    struct schemas *s, const struct resource *resource, unsigned flags, struct schema_report *r);

/* schema_dialect.c */
int schema_dialect(const struct schemas *s, const struct resource *of, struct dialect *ret, struct schema_report *r);
bool schema_meta_is(const char *meta, unsigned draft); /* is this the $schema of a draft? */

/* schema_keywords.c */
enum shape { SHAPE_NONE, SHAPE_ONE, SHAPE_LIST, SHAPE_MAP, SHAPE_ONE_OR_LIST, SHAPE_MAP_OR_NAMES };

struct run;
struct frame;

struct keyword {
	const char *name;
	unsigned drafts, vocabularies;
	enum shape shape; /* where schemas are in its value */
	int (*compile)(struct compiling *c, struct rule *rule); /* NULL: only a place for schemas */
	bool (*holds)(struct run *r, const struct frame *f, const struct rule *rule);
};

/* In the order in which the rules are looked at; the end has name NULL. */
const struct keyword *schema_keywords(void);

/* The rule of another keyword of the schema that is already compiled, or NULL. */
const struct rule *schema_sibling(const struct schema *s, const char *name);

/* schema_run.c */

/* Where in the document: a chain of members and items up to the root. */
struct step {
	const struct step *up; /* NULL: the root */
	const struct member *member; /* NULL: index counts */
	size_t index;
};

/* Which members or items of a value some rule has looked at. */
struct marks {
	uint64_t small;
	uint64_t *bits; /* &small where that is enough */
	size_t n;
};

/* One schema over one value. */
struct frame {
	const struct frame *up;
	const struct schema *schema;
	const struct value *v;
	const struct step *step; /* where v is */
	struct marks *marks; /* NULL: nobody wants to know */
};

struct run {
	struct regex_run regex;
	int64_t steps; /* that are left */
	int depth;
	int quiet; /* violations are not reported */
	int nearest; /* alternatives within alternatives whose mistakes are told */
	const char *exhausted; /* why it ended early, or NULL */
	uint64_t hints; /* pairs of characters that may still be compared for hints */
	struct schema_report *report; /* or NULL */
};

/* false: the budget is spent. */
bool run_spend(struct run *r, uint64_t steps);

/* As regex_match. */
int run_regex(struct run *r, const struct regex *re, const char *s, size_t n);

bool run_schema(struct run *r, const struct frame *up, const struct schema *s, const struct value *v,
    const struct step *step, struct marks *marks);

/* The same for the frame's own value: all of what it evaluates counts for the frame. */
bool run_in_place(struct run *r, const struct frame *f, const struct schema *s);

/* A member or an item of the frame's value; where nothing is allowed the rule is what is broken. */
bool run_member(struct run *r, const struct frame *f, const struct rule *rule, const struct schema *s, size_t index);
bool run_item(struct run *r, const struct frame *f, const struct rule *rule, const struct schema *s, size_t index);

/* True when a violation would not be told: no more of them needs to be looked for. */
bool run_unheard(const struct run *r);

/* As text_nearest, for a hint; NULL, too, once too much was compared. */
const char *run_nearest(struct run *r, const char *word, const char *const *candidates);

/* Report what is wrong with the frame's value, one of its keys or one of its items. Always false. */
bool run_broken(struct run *r, const struct frame *f, const struct rule *rule, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
bool run_broken_member(struct run *r, const struct frame *f, const struct rule *rule, size_t index, const char *hint,
    const char *fmt, ...) __attribute__((format(printf, 6, 7)));
bool run_broken_item(struct run *r, const struct frame *f, const struct rule *rule, size_t index, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

void marks_set(struct marks *m, size_t i);
bool marks_has(const struct marks *m, size_t i);

/* A value for a message, clipped. */
#define SHOWN_SIZE 64
const char *schema_shown(const struct value *v, char out[SHOWN_SIZE]);

/* schema_equal.c */
bool schema_equal(struct run *r, const struct value *a, const struct value *b);
uint64_t schema_hash(struct run *r, const struct value *v); /* r NULL: without a budget */

#endif
