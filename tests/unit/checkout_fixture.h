/* A temporary folder in which real git runs, apart from the user's configuration. */
#ifndef CHECKOUT_FIXTURE_H
#define CHECKOUT_FIXTURE_H

#include "git/repo.h"

/* Each test gets its own folder; cmocka's setup and teardown. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The folder, absolute. */
const char *fixture_path(void);

/* Run a shell command in the folder; it must succeed. */
void fixture_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Write a file beneath the folder, with the folders above it. */
void fixture_write(const char *path, const char *content);

/* What a command prints, its last new line cut; the caller frees. */
char *fixture_output(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Open the checkout at a path beneath the folder ("" is the folder) with prefixes "skills" and "tools"; it must succeed. */
struct repo *fixture_open(const char *below);

/* repo_refresh, which must succeed; the moved paths, sorted, each followed by a blank. The caller frees. */
char *fixture_refresh(struct repo *r, bool *ret_ignore);

#endif
