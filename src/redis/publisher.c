#include "redis/publisher.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha.h"
#include "redis/keys.h"
#include "redis/publisher_private.h"

#define SYNCS_WAITING_MAX 64
#define ASLEEP_AFTER (5 * USEC_PER_MS) /* without a reply */

struct publisher *
publisher_new(
    const struct publisher_config *cfg, struct published *published, const struct publisher_sink *sink, void *arg)
{
	struct publisher *p = mem_zalloc(sizeof *p);
	uint8_t digest[SHA256_SIZE];
	uint64_t seed;

	p->catalog = mem_strdup(cfg->catalog);
	p->agent = mem_strdup(cfg->agent);
	p->owner = mem_strdup(cfg->owner);
	p->version = mem_strdup(cfg->version);
	p->dry_run = cfg->dry_run;
	p->min_replicas = cfg->min_replicas;
	p->timeout = cfg->timeout > 0 ? cfg->timeout : REPLY_TIMEOUT;
	p->owner_dead = cfg->owner_dead;
	p->owner_dead_arg = cfg->arg;
	p->published = published;
	p->sink = *sink;
	p->arg = arg;
	p->prefix = keys_make(cfg->catalog, "");
	p->lease_value = mem_printf("%s %s", cfg->identity, cfg->owner);
	p->hb_state = mem_strdup("starting");
	p->max_changes = CALL_CHANGES_FIRST;
	batch_new(p);
	sha256(cfg->owner, strlen(cfg->owner), digest);
	memcpy(&seed, digest, sizeof seed);
	backoff_init(&p->backoff, seed);
	return p;
}

void
publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	apply_give_up(p);
	load_clear(&p->load);
	free(p->catalog);
	free(p->agent);
	free(p->owner);
	free(p->version);
	free(p->prefix);
	free(p->lease_value);
	free(p->victim);
	free(p->hb_state);
	free(p->hb_last_sync);
	free(p->head_commit);
	free(p->head_branch);
	free(p->awaited);
	resp_free(&p->request);
	buf_free(&p->out);
	buf_free(&p->rouse);
	buf_free(&p->syncs);
	free(p);
}

struct buf *
publisher_output(struct publisher *p)
{
	return &p->out;
}

void
publisher_add_key(struct publisher *p, const char *kind, const char *name)
{
	char *key = mem_printf("%s%s%s", p->prefix, kind, name);

	resp_str(&p->request, key);
	free(key);
}

void
publisher_await(struct publisher *p, enum request request)
{
	if (p->n_awaited == p->cap_awaited) {
		size_t cap = p->cap_awaited != 0 ? p->cap_awaited * 2 : 64;
		struct awaited *ring = mem_alloc(cap * sizeof *ring);

		for (size_t i = 0; i < p->n_awaited; i++)
			ring[i] = p->awaited[(p->first_awaited + i) % p->cap_awaited];
		free(p->awaited);
		p->awaited = ring;
		p->cap_awaited = cap;
		p->first_awaited = 0;
	}
	if (p->n_awaited == 0)
		p->quiet_since = p->now;
	p->awaited[(p->first_awaited + p->n_awaited++) % p->cap_awaited] =
	    (struct awaited){.request = request, .cycle = p->cycle};
}

void
publisher_expect(struct publisher *p, enum request request)
{
	resp_finish(&p->request, &p->out);
	publisher_await(p, request);
}

void
publisher_restart(struct publisher *p)
{
	p->cycle++;
	load_clear(&p->load);
	if (p->dry_run)
		load_ask_head(p);
	else if (!p->permitted)
		scripts_load(p);
	else
		lease_take(p);
}

void
publisher_online(struct publisher *p, usec_t now)
{
	p->now = now;
	p->permitted = false;
	publisher_restart(p);
}

void
publisher_offline(struct publisher *p, usec_t now)
{
	p->now = now;
	p->state = PUBLISHER_OFFLINE;
	p->cycle++;
	p->n_awaited = 0;
	p->holding = false;
	p->then_reconnect = false;
	p->n_syncs = 0;
	p->condition[0] = '\0';
	p->notice[0] = '\0';
	load_clear(&p->load);
	buf_clear(&p->syncs);
	buf_clear(&p->out);
}

