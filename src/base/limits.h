/* Bounds on input. Each has its own problem code where a manifest can exceed it. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_FILE (1024 * 1024) /* bytes of a manifest */
#define LIMIT_FRONTMATTER (64 * 1024) /* bytes between the two --- lines */
#define LIMIT_DEPTH 32 /* nested collections in a document */
#define LIMIT_NODES 10000 /* values in a document, aliases expanded */
#define LIMIT_KEY 256 /* bytes of a mapping key */
#define LIMIT_SCALAR (64 * 1024) /* bytes of a YAML scalar */
#define LIMIT_ID 512 /* bytes of an encoded item id */
#define LIMIT_PROBLEMS 100 /* problems kept for one file */
#define LIMIT_EVENT 2048 /* bytes of one change event */
#define LIMIT_CONFIG (1024 * 1024) /* bytes of a configuration file */
#define LIMIT_COLLECTIONS 100 /* of a configuration */

#endif
