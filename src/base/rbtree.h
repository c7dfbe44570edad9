/* Red-black trees and tail queues of libbsd, with what our warnings need. */
#ifndef BASE_RBTREE_H
#define BASE_RBTREE_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdint.h>

/* The functions of a tree that this file uses; the others are dropped without a warning. */
#define RBTREE_GENERATE(name, type, field, cmp) \
	RB_GENERATE_INTERNAL(name, type, field, cmp, static __attribute__((unused)));

/* A lookup changes nothing, but the macros know no const. */
#define UNCONST(p) ((void *)(uintptr_t)(p))

#endif
