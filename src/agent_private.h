/*
 * What the files of the agent share. agent.c joins the stages; agent_life.c makes
 * and ends the agent; agent_jobs.c is the pool of threads; agent_catalog.c
 * turns what the watcher tells into facts and candidates; agent_git.c keeps the
 * checkout open; agent_read.c reads files, inline or in the pool; agent_publish.c
 * hands over what differs from what is published; agent_link.c keeps the
 * connection to Redis, agent_find.c looks for the server to connect to,
 * agent_server.c runs the private one; agent_state.c keeps what the next life of
 * the process goes by; agent_sync.c counts a full sync and tells who waits for
 * it; agent_api.c answers on the control socket.
 */
#ifndef AGENT_PRIVATE_H
#define AGENT_PRIVATE_H

#include <sys/socket.h>
#include <uv.h>

#include "agent.h"
#include "agent_wire.h"
#include "base/backoff.h"
#include "base/rbtree.h"
#include "base/trouble.h"
#include "catalog/catalog.h"
#include "catalog/change.h"
#include "catalog/claims.h"
#include "catalog/facts.h"
#include "git/repo.h"
#include "http/server.h"
#include "redis/access.h"
#include "redis/conn.h"
#include "redis/discovery.h"
#include "redis/publisher.h"
#include "state/journal.h"
#include "state/known.h"
#include "watch/watcher.h"

/* Counts of one full sync, from the scan's start until all of it is published. */
struct sync {
	bool active;
	const char *trigger; /* "start", "request", "ignore", "barrier" */
	int64_t started_ms;
	usec_t started;
	unsigned long created, updated, deleted;
};

/* How a finished sync ended, for status. */
struct sync_result {
	bool any;
	char trigger[16];
	int64_t started_ms;
	usec_t duration;
	unsigned long created, updated, deleted, unchanged, errors;
	uint64_t rev;
	char finished[CLOCK_RFC3339_SIZE]; /* "" before the first */
};

/* Someone on the control socket who waits for quiet. */
struct waiter {
	LIST_ENTRY(waiter) entry;
	struct http_request *req;
	uint64_t barrier; /* id of the watcher's barrier; 0: only the look at everything that is under way counts */
	bool sync; /* waits for the running full sync as well */
};

/* A file to look at again later, because it could not be read. */
struct retry {
	LIST_ENTRY(retry) entry;
	char *path;
	usec_t at;
	bool torn; /* it changed while it was read */
};

/* The connection to Redis and the private server. */
struct link {
	struct redis_access access;
	char **server_argv;
	uv_process_t *server; /* NULL while it does not run */
	struct wire wire;
	bool checking; /* the next reply tells whether this is the right server */
	usec_t retry_at; /* next try; USEC_NEVER while there is a connection */
	usec_t give_up_at; /* connecting and handshake end here */
	struct backoff backoff;
	struct trouble trouble; /* why nothing can be published */
	char reconnect[256]; /* why the publisher wants another connection */
	uint64_t tries; /* since it was ready last */
	char reset[256]; /* why the last new generation was begun; "" when none was */
	int64_t reset_ms;
};

/* What is kept in the state folder. */
struct state {
	char *known_file;
	uint8_t fingerprint[SHA256_SIZE]; /* of all that a manifest is made by beside its bytes */
	struct known *known; /* what an earlier life read; NULL: nothing, or no more of use */
	bool loading, saving; /* a job is at it */
	char off[1024]; /* why it cannot be kept, as it was logged; "": it can */
	bool whole; /* all of the source was seen and read once: what is left in known is gone */
	bool caught_up; /* all that was read at the start is saved */
	bool more; /* to be recalled at once */
	usec_t save_at; /* USEC_NEVER: nothing to save */
	bool published; /* a catalog of ours was in Redis before */
	struct journal *journal; /* NULL: there is none */
	struct trouble journal_trouble; /* why it cannot be written */
};

/* Who says where Redis is. */
struct guide {
	struct discovery *discovery;
	struct wire wire;
	enum { GUIDE_IDLE, GUIDE_ASKING, GUIDE_LISTENING } state;
	bool listens; /* it was asked to tell when the master changes */
	usec_t give_up_at; /* its answer must have come; USEC_NEVER */
	usec_t ping_at; /* while it is listened to */
	usec_t again_at; /* look for another one to listen to; USEC_NEVER */
};

/* Something that a thread of the pool does for the loop. */
struct job {
	STAILQ_ENTRY(job) link;
	void (*work)(struct job *j); /* in the thread */
	void (*done)(struct agent *a, struct job *j); /* in the loop, afterwards; may free j */
	bool aside; /* nothing that is to be published waits for it */
};

STAILQ_HEAD(job_list, job);

