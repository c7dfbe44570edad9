#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/text.h"
#include "redis/publisher_private.h"
#include "redis/reply.h"

static void
lease_start(struct publisher *p, const char *what)
{
	struct resp *r = &p->request;

	resp_str(r, "EVALSHA");
	resp_str(r, p->sha[SCRIPT_LEASE]);
	resp_num(r, 3);
	publisher_add_key(p, "head", "");
	publisher_add_key(p, "lease", "");
	publisher_add_key(p, "heartbeat", "");
	resp_str(r, what);
	resp_str(r, p->lease_value);
}

/* The owner is 128 random bits of this process, so what is derived of it is as good as random. */
static void
mint_generation(struct publisher *p)
{
	char *seed = mem_printf("%s/%llu/%lld", p->owner, (unsigned long long)++p->mints, (long long)p->wall_ms);
	uint8_t digest[SHA256_SIZE];
	struct buf hex = {0};

	sha256(seed, strlen(seed), digest);
	text_hex(&hex, digest, GENERATION_HEX / 2);
	memcpy(p->minted, hex.p, GENERATION_HEX + 1);
	buf_free(&hex);
	free(seed);
}

static void
add_reset_event(struct publisher *p)
{
	struct buf data = {0}, event = {0};
	char time[CLOCK_RFC3339_SIZE], *id = mem_printf("%s.0", p->minted);
	struct jsonw w;

	clock_rfc3339(p->wall_ms, time);
	jsonw_init(&w, &data);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "generation", p->minted);
	jsonw_int(&w, "rev", 0);
	jsonw_object_end(&w);
	control_event("dev.shelfd.catalog.reset", p->catalog, id, time, data.p, &event);
	resp_add(&p->request, event.p, event.n);
	buf_free(&data);
	buf_free(&event);
	free(id);
}

/* Types of what we know to be published: keys are in order, so the next type starts behind "<type>/". */
static void
add_known_types(struct publisher *p)
{
	const struct published_item *it = published_next(p->published, NULL);

	while (it != NULL) {
		size_t n = strcspn(it->key, "/");
		char *past = mem_printf("%.*s%c", (int)n, it->key, '/' + 1);

		resp_add(&p->request, it->key, n);
		it = published_next(p->published, past);
		free(past);
	}
}

static void
add_new_life(struct publisher *p)
{
	mint_generation(p);
	resp_str(&p->request, p->minted);
	add_reset_event(p);
	add_known_types(p);
}

void
lease_check(struct publisher *p)
{
	lease_start(p, "check");
	publisher_expect(p, REQUEST_CHECK);
}

void
lease_take(struct publisher *p)
{
	if (p->released)
		return;
	p->state = PUBLISHER_LEASE;
	p->minting = false;
	lease_start(p, "take");
	resp_num(&p->request, LEASE_MS);
	resp_str(&p->request, p->victim != NULL ? p->victim : "");
	resp_str(&p->request, p->owner);
	add_new_life(p);
	publisher_expect(p, REQUEST_TAKE);
}

void
lease_mint(struct publisher *p, const char *old)
{
	p->minting = true;
	lease_start(p, "mint");
	resp_str(&p->request, p->owner);
	resp_num(&p->request, p->epoch);
	resp_str(&p->request, old);
	add_new_life(p);
	publisher_expect(p, REQUEST_TAKE);
}

static void
lease_held(struct publisher *p, const char *holder)
{
	const char *space = strrchr(holder, ' ');
	char *identity = space != NULL ? mem_strndup(holder, (size_t)(space - holder)) : mem_strdup(holder);
	char text[160];

	p->holding = false;
	free(p->victim);
	p->victim = NULL;
	if (p->owner_dead != NULL && p->owner_dead(p->owner_dead_arg, identity)) {
		p->victim = mem_strdup(holder);
		lease_take(p);
	} else {
		p->state = PUBLISHER_STANDBY;
		p->poll_at = p->now + POLL_EVERY;
		(void)snprintf(
		    p->condition, sizeof p->condition, "held by %s", text_escape_to(text, sizeof text, identity));
		/* Whoever holds it may publish what the set holds; the difference is taken anew afterwards. */
		apply_give_up(p);
	}
	free(identity);
}

