#include <assert.h>
#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/text.h"
#include "redis/publisher_private.h"

/* A call that takes longer than this holds up everybody else's requests too long. */
#define CALL_SLOW (5 * USEC_PER_MS)
#define CALL_FAST (CALL_SLOW / 2)

static void
call_name(struct call *c, struct batch *b)
{
	char number[TEXT_DIGITS + 1];

	number[text_digits(++b->calls, number)] = '\0';
	(void)strlcpy(c->id, b->id, sizeof c->id);
	(void)strlcat(c->id, "/", sizeof c->id);
	(void)strlcat(c->id, number, sizeof c->id);
}

/* Build the call that begins with this change and this problem. */
static void
apply_build(struct publisher *p, size_t first, size_t first_problem, uint64_t base, struct call *c, struct buf *request)
{
	struct sending *s = &p->sending;
	const struct call_context ctx = {
	    .catalog = p->catalog,
	    .generation = p->generation,
	    .owner = p->owner,
	    .epoch = p->epoch,
	    .batch = p->batch.id,
	    .commit = s->commit,
	    .branch = s->branch,
	    .sha = p->sha[SCRIPT_APPLY],
	    .min_replicas = p->min_replicas,
	};

	*c = (struct call){.first = first,
	    .n = p->max_changes,
	    .first_problem = first_problem,
	    .n_problems = CALL_CHANGES_MAX,
	    .base = base};
	call_name(c, &p->batch);
	clock_rfc3339(p->wall_ms, c->time);
	buf_clear(request);
	call_build(&ctx, s->cs, p->published, &s->tally, CALL_BYTES_MAX, c, request);
}

void
batch_new(struct publisher *p)
{
	struct batch *b = &p->batch;

	b->open = false;
	b->calls = 0;
	(void)snprintf(b->id, sizeof b->id, "%.16s-%llx", p->owner, (unsigned long long)++p->batches);
}

void
publisher_submit(
    struct publisher *p, struct changeset *cs, const char *commit, const char *branch, usec_t now, int64_t wall_ms)
{
	struct sending *s = &p->sending;

	assert(publisher_idle(p) && s->cs == NULL);
	p->now = now;
	p->wall_ms = wall_ms;
	*s = (struct sending){.cs = cs, .commit = mem_strdup_opt(commit), .branch = mem_strdup_opt(branch)};
	tally_begin(&s->tally, p->published);
	apply_build(p, 0, 0, p->rev, &s->call, &s->request);
	apply_send(p);
}

bool
publisher_batch_open(const struct publisher *p)
{
	return p->batch.open;
}

/* The set goes back to the agent. */
static void
apply_finish(struct publisher *p, bool ok)
{
	struct sending *s = &p->sending;
	struct changeset *cs = s->cs;

	if (ok && cs->more)
		p->batch.open = true;
	else
		batch_new(p);
	free(s->commit);
	free(s->branch);
	tally_free(&s->tally);
	buf_free(&s->request);
	buf_free(&s->next_request);
	*s = (struct sending){0};
	p->sink.done(p->arg, cs, ok);
}

void
apply_give_up(struct publisher *p)
{
	if (p->sending.cs != NULL)
		apply_finish(p, false);
}

void
apply_send(struct publisher *p)
{
	struct sending *s = &p->sending;

	if (HAS_FAULT(FAULT_SENT_TWICE) && s->call.base != p->rev)
		apply_build(p, s->call.first, s->call.first_problem, p->rev, &s->call, &s->request);
	p->state = PUBLISHER_APPLY;
	s->sent_at = p->now;
	buf_add(&p->out, s->request.p, s->request.n);
	publisher_await(p, REQUEST_APPLY);
}

static bool
apply_is_last(const struct sending *s)
{
	const struct call *c = &s->call;

	return c->first + c->n == s->cs->n && c->first_problem + c->n_problems == s->cs->n_problems;
}

bool
apply_may_prepare(const struct publisher *p)
{
	const struct sending *s = &p->sending;

	/* Not while the call itself still waits to be sent. */
	return p->state == PUBLISHER_APPLY && p->out.n == 0 && !s->next_built && !apply_is_last(s);
}

