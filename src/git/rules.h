/* The rules of one ignore file, gitignore(5). Pure. */
#ifndef GIT_RULES_H
#define GIT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rules;

enum verdict { VERDICT_NONE, VERDICT_IGNORE, VERDICT_KEEP };

/* From the file's bytes. NULL when there is no rule in them. */
struct rules *rules_parse(const char *s, size_t n);
void rules_free(struct rules *r);

/* What the last rule that matches says. path is relative to the ignore file's folder. r may be NULL. */
enum verdict rules_match(const struct rules *r, const char *path, bool directory);

/* Match text against a pattern where '*' stays within a part and "**" does not. Time: product of the lengths. */
bool rules_wildmatch(const char *pattern, const char *text);

#endif