static void
publisher_flush_syncs(struct publisher *p)
{
	buf_add(&p->out, p->syncs.p, p->syncs.n);
	buf_clear(&p->syncs);
	for (; p->n_syncs > 0; p->n_syncs--)
		publisher_await(p, REQUEST_SYNC);
}

void
publisher_ready(struct publisher *p)
{
	p->state = PUBLISHER_READY;
	p->ready_since = p->now;
	publisher_flush_syncs(p);
	if (p->sending.cs != NULL)
		apply_send(p); /* and whether the condition is over will be seen */
	else
		p->condition[0] = '\0';
}

void
publisher_reached(struct publisher *p)
{
	const struct publisher_point at = {
	    .generation = p->generation,
	    .batch = p->made_id,
	    .owner = p->owner,
	    .rev = p->rev,
	    .epoch = p->epoch,
	};

	if (p->sink.reached != NULL)
		p->sink.reached(p->arg, &at);
}

void
publisher_loaded(struct publisher *p, bool reset)
{
	p->loaded = true;
	p->distrust = false;
	p->must_mint = false;
	if (!p->dry_run) {
		publisher_reached(p);
		lease_renew(p);
	}
	publisher_ready(p);
	p->sink.loaded(p->arg, reset);
}

static void
publisher_dispatch(struct publisher *p, enum request request, const redisReply *r)
{
	switch (request) {
	case REQUEST_SCRIPT:
		scripts_loaded(p, r);
		break;
	case REQUEST_PROBE:
		scripts_probed(p, r);
		break;
	case REQUEST_CHECK:
		scripts_checked(p, r);
		break;
	case REQUEST_TAKE:
		lease_taken(p, r);
		break;
	case REQUEST_RENEW:
		lease_renewed(p, r);
		break;
	case REQUEST_WITNESS:
		loss_witnessed(p, r);
		break;
	case REQUEST_HEAD:
		load_head(p, r);
		break;
	case REQUEST_INDEX:
		load_index(p, r);
		break;
	case REQUEST_ITEM:
		load_item(p, r);
		break;
	case REQUEST_PROBLEMS:
		load_problems(p, r);
		break;
	case REQUEST_APPLY:
		apply_replied(p, r);
		break;
	case REQUEST_SYNC:
		publisher_note(p, REQUEST_SYNC, "redis refuses the record of a sync",
		    r->type == REDIS_REPLY_ERROR ? r->str : NULL);
		break;
	case REQUEST_OTHER:
		break;
	}
}

void
publisher_reply(struct publisher *p, const redisReply *r, usec_t now, int64_t wall_ms)
{
	struct awaited a;

	p->now = now;
	p->wall_ms = wall_ms;
	if (p->n_awaited == 0) {
		publisher_odd(p, "nothing");
		return;
	}
	a = p->awaited[p->first_awaited];
	p->first_awaited = (p->first_awaited + 1) % p->cap_awaited;
	p->n_awaited--;
	p->quiet_since = now;
	if (a.cycle == p->cycle)
		publisher_dispatch(p, a.request, r);
}

static bool
publisher_silent(const struct publisher *p)
{
	return p->n_awaited > 0 && p->now - p->quiet_since >= p->timeout;
}

void
publisher_tick(struct publisher *p, usec_t now, int64_t wall_ms)
{
	char why[64];

	p->now = now;
	p->wall_ms = wall_ms;
	if (p->state == PUBLISHER_OFFLINE)
		return;
	if (publisher_silent(p)) {
		p->quiet_since = now;
		(void)snprintf(why, sizeof why, "no answer for %.3g s", (double)p->timeout / (double)USEC_PER_SEC);
		p->sink.reconnect(p->arg, why);
		return;
	}
	if (p->holding && (now >= p->renew_at || strcmp(p->told, publisher_condition(p)) != 0))
		lease_renew(p);
	if (apply_may_prepare(p))
		apply_prepare(p);
	if (p->state == PUBLISHER_STANDBY && now >= p->poll_at)
		lease_take(p);
	if (p->state != PUBLISHER_WAIT || now < p->wait_until)
		return;
	if (p->then_reconnect) {
		p->then_reconnect = false;
		p->sink.reconnect(p->arg, p->condition);
	} else {
		publisher_restart(p);
	}
}

