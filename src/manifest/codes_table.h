/* The rows behind codes.h, in alphabetical order. Nobody but codes.c includes this. */
#ifndef MANIFEST_CODES_TABLE_H
#define MANIFEST_CODES_TABLE_H

#include "manifest/codes.h"

extern const struct code codes_table[];
extern const size_t codes_table_n;

#endif