void
apply_prepare(struct publisher *p)
{
	struct sending *s = &p->sending;
	const struct call *c = &s->call;

	apply_build(p, c->first + c->n, c->first_problem + c->n_problems, c->base + c->n, &s->next, &s->next_request);
	s->next_built = true;
}

static void
apply_one(struct publisher *p, const struct change *ch, uint64_t rev)
{
	bool created = ch->op == OP_CREATED;
	char *type = mem_strndup(ch->key, strcspn(ch->key, "/"));

	if (ch->op == OP_DELETED)
		published_remove(p->published, ch->key);
	else
		published_put(p->published, ch->key, ch->after, ch->item, rev, created ? rev : ch->created_rev,
		    created ? p->sending.call.time : ch->created_at);
	published_set_type_rev(p->published, type, rev);
	free(type);
	if (p->sink.applied != NULL)
		p->sink.applied(p->arg, ch, rev);
}

static void
apply_account(struct publisher *p)
{
	const struct call *c = &p->sending.call;
	const struct changeset *cs = p->sending.cs;

	for (size_t i = 0; i < c->n; i++)
		apply_one(p, &cs->changes[c->first + i], c->base + i + 1);
	for (size_t i = 0; i < c->n_problems; i++) {
		const struct problem_change *pc = &cs->problems[c->first_problem + i];

		published_put_problems(p->published, pc->path, pc->json, pc->json != NULL ? strlen(pc->json) : 0);
	}
	p->rev = c->base + c->n;
	head_remember(p, p->sending.commit, p->sending.branch);
	(void)snprintf(p->last_id, sizeof p->last_id, "%s", c->id);
	if (c->n == 0)
		return;
	(void)snprintf(p->made_id, sizeof p->made_id, "%s", c->id);
	publisher_reached(p);
}

static void
apply_adapt(struct publisher *p)
{
	usec_t took = p->now - p->sending.sent_at;

	if (took > CALL_SLOW && p->max_changes > CALL_CHANGES_FIRST)
		p->max_changes /= 2;
	else if (took < CALL_FAST && p->sending.call.n == p->max_changes && p->max_changes < CALL_CHANGES_MAX)
		p->max_changes *= 2;
}

static void
apply_advance(struct publisher *p)
{
	struct sending *s = &p->sending;
	struct buf old = s->request;

	if (apply_is_last(s)) {
		p->state = PUBLISHER_READY;
		apply_finish(p, true);
		return;
	}
	if (!s->next_built)
		apply_prepare(p);
	s->call = s->next;
	s->request = s->next_request;
	s->next_request = old;
	s->next_built = false;
	apply_send(p);
}

static bool
is_number(const redisReply *r, uint64_t want)
{
	char digits[TEXT_DIGITS + 1];

	digits[text_digits(want, digits)] = '\0';
	return r->type == REDIS_REPLY_STRING && strcmp(r->str, digits) == 0;
}

/* OK or DUP, and for the call that is under way. */
static bool
apply_is_done(const struct call *c, const redisReply *r)
{
	const char *word = r->type == REDIS_REPLY_ARRAY && r->elements >= 3 ? r->element[0]->str : NULL;

	return word != NULL && (strcmp(word, "OK") == 0 || strcmp(word, "DUP") == 0) &&
	    is_number(r->element[1], c->base) && is_number(r->element[2], c->base + c->n);
}

void
apply_replied(struct publisher *p, const redisReply *r)
{
	const redisReply *refused;

	if (r->type == REDIS_REPLY_ERROR) {
		publisher_refused(p, r);
		return;
	}
	if (!apply_is_done(&p->sending.call, r)) {
		publisher_odd(p, "the apply script");
		return;
	}
	backoff_reset(&p->backoff);
	p->condition[0] = '\0';
	refused = r->elements > 3 && r->element[3]->type == REDIS_REPLY_STRING ? r->element[3] : NULL;
	publisher_note(
	    p, REQUEST_APPLY, "published, but redis refuses to notify", refused != NULL ? refused->str : NULL);
	apply_adapt(p);
	apply_account(p);
	apply_advance(p);
}
