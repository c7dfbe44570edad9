/*
 * Watches the way to the source's root, so that a root that is renamed, removed,
 * made anew, or a symbolic link on its way that is flipped, is noticed at once:
 * the folder that has the root, and each folder that has a link on the way.
 */
#ifndef WATCH_ANCHOR_H
#define WATCH_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/inotify.h"

struct anchors;

/* root: absolute. Nothing is watched yet. */
struct anchors *anchors_new(const char *root);
void anchors_free(struct anchors *as);

/*
 * Find the way anew and watch it, as far as it leads. inside: also the root
 * itself, for anything to appear in it. shared: is a watch also somebody else's,
 * so that it must stay when it is not needed here any more?
 */
void anchors_watch(struct anchors *as, struct inotify *in, bool inside, bool (*shared)(void *arg, int wd), void *arg);

/* An event of any folder. true: the way may lead elsewhere now. */
bool anchors_event(const struct anchors *as, int wd, const char *name);

#endif
