/*
 * Mistakes put in on purpose, one a build, to see that the tests notice each: make faults. A build that is meant for use
 * has none; one that has says so when it starts.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#ifndef FAULT
#define FAULT 0
#endif

enum fault {
	FAULT_NO_RESCAN = 1, /* events that were lost lead to nothing */
	FAULT_PATHS = 2, /* a watch stays with the path where it was made */
	FAULT_WATCH_LATE = 3, /* a folder is watched after it was read */
	FAULT_GONE_AT_ONCE = 4, /* the event of a deletion is believed */
	FAULT_NO_HOLD = 5, /* nobody waits for git */
	FAULT_EVERY_EVENT = 6, /* a file that is saved twice in a row is read twice */
	FAULT_NO_RACY = 7, /* a time stamp that is young counts like any other */
	FAULT_SENT_TWICE = 8, /* a call whose reply was lost is sent as a new one */
	FAULT_BARRIER_EARLY = 9, /* a barrier does not wait for what was put off */
	FAULT_ROLE_KEPT = 10, /* a bundle's file that becomes a manifest is not read as one */
	FAULT_OLD_NEWS = 11, /* what an earlier life read of a path counts, whatever became of the file */
	FAULT_NUMBERS_TWICE = 12, /* what Redis had confirmed to an earlier life is forgotten */
};

#define HAS_FAULT(f) (FAULT == (f))

#endif
