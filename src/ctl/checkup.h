/* What doctor found: a row for each check. Pure. */
#ifndef CTL_CHECKUP_H
#define CTL_CHECKUP_H

#include "base/jsonw.h"
#include "ctl/out.h"

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILED };

struct check {
	const char *name; /* a text that lasts */
	enum verdict verdict;
	char *text; /* what is so */
	char *hint; /* what to do; NULL: nothing */
};

/* A zeroed one is empty. */
struct checkup {
	struct check *v;
	size_t n, cap;
};

void checkup_free(struct checkup *cu);

/* Add a row; hint is copied, NULL for none. */
void checkup_add(struct checkup *cu, const char *name, enum verdict verdict, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* "ok", "warning", "failed" */
const char *checkup_word(enum verdict verdict);

size_t checkup_count(const struct checkup *cu, enum verdict verdict);

/* A line for each row, and one below it where there is something to do. */
void checkup_text(const struct checkup *cu, const struct out *o, struct buf *b);

/* One object. */
void checkup_json(const struct checkup *cu, struct jsonw *w);

#endif
