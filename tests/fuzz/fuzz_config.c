#include "config/settings.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct settings s;
	struct problems ps = {0};

	if (n > LIMIT_CONFIG)
		return 0;
	settings_init(&s);
	MUST((settings_parse(&s, (const char *)data, n, &ps) != 0) == problems_have_errors(&ps));
	for (size_t i = 0; i < ps.n; i++)
		MUST((size_t)ps.v[i].line <= n + 1 && (size_t)ps.v[i].column <= n + 1);
	problems_free(&ps);
	settings_free(&s);
	return 0;
}
