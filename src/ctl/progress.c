#include "ctl/progress.h"

#include <string.h>

#define PROGRESS_AFTER (500 * USEC_PER_MS)
#define PROGRESS_EVERY (100 * USEC_PER_MS)
#define PROGRESS_WIDTH 40

void
progress_begin(struct progress *p, size_t total, usec_t now)
{
	*p = (struct progress){.total = total, .next = now + PROGRESS_AFTER};
}

void
progress_step(struct progress *p, size_t done, usec_t now, struct buf *out)
{
	char bar[PROGRESS_WIDTH + 1];
	size_t full = p->total > 0 ? done * PROGRESS_WIDTH / p->total : 0;

	if (now < p->next)
		return;
	if (full > PROGRESS_WIDTH)
		full = PROGRESS_WIDTH;
	memset(bar, '#', full);
	memset(bar + full, ' ', PROGRESS_WIDTH - full);
	bar[PROGRESS_WIDTH] = '\0';
	buf_addf(out, "\r[%s] %zu of %zu", bar, done, p->total);
	p->next = now + PROGRESS_EVERY;
	p->shown = true;
}

void
progress_end(struct progress *p, struct buf *out)
{
	if (p->shown)
		buf_addstr(out, "\r\033[K");
	p->shown = false;
}
