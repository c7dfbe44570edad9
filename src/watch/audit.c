#include "watch/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/textset.h"

#define HEARD_MAX 100000 /* with more going on nothing can be said */

struct audit {
	struct textset suspects, heard;
	bool running;
	usec_t until; /* USEC_NEVER before all has been looked at */
};

struct audit *
audit_new(void)
{
	return mem_zalloc(sizeof(struct audit));
}

void
audit_cancel(struct audit *a)
{
	textset_clear(&a->suspects);
	textset_clear(&a->heard);
	a->running = false;
	a->until = USEC_NEVER;
}

void
audit_free(struct audit *a)
{
	if (a == NULL)
		return;
	audit_cancel(a);
	free(a);
}

void
audit_begin(struct audit *a)
{
	audit_cancel(a);
	a->running = true;
}

void
audit_read(struct audit *a, usec_t now)
{
	if (a->running)
		a->until = now + AUDIT_GRACE;
}

bool
audit_running(const struct audit *a)
{
	return a->running;
}

void
audit_suspect(struct audit *a, const char *path)
{
	if (a->running)
		(void)textset_add(&a->suspects, path);
}

void
audit_heard(struct audit *a, const char *path)
{
	if (!a->running)
		return;
	(void)textset_add(&a->heard, path);
	if (a->heard.n > HEARD_MAX)
		audit_cancel(a);
}

static bool
was_heard(const struct audit *a, const char *path)
{
	char *above = mem_strdup(path), *slash = NULL;
	bool heard;

	do {
		if (slash != NULL)
			*slash = '\0';
		heard = textset_has(&a->heard, above);
		slash = strrchr(above, '/');
	} while (!heard && slash != NULL);
	free(above);
	return heard;
}

struct report {
	const struct audit *audit;
	void (*left)(void *arg, const char *path);
	void *arg;
	size_t n;
};

static void
report_suspect(void *arg, const char *path)
{
	struct report *r = arg;

	if (was_heard(r->audit, path))
		return;
	r->left(r->arg, path);
	r->n++;
}

bool
audit_over(struct audit *a, usec_t now, void (*left)(void *arg, const char *path), void *arg, size_t *ret_n)
{
	struct report r = {.audit = a, .left = left, .arg = arg};

	if (!a->running || now < a->until)
		return false;
	textset_each(&a->suspects, report_suspect, &r);
	*ret_n = r.n;
	audit_cancel(a);
	return true;
}

usec_t
audit_deadline(const struct audit *a)
{
	return a->running ? a->until : USEC_NEVER;
}
