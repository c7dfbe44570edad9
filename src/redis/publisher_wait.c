#include <stdio.h>

#include "base/text.h"
#include "redis/conn.h"
#include "redis/publisher_private.h"
#include "redis/refusal.h"

/* xorshift64 (Marsaglia, 2003): agents that lost the same Redis must not come back in step. */
static usec_t
publisher_jitter(struct publisher *p, usec_t range)
{
	p->jitter ^= p->jitter << 13;
	p->jitter ^= p->jitter >> 7;
	p->jitter ^= p->jitter << 17;
	return (usec_t)(p->jitter % (uint64_t)range);
}

static void
publisher_wait(struct publisher *p)
{
	p->state = PUBLISHER_WAIT;
	p->cycle++;
	load_clear(&p->load);
	p->wait_until = p->now + p->backoff / 2 + publisher_jitter(p, p->backoff / 2 + 1);
}

void
publisher_odd(struct publisher *p, const char *what)
{
	p->cycle++;
	(void)snprintf(p->condition, sizeof p->condition, "redis gave an odd reply to %s", what);
	p->sink.reconnect(p->arg, p->condition);
}

void
publisher_refused(struct publisher *p, const redisReply *r)
{
	bool patient = true, first = p->backoff == 0;
	char word[32], text[200];

	reply_error_word(r, word);
	(void)snprintf(
	    p->condition, sizeof p->condition, "redis refuses: %s", text_escape_to(text, sizeof text, r->str));
	p->backoff = first ? BACKOFF_FIRST : usec_min(p->backoff * 2, BACKOFF_MAX);
	switch (refusal_of(word)) {
	case REFUSAL_WAIT:
		break;
	case REFUSAL_MOVED:
		p->then_reconnect = true;
		break;
	case REFUSAL_DENIED:
		p->backoff = BACKOFF_MAX;
		break;
	case REFUSAL_SCRIPT:
		p->n_loaded = 0;
		patient = false;
		break;
	case REFUSAL_FENCED:
		p->holding = false;
		patient = false;
		break;
	case REFUSAL_STREAM:
		p->must_mint = true;
		/* fall through */
	case REFUSAL_STATE:
		p->distrust = true;
		patient = false;
		break;
	}
	/* What another look can mend is looked at right away, but only once in a row. */
	if (!patient && first)
		publisher_restart(p);
	else
		publisher_wait(p);
}
