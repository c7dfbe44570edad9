/* One problem as a line for people or as JSON; from a check here or from Redis. */
#ifndef CTL_FINDINGS_H
#define CTL_FINDINGS_H

#include "ctl/out.h"
#include "manifest/problem.h"
#include "manifest/value.h"

/* All borrowed. */
struct finding {
	const char *file; /* as a person would open it */
	const char *path; /* encoded, relative to the source root */
	const char *severity;
	int line, column; /* 0: the whole file */
	const char *code, *pointer, *message, *hint; /* pointer and hint may be NULL */
};

void finding_of_problem(struct finding *f, const char *file, const char *path, const struct problem *p);

/* From one element of the JSON that problems_json writes. false: it is none. */
bool finding_of_value(struct finding *f, const char *file, const char *path, const struct value *v);

enum style finding_style(const char *severity);

/* "path:line:column: severity: message; hint [code]" and a new line. */
void finding_text(const struct out *o, struct buf *b, const struct finding *f);

/* One object and a new line. */
void finding_json(const struct out *o, struct buf *b, const struct finding *f);

/* By out->json one or the other. */
void finding_print(const struct out *o, struct buf *b, const struct finding *f);

/* "3 errors, 1 warning" for a summary. */
struct tally {
	size_t errors, warnings, notes;
};
void tally_add(struct tally *t, const char *severity);
void tally_text(const struct tally *t, struct buf *b);

#endif
