/*
 * What the files of the publisher share: publisher.c keeps the states and gives
 * out replies, publisher_scripts.c loads what runs inside Redis, publisher_wait.c
 * deals with refusals, publisher_lease.c holds the lease and the heartbeat,
 * publisher_loss.c finds out what Redis has lost,
 * publisher_load.c reads what is published, publisher_apply.c sends sets.
 * Nobody else includes this.
 */
#ifndef REDIS_PUBLISHER_PRIVATE_H
#define REDIS_PUBLISHER_PRIVATE_H

#include "base/backoff.h"
#include "redis/call.h"
#include "redis/publisher.h"
#include "redis/resp.h"
#include "redis/script.h"

#define LEASE_MS 15000
#define RENEW_EVERY (5 * USEC_PER_SEC)
#define POLL_EVERY USEC_PER_SEC
#define REPLY_TIMEOUT (5 * USEC_PER_SEC) /* where none is given */
#define SHA_HEX 40
#define GENERATION_HEX 32

/* What a reply will be about. */
enum request {
	REQUEST_SCRIPT,
	REQUEST_PROBE, /* may we publish on a channel? */
	REQUEST_CHECK, /* and write each kind of key? */
	REQUEST_TAKE,
	REQUEST_RENEW,
	REQUEST_WITNESS,
	REQUEST_HEAD, /* of a dry run */
	REQUEST_INDEX,
	REQUEST_ITEM,
	REQUEST_PROBLEMS,
	REQUEST_APPLY,
	REQUEST_SYNC,
	REQUEST_OTHER, /* its reply changes nothing */
};

struct awaited {
	enum request request;
	uint32_t cycle; /* the reply is passed over when the machine has started anew since */
};

/* The head as Redis gives it. Strings point into the reply. */
struct head {
	const char *generation, *batch;
	uint64_t rev, epoch, batch_base;
};

struct load {
	char **types;
	size_t n_types;
	size_t type; /* that is being read */
	uint64_t offset; /* of the next window in its index */
	bool last_window;
	char **ids; /* of the window */
	uint64_t *revs;
	size_t n;
	size_t next; /* whose fields come next */
	bool reset; /* the generation is another than the one that this process knew */
};

struct sending {
	struct changeset *cs; /* NULL: nothing to send */
	char *commit, *branch;
	struct tally tally; /* after the last call built */
	struct call call; /* under way, or due */
	struct buf request; /* for it; sent again as it stands when the connection was cut */
	struct call next; /* built while call is under way, so that Redis need not wait for us */
	struct buf next_request;
	bool next_built;
	usec_t sent_at;
};

/* Outlives a set that more are to follow. */
struct batch {
	char id[CALL_BATCH_SIZE];
	unsigned calls; /* built */
	bool open; /* the next set belongs to it */
};

struct publisher {
	/* Given. */
	char *catalog, *agent, *owner, *version;
	usec_t timeout;
	unsigned int min_replicas;
	bool dry_run;
	bool (*owner_dead)(void *, const char *);
	void *owner_dead_arg;
	struct published *published;
	struct publisher_sink sink;
	void *arg;

	usec_t now; /* of the entry that runs */
	int64_t wall_ms;
	enum publisher_state state;
	char condition[256]; /* why nothing is published */
	char notice[256]; /* what is wrong beside the publishing, "" */
	enum request notice_of; /* the next one that goes well ends it */
	char told[256]; /* of these two with the last heartbeat */
	struct buf out;
	struct resp request; /* being built */
	struct awaited *awaited; /* a ring */
	size_t first_awaited, n_awaited, cap_awaited;
	usec_t quiet_since; /* since when we wait for a reply */
	uint32_t cycle;

	char sha[SCRIPTS][SHA_HEX + 1];
	unsigned n_loaded; /* scripts */
	struct buf rouse; /* the request, made once: it is sent before anything else is done about an event */
	bool permitted; /* they are all there, and we may do what they do */

	char *prefix;
	char *lease_value; /* "<identity> <owner>" */
	char *victim; /* value of a lease whose holder is dead, or NULL */
	bool holding; /* the lease */
	bool released; /* for good */
	usec_t renew_at, poll_at;
	char *hb_state, *hb_last_sync;
	size_t hb_pending;
	int64_t started_ms;
	uint64_t beats;

