/*
 * Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read: one run,
 * with a rule for each problem code. Columns count code points, paths are
 * relative to the current folder where they lie in it.
 */
#ifndef CTL_SARIF_H
#define CTL_SARIF_H

#include "ctl/findings.h"

/* In this order; b holds a whole JSON text at the end. */
void sarif_begin(struct buf *b);
void sarif_add(struct buf *b, const struct finding *f);
void sarif_end(struct buf *b);

#endif
