/*
 * What a look at everything finds that no event told of. Pure: time is an
 * argument.
 *
 * While an audit runs, each path that turns out to be other than known is a
 * suspect. Its event may be on its way, or what the event led to: a suspect that
 * is heard of between the beginning and a second after the end is cleared, and so
 * is one whose content turns out to be the same.
 */
#ifndef WATCH_AUDIT_H
#define WATCH_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define AUDIT_GRACE (1 * USEC_PER_SEC)

struct audit;

struct audit *audit_new(void);
void audit_free(struct audit *a);

void audit_begin(struct audit *a);
void audit_read(struct audit *a, usec_t now); /* all has been looked at: the grace begins */
void audit_cancel(struct audit *a); /* nothing can be said */
bool audit_running(const struct audit *a); /* to the end of the grace */

void audit_suspect(struct audit *a, const char *path);
void audit_heard(struct audit *a, const char *path); /* an event of a file or folder: clears what is at or below it */

/*
 * Is the grace over? Then the audit is, and each suspect that is left is given
 * to the callback. *ret_n: how many.
 */
bool audit_over(struct audit *a, usec_t now, void (*left)(void *arg, const char *path), void *arg, size_t *ret_n);

usec_t audit_deadline(const struct audit *a); /* of the grace; USEC_NEVER */

#endif
