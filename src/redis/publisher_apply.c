#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "redis/publisher_private.h"

/* A call that took longer than this holds up everybody else's requests too long. */
#define CALL_SLOW (5 * USEC_PER_MS)
#define CALL_FAST (CALL_SLOW / 2)
#define CALL_CHANGES_MIN 16

void
publisher_submit(
    struct publisher *p, struct changeset *cs, const char *commit, const char *branch, usec_t now, int64_t wall_ms)
{
	struct sending *s = &p->sending;

	assert(publisher_idle(p) && s->cs == NULL);
	p->now = now;
	p->wall_ms = wall_ms;
	*s = (struct sending){.cs = cs, .commit = mem_strdup_opt(commit), .branch = mem_strdup_opt(branch)};
	(void)snprintf(s->batch, sizeof s->batch, "%.16s-%llx", p->owner, (unsigned long long)++p->sets);
	apply_send(p);
}

/* The set goes back to the agent. */
static void
apply_finish(struct publisher *p, bool ok)
{
	struct changeset *cs = p->sending.cs;

	free(p->sending.commit);
	free(p->sending.branch);
	p->sending = (struct sending){0};
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
	const struct call_context ctx = {
	    .catalog = p->catalog,
	    .generation = p->generation,
	    .owner = p->owner,
	    .epoch = p->epoch,
	    .batch = s->batch,
	    .commit = s->commit,
	    .branch = s->branch,
	    .sha = p->sha[SCRIPT_APPLY],
	};

	p->state = PUBLISHER_APPLY;
	if (!s->built) {
		s->call.n = p->max_changes;
		s->call.n_problems = CALL_CHANGES_MAX;
		s->call.base = p->rev;
		(void)snprintf(s->call.id, sizeof s->call.id, "%s/%u", s->batch, ++s->number);
		clock_rfc3339(p->wall_ms, s->call.time);
	}
	/* A call that was cut off must come out the same, or a lost reply could not be answered by sending it again. */
	call_build(&ctx, s->cs, p->published, s->built ? SIZE_MAX : CALL_BYTES_MAX, &s->call, &p->out);
	s->built = true;
	s->sent_at = p->now;
	publisher_await(p, REQUEST_APPLY);
}

static void
apply_one(struct publisher *p, const struct change *ch, uint64_t rev)
{
	bool created = ch->op == OP_CREATED;
	char *type = mem_strndup(ch->key, strcspn(ch->key, "/"));

	if (ch->op == OP_DELETED)
		published_remove(p->published, ch->key);
	else
		published_put(p->published, ch->key, &ch->after, rev, created ? rev : ch->created_rev,
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
}

static void
apply_adapt(struct publisher *p)
{
	usec_t took = p->now - p->sending.sent_at;

	if (took > CALL_SLOW && p->max_changes > CALL_CHANGES_MIN)
		p->max_changes /= 2;
	else if (took < CALL_FAST && p->sending.call.n == p->max_changes && p->max_changes < CALL_CHANGES_MAX)
		p->max_changes *= 2;
}

static void
apply_advance(struct publisher *p)
{
	struct sending *s = &p->sending;

	s->call.first += s->call.n;
	s->call.first_problem += s->call.n_problems;
	s->built = false;
	if (s->call.first < s->cs->n || s->call.first_problem < s->cs->n_problems) {
		apply_send(p);
		return;
	}
	p->state = PUBLISHER_READY;
	apply_finish(p, true);
}

void
apply_replied(struct publisher *p, const redisReply *r)
{
	char text[160];
	const char *word;

	if (r->type == REDIS_REPLY_ERROR) {
		publisher_refused(p, r);
		return;
	}
	word = r->type == REDIS_REPLY_ARRAY && r->elements >= 3 ? r->element[0]->str : NULL;
	if (word == NULL || (strcmp(word, "OK") != 0 && strcmp(word, "DUP") != 0)) {
		publisher_odd(p, "the apply script");
		return;
	}
	p->backoff = 0;
	p->condition[0] = '\0';
	if (r->elements > 3 && r->element[3]->type == REDIS_REPLY_STRING)
		(void)snprintf(p->condition, sizeof p->condition, "published, but redis refuses to notify: %s",
		    text_escape_to(text, sizeof text, r->element[3]->str));
	apply_adapt(p);
	apply_account(p);
	apply_advance(p);
}