struct crew {
	bool ready;
	int fd; /* eventfd(2): done is not empty */
	uv_poll_t poll;
	uv_mutex_t lock; /* of what follows */
	struct job_list todo, done;
	unsigned int at_work; /* workers that look for jobs */
};

#define AGENT_TICK (5 * USEC_PER_SEC) /* of the heartbeat */

struct agent {
	const struct settings *settings;
	struct agent_options opt;
	const char *root;
	char *runtime_dir, *state_dir, *private_dir;
	char name[300]; /* "host:pid" */

	uv_loop_t loop;
	uv_prepare_t step;
	uv_timer_t timer;
	uv_poll_t watch_poll, http_poll;
	bool looped, watch_polled, http_polled;
	bool listening; /* to watch_poll */
	uv_signal_t on_term, on_int, on_hup;

	struct repo *repo; /* NULL outside git */
	struct head *head; /* of repo, read by head_job while head_asked: the first time, in the pool */
	struct job head_job;
	struct err head_why;
	bool head_asked;
	usec_t git_again; /* it could not be read: when to try again; USEC_NEVER */
	char git_why[1024]; /* as it was logged; "" when all can be read */
	struct watcher *watcher;
	struct facts *facts;
	struct catalog *catalog;
	struct published *published;
	struct publisher *publisher;
	struct link link;
	struct state state;
	struct guide guide;
	struct http_server *http;

	struct changeset changeset; /* under way while publishing */
	bool publishing;
	enum { AHEAD_OPEN, AHEAD_BEGUN, AHEAD_OVER } ahead; /* of what is still to be read: see agent_publish.c */
	struct claims *claims; /* until that is over; NULL before anything is whole */
	size_t ahead_at; /* so many touched keys are worth the next set */
	bool backlog; /* of the last step: more can be assembled at once */
	bool held; /* git is at work: nothing is published */
	bool git_worked; /* it was, since the last time that something was published */
	size_t missed; /* manifests that a look at everything did not find any more, since then */
	struct textset unsure; /* keys that are not deleted while their paths cannot be looked at */
	uint64_t unsure_version; /* of watcher_unknown, when they were put there */
	enum { GUARD_OFF, GUARD_WAITS, GUARD_LOOKED } guard;
	usec_t guard_at; /* when to look once more */
	uint64_t guarded; /* how often */
	bool rescan; /* the ignore rules moved: look at everything again */
	unsigned int jobs; /* in the pool, or done and not taken yet; but those aside */
	struct crew crew;
	LIST_HEAD(, retry) retries;
	LIST_HEAD(, waiter) waiters;
	struct sync sync;
	struct sync_result last_sync;
	bool begun; /* the first scan was started */
	bool scanned; /* the source was there and was read: what is missing in it may be deleted */
	bool ready; /* the first full sync is through */
	int64_t born_ms;
	usec_t told; /* last time the watchdog was fed and systemd was told */
	usec_t tell_every;
	bool told_ready;
	bool ending; /* stop as soon as nothing is in flight, or at end_by */
	bool released;
	usec_t end_by;
	enum agent_end end;
};

/* agent.c */
void agent_stop(struct agent *a, enum agent_end end);
bool agent_settled(const struct agent *a); /* all that was seen is read */
bool agent_drained(const struct agent *a); /* nothing told by the watcher that is not published */

/* agent_life.c makes the agent, and ends it. Call cb when fd is readable; nothing where fd is -1. */
void agent_poll(struct agent *a, uv_poll_t *poll, int fd, uv_poll_cb cb, bool *ret_polled);

/* agent.c: all that is due, before each wait of the loop */
void agent_step(uv_prepare_t *p);

/* agent_jobs.c */
int agent_jobs_init(struct agent *a, struct err *e);
void agent_jobs_add(struct agent *a, struct job *j);
void agent_jobs_close(struct agent *a); /* with the loop's handles */
void agent_jobs_free(struct agent *a); /* after the loop's end: takes what is done, which may add nothing */

/* agent_git.c */
int agent_git_open(struct agent *a, struct err *e); /* but HEAD */
void agent_git_begin(struct agent *a); /* read HEAD; nothing is assembled before that is done */
void agent_git_look(struct agent *a); /* something of git's moved: read it again, or open another checkout */
void agent_git_run(struct agent *a, usec_t now);
usec_t agent_git_deadline(const struct agent *a);

/*
 * agent_guard.c: a sudden loss of more than half of a large collection, with nothing to explain it, is looked at once
 * more before it is published.
 */
bool agent_guard(struct agent *a, usec_t now); /* take the changeset back, to be seen once more? */
void agent_guard_passed(struct agent *a); /* what there was is published */
bool agent_guard_waits(const struct agent *a);
void agent_guard_run(struct agent *a, usec_t now);
usec_t agent_guard_deadline(const struct agent *a);

