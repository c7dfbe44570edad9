/*
 * UTF-8 (RFC 3629) and the two ways of writing doubtful bytes.
 *
 * "Printable" means: a valid UTF-8 sequence that is no C0 control, DEL, C1
 * control, bidi control (U+061C, U+200E, U+200F, U+202A-202E, U+2066-2069) or
 * line or paragraph separator (U+2028, U+2029).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Length of the valid sequence at s (n bytes left) and its code point, or 0. */
size_t utf8_decode(const char *s, size_t n, uint32_t *ret_cp);

/* Write cp (a scalar value) to out; returns its length, 1 to 4. */
size_t utf8_encode(uint32_t cp, char out[4]);

/* Bytes of s before the first invalid one; n when all is valid. */
size_t utf8_valid_prefix(const char *s, size_t n);

/* Number of code points in the valid UTF-8 string s. */
size_t utf8_length(const char *s, size_t n);

bool text_printable(uint32_t cp);

/* For a terminal or a log: what is not printable becomes \xHH, byte by byte. */
void text_escape(struct buf *out, const char *s, size_t n);

/* The same into a caller's array, cut with "..." where it does not fit. Returns out. */
const char *text_escape_to(char *out, size_t size, const char *s);

/* For ids and paths in Redis: '%' and what is not printable become %HH (upper-case hex). */
void text_percent_encode(struct buf *out, const char *s, size_t n);

/* The reverse; -1 when a '%' is not followed by two hex digits. */
int text_percent_decode(struct buf *out, const char *s, size_t n);

/* v in decimal digits; returns how many. printf is too slow where there are many. */
#define TEXT_DIGITS 20 /* of UINT64_MAX */
size_t text_digits(uint64_t v, char out[TEXT_DIGITS]);

void text_hex(struct buf *out, const void *p, size_t n); /* lower case */

/* 2 * n hex digits into n bytes; -1 for anything else. */
int text_unhex(const char *s, size_t len, void *out, size_t n);

/*
 * The candidate nearest to word (Damerau-Levenshtein), NULL when none is near
 * enough to suggest. candidates ends with NULL.
 */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
