/*
 * A consumer of the change stream as a state machine: what to read next, and
 * what that which was read means, by the six steps of PROTOCOL.md. Pure.
 */
#ifndef CTL_FOLLOW_H
#define CTL_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLLOW_GENERATION 64

enum follow_want {
	FOLLOW_HEAD, /* read the head: follow_head */
	FOLLOW_BIRTH, /* there is no catalog: wait for any entry of the stream, then follow_entries_end */
	FOLLOW_ALL, /* read the head and all that is there, in one moment: follow_read */
	FOLLOW_BETWEEN, /* read the head and all that changed behind rev, in one moment: follow_read */
	FOLLOW_PEEK, /* read the entries behind rev that are there now: follow_entry for each, follow_entries_end */
	FOLLOW_WAIT, /* the same, but wait for some until a time is over */
	FOLLOW_REST, /* do nothing for a while: follow_rested */
};

struct follow {
	enum follow_want want;
	char generation[FOLLOW_GENERATION]; /* "": that of the first head */
	uint64_t rev; /* the last one that was taken */
	bool placed; /* rev counts; else the first head says where to begin */
	bool snapshot; /* begin with all that is there */
	bool known; /* there was a head */
	bool took; /* something of the answer that is being given */
};

/* From now on. */
void follow_init(struct follow *f);

/* Behind a place: "17" or "<generation>.17". false: text is neither. */
bool follow_init_since(struct follow *f, const char *text);

/* From all that is there. */
void follow_init_snapshot(struct follow *f);

/* The head; generation NULL: there is none. */
void follow_head(struct follow *f, const char *generation, uint64_t rev);

/*
 * An entry. true: it is the next one and is taken. Otherwise it is passed over,
 * and where want is FOLLOW_ALL or FOLLOW_BETWEEN now, so are those behind it.
 * generation NULL: the entry does not say.
 */
bool follow_entry(struct follow *f, const char *generation, uint64_t rev);

/* That was the whole answer; n: how many entries it had. */
void follow_entries_end(struct follow *f, size_t n);

/*
 * What was read for FOLLOW_ALL or FOLLOW_BETWEEN, with the head at that moment
 * (generation NULL: there is none) and the oldest deletion that is kept (0: all
 * are). true: it holds, and rev has moved to that of the head. false: it is of
 * no use, want says what is.
 */
bool follow_read(struct follow *f, const char *generation, uint64_t rev, uint64_t floor);

/* The while is over. */
void follow_rested(struct follow *f);

/* The connection was lost: there may be another server, or older data, behind the next one. */
void follow_lost(struct follow *f);

#endif
