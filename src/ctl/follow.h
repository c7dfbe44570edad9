/*
 * Where a consumer stands in the changes of a catalog, and what a revision that
 * it sees means for it. Pure.
 */
#ifndef CTL_FOLLOW_H
#define CTL_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#define FOLLOW_GENERATION 64

struct follow {
	char generation[FOLLOW_GENERATION]; /* "": the first one that is seen */
	uint64_t rev; /* the last one that was taken */
};

enum follow_step {
	FOLLOW_NEXT, /* take it: nothing lies between */
	FOLLOW_OLD, /* taken before, or nothing new */
	FOLLOW_GAP, /* something lies between: read the indexes behind rev */
	FOLLOW_RESET, /* another life of the catalog, or what lies between is not kept: start over */
};

/* A generation that does not fit is taken for another one. */
void follow_begin(struct follow *f, const char *generation, uint64_t rev);

/* What an event with this generation and revision means. generation NULL: the event does not say. */
enum follow_step follow_event(const struct follow *f, const char *generation, uint64_t rev);

/* What a head means: FOLLOW_NEXT never. */
enum follow_step follow_head(const struct follow *f, const char *generation, uint64_t rev);

/* A gap is to be filled from the indexes: are all deletions behind rev kept? floor: the oldest one that is, 0: all are. */
enum follow_step follow_gap(const struct follow *f, uint64_t floor);

void follow_take(struct follow *f, uint64_t rev);

/* "17" or "<generation>.17". false: neither. */
bool follow_parse(const char *text, struct follow *ret);

#endif
