/*
 * The watched directories: a node for each, with its watch descriptor and
 * (device, inode). Paths are built when needed, and a descriptor that turns up
 * at another place is bound there. Pure.
 */
#ifndef WATCH_TREE_H
#define WATCH_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct tree;

struct node {
	uint64_t number; /* never used again in this process */
	struct node *parent; /* NULL for the root */
	const char *name;
	uint64_t dev, ino;
	int wd; /* -1: not watched; set by tree_set_wd only */
	uint32_t epoch; /* of the last scan that saw it; 0: it must be read again */
	bool mounted; /* something was mounted here when it was read */
	bool silent; /* on a file system that does not tell of every change */
	bool blind; /* it could not be watched, or its watch was needed for the same folder at another place */
};

struct tree *tree_new(void);
void tree_free(struct tree *t);

/* The root of the source: path "". */
struct node *tree_root(struct tree *t);

struct node *tree_child(const struct tree *t, const struct node *dir, const char *name);
struct node *tree_by_wd(const struct tree *t, int wd);
struct node *tree_by_number(const struct tree *t, uint64_t number);

/* A new child without a watch. dir has none of this name. */
struct node *tree_add(struct tree *t, struct node *dir, const char *name, uint64_t dev, uint64_t ino);

/* Bind a descriptor (-1: none); another node that had it, if any, loses it and is returned. */
struct node *tree_set_wd(struct tree *t, struct node *n, int wd);

/*
 * Remove n (not the root) and all below it; each removed node is given to the callback first
 * (children before parents).
 */
void tree_remove(struct tree *t, struct node *n, void (*removed)(void *, struct node *), void *arg);

/* The node after n in a walk of top and all below it, parents first; NULL at the end. */
struct node *tree_walk(const struct tree *t, const struct node *top, const struct node *n);

/* The same without what lies below n. */
struct node *tree_walk_past(const struct tree *t, const struct node *top, const struct node *n);

/* Children in name order; after NULL: the first. */
struct node *tree_next_child(const struct tree *t, const struct node *dir, const struct node *after);

/* Path from the root, parts joined by '/'; "" for the root. Appends. */
void tree_path(const struct node *n, struct buf *out);

/* The node at path, or NULL. */
struct node *tree_lookup(struct tree *t, const char *path);

size_t tree_count(const struct tree *t); /* nodes */
size_t tree_watched(const struct tree *t); /* of these with a descriptor */

#endif