usec_t
publisher_deadline(const struct publisher *p)
{
	usec_t at = USEC_NEVER;

	if (p->state == PUBLISHER_OFFLINE)
		return at;
	if (apply_may_prepare(p))
		return p->now;
	if (p->n_awaited > 0)
		at = p->quiet_since + p->timeout;
	if (p->holding)
		at = usec_min(at, p->renew_at);
	if (p->state == PUBLISHER_STANDBY)
		at = usec_min(at, p->poll_at);
	if (p->state == PUBLISHER_WAIT)
		at = usec_min(at, p->wait_until);
	return at;
}

bool
publisher_idle(const struct publisher *p)
{
	return p->state == PUBLISHER_READY && !p->released;
}

void
publisher_rouse(struct publisher *p, usec_t now)
{
	if (p->dry_run || !publisher_idle(p) || p->n_awaited > 0 || now - p->quiet_since < ASLEEP_AFTER)
		return;
	p->now = now;
	buf_add(&p->out, p->rouse.p, p->rouse.n);
	publisher_await(p, REQUEST_OTHER);
}

void
publisher_sync_record(struct publisher *p, const char *const *pairs)
{
	if (p->dry_run || p->state == PUBLISHER_OFFLINE || p->n_syncs == SYNCS_WAITING_MAX)
		return;
	resp_str(&p->request, "XADD");
	publisher_add_key(p, "syncs", "");
	resp_str(&p->request, "MAXLEN");
	resp_num(&p->request, 1000);
	resp_str(&p->request, "*");
	for (; *pairs != NULL; pairs++)
		resp_str(&p->request, *pairs);
	resp_finish(&p->request, &p->syncs);
	p->n_syncs++;
	if (p->state == PUBLISHER_READY || p->state == PUBLISHER_APPLY)
		publisher_flush_syncs(p);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void
publisher_set_state(struct publisher *p, const char *state, size_t pending, const char *last_sync)
{
	char *old_state = p->hb_state, *old_sync = p->hb_last_sync;

	p->hb_pending = pending;
	if (same_text(state, old_state) && same_text(last_sync, old_sync))
		return;
	p->hb_state = mem_strdup(state);
	p->hb_last_sync = mem_strdup_opt(last_sync);
	p->renew_at = p->now; /* with the next tick, so that a consumer learns of it at once */
	free(old_state);
	free(old_sync);
}

void
publisher_release(struct publisher *p)
{
	if (p->holding)
		lease_release(p);
	p->holding = false;
	p->released = true;
}

enum publisher_state
publisher_state(const struct publisher *p)
{
	return p->state;
}

const char *
publisher_state_word(enum publisher_state s)
{
	static const char *const words[] = {
	    [PUBLISHER_OFFLINE] = "offline",
	    [PUBLISHER_SCRIPT] = "connecting",
	    [PUBLISHER_LEASE] = "taking the lease",
	    [PUBLISHER_STANDBY] = "standby",
	    [PUBLISHER_LOAD] = "loading",
	    [PUBLISHER_READY] = "ready",
	    [PUBLISHER_APPLY] = "publishing",
	    [PUBLISHER_WAIT] = "waiting",
	};

	return words[s];
}

const char *
publisher_generation(const struct publisher *p)
{
	return p->generation;
}

uint64_t
publisher_rev(const struct publisher *p)
{
	return p->rev;
}

bool
publisher_head_is(const struct publisher *p, const char *commit, const char *branch)
{
	return same_text(p->head_commit, commit) && same_text(p->head_branch, branch);
}

const char *
publisher_reset_reason(const struct publisher *p)
{
	return p->reset_reason;
}

const char *
publisher_condition(const struct publisher *p)
{
	return p->condition[0] != '\0' ? p->condition : p->notice;
}
