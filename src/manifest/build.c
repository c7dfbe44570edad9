#include "manifest/build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

void
build_init(struct build *b, struct document *d, struct problems *ps, const char *duplicate_code)
{
	*b = (struct build){.d = d, .ps = ps, .duplicate_code = duplicate_code};
}

static int
fail_nodes(struct build *b, int line, int column)
{
	problems_addf(b->ps, "too-many-nodes", SEVERITY_ERROR, line, column,
	    "move long lists and tables to a file beside the manifest",
	    "the document has more than %d values (an alias counts as all that it stands for)", LIMIT_NODES);
	return -1;
}

static int
fail_shared_text(struct build *b, int line, int column)
{
	problems_addf(b->ps, "too-many-nodes", SEVERITY_ERROR, line, column, "write the text once and refer to it",
	    "the aliases of the document stand for more than %d bytes of text", LIMIT_FILE);
	return -1;
}

static int
fail_depth(struct build *b, int line, int column)
{
	problems_addf(b->ps, "too-deep", SEVERITY_ERROR, line, column, "make the document flatter",
	    "lists and mappings are nested more than %d deep", LIMIT_DEPTH);
	return -1;
}

static struct build_frame *
build_top(struct build *b)
{
	return b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
}

static struct member *
build_push(struct build *b)
{
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 64 : b->cap * 2;
		b->pending = mem_realloc(b->pending, b->cap, sizeof *b->pending);
	}
	b->pending[b->n] = (struct member){0};
	return &b->pending[b->n++];
}

static void
build_attach(struct build *b, struct value *v)
{
	struct build_frame *f = build_top(b);

	if (f == NULL) {
		assert(b->root == NULL);
		b->root = v;
	} else if (f->value->type == VALUE_ARRAY) {
		build_push(b)->value = v;
	} else {
		assert(b->keyed);
		b->pending[b->n - 1].value = v;
		b->keyed = false;
	}
}

int
build_open(struct build *b, enum value_type type, int line, int column)
{
	struct value *v;

	if (b->depth == LIMIT_DEPTH)
		return fail_depth(b, line, column);
	if (b->total.nodes == LIMIT_NODES)
		return fail_nodes(b, line, column);
	v = document_alloc(b->d, sizeof *v);
	*v = (struct value){.type = type, .line = line, .column = column};
	build_attach(b, v);
	b->frames[b->depth++] = (struct build_frame){.value = v, .start = b->n, .before = b->total};
	b->total.nodes++;
	return 0;
}

static int
compare_members(const void *a, const void *b)
{
	const struct member *x = *(const struct member *const *)a, *y = *(const struct member *const *)b;
	int c;

	if (x->key_len != y->key_len)
		return x->key_len < y->key_len ? -1 : 1;
	c = memcmp(x->key, y->key, x->key_len);
	return c != 0 ? c : (x > y) - (x < y);
}

static bool
same_key(const struct member *x, const struct member *y)
{
	return x->key_len == y->key_len && memcmp(x->key, y->key, x->key_len) == 0;
}

static void
report_duplicate(struct build *b, const struct member *first, const struct member *again)
{
	char key[80];

	b->failed = true;
	problems_addf(b->ps, b->duplicate_code, SEVERITY_ERROR, again->line, again->column,
	    "remove one of the two or give it another name", "the key \"%s\" is already used on line %d",
	    text_escape_to(key, sizeof key, again->key), first->line);
}

/* By sorting: a hash of keys that somebody else chose could be made slow. */
static void
find_duplicates(struct build *b, const struct member *m, size_t n)
{
	const struct member **sorted, *first;

	if (n < 2)
		return;
	sorted = mem_alloc(n * sizeof *sorted);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &m[i];
	qsort(sorted, n, sizeof *sorted, compare_members);
	first = sorted[0];
	for (size_t i = 1; i < n; i++) {
		if (same_key(first, sorted[i]))
			report_duplicate(b, first, sorted[i]);
		else
			first = sorted[i];
	}
	free(sorted);
}

static void
take_items(struct build *b, struct value *v, const struct member *m, size_t n)
{
	if (v->type == VALUE_OBJECT) {
		find_duplicates(b, m, n);
		v->object.members = document_alloc(b->d, n * sizeof *m);
		v->object.len = n;
		if (n != 0)
			memcpy(v->object.members, m, n * sizeof *m);
		return;
	}
	v->array.items = document_alloc(b->d, n * sizeof *v->array.items);
	v->array.len = n;
	for (size_t i = 0; i < n; i++)
		v->array.items[i] = m[i].value;
}

struct value *
build_close(struct build *b, struct build_size *ret_size)
{
	struct build_frame *f = build_top(b), *parent;

	assert(f != NULL && !b->keyed);
	take_items(b, f->value, b->n > 0 ? b->pending + f->start : NULL, b->n - f->start);
	b->n = f->start;
	b->depth--;
	parent = build_top(b);
	if (parent != NULL && parent->height < f->height + 1)
		parent->height = f->height + 1;
	*ret_size = (struct build_size){
	    .nodes = b->total.nodes - f->before.nodes,
	    .text = b->total.text - f->before.text,
	    .height = f->height + 1,
	};
	return f->value;
}

bool
build_wants_key(const struct build *b)
{
	return b->depth > 0 && b->frames[b->depth - 1].value->type == VALUE_OBJECT && !b->keyed;
}

int
build_key(struct build *b, const char *text, size_t n, int line, int column)
{
	char shown[48];

	assert(build_wants_key(b));
	if (n > LIMIT_KEY) {
		problems_addf(b->ps, "key-too-long", SEVERITY_ERROR, line, column,
		    "if this is text and no key, put it in quotes or below a \">\" line",
		    "the key \"%s\" has %zu bytes; at most %d are allowed", text_escape_to(shown, sizeof shown, text),
		    n, LIMIT_KEY);
		return -1;
	}
	*build_push(b) = (struct member){.key = text, .key_len = n, .line = line, .column = column};
	b->total.text += n;
	b->keyed = true;
	return 0;
}

int
build_scalar(struct build *b, struct value *v)
{
	if (b->total.nodes == LIMIT_NODES)
		return fail_nodes(b, v->line, v->column);
	b->total.nodes++;
	b->total.text += v->text_len;
	build_attach(b, v);
	return 0;
}

int
build_share(struct build *b, struct value *v, const struct build_size *size, int line, int column)
{
	struct build_frame *f = build_top(b);

	if (b->depth + size->height > LIMIT_DEPTH)
		return fail_depth(b, line, column);
	if (size->nodes > LIMIT_NODES - b->total.nodes)
		return fail_nodes(b, line, column);
	if (size->text > LIMIT_FILE - b->shared_text)
		return fail_shared_text(b, line, column);
	b->total.nodes += size->nodes;
	b->total.text += size->text;
	b->shared_text += size->text;
	if (f != NULL && f->height < size->height)
		f->height = size->height;
	build_attach(b, v);
	return 0;
}

const struct value *
build_at_depth(const struct build *b, int depth)
{
	return depth < b->depth ? b->frames[depth].value : NULL;
}

struct value *
build_finish(struct build *b)
{
	free(b->pending);
	b->pending = NULL;
	return b->depth == 0 && !b->failed ? b->root : NULL;
}
