/*
 * What the files of this stage share: facts.c keeps the table, roles.c says
 * whose a file is, reads.c what is to be read and what came of it, assemble.c
 * makes candidates of it. Nobody else includes this.
 */
#ifndef CATALOG_FACTS_PRIVATE_H
#define CATALOG_FACTS_PRIVATE_H

#include "base/rbtree.h"
#include "catalog/facts.h"

enum role {
	ROLE_NONE, /* in a collection, but nothing of ours */
	ROLE_ENTRY, /* a manifest that makes its folder a bundle (or, in a collection's root, is an error) */
	ROLE_FLAT, /* a manifest by itself */
	ROLE_MEMBER, /* a file of a bundle */
};

enum content {
	CONTENT_NONE, /* of no interest */
	CONTENT_WANTED, /* in the queue */
	CONTENT_ASKED, /* handed out */
	CONTENT_KNOWN,
};

struct bundle;

struct fact {
	RB_ENTRY(fact) by_path;
	TAILQ_ENTRY(fact) in_queue; /* while WANTED */
	TAILQ_ENTRY(fact) in_dirty; /* while dirty; in ready while that too */
	TAILQ_ENTRY(fact) in_learned; /* while learned */
	const char *path; /* behind the struct */
	char *target; /* of a symlink */
	char *unreadable; /* why the content is not known, or NULL */
	const struct collection *collection;
	struct bundle *owner; /* of a member, and of an entry manifest */
	struct manifest *manifest; /* as last read */
	struct signature sig;
	uint64_t ticket;
	uint8_t sha256[SHA256_SIZE];
	uint32_t epoch;
	int16_t rank;
	enum fact_kind kind : 8;
	enum role role : 8;
	enum content content : 8;
	bool have_digest, racy, dirty, ready, whole, told, learned;
};

/* A folder with at least one entry manifest. */
struct bundle {
	RB_ENTRY(bundle) by_dir;
	TAILQ_ENTRY(bundle) in_dirty;
	char *dir;
	size_t dir_len;
	unsigned int entries;
	bool dirty, ready;
};

/* A manifest path that was told and is no manifest any more. */
struct tomb {
	STAILQ_ENTRY(tomb) next;
	char *path;
	const struct collection *collection;
};

RB_HEAD(fact_tree, fact);
RB_HEAD(bundle_tree, bundle);

struct facts {
	const struct collections *collections;
	struct fact_tree facts;
	struct bundle_tree bundles;
	TAILQ_HEAD(, fact) queue;
	TAILQ_HEAD(, fact) learned;
	size_t n_learned; /* in it */
	TAILQ_HEAD(fact_list, fact) dirty, ready;
	TAILQ_HEAD(bundle_list, bundle) dirty_bundles, ready_bundles;
	STAILQ_HEAD(, tomb) tombs;
	struct buf below; /* of fact_first_below */
	uint64_t tickets;
	size_t wanted, asked, count;
};

/* In byte order, so what lies below a folder is contiguous. */
struct fact *fact_find(const struct facts *f, const char *path);
struct fact *fact_first_below(struct facts *f, const char *dir, size_t dir_len);
struct fact *fact_next_below(struct fact *fact, const char *dir, size_t dir_len);

const char *path_base(const char *path);
size_t path_dir_length(const char *path);

bool role_is_manifest(enum role r);

/* What is told of this file's manifest (or its bundle's) must be told anew. */
void fact_mark(struct facts *f, struct fact *fact);
void fact_unmark(struct facts *f, struct fact *fact);

/* There is no such file any more: out of the table with it. */
void fact_remove(struct facts *f, struct fact *fact);

/* The manifest at this path was told: tell that it is none any more. */
void fact_tomb(struct facts *f, struct fact *fact);
struct tomb *tomb_take(struct facts *f);
void tomb_free(struct tomb *t);

void fact_enqueue(struct facts *f, struct fact *fact);
void fact_dequeue(struct facts *f, struct fact *fact);

/* There is nothing any more to be told of what was read. */
void fact_unlearn(struct facts *f, struct fact *fact);

/* Ask for what the role needs and is not known. */
void fact_need(struct facts *f, struct fact *fact);
void fact_set_manifest(struct facts *f, struct fact *fact, struct manifest *m); /* m is taken */

/* A fact was put in the table, or taken out of it: roles around it may change. */
void roles_enter(struct facts *f, struct fact *fact);
void roles_leave(struct facts *f, struct fact *fact);
void roles_free(struct facts *f);

/* Every entry manifest of this bundle must be told anew. NULL is fine. */
void bundle_mark(struct facts *f, struct bundle *b);
void bundle_unmark(struct facts *f, struct bundle *b);

#endif
