/*
 * What shelfctl prints: data on stdout, talk on stderr, both safe for a
 * terminal. A reader of stdout that is gone ends the program quietly.
 */
#ifndef CTL_OUT_H
#define CTL_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW, STYLE_CYAN };

struct out {
	bool json;
	bool color; /* on stdout */
	bool tty; /* stdout is a terminal */
	size_t width; /* columns of the terminal; 0: no limit */
};

/* when: "auto", "always", "never" or NULL (auto). Returns -1 for another word. */
int out_init(struct out *o, const char *when, bool json);

/* Write and flush; b is empty afterwards. */
void out_write(struct buf *b);

/* Append s, escaped, in a style. */
void out_add(const struct out *o, struct buf *b, enum style style, const char *s);
void out_addn(const struct out *o, struct buf *b, enum style style, const char *s, size_t n);

/* One JSON text as one line; on a terminal what is not printable becomes \uXXXX, which is the same value. */
void out_json(const struct out *o, struct buf *b, const char *json, size_t n);

/* "shelfctl: ..." on stderr, escaped as a whole. */
void out_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for a warning or a remark that does not end the program: plain text, no prefix. */
void out_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Columns that a text takes on a terminal. */
size_t out_columns(const char *s);

/* Bytes of s that fit into so many columns. */
size_t out_fit(const char *s, size_t columns);

#endif
