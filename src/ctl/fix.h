/* shelfctl lint --fix: propose what can be mended, show it, write it. */
#ifndef CTL_FIX_H
#define CTL_FIX_H

#include "ctl/pick.h"

struct fix;

/* out: how to print. aside: show diffs on standard error, plainly, as standard output is for a program. */
struct fix *fix_new(const struct out *out, bool aside);
void fix_free(struct fix *f);

/* Look at one manifest's file; where it can be mended, show how and remember it. */
void fix_look(struct fix *f, const struct picked *p);

/* Files that can be mended. */
size_t fix_count(const struct fix *f);

/* Ask on a terminal whether they shall be written. false: not, or there is no answer. */
bool fix_confirm(const struct fix *f);

/* Write them all. CTL_FAILURE when one could not be, which is said; that one stays as it was. */
int fix_write(const struct fix *f);

#endif
