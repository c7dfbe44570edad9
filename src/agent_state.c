#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_private.h"
#include "base/log.h"
#include "base/mem.h"

/* In one job and transaction: bounds what the loop does to gather them, and the memory. */
#define SAVE_FILES 8192
#define SAVE_AFTER (1 * USEC_PER_SEC)

struct load_job {
	struct job job; /* first */
	const struct state *state;
	struct known *known;
	int r;
	struct err e;
};

struct save_job {
	struct job job; /* first */
	const struct state *state;
	struct known_file files[SAVE_FILES];
	const char **gone; /* point into known */
	size_t n, n_gone;
	struct known *known; /* whose rest is gone; or NULL */
	int r;
	struct err e;
};

void
agent_state_off(struct agent *a, const struct err *e)
{
	struct state *s = &a->state;

	if (s->off[0] != '\0')
		return;
	log_warning("state: %s; going on without it, which costs time at the next start", e->msg);
	(void)snprintf(s->off, sizeof s->off, "%s", e->msg);
}

const char *
agent_state_trouble(const struct agent *a)
{
	return a->state.off[0] != '\0' ? a->state.off : a->state.journal_trouble.text;
}

static void
load_work(struct job *job)
{
	struct load_job *j = (struct load_job *)job;

	j->r = known_load(j->state->known_file, j->state->fingerprint, &j->known, &j->e);
}

static void
state_discard(struct agent *a, const struct err *why)
{
	struct err e;

	if (why->sys == ESTALE)
		log_info("state: %s; reading everything anew", why->msg);
	else
		log_warning("state: %s; reading everything anew", why->msg);
	if (!a->opt.dry_run && known_discard(a->state.known_file, &e) != 0)
		agent_state_off(a, &e);
}

static void
load_done(struct agent *a, struct job *job)
{
	struct load_job *j = (struct load_job *)job;

	a->state.loading = false;
	if (j->r == 0)
		a->state.known = j->known;
	else if (j->e.sys == EILSEQ || j->e.sys == ESTALE)
		state_discard(a, &j->e);
	else if (j->e.sys != ENOENT)
		agent_state_off(a, &j->e);
	free(j);
}

static void
load_start(struct agent *a)
{
	struct load_job *j = mem_zalloc(sizeof *j);

	j->job = (struct job){.work = load_work, .done = load_done, .aside = true};
	j->state = &a->state;
	a->state.loading = true;
	agent_jobs_add(a, &j->job);
}

/* Another build may make something else of the same bytes, whatever it says of its version. */
static void
state_fingerprint(struct agent *a)
{
	struct {
		char version[32];
		uint8_t collections[SHA256_SIZE];
		int64_t size, mtime_s, mtime_ns;
	} all = {.version = PACKAGE_VERSION};
	struct stat st;

	if (stat("/proc/self/exe", &st) == 0) {
		all.size = st.st_size;
		all.mtime_s = st.st_mtim.tv_sec;
		all.mtime_ns = st.st_mtim.tv_nsec;
	}
	collections_digest(&a->settings->collections, all.collections);
	sha256(&all, sizeof all, a->state.fingerprint);
}

void
agent_state_open(struct agent *a)
{
	const struct settings *set = a->settings;
	struct state *s = &a->state;

	/* '+' is in no name. */
	s->known_file = mem_printf("%s/%s+%s.known", a->state_dir, set->catalog, set->source.name);
	s->save_at = USEC_NEVER;
	state_fingerprint(a);
	if (!a->opt.dry_run)
		agent_journal_open(a);
	if (s->off[0] == '\0' && access(s->known_file, F_OK) == 0)
		load_start(a);
}

bool
agent_recalls(const struct agent *a)
{
	return a->state.loading || a->state.known != NULL;
}

bool
agent_recall(struct agent *a, const struct wanted *w)
{
	bool want_manifest = w->want == WANT_MANIFEST;
	struct manifest *m = NULL;
	uint8_t sha[SHA256_SIZE];

	/* In a conflict the same bytes mean something else. */
	if (a->state.known == NULL || (a->repo != NULL && repo_conflicted(a->repo, w->path)) ||
	    !known_take(a->state.known, w->path, w->sig, want_manifest, &m, sha))
		return false;
	if (want_manifest)
		facts_recall_manifest(a->facts, w->path, w->ticket, m);
	else
		facts_recall_digest(a->facts, w->path, w->ticket, sha);
	return true;
}