	char generation[GENERATION_HEX + 1]; /* "" until one is known */
	char minted[GENERATION_HEX + 1]; /* the one offered with the last TAKE or MINT */
	uint64_t mints;
	uint64_t rev, epoch;
	char last_id[CALL_ID_SIZE]; /* head.batch at rev */
	char made_id
	    [CALL_ID_SIZE]; /* of the call that made rev: not one that brought problems only; "" when not known */
	char *head_commit, *head_branch; /* as the head has them; NULL: absent */
	bool loaded; /* published is what Redis held at rev */
	bool distrust; /* Redis contradicted us: read everything again */
	bool must_mint; /* and begin a new life */
	bool minting; /* the next new life is our doing */
	struct {
		char generation[GENERATION_HEX + 1], batch[CALL_BATCH_SIZE];
		uint64_t rev;
		bool heard; /* it was asked about the head that is about to be read */
	} witness;
	char reset_reason[256];
	struct load load;

	struct sending sending;
	struct batch batch;
	uint64_t batches;
	size_t max_changes; /* of the next call */
	struct buf syncs; /* requests that wait for READY */
	size_t n_syncs;

	struct backoff backoff;
	usec_t ready_since;
	usec_t wait_until;
	bool then_reconnect; /* when the wait is over */
};

/* publisher.c */
void publisher_add_key(struct publisher *p, const char *kind, const char *name); /* to p->request */
void publisher_expect(struct publisher *p, enum request request); /* send p->request and await its reply */
void publisher_await(struct publisher *p, enum request request); /* the same for what stands in p->out already */
void publisher_ready(struct publisher *p); /* -> READY, or APPLY when a set is left */
void publisher_loaded(struct publisher *p, bool reset); /* -> READY, and tell */
void publisher_reached(struct publisher *p); /* tell how far the catalog is */
void publisher_restart(struct publisher *p); /* -> SCRIPT or LEASE; LOAD of a dry run */

/* publisher_scripts.c */
void scripts_load(struct publisher *p); /* -> SCRIPT */
void scripts_loaded(struct publisher *p, const redisReply *r);
void scripts_probed(struct publisher *p, const redisReply *r);
void scripts_checked(struct publisher *p, const redisReply *r);

/* publisher_wait.c */
void publisher_refused(struct publisher *p, const redisReply *r); /* by its first word: -> WAIT, or start anew */
void publisher_refused_at(struct publisher *p, const redisReply *r, const char *key); /* the same; the key is told */
/* This request does no harm when it is refused (why; NULL: it went well), but is to be seen. */
void publisher_note(struct publisher *p, enum request of, const char *what, const char *why);
void publisher_odd(struct publisher *p, const char *what); /* a reply that no Redis gives: reconnect */

/* publisher_lease.c */
void lease_check(struct publisher *p); /* may we write? */
void lease_take(struct publisher *p); /* -> LEASE */
void lease_mint(struct publisher *p, const char *old); /* end this life ("": whatever is there), begin another */
void lease_taken(struct publisher *p, const redisReply *r); /* of take and mint */
void lease_renew(struct publisher *p);
void lease_renewed(struct publisher *p, const redisReply *r);
void lease_release(struct publisher *p);

/*
 * publisher_loss.c: has Redis lost what it had confirmed, so that its next
 * revisions would be numbers used twice?
 */
bool loss_found(struct publisher *p, const struct head *h, bool ours);
/* Where the head alone does not tell, its stream may: true when it is asked, and the lease is taken or a life begun after it. */
bool loss_ask_witness(struct publisher *p, const struct head *h);
void loss_witnessed(struct publisher *p, const redisReply *r);
void loss_because(struct publisher *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* publisher_load.c */
void load_ask_head(struct publisher *p); /* -> LOAD, of a dry run */
void load_head(struct publisher *p, const redisReply *r);
void load_begin(struct publisher *p, const redisReply *head_fields, const struct head *h, bool reset); /* -> LOAD */
void load_index(struct publisher *p, const redisReply *r);
void load_item(struct publisher *p, const redisReply *r);
void load_problems(struct publisher *p, const redisReply *r);
void load_clear(struct load *l);
const char *head_field(const redisReply *fields, const char *name); /* NULL: absent */
void head_remember(struct publisher *p, const char *commit, const char *branch);
int head_parse(const redisReply *fields, struct head *ret);
const char *head_maker(const struct head *h); /* the call that made its rev, "" when it is not known */

/* publisher_apply.c */
void batch_new(struct publisher *p); /* for the next set; made when the last is through, as a set is waited for */
void apply_send(struct publisher *p); /* -> APPLY: the call that is due, or the one that was cut off, again */
bool apply_may_prepare(const struct publisher *p); /* is the call after the one under way to be built? */
void apply_prepare(struct publisher *p);
void apply_replied(struct publisher *p, const redisReply *r);
void apply_give_up(struct publisher *p);

#endif
