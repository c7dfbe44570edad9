/* Where things are: configuration files, runtime and state folders. Pure: the environment is an argument. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

/* As getenv(3); arg is passed through. */
typedef const char *paths_getenv(void *arg, const char *name);

/* Candidates for the configuration file in order; the k-th, or NULL. The caller frees. */
char *paths_config(paths_getenv *get, void *arg, int k);

/*
 * $RUNTIME_DIRECTORY (systemd.exec(5)), else $XDG_RUNTIME_DIR/shelfd/<catalog>,
 * else /run/shelfd/<catalog> for root, else /tmp/shelfd-<uid>/<catalog>.
 * The caller frees.
 */
char *paths_runtime(paths_getenv *get, void *arg, unsigned int uid, const char *catalog);

/* $STATE_DIRECTORY, else $XDG_STATE_HOME/shelfd/<catalog>, else $HOME/.local/state/..., /var/lib/shelfd/<catalog> for root. */
char *paths_state(paths_getenv *get, void *arg, unsigned int uid, const char *catalog);

#endif
