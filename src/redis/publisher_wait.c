#include <stdio.h>

#include "base/text.h"
#include "redis/conn.h"
#include "redis/publisher_private.h"
#include "redis/refusal.h"

static void
publisher_wait(struct publisher *p, usec_t wait)
{
	p->state = PUBLISHER_WAIT;
	p->cycle++;
	load_clear(&p->load);
	p->wait_until = p->now + wait;
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
	bool patient = true, first = p->backoff.last == 0;
	usec_t wait = backoff_next(&p->backoff);
	char word[32], text[200];

	reply_error_word(r, word);
	switch (refusal_of(word)) {
	case REFUSAL_WAIT:
		break;
	case REFUSAL_MOVED:
		p->then_reconnect = true;
		break;
	case REFUSAL_DENIED:
		wait = backoff_longest(&p->backoff);
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
	if (!patient && first) {
		publisher_restart(p);
		return;
	}
	(void)snprintf(
	    p->condition, sizeof p->condition, "redis refuses: %s", text_escape_to(text, sizeof text, r->str));
	publisher_wait(p, wait);
}
