/* What $schema says: the draft, and the vocabularies of a metaschema. */
#include <string.h>

#include "base/text.h"
#include "manifest/schema_private.h"

#define METAS_DEPTH 4 /* metaschemas of metaschemas */

static const struct {
	const char *uri;
	unsigned draft;
} metas[] = {
    {"https://json-schema.org/draft/2020-12/schema", DRAFT_2020},
    {"http://json-schema.org/draft-07/schema", DRAFT_7},
    {"https://json-schema.org/draft-07/schema", DRAFT_7}, /* wrong, and common */
    {"http://json-schema.org/draft/2020-12/schema", DRAFT_2020},
};
#define METAS (sizeof metas / sizeof *metas)

static const struct {
	const char *name; /* behind the prefix */
	unsigned bit;
} vocabularies[] = {{"core", VOCAB_CORE}, {"applicator", VOCAB_APPLICATOR}, {"unevaluated", VOCAB_UNEVALUATED},
    {"validation", VOCAB_VALIDATION}, {"meta-data", VOCAB_META}, {"format-annotation", VOCAB_FORMAT},
    {"format-assertion", VOCAB_FORMAT_ASSERTION}, {"content", VOCAB_CONTENT}};
#define VOCABULARIES (sizeof vocabularies / sizeof *vocabularies)
#define VOCABULARY_PREFIX "https://json-schema.org/draft/2020-12/vocab/"

bool
schema_meta_is(const char *meta, unsigned draft)
{
	for (size_t i = 0; i < METAS; i++)
		if (metas[i].draft == draft && strcmp(metas[i].uri, meta) == 0)
			return true;
	return false;
}

static unsigned
vocabulary_bit(const char *uri)
{
	size_t n = strlen(VOCABULARY_PREFIX);

	if (strncmp(uri, VOCABULARY_PREFIX, n) != 0)
		return 0;
	for (size_t i = 0; i < VOCABULARIES; i++)
		if (strcmp(uri + n, vocabularies[i].name) == 0)
			return vocabularies[i].bit;
	return 0;
}

/* $vocabulary of a metaschema. */
static int
read_vocabularies(const struct resource *meta, struct dialect *d, struct schema_report *r)
{
	const struct value *v = value_get(meta->root, "$vocabulary");

	if (v == NULL || v->type != VALUE_OBJECT)
		return 0;
	d->vocabularies = VOCAB_CORE;
	for (size_t i = 0; i < v->object.len; i++) {
		const struct member *m = &v->object.members[i];
		unsigned bit = vocabulary_bit(m->key);
		char shown[200];

		if (bit == 0 && m->value->type == VALUE_BOOL && m->value->boolean)
			return schema_complain(r, meta->at, m->value, "$vocabulary", NULL,
			    "the vocabulary %s is required, but not known here",
			    text_escape_to(shown, sizeof shown, m->key));
		d->vocabularies |= bit;
	}
	return 0;
}

static int
unknown_meta(const struct resource *of, struct schema_report *r)
{
	const struct value *at = value_get(of->root, "$schema");
	char shown[200];

	return schema_complain(r, of->at, at != NULL ? at : of->root, "$schema",
	    "use https://json-schema.org/draft/2020-12/schema or http://json-schema.org/draft-07/schema#",
	    "%s is not known; drafts 7 and 2020-12 are", text_escape_to(shown, sizeof shown, of->meta));
}

int
schema_dialect(const struct schemas *s, const struct resource *of, struct dialect *ret, struct schema_report *r)
{
	struct dialect d = {.vocabularies = VOCAB_ALL};
	const struct resource *at = of;

	for (int depth = 0; d.draft == 0; depth++) {
		const struct resource *meta = NULL;

		if (at->meta == NULL)
			d.draft = s->draft == SCHEMA_DRAFT_7 ? DRAFT_7 : DRAFT_2020;
		else if (schema_meta_is(at->meta, DRAFT_7))
			d.draft = DRAFT_7;
		else if (schema_meta_is(at->meta, DRAFT_2020))
			d.draft = DRAFT_2020;
		else
			meta = schema_known(s, at->meta);
		if (d.draft == 0 && (meta == NULL || depth == METAS_DEPTH))
			return unknown_meta(of, r);
		if (d.meta == NULL && meta != NULL) {
			d.meta = meta;
			if (read_vocabularies(meta, &d, r) != 0)
				return -1;
		}
		at = meta;
	}
	*ret = d;
	return 0;
}
