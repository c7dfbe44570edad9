#include <errno.h>
#include <stdlib.h>

#include "agent_private.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

void
agent_journal_open(struct agent *a)
{
	struct state *s = &a->state;
	char *file = mem_printf("%s/%s.published", a->state_dir, a->settings->catalog);
	struct buf boot = {0};
	struct err e, discard;

	if (fs_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) != 0)
		buf_clear(&boot);
	s->journal = journal_open(file, buf_str(&boot), &e);
	if (s->journal == NULL && e.sys == EILSEQ) {
		log_warning("state: %s; what redis had confirmed is forgotten", e.msg);
		if (journal_discard(file, &discard) != 0)
			e = discard;
		else
			s->journal = journal_open(file, buf_str(&boot), &e);
	}
	buf_free(&boot);
	free(file);
	if (s->journal == NULL)
		agent_state_off(a, &e);
	else
		s->published = journal_any(s->journal);
}

void
agent_journal_reached(void *arg, const struct publisher_point *at)
{
	const struct journal_point p = {at->generation, at->batch, at->owner, at->rev, at->epoch};
	struct agent *a = arg;
	struct state *s = &a->state;
	struct err e;

	if (s->journal == NULL)
		return;
	if (journal_reached(s->journal, &p, &e) == 0) {
		if (s->journal_trouble.text[0] != '\0' && trouble_end(&s->journal_trouble, clock_now()))
			log_info("state: what redis confirms is written down again");
		return;
	}
	if (trouble_set(&s->journal_trouble, e.msg, clock_now()))
		log_warning("state: %s; should redis lose what it has confirmed, a later start may not know", e.msg);
}

bool
agent_journal_behind(void *arg, const struct publisher_point *head, char *why, size_t size)
{
	const struct journal_point p = {head->generation, head->batch, head->owner, head->rev, head->epoch};
	struct agent *a = arg;

	return a->state.journal != NULL && journal_behind(a->state.journal, &p, why, size);
}

bool
agent_journal_witness(void *arg, const struct publisher_point *head, uint64_t *ret_rev, char *ret_batch, size_t size)
{
	const struct journal_point p = {head->generation, head->batch, head->owner, head->rev, head->epoch};
	struct agent *a = arg;

	return a->state.journal != NULL && journal_witness(a->state.journal, &p, ret_rev, ret_batch, size);
}

void
agent_journal_close(struct agent *a)
{
	journal_close(a->state.journal);
	a->state.journal = NULL;
}
