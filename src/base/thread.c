#include "base/thread.h"

/* Not sched.h: until 2.41 glibc has no sched_setattr(2), and the kernel's header does not go with it. */
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICER 10
#define TURN_NS 20000000 /* since Linux 6.12 one with shorter turns need not wait for its end */

void
thread_background(void)
{
	struct sched_attr attr = {
	    .size = sizeof attr,
	    .sched_policy = SCHED_BATCH, /* sched(7): takes the processor from nobody when it wakes */
	    .sched_nice = getpriority(PRIO_PROCESS, 0) + NICER, /* on Linux, of the thread */
	    .sched_runtime = TURN_NS,
	};

	(void)syscall(SYS_sched_setattr, 0, &attr, 0);
}
