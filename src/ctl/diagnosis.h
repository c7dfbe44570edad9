/* What doctor makes of figures: pure, each adds the rows that follow from them. */
#ifndef CTL_DIAGNOSIS_H
#define CTL_DIAGNOSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/checkup.h"
#include "manifest/value.h"

/* The answer of Redis to INFO (text): version, role, memory. */
void diagnose_info(struct checkup *cu, const char *url, const char *info);

/* Both clocks, in milliseconds. */
void diagnose_clock(struct checkup *cu, int64_t ours, int64_t redis);

/* So many folders are to be watched with a limit (0: unknown), whose sysctl has this name; unwatched: got no watch. */
void diagnose_watches(struct checkup *cu, const char *sysctl, uint64_t limit, uint64_t folders, uint64_t unwatched);

/* fs.inotify.max_queued_events. */
void diagnose_queue(struct checkup *cu, uint64_t limit);

/* The members "watch" and "redis" of the daemon's status. */
void diagnose_watching(struct checkup *cu, const struct value *watch);
void diagnose_publishing(struct checkup *cu, const struct value *redis);

/*
 * Does a folder take names for the same that differ in case? names: what is in
 * it, ends with NULL. same: do two names lead to one file? 1: it does; 0: it does
 * not; -1: no name has a letter to try.
 */
int diagnose_case(const char *const *names, bool (*same)(void *arg, const char *a, const char *b), void *arg);

#endif
