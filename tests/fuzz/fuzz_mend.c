/* The first byte chooses the format. */
#include "fuzz.h"
#include "manifest/frontmatter.h"
#include "manifest/mend.h"
#include "manifest/parse.h"
#include "manifest/rawtext.h"

static bool
meaning(enum format format, const char *s, size_t n, struct buf *out)
{
	struct document *d = document_new();
	struct problems ps = {0};
	const struct value *root = NULL;
	enum parsed_as as = PARSED_BAD;

	if (rawtext_check(&s, &n, true, &ps) == 0)
		as = parse_document(format, s, n, d, &root, &ps);
	if (as == PARSED_DOCUMENT)
		value_canonical(root, out);
	problems_free(&ps);
	document_free(d);
	return as != PARSED_BAD;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum format formats[] = {FORMAT_MARKDOWN, FORMAT_YAML, FORMAT_JSON};
	struct mended got = {0}, again = {0};
	struct buf before = {0}, after = {0};
	enum format format;
	enum mend result;
	const char *s;
	bool parsed;

	if (n == 0)
		return 0;
	format = formats[data[0] % 3];
	s = (const char *)data + 1;
	n--;
	parsed = meaning(format, s, n, &before);
	result = mend_text(format, s, n, &got);
	MUST(!parsed || result != MEND_IMPOSSIBLE);
	MUST(parsed || result != MEND_NOTHING);
	if (result == MEND_DONE) {
		MUST(meaning(format, buf_str(&got.text), got.text.n, &after));
		MUST(!parsed || (before.n == after.n && strcmp(buf_str(&before), buf_str(&after)) == 0));
		MUST(mend_text(format, buf_str(&got.text), got.text.n, &again) == MEND_NOTHING);
	}
	buf_free(&got.text);
	buf_free(&before);
	buf_free(&after);
	return 0;
}
