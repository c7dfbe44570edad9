/*
 * What a file's bytes must be before anybody parses them: UTF-8 text of bounded
 * size, without a conflict.
 */
#ifndef MANIFEST_RAWTEXT_H
#define MANIFEST_RAWTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "manifest/problem.h"

/*
 * 0 when the bytes can be parsed: s and n are moved behind a byte order mark
 * (noted). -1 when not: one error was added. Codes: bom, too-large, utf16,
 * nul-byte, not-utf8, and conflict-markers where conflicted.
 */
int rawtext_check(const char **s, size_t *n, bool conflicted, struct problems *ps);

#endif
