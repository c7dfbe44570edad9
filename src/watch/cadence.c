#include "watch/cadence.h"

#define REST 9 /* times as long as the work took */

void
cadence_init(struct cadence *c, usec_t every, usec_t now)
{
	*c = (struct cadence){.every = every, .due = now + every};
}

bool
cadence_due(const struct cadence *c, usec_t now)
{
	return !c->running && now >= c->due;
}

void
cadence_begin(struct cadence *c, usec_t now)
{
	c->began = now;
	c->running = true;
}

void
cadence_end(struct cadence *c, usec_t now)
{
	usec_t rest = REST * (now - c->began);

	if (!c->running)
		return;
	c->running = false;
	c->due = now + (rest > c->every ? rest : c->every);
}

usec_t
cadence_deadline(const struct cadence *c)
{
	return c->running ? USEC_NEVER : c->due;
}
