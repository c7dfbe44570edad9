/* What the tests of the configuration share. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "config/settings.h"

/* Parse text, which must be good, into s. */
void parse_good(struct settings *s, const char *text);

/*
 * Parse text, which must be refused. want: what stands where, one problem a
 * line: "line:column code word", word being part of the message or the hint.
 */
void parse_bad(const char *text, const char *want);

/* Fails and says which member differs. */
void assert_settings_equal(const struct settings *a, const struct settings *b);

/* The words of a list, each followed by a blank, into out. Returns out. */
const char *words_of(char **list, char *out, size_t size);

#endif
