#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent_private.h"
#include "base/mem.h"
#include "base/thread.h"

/*
 * libuv tells of each work by itself, and until 1.45 the loop spins while the thread that tells is between two steps: one
 * that gives way to the loop is often found there. So a worker is one work of libuv's that takes jobs until none is left.
 */

static struct job *
crew_next(struct crew *c)
{
	struct job *j;

	uv_mutex_lock(&c->lock);
	j = STAILQ_FIRST(&c->todo);
	if (j != NULL)
		STAILQ_REMOVE_HEAD(&c->todo, link);
	else
		c->at_work--;
	uv_mutex_unlock(&c->lock);
	return j;
}

static void
crew_finish(struct crew *c, struct job *j)
{
	bool first;

	uv_mutex_lock(&c->lock);
	first = STAILQ_EMPTY(&c->done);
	STAILQ_INSERT_TAIL(&c->done, j, link);
	uv_mutex_unlock(&c->lock);
	if (first)
		(void)eventfd_write(c->fd, 1); /* fails only where the counter is full: the loop is awake then */
}

/* What the pool does can wait; what the loop does others wait for: Redis for its next call, a client for an answer. */
static void
give_way(void)
{
	static _Thread_local bool done;

	if (!done)
		thread_background();
	done = true;
}

static void
worker(uv_work_t *work)
{
	struct crew *c = work->data;
	struct job *j;

	give_way();
	while ((j = crew_next(c)) != NULL) {
		j->work(j);
		crew_finish(c, j);
	}
}

static void
worker_left(uv_work_t *work, int status)
{
	(void)status; /* never cancelled */
	free(work);
}

static void
crew_take_done(struct agent *a)
{
	struct crew *c = &a->crew;
	struct job_list done = STAILQ_HEAD_INITIALIZER(done);
	struct job *j;

	uv_mutex_lock(&c->lock);
	STAILQ_CONCAT(&done, &c->done);
	uv_mutex_unlock(&c->lock);
	while ((j = STAILQ_FIRST(&done)) != NULL) {
		bool aside = j->aside;

		STAILQ_REMOVE_HEAD(&done, link);
		j->done(a, j);
		a->jobs -= !aside;
	}
}

static void
on_done(uv_poll_t *poll, int status, int events)
{
	struct agent *a = poll->data;
	eventfd_t n;

	(void)status, (void)events;
	(void)eventfd_read(a->crew.fd, &n);
	crew_take_done(a);
}

int
agent_jobs_init(struct agent *a, struct err *e)
{
	struct crew *c = &a->crew;
	int r;

	STAILQ_INIT(&c->todo);
	STAILQ_INIT(&c->done);
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->fd < 0)
		return err_sys(e, errno, "eventfd");
	r = uv_mutex_init(&c->lock);
	if (r != 0)
		goto no_lock;
	r = uv_poll_init(&a->loop, &c->poll, c->fd);
	if (r != 0)
		goto no_poll;
	c->ready = true;
	c->poll.data = a;
	(void)uv_poll_start(&c->poll, UV_READABLE, on_done);
	return 0;
no_poll:
	uv_mutex_destroy(&c->lock);
no_lock:
	(void)close(c->fd);
	return err_set(e, "the pool of threads cannot be set up: %s", uv_strerror(r));
}

void
agent_jobs_close(struct agent *a)
{
	if (a->crew.ready)
		uv_close((uv_handle_t *)&a->crew.poll, NULL);
}

void
agent_jobs_free(struct agent *a)
{
	struct crew *c = &a->crew;

	if (!c->ready)
		return;
	crew_take_done(a);
	c->ready = false;
	(void)close(c->fd);
	uv_mutex_destroy(&c->lock);
}

void
agent_jobs_add(struct agent *a, struct job *j)
{
	struct crew *c = &a->crew;
	uv_work_t *work;
	bool hire;

	a->jobs += !j->aside;
	uv_mutex_lock(&c->lock);
	STAILQ_INSERT_TAIL(&c->todo, j, link);
	hire = c->at_work < a->opt.workers;
	c->at_work += hire;
	uv_mutex_unlock(&c->lock);
	if (!hire)
		return;
	work = mem_zalloc(sizeof *work);
	work->data = c;
	if (uv_queue_work(&a->loop, work, worker, worker_left) != 0) {
		worker(work);
		worker_left(work, 0);
	}
}
