#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct document *d;
	struct problems ps = {0};

	if (!fuzz_is_text(data, n))
		return 0;
	d = document_new();
	fuzz_check_parsed(json_parse(d, (const char *)data, n, &ps), &ps, n);
	problems_free(&ps);
	document_free(d);
	return 0;
}
