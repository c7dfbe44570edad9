#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "redis/conn.h"
#include "redis/publisher_private.h"
#include "redis/refusal.h"
#include "redis/reply.h"

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

/* What Redis said, for a person. Where it says it of a script, its hash and line follow, which say nothing to anybody. */
static const char *
refused_text(const char *said, char *text, size_t size)
{
	const char *line = strstr(said, ", on @user_script"), *end = NULL;
	char *part;

	for (const char *at = said; line != NULL && (at = strstr(at, " script: ")) != NULL && at < line; at++)
		end = at;
	part = end != NULL ? mem_strndup(said, (size_t)(end - said)) : mem_strdup(said);

	(void)text_escape_to(text, size, part);
	free(part);
	return text;
}

void
publisher_refused(struct publisher *p, const redisReply *r)
{
	publisher_refused_at(p, r, NULL);
}

void
publisher_refused_at(struct publisher *p, const redisReply *r, const char *key)
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
		p->permitted = false;
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
	(void)snprintf(p->condition, sizeof p->condition, "redis refuses%s%s: %s", key != NULL ? " " : "",
	    key != NULL ? key : "", refused_text(reply_error(r), text, sizeof text));
	publisher_wait(p, wait);
}

void
publisher_note(struct publisher *p, enum request of, const char *what, const char *why)
{
	char text[160];

	if (why != NULL) {
		p->notice_of = of;
		(void)snprintf(p->notice, sizeof p->notice, "%s: %s", what, refused_text(why, text, sizeof text));
	} else if (p->notice_of == of) {
		p->notice[0] = '\0';
	}
}
