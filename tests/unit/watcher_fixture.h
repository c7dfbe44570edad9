/*
 * A watcher on real files in a temporary folder, with made-up time: nothing here
 * waits, because the kernel queues an event before the call that caused it returns.
 */
#ifndef TESTS_WATCHER_FIXTURE_H
#define TESTS_WATCHER_FIXTURE_H

#include "watch/watcher.h"

/* What the sink was told of a file. */
struct seen {
	char *path;
	enum entry_kind kind;
	struct signature sig;
	char *target;
	uint32_t epoch;
};

struct fixture {
	char *top; /* temporary folder with root/, git/ and private/ */
	int dir; /* root/, open: all paths of the helpers are relative to it */
	int git; /* git/, open */
	struct collections collections;
	struct watcher *w;
	usec_t now;
	struct seen *seen; /* what a catalog would know by now */
	size_t n, cap;
	struct buf log; /* all that was told, a line each */
	size_t gits; /* times it was told to look at git */
	const char *ignored; /* by git: this path and all below it; or NULL */
	const char *until; /* when the watcher asks whether this is ignored, meanwhile happens, once; or NULL */
	void (*meanwhile)(struct fixture *f);
	bool defer; /* whatever is told looks half-written */
	usec_t audit; /* between audits; 0: none */
	bool scan_on_git; /* like the agent: git moved, so look at everything */
};

/* skills, mcps and tools in root/ are watched by fixture_start. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Make the watcher and let it look at everything. The log is cleared. */
void fixture_start(struct fixture *f);
void fixture_start_without_watch(struct fixture *f);

/*
 * Let time pass until all that has happened so far was told (by a barrier). Fails if the watcher
 * asks to be run without end.
 */
void fixture_sync(struct fixture *f);

/* Look at everything, from its begin to its end. */
void fixture_scan(struct fixture *f);

/* Read what is queued, and run once if the watcher has something to do now. */
void fixture_run(struct fixture *f);

/* What was told equals what is on the disk, signature by signature. */
void fixture_assert_told(struct fixture *f);

/* And after time has passed it still is, every folder is watched, nothing else is, and nothing waits. */
void fixture_assert_exact(struct fixture *f);

/*
 * Was this line told since the log was cleared? "saw P", "see P" (not forced), "gone P", "scanned
 * P", "unknown P", "git".
 */
bool fixture_told(const struct fixture *f, const char *line);
size_t fixture_count(const struct fixture *f, const char *line);
void fixture_clear(struct fixture *f);

/* Files beneath root/. All fail the test where the system refuses. */
void put(struct fixture *f, const char *path, const char *text); /* truncate, write, close; makes its folders */
void folders(struct fixture *f, const char *path); /* mkdir -p */
void move(struct fixture *f, const char *from, const char *to);
void erase(struct fixture *f, const char *path); /* rm -r */
void git_put(struct fixture *f, const char *name);
void git_erase(struct fixture *f, const char *name);

#endif
