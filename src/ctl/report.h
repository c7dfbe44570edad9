/* What lint found, in the format that was asked for, on standard output. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl/findings.h"

enum report_format {
	REPORT_TEXT, /* a line for people, the line of the source, a caret */
	REPORT_JSON, /* an object a line */
	REPORT_SARIF, /* SARIF 2.1.0: one object when all is found */
	REPORT_GITHUB, /* workflow commands, which GitHub shows beside the lines */
};

/* 0 and the format of this name, or -1. */
int report_format(const char *name, enum report_format *ret);

struct report {
	const struct out *out;
	enum report_format format;
	struct buf b;
};

/* report_end must follow. */
void report_begin(struct report *r, const struct out *o, enum report_format format);

/* text: the source that the finding is about, n bytes; NULL when it is not known or not wanted. */
void report_add(struct report *r, const struct finding *f, const char *text, size_t n);

/* Write what there is so far, where the format allows. */
void report_flush(struct report *r);
void report_end(struct report *r);

#endif
