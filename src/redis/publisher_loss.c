#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "redis/publisher_private.h"

void
loss_because(struct publisher *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->reset_reason, sizeof p->reset_reason, fmt, ap);
	va_end(ap);
}

/* What this process knows by itself. */
static bool
loss_seen(struct publisher *p, const struct head *h, bool ours)
{
	if (strcmp(h->generation, p->generation) != 0)
		return false;
	if (p->must_mint)
		loss_because(p, "redis has entries in its stream that are newer than its head");
	else if (h->rev < p->rev || (ours && h->rev != p->rev))
		loss_because(p, "redis is at revision %llu, and had confirmed %llu", (unsigned long long)h->rev,
		    (unsigned long long)p->rev);
	else
		return false;
	return true;
}

static struct publisher_point
point_of(const struct publisher *p, const struct head *h)
{
	return (struct publisher_point){
	    .generation = h->generation,
	    .batch = head_maker(h),
	    .owner = p->owner,
	    .rev = h->rev,
	    .epoch = h->epoch,
	};
}

bool
loss_found(struct publisher *p, const struct head *h, bool ours)
{
	const struct publisher_point head = point_of(p, h);
	char why[200];

	if (loss_seen(p, h, ours))
		return true;
	if (p->sink.behind == NULL || !p->sink.behind(p->arg, &head, why, sizeof why))
		return false;
	loss_because(p, "%s", why);
	return true;
}

bool
loss_ask_witness(struct publisher *p, const struct head *h)
{
	const struct publisher_point head = point_of(p, h);
	bool heard = p->witness.heard;
	char id[32];

	p->witness.heard = false;
	if (heard || p->sink.witness == NULL ||
	    !p->sink.witness(p->arg, &head, &p->witness.rev, p->witness.batch, sizeof p->witness.batch))
		return false;
	p->witness.batch[strcspn(p->witness.batch, "/")] = '\0'; /* events name the batch, not the call */
	memcpy(p->witness.generation, h->generation, sizeof p->witness.generation);
	(void)snprintf(id, sizeof id, "%llu-0", (unsigned long long)p->witness.rev);
	resp_str(&p->request, "XRANGE");
	publisher_add_key(p, "changes", "");
	resp_str(&p->request, id);
	resp_str(&p->request, id);
	publisher_expect(p, REQUEST_WITNESS);
	return true;
}

/* The event of a stream's only entry; NULL: there is none, or not any more. */
static const char *
witness_event(const redisReply *r)
{
	const redisReply *entry = r->elements == 1 ? r->element[0] : NULL;
	const redisReply *fields = entry != NULL && entry->elements == 2 ? entry->element[1] : NULL;

	return fields != NULL && fields->elements == 2 ? fields->element[1]->str : NULL;
}

void
loss_witnessed(struct publisher *p, const redisReply *r)
{
	const char *event;
	char batch[CALL_BATCH_SIZE + 16];

	bool denied = r->type == REDIS_REPLY_ERROR && strncmp(r->str, "NOPERM", 6) == 0;

	/* Whoever may not read the stream does without. */
	if (r->type == REDIS_REPLY_ERROR && !denied) {
		publisher_refused(p, r);
		return;
	}
	if (r->type != REDIS_REPLY_ARRAY && !denied) {
		publisher_odd(p, "XRANGE");
		return;
	}
	/* A quote within a string of the event has a backslash in front. */
	(void)snprintf(batch, sizeof batch, "\"batch\":\"%s\"", p->witness.batch);
	event = denied ? NULL : witness_event(r);
	if (event != NULL && strstr(event, batch) == NULL) {
		loss_because(p, "redis has another change as revision %llu than it had confirmed",
		    (unsigned long long)p->witness.rev);
		lease_mint(p, p->witness.generation);
	} else {
		p->witness.heard = true;
		lease_take(p);
	}
}
