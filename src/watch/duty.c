#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "watch/inner.h"

void
duty_retry(struct watcher *w, usec_t now)
{
	size_t failing = retries_count(w->retries);
	const char *path;

	if (now < retries_deadline(w->retries) || !root_present(w))
		return;
	while ((path = retries_next(w->retries, now)) != NULL) {
		char *copy = mem_strdup(path);

		if (*copy == '\0')
			w->rescan = true;
		else
			(void)look_at_path(w, copy, now);
		free(copy);
	}
	look_finish(w, now);
	if (failing > 0 && retries_count(w->retries) == 0)
		log_info("everything in the source can be read again");
}