/* A new life has begun with the generation that we offered. */
static void
lease_begun(struct publisher *p, const struct head *h)
{
	published_clear(p->published);
	memcpy(p->generation, p->minted, sizeof p->generation);
	p->rev = 0;
	p->epoch = h->epoch;
	p->last_id[0] = p->made_id[0] = '\0';
	if (!p->minting)
		loss_because(p, "redis does not have the catalog any more");
	apply_give_up(p);
	publisher_loaded(p, true);
}

/* Is the catalog where we left it, with or without the call that was under way? */
static bool
lease_can_resume(const struct publisher *p, const struct head *h, bool ours)
{
	const struct call *c = &p->sending.call;

	if (!p->loaded || p->distrust || strcmp(h->generation, p->generation) != 0)
		return false;
	/* The calls that are built name the epoch. */
	if (p->sending.cs != NULL && !ours)
		return false;
	if (h->rev == p->rev && strcmp(h->batch, p->last_id) == 0)
		return true;
	return p->sending.cs != NULL && strcmp(h->batch, c->id) == 0 && h->batch_base == c->base &&
	    h->rev == c->base + c->n;
}

static void
lease_decide(struct publisher *p, const redisReply *fields, const struct head *h)
{
	bool ours = p->epoch != 0 && h->epoch == p->epoch;

	p->epoch = h->epoch;
	if (lease_can_resume(p, h, ours)) {
		if (HAS_FAULT(FAULT_SENT_TWICE))
			p->rev = h->rev;
		lease_renew(p);
		publisher_ready(p);
	} else if (loss_found(p, h, ours)) {
		lease_mint(p, h->generation);
	} else if (!loss_ask_witness(p, h)) {
		bool reset = p->generation[0] != '\0' && strcmp(h->generation, p->generation) != 0;

		if (reset)
			loss_because(p, "another agent has begun a new one");
		apply_give_up(p);
		load_begin(p, fields, h, reset);
	}
}

/* NEW or TAKEN, and the fields of the head. */
static void
lease_got(struct publisher *p, const redisReply *r)
{
	const redisReply *fields = r->elements == 2 ? r->element[1] : NULL;
	bool new = strcmp(r->element[0]->str, "NEW") == 0;
	struct head h;

	p->holding = true;
	p->renew_at = p->now + RENEW_EVERY;
	free(p->victim);
	p->victim = NULL;
	if (fields == NULL || fields->type != REDIS_REPLY_ARRAY) {
		publisher_odd(p, "the lease");
	} else if (head_parse(fields, &h) != 0) {
		/* Somebody wrote into the head: numbers cannot be trusted, so none is used again. */
		p->epoch = 1;
		loss_because(p, "redis has a head of the catalog that is none");
		lease_mint(p, "");
	} else if (new) {
		head_remember(p, NULL, NULL);
		lease_begun(p, &h);
	} else {
		head_remember(p, head_field(fields, "commit"), head_field(fields, "branch"));
		lease_decide(p, fields, &h);
	}
}

void
lease_taken(struct publisher *p, const redisReply *r)
{
	const char *word;

	if (r->type == REDIS_REPLY_ERROR) {
		publisher_refused(p, r);
		return;
	}
	if (r->type != REDIS_REPLY_ARRAY || r->elements == 0 || r->element[0]->type != REDIS_REPLY_STRING) {
		publisher_odd(p, "the lease");
		return;
	}
	word = r->element[0]->str;
	if (strcmp(word, "NEW") == 0 || strcmp(word, "TAKEN") == 0)
		lease_got(p, r);
	else if (strcmp(word, "HELD") == 0 && r->elements == 2 && r->element[1]->type == REDIS_REPLY_STRING)
		lease_held(p, r->element[1]->str);
	else if (strcmp(word, "LOST") == 0)
		lease_take(p);
	else
		publisher_odd(p, "the lease");
}

