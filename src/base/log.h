/*
 * Log lines on stderr. On a terminal: time, level, text. Otherwise the
 * sd-daemon(3) priority prefix "<N>", which the journal reads, and the text.
 * Whatever comes from a manifest, a path or Redis must be escaped by the caller
 * (text_escape); a new line inside the text is turned into a space.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* "error", "warning", "info", "debug". Returns -1 for another word. */
int log_level_parse(const char *word, enum log_level *ret_level);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
