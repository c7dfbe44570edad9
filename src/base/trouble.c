#include "base/trouble.h"

#include <assert.h>
#include <bsd/string.h>
#include <string.h>

static const char *
skip_digits(const char *s)
{
	return s + strspn(s, "0123456789");
}

static bool
same_but_for_numbers(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		const char *x = skip_digits(a), *y = skip_digits(b);

		if ((x == a) != (y == b) || *x != *y)
			return false;
		if (*x == '\0')
			return true;
		a = x + 1;
		b = y + 1;
	}
	return *a == *b;
}

bool
trouble_set(struct trouble *t, const char *text, usec_t now)
{
	size_t oldest = 0;

	assert(text[0] != '\0');
	if (t->text[0] == '\0' && t->over != 0 && now - t->over >= TROUBLE_CALM)
		memset(t->told, 0, sizeof t->told);
	(void)strlcpy(t->text, text, sizeof t->text);
	for (size_t i = 0; i < TROUBLE_KINDS; i++) {
		bool young = t->told[i].at != 0 && now - t->told[i].at < TROUBLE_AGAIN;

		if (young && same_but_for_numbers(t->told[i].text, t->text))
			return false;
		if (t->told[i].at < t->told[oldest].at)
			oldest = i;
	}
	if (t->told[oldest].at != 0 && now - t->told[oldest].at < TROUBLE_AGAIN)
		return false;
	memcpy(t->told[oldest].text, t->text, sizeof t->text);
	t->told[oldest].at = now;
	t->open = true;
	return true;
}

bool
trouble_end(struct trouble *t, usec_t now)
{
	bool tell = t->open;

	if (t->text[0] != '\0')
		t->over = now;
	t->text[0] = '\0';
	t->open = false;
	return tell;
}
