/* The bytes of a file that the command line names. */
#ifndef CTL_INPUT_H
#define CTL_INPUT_H

#include "base/buf.h"
#include "base/err.h"

/* Standard input to its end; of more than LIMIT_FILE bytes at least one more than that. */
int input_stdin(struct buf *out, struct err *e);

/* A file of at most LIMIT_FILE bytes, or standard input for "-". */
int input_read(const char *path, struct buf *out, struct err *e);

#endif
