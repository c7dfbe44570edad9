/*
 * One error with a message for people.
 *
 * A function that can fail takes a struct err * as its last argument, fills it
 * and returns -1 (or NULL). Its out-parameters are untouched then. The argument
 * may be NULL where the caller does not want the text.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
	int sys; /* errno of the failure, or 0 */
	char msg[1024]; /* lower case, no full stop, no new line */
};

/* Fill e; always returns -1, so that a caller can return it. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Like err_set, with ": " and strerror(sys) behind the text. */
int err_sys(struct err *e, int sys, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put text and ": " in front of the message that e holds. Always returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
