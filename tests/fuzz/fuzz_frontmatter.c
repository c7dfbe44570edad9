/* Any bytes as a Markdown manifest: front matter, or what is derived without it, and the rules. */
#include "fuzz.h"
#include "manifest/manifest.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct collections cs;
	struct manifest_source src = {.path = "skills/pdf/SKILL.md", .id = "pdf", .entry = true, .conflicted = true};
	struct manifest *m;
	struct document *d;
	struct problems ps = {0};

	if (cs.n == 0)
		collections_default(&cs);
	src.collection = &cs.v[0];
	m = manifest_parse(&src, (const char *)data, n);
	MUST(m->size == n && m->ok == !problems_have_errors(&m->problems));
	for (size_t i = 0; i < m->problems.n; i++)
		MUST((size_t)m->problems.v[i].line <= n + 1 && (size_t)m->problems.v[i].column <= n + 1);
	if (m->ok) {
		d = document_new();
		MUST(m->id != NULL && m->status != NULL && m->metadata != NULL);
		MUST(json_parse(d, m->metadata, strlen(m->metadata), &ps) != NULL);
		problems_free(&ps);
		document_free(d);
	}
	manifest_unref(m);
	return 0;
}