static void
add_heartbeat_event(struct publisher *p)
{
	struct buf data = {0}, event = {0};
	char time[CLOCK_RFC3339_SIZE], *id = mem_printf("%s.%llu", p->owner, (unsigned long long)++p->beats);
	struct jsonw w;

	clock_rfc3339(p->wall_ms, time);
	jsonw_init(&w, &data);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "generation", p->generation);
	jsonw_int(&w, "rev", (int64_t)p->rev);
	jsonw_str(&w, "state", p->hb_state);
	jsonw_int(&w, "pending", (int64_t)p->hb_pending);
	jsonw_str(&w, "agent", p->agent);
	if (p->told[0] != '\0')
		jsonw_str(&w, "condition", p->told);
	jsonw_object_end(&w);
	control_event("dev.shelfd.heartbeat", p->catalog, id, time, data.p, &event);
	resp_add(&p->request, event.p, event.n);
	buf_free(&data);
	buf_free(&event);
	free(id);
}

static void
add_heartbeat_fields(struct publisher *p)
{
	const char *colon = strrchr(p->agent, ':');
	char started[CLOCK_RFC3339_SIZE];
	struct resp *r = &p->request;

	if (p->started_ms == 0)
		p->started_ms = p->wall_ms;
	clock_rfc3339(p->started_ms, started);
	resp_field(r, "state", p->hb_state);
	resp_field_num(r, "rev", p->rev);
	resp_field(r, "generation", p->generation);
	resp_field(r, "agent", p->agent);
	resp_field(r, "pid", colon != NULL ? colon + 1 : NULL);
	resp_str(r, "host");
	resp_add(r, p->agent, colon != NULL ? (size_t)(colon - p->agent) : strlen(p->agent));
	resp_field(r, "version", p->version);
	resp_field(r, "started", started);
	resp_field_num(r, "pending", p->hb_pending);
	resp_field(r, "last_sync", p->hb_last_sync);
	resp_field(r, "condition", p->told[0] != '\0' ? p->told : NULL);
}

void
lease_renew(struct publisher *p)
{
	p->renew_at = p->now + RENEW_EVERY;
	(void)snprintf(p->told, sizeof p->told, "%s", publisher_condition(p));
	lease_start(p, "renew");
	resp_num(&p->request, LEASE_MS);
	resp_str(&p->request, p->generation);
	add_heartbeat_event(p);
	add_heartbeat_fields(p);
	publisher_expect(p, REQUEST_RENEW);
}

void
lease_renewed(struct publisher *p, const redisReply *r)
{
	if (r->type == REDIS_REPLY_ERROR) {
		if (p->state == PUBLISHER_READY)
			publisher_refused(p, r);
		else if (p->state == PUBLISHER_APPLY)
			publisher_note(p, REQUEST_RENEW, "redis refuses the heartbeat", reply_error(r));
		return;
	}
	if (r->type != REDIS_REPLY_ARRAY || r->elements != 1 || r->element[0]->type != REDIS_REPLY_STRING) {
		publisher_odd(p, "the heartbeat");
		return;
	}
	publisher_note(p, REQUEST_RENEW, NULL, NULL);
	if (strcmp(r->element[0]->str, "LOST") == 0) {
		p->holding = false;
		publisher_restart(p);
	} else if (p->state == PUBLISHER_READY && p->now - p->ready_since >= BACKOFF_MAX) {
		backoff_reset(&p->backoff); /* it is not refused any more, or nothing that is refused is asked */
	}
}

void
lease_release(struct publisher *p)
{
	lease_start(p, "release");
	publisher_expect(p, REQUEST_OTHER);
}
