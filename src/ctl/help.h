/* Usage and help texts, made from the tables of verbs and options. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include "base/buf.h"
#include "ctl/out.h"
#include "ctl/verb.h"

void help_program(const struct out *o, struct buf *b);
void help_verb(const struct out *o, struct buf *b, const struct verb *v);

/* "unknown verb ..." on stderr; CTL_USAGE. */
int help_unknown(const char *word);

#endif
