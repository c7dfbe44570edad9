#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "watch/inner.h"

static enum settle_event
event_kind(uint32_t mask)
{
	bool folder = (mask & IN_ISDIR) != 0;

	/* A new folder is whole when it appears: what comes into it later has its own events. */
	if ((mask & IN_CLOSE_WRITE) != 0 || ((mask & IN_MOVED_TO) != 0 && !folder) ||
	    ((mask & IN_CREATE) != 0 && folder))
		return SETTLE_COMPLETE;
	if ((mask & (IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)) != 0)
		return SETTLE_TREE;
	if ((mask & IN_CREATE) != 0)
		return SETTLE_NEW;
	return (mask & IN_MODIFY) != 0 ? SETTLE_WRITE : SETTLE_OTHER;
}

static void
root_self_event(struct watcher *w, struct node *root, uint32_t mask, usec_t now)
{
	if ((mask & IN_IGNORED) != 0)
		(void)tree_set_wd(w->tree, root, -1);
	if ((mask & (IN_IGNORED | IN_UNMOUNT | IN_MOVE_SELF | IN_DELETE_SELF)) != 0) {
		w->rescan |= (mask & IN_IGNORED) != 0;
		root_soon(w, now);
	} else if (root->epoch == 0) {
		w->rescan = true;
	}
}

/* About a watched folder itself. Its parent has an event for most of this; not for a lost watch. */
static void
self_event(struct watcher *w, struct node *n, uint32_t mask, usec_t now)
{
	if (n->parent == NULL) {
		root_self_event(w, n, mask, now);
		return;
	}
	if ((mask & IN_UNMOUNT) != 0) {
		/* What was mounted here is not deleted. */
		(void)tree_set_wd(w->tree, n, -1);
		look_tell_unknown(w, n, NULL, ESTALE, w->epoch, now);
	} else if ((mask & IN_IGNORED) != 0) {
		(void)tree_set_wd(w->tree, n, -1);
		settle_touch(w->settle, n->parent->number, n->name, SETTLE_TREE, now);
	}
}

static void
name_event(struct watcher *w, struct node *dir, uint32_t mask, const char *name, usec_t now)
{
	struct node *child;

	/* A new rule counts for what comes after it; without one there is no hurry, it may be on its way. */
	if (strcmp(name, ".gitignore") == 0)
		git_soon(w, (mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0 ? now : now + w->quiet);
	if (dir->parent == NULL && strcmp(name, ".git") == 0) {
		gitdir_rewatch(w->gitdir, w->inotify);
		w->git_event = true;
	}
	if (!path_counts(w, path_set(w, dir, name)))
		return;
	/* A folder takes its ignore files along, without an event for them. */
	if ((mask & IN_ISDIR) != 0 && (mask & (IN_MOVED_FROM | IN_MOVED_TO)) != 0)
		git_soon(w, now);
	if (audit_running(w->audit))
		audit_heard(w->audit, path_set(w, dir, name));
	if ((mask & IN_ISDIR) != 0 && (mask & IN_MOVED_FROM) != 0) {
		child = tree_child(w->tree, dir, name);
		if (child != NULL && !HAS_FAULT(FAULT_PATHS))
			scan_unwatch(w, child);
	}
	if (HAS_FAULT(FAULT_GONE_AT_ONCE) && (mask & (IN_DELETE | IN_MOVED_FROM)) != 0)
		w->sink.gone(w->arg, buf_str(&w->path));
	githold_activity(&w->hold, now);
	settle_touch(w->settle, dir->number, name, event_kind(mask), now);
}

void
events_take(struct watcher *w, const struct inotify_event *ev, const char *name, usec_t now)
{
	struct node *n;

	w->events++;
	w->last_event = now;
	if ((ev->mask & IN_Q_OVERFLOW) != 0) {
		log_info("file events came faster than they were read and some are lost: looking at everything");
		w->overflows++;
		audit_cancel(w->audit);
		w->rescan |= !HAS_FAULT(FAULT_NO_RESCAN);
		w->git_event = true; /* that may have been one of git's, or of an ignore file */
		if (w->barriers != NULL)
			barriers_overflow(w->barriers);
		return;
	}
	if (w->barriers != NULL)
		barriers_event(w->barriers, ev->wd, name);
	if (anchors_event(w->anchors, ev->wd, name))
		root_soon(w, now);
	if (gitdir_event(w->gitdir, w->inotify, ev->wd, ev->mask, name))
		w->git_event = true;
	n = tree_by_wd(w->tree, ev->wd);
	if (n == NULL) {
		/* A watch that was dropped may still have events; one that never was may not. */
		w->rescan |= !inotify_knew(w->inotify, ev->wd);
		return;
	}
	if (*name == '\0')
		self_event(w, n, ev->mask, now);
	else
		name_event(w, n, ev->mask, name, now);
}
