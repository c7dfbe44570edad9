/*
 * The publishing state machine: what to say to Redis, given its replies and the
 * time. Pure but for the memory it owns; the agent carries the bytes.
 *
 *   OFFLINE -> SCRIPT -> LEASE -> (STANDBY) -> LOAD -> READY <-> APPLY
 *
 * Sets of changes are taken only when READY; the published catalog advances
 * only on OK. A set that is cut off by a lost connection is resent after the
 * reconnect: the script answers DUP for what it had applied.
 */
#ifndef REDIS_PUBLISHER_H
#define REDIS_PUBLISHER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "catalog/change.h"
#include "catalog/published.h"

struct publisher;

struct publisher_config {
	const char *catalog;
	const char *agent; /* who we are, for syncs and heartbeat: "host:pid" */
	const char *owner; /* nonce of this process, 32 hex digits */
	const char *
	    identity; /* "<host>/<boot id>/<pid>/<start time>": lets a restart on this host see that the old owner is dead */
	const char *version;
	usec_t timeout; /* of a request; 0: 5 s */
	unsigned int min_replicas; /* nothing is written while fewer follow */
	/* Read only: no script, no lease, no heartbeat; LOAD, then READY. An absent head is an empty catalog. Submit is never called. */
	bool dry_run;
	bool (*owner_dead)(void *arg, const char *identity); /* is that process on this host and surely gone? */
	void *arg;
};

enum publisher_state {
	PUBLISHER_OFFLINE, /* no connection */
	PUBLISHER_SCRIPT, /* loading the script */
	PUBLISHER_LEASE, /* taking the lease */
	PUBLISHER_STANDBY, /* another agent holds the catalog */
	PUBLISHER_LOAD, /* reading head, items and problems */
	PUBLISHER_READY,
	PUBLISHER_APPLY, /* a call is on its way */
	PUBLISHER_WAIT, /* Redis refused; waiting before the next try */
};

/* Where a catalog stands. */
struct publisher_point {
	const char *generation, *batch; /* batch: id of the call that made rev, "" when it is not known */
	const char *owner; /* this process's */
	uint64_t rev, epoch;
};

struct publisher_sink {
	/* Published was loaded anew: compare everything (catalog_touch_all). reset: a new generation was minted. */
	void (*loaded)(void *arg, bool reset);
	/* One change was applied with this revision. May be NULL. */
	void (*applied)(void *arg, const struct change *ch, uint64_t rev);
	/*
	 * The submitted set is through, or was given up (ok false): compare again what it named. publisher_free gives
	 * up the one that is left.
	 */
	void (*done)(void *arg, struct changeset *cs, bool ok);
	/* Redis has confirmed all up to here. May be NULL. */
	void (*reached)(void *arg, const struct publisher_point *at);
	/*
	 * The catalog that Redis holds is one that this process does not know: has it lost something that was confirmed
	 * to an earlier one (and why: what)? Then a new generation is minted. May be NULL: it has not.
	 */
	bool (*behind)(void *arg, const struct publisher_point *head, char *why, size_t size);
	/*
	 * Where behind says no, and others may have gone on from what was confirmed: which revision, and which call made
	 * it? The stream must agree. false, or NULL: there is nothing to compare.
	 */
	bool (*witness)(void *arg, const struct publisher_point *head, uint64_t *ret_rev, char *ret_batch, size_t size);
	/* The connection is of no use any more: close it; the agent reconnects after its back-off. */
	void (*reconnect)(void *arg, const char *why);
};

struct publisher *publisher_new(
    const struct publisher_config *cfg, struct published *published, const struct publisher_sink *sink, void *arg);
void publisher_free(struct publisher *p);

/* Bytes to send; the agent drains it (buf_drain, buf_clear) after every call below. */
struct buf *publisher_output(struct publisher *p);

void publisher_online(struct publisher *p, usec_t now);
void publisher_offline(struct publisher *p, usec_t now);
void publisher_reply(struct publisher *p, const redisReply *r, usec_t now, int64_t wall_ms);

/*
 * Lease, heartbeat, time-outs, waits. The deadline is already over while a call
 * is under way, the output is drained and the next call can be built meanwhile.
 */
void publisher_tick(struct publisher *p, usec_t now, int64_t wall_ms);
usec_t publisher_deadline(const struct publisher *p);

/*
 * A set may follow in a moment. A Redis that has not been asked anything for a while is woken meanwhile, and looks at what
 * the call will need, so that the call waits for less. Whatever it answers is passed over.
 */
void publisher_rouse(struct publisher *p, usec_t now);

/* Is it READY for a set? */
bool publisher_idle(const struct publisher *p);

/*
 * Publish cs (taken; given back to sink->done) with this commit and branch
 * (NULL outside git), under a batch id of its own, or that of the set before
 * where that one had more to follow. Only when publisher_idle.
 */
void publisher_submit(
    struct publisher *p, struct changeset *cs, const char *commit, const char *branch, usec_t now, int64_t wall_ms);

/* Does the set before wait for more of its batch, with a last change? */
bool publisher_batch_open(const struct publisher *p);

/* One record of the syncs stream, as pairs of field and value that end with NULL. Sent when READY; dropped while offline. */
void publisher_sync_record(struct publisher *p, const char *const *pairs);

/* What the heartbeat says of us. */
void publisher_set_state(struct publisher *p, const char *state, size_t pending, const char *last_sync);

/* Hand the lease back so that another agent can take over at once. Call before the connection is closed at the end. */
void publisher_release(struct publisher *p);

enum publisher_state publisher_state(const struct publisher *p);
const char *publisher_state_word(enum publisher_state s);
const char *publisher_generation(const struct publisher *p);
uint64_t publisher_rev(const struct publisher *p);
/* Does the head name this commit and branch (NULL: none)? Otherwise an empty set is worth submitting. */
bool publisher_head_is(const struct publisher *p, const char *commit, const char *branch);
/* Why the generation is another than before; "" as long as it is the same. */
const char *publisher_reset_reason(const struct publisher *p);
/* Why it waits or stands by, or what is refused beside the publishing; for status and log. "" when all is well. */
const char *publisher_condition(const struct publisher *p);

#endif
