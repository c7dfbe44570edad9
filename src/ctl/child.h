/* Another program, run to its end. No shell takes part. */
#ifndef CTL_CHILD_H
#define CTL_CHILD_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Run argv (ends with NULL; the first is looked for in PATH) with nothing on its
 * standard input. 0 when it ends well, with its standard output in out; -1 with
 * the first line that it said on standard error, or why it could not be run.
 */
int child_run(const char *const *argv, struct buf *out, struct err *e);

#endif