/* agent_catalog.c: what the watcher tells becomes facts, and facts become candidates. */
extern const struct watcher_sink agent_watcher_sink;
void agent_candidate(void *arg, const struct candidate_facts *facts);

/* agent_read.c: start reading whatever the facts want. */
void agent_read(struct agent *a, usec_t now);
void agent_read_ahead(struct agent *a); /* the same during a scan: the pool begins while the scan goes on */
usec_t agent_read_deadline(const struct agent *a); /* of the next retry */
void agent_read_free(struct agent *a);

/*
 * agent_publish.c: publish what differs, once all that is wanted is read; and
 * before that, in a first sync, what can not change any more.
 */
void agent_diff(struct agent *a, struct changeset *ret); /* what is not as it should be, and certainly */
void agent_publish(struct agent *a, usec_t now);
bool agent_published(const struct agent *a); /* all that was read, and git's commit */
bool agent_publish_ahead(struct agent *a, usec_t now); /* is there more to assemble at once? */
void agent_publish_whole(struct agent *a, const char *path); /* a scan is through with all below path */

/* What could not be published is to be compared again. Frees it. */
void agent_publish_again(struct agent *a, struct changeset *cs);

/* agent_link.c */
int agent_link_init(struct agent *a, struct err *e);
void agent_link_rouse(struct agent *a, usec_t now); /* something may be published in a moment */
void agent_link_run(struct agent *a, usec_t now); /* connect, flush, time out */
usec_t agent_link_deadline(const struct agent *a);
void agent_link_close(struct agent *a, const char *why); /* why NULL: nothing to tell */
void agent_link_to(struct agent *a, const struct redis_node *node); /* connect, unless it is connected there */
void agent_link_free(struct agent *a);
const char *agent_link_trouble(
    const struct agent *a); /* why nothing can be published, or a part of it; "": all is well */
extern const struct publisher_sink agent_publisher_sink;

/* agent_state.c: files that are the same as in an earlier life of the process are not read. */
void agent_state_open(struct agent *a);
void agent_state_off(struct agent *a, const struct err *why); /* the state folder is of no use; logged once */
bool agent_recall(struct agent *a, const struct wanted *w); /* it need not be read; its result is in */
bool agent_recalls(const struct agent *a); /* there is something to recall, perhaps, once all names are known */
void agent_state_run(struct agent *a, usec_t now); /* save what was read */
usec_t agent_state_deadline(const struct agent *a);
const char *agent_state_trouble(const struct agent *a); /* why it cannot be kept, or not all of it; "": it can */
bool agent_state_ended(struct agent *a, usec_t now); /* all is saved, or it is too late; otherwise a job is at it */
void agent_state_close(struct agent *a);

/* agent_journal.c: what Redis has confirmed is known to the next life of the process. */
void agent_journal_open(struct agent *a);
void agent_journal_reached(void *arg, const struct publisher_point *at);
bool agent_journal_behind(void *arg, const struct publisher_point *head, char *why, size_t size);
bool agent_journal_witness(
    void *arg, const struct publisher_point *head, uint64_t *ret_rev, char *ret_batch, size_t size);
void agent_journal_close(struct agent *a);

/* agent_find.c: one search at a time; it ends in agent_link_to or agent_link_close. */
void agent_find_init(struct agent *a);
void agent_find(struct agent *a); /* begin a search */
void agent_find_go_on(struct agent *a); /* with what the discovery says */
bool agent_find_busy(const struct agent *a);
void agent_find_run(struct agent *a, usec_t now);
usec_t agent_find_deadline(const struct agent *a);
void agent_find_free(struct agent *a);

/* agent_server.c: the private server. */
int agent_server_init(struct agent *a, struct err *e);
int agent_server_start(struct agent *a, struct err *e);
void agent_server_free(struct agent *a);

/* agent_sync.c */
/*
 * Count what is published from now on as one sync; agent_sync_start also looks at everything, and returns -1 with a
 * reason (e may be NULL), which it has logged, when the source is lost.
 */
void agent_sync_begin(struct agent *a, const char *trigger, usec_t now);
int agent_sync_start(struct agent *a, const char *trigger, usec_t now, struct err *e);
void agent_sync_applied(struct agent *a, const struct change *ch);
void agent_sync_run(struct agent *a, usec_t now); /* finish it and answer waiters when all is drained */
void agent_dry_run(struct agent *a);
void agent_wait(struct agent *a, struct http_request *req, bool sync);
void agent_unwait(struct agent *a, struct http_request *req);
bool agent_sync_waits(const struct agent *a); /* for nothing but that what was told is published */
void agent_sync_free(struct agent *a);
void agent_sync_json(const struct sync_result *r, struct buf *out); /* an object */

/* agent_api.c */
http_handler agent_api;
http_gone agent_api_gone;

#endif