static void
save_work(struct job *job)
{
	struct save_job *j = (struct save_job *)job;

	j->r = known_save(j->state->known_file, j->state->fingerprint, j->files, j->n, j->gone, j->n_gone, &j->e);
}

static void
save_done(struct agent *a, struct job *job)
{
	struct save_job *j = (struct save_job *)job;

	a->state.saving = false;
	if (j->r != 0) {
		agent_state_off(a, &j->e);
		if (j->e.sys == EILSEQ)
			(void)known_discard(a->state.known_file, NULL);
	}
	for (size_t i = 0; i < j->n; i++) {
		free(UNCONST(j->files[i].path));
		manifest_unref(j->files[i].manifest);
	}
	known_free(j->known);
	free(j->gone);
	free(j);
}

/* What was not recalled is gone, or another: then it was learned anew. */
static void
save_gather_gone(struct agent *a, struct save_job *j)
{
	struct state *s = &a->state;
	size_t at = 0, cap = 0;
	const char *path;

	if (!s->whole || s->known == NULL)
		return;
	j->known = s->known;
	s->known = NULL;
	while ((path = known_left(j->known, &at)) != NULL) {
		if (j->n_gone == cap) {
			cap = cap != 0 ? cap * 2 : 64;
			j->gone = mem_realloc(j->gone, cap, sizeof *j->gone);
		}
		j->gone[j->n_gone++] = path;
	}
}

static void
save_gather(struct agent *a, struct save_job *j)
{
	struct fact_learned l;

	save_gather_gone(a, j);
	while (j->n < SAVE_FILES && facts_next_learned(a->facts, &l)) {
		struct known_file *f = &j->files[j->n];

		if (a->repo != NULL && repo_conflicted(a->repo, l.path))
			continue;
		*f = (struct known_file){.path = mem_strdup(l.path), .sig = *l.sig};
		if (l.manifest != NULL)
			f->manifest = manifest_ref(l.manifest);
		memcpy(f->sha256, l.sha256, SHA256_SIZE);
		j->n++;
	}
}

static void
save_start(struct agent *a)
{
	struct save_job *j = mem_zalloc(sizeof *j);

	save_gather(a, j);
	a->state.save_at = USEC_NEVER;
	if (j->n == 0 && j->n_gone == 0) {
		known_free(j->known);
		free(j);
		return;
	}
	j->job = (struct job){.work = save_work, .done = save_done, .aside = true};
	j->state = &a->state;
	a->state.saving = true;
	agent_jobs_add(a, &j->job);
}

static bool
state_wants_save(const struct agent *a)
{
	return facts_learned(a->facts) > 0 || (a->state.whole && a->state.known != NULL);
}

static bool
state_busy(const struct agent *a)
{
	return a->state.loading || a->state.saving;
}

void
agent_state_run(struct agent *a, usec_t now)
{
	struct state *s = &a->state;

	if (s->off[0] != '\0' || a->opt.dry_run || state_busy(a))
		return;
	/* Much that was read at a first start is put away at once, and does not remain for the end. */
	if (!s->whole && !agent_settled(a) && facts_learned(a->facts) < SAVE_FILES)
		return;
	s->whole |= agent_settled(a);
	if (!state_wants_save(a)) {
		s->caught_up = true;
		return;
	}
	/* The first time at once, beside Redis at work: nothing else is to be read. */
	if (s->save_at == USEC_NEVER)
		s->save_at = s->caught_up ? now + SAVE_AFTER : now;
	if (now >= s->save_at)
		save_start(a);
}

usec_t
agent_state_deadline(const struct agent *a)
{
	return a->state.off[0] != '\0' || state_busy(a) ? USEC_NEVER : a->state.save_at;
}

bool
agent_state_ended(struct agent *a, usec_t now)
{
	if (state_busy(a))
		return false;
	if (a->state.off[0] != '\0' || a->opt.dry_run || (now >= a->end_by && !a->opt.once))
		return true;
	if (state_wants_save(a))
		save_start(a);
	return !state_busy(a);
}

void
agent_state_close(struct agent *a)
{
	struct state *s = &a->state;

	agent_journal_close(a);
	known_free(s->known);
	s->known = NULL;
	free(s->known_file);
	s->known_file = NULL;
}
