/* How much a thread asks of the scheduler. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

/*
 * The calling thread works in the background from now on: whoever else of this
 * process wakes has the processor first, and what is left is taken in long
 * turns. Other processes see it as a little nicer, not as idle. Does what the kernel lets it do.
 */
void thread_background(void);

#endif
