/* A schema and an instance, both JSON, with a byte 0xff between them. */
#include "fuzz.h"
#include "manifest/schema.h"

static void
check_report(const struct schema_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		MUST(r->v[i].pointer != NULL && r->v[i].keyword != NULL && r->v[i].schema != NULL);
		MUST(r->v[i].message != NULL && r->v[i].line >= 0);
	}
}

static void
validate(const struct schema *schema, const char *s, size_t n)
{
	struct document *d = document_new();
	struct problems ps = {0};
	struct schema_report report = {0};
	const struct value *v = json_parse(d, s, n, &ps);

	if (v != NULL) {
		enum schema_result result = schema_validate(schema, v, &report);

		MUST((result == SCHEMA_VALID) == (report.n == 0));
		MUST(schema_validate(schema, v, NULL) == result);
		check_report(&report);
	}
	schema_report_free(&report);
	problems_free(&ps);
	document_free(d);
}

static void
compile(const char *s, size_t n, const char *instance, size_t instance_n)
{
	static struct schemas *base;
	struct document *d = document_new();
	struct problems ps = {0};
	struct schema_report report = {0};
	struct schemas *set;
	const struct schema *schema = NULL;
	const struct value *root = json_parse(d, s, n, &ps);

	problems_free(&ps);
	if (root == NULL) {
		document_free(d);
		return;
	}
	if (base == NULL)
		base = schemas_new(NULL, SCHEMA_2020_12);
	set = schemas_new(base, SCHEMA_2020_12);
	if (schemas_add(set, "", d, root, &report) == 0)
		schema = schemas_compile(set, "", SCHEMA_FORMATS, &report);
	MUST(schema != NULL || report.n > 0);
	check_report(&report);
	schema_report_free(&report);
	if (schema != NULL)
		validate(schema, instance, instance_n);
	schemas_free(set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *end = n > 0 ? memchr(data, 0xff, n) : NULL;
	size_t first = end != NULL ? (size_t)(end - data) : n, second = end != NULL ? n - first - 1 : 0;

	if (fuzz_is_text(data, first) && (end == NULL || fuzz_is_text(end + 1, second)))
		compile((const char *)data, first, end != NULL ? (const char *)end + 1 : "", second);
	return 0;
}
