#include "watch/inner.h"

static const char *
mode_word(const struct watcher *w)
{
	if (w->lost)
		return "lost";
	if (!w->watch)
		return "scan";
	if (duty_polls_all(w))
		return "polling";
	return w->silent || w->blind || gitdir_blind(w->gitdir) ? "partial" : "inotify";
}

void
watcher_stats(const struct watcher *w, struct watcher_stats *ret)
{
	size_t watched = tree_watched(w->tree);

	*ret = (struct watcher_stats){
	    .mode = mode_word(w),
	    .watches = watched,
	    .watch_limit = w->limit,
	    .waiting = settle_count(w->settle),
	    .drift = w->drift,
	    .last_event = w->last_event,
	    .rescans = w->rescans,
	    .events = w->events,
	    .overflows = w->overflows,
	    .scans = w->scans,
	    .unwatched = w->inotify != NULL ? tree_count(w->tree) - watched : 0,
	    .unreadable = retries_count(w->retries),
	    .lost = w->lost,
	    .git_operation = githold_operation(&w->hold),
	    .git_stale_lock = w->hold.stale,
	};
}
