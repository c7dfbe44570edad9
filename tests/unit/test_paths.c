#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/paths.h"

/* arg: pairs of name and value, ended by NULL. */
static const char *
from_pairs(void *arg, const char *name)
{
	for (const char *const *pair = arg; pair[0] != NULL; pair += 2)
		if (strcmp(pair[0], name) == 0)
			return pair[1];
	return NULL;
}

#define ENV(...) ((const char *[]){__VA_ARGS__, NULL})

static void
assert_path(char *path, const char *want)
{
	if (want == NULL)
		assert_null(path);
	else
		assert_string_equal(path, want);
	free(path);
}

static void
the_users_configuration_comes_before_the_systems(void **state)
{
	(void)state;
	assert_path(paths_config(from_pairs, ENV("XDG_CONFIG_HOME", "/x", "HOME", "/h"), 0), "/x/shelfd/shelfd.yaml");
	assert_path(paths_config(from_pairs, ENV("HOME", "/h"), 0), "/h/.config/shelfd/shelfd.yaml");
	assert_path(paths_config(from_pairs, ENV("HOME", "/h"), 1), SHELFD_SYSCONFDIR "/shelfd/shelfd.yaml");
	assert_path(paths_config(from_pairs, ENV("HOME", "/h"), 2), NULL);
}

static void
without_a_home_only_the_systems_configuration_is_left(void **state)
{
	(void)state;
	assert_path(paths_config(from_pairs, ENV(NULL), 0), SHELFD_SYSCONFDIR "/shelfd/shelfd.yaml");
	assert_path(paths_config(from_pairs, ENV(NULL), 1), NULL);
}

static void
a_folder_in_the_environment_counts_only_when_absolute(void **state)
{
	(void)state;
	assert_path(
	    paths_config(from_pairs, ENV("XDG_CONFIG_HOME", "x", "HOME", "/h"), 0), "/h/.config/shelfd/shelfd.yaml");
	assert_path(
	    paths_runtime(from_pairs, ENV("RUNTIME_DIRECTORY", "r", "XDG_RUNTIME_DIR", ""), 7, "c"), "/tmp/shelfd-7/c");
}

static void
the_runtime_folder_is_systemds_or_the_sessions_or_made(void **state)
{
	(void)state;
	assert_path(
	    paths_runtime(from_pairs, ENV("RUNTIME_DIRECTORY", "/run/a", "XDG_RUNTIME_DIR", "/x"), 7, "c"), "/run/a");
	assert_path(paths_runtime(from_pairs, ENV("RUNTIME_DIRECTORY", "/run/a:/run/b"), 7, "c"), "/run/a");
	assert_path(paths_runtime(from_pairs, ENV("XDG_RUNTIME_DIR", "/x"), 7, "c"), "/x/shelfd/c");
	assert_path(paths_runtime(from_pairs, ENV(NULL), 0, "c"), "/run/shelfd/c");
	assert_path(paths_runtime(from_pairs, ENV(NULL), 7, "c"), "/tmp/shelfd-7/c");
}

static void
the_state_folder_is_systemds_or_the_users_or_the_systems(void **state)
{
	(void)state;
	assert_path(paths_state(from_pairs, ENV("STATE_DIRECTORY", "/s", "XDG_STATE_HOME", "/x"), 7, "c"), "/s");
	assert_path(paths_state(from_pairs, ENV("XDG_STATE_HOME", "/x", "HOME", "/h"), 7, "c"), "/x/shelfd/c");
	assert_path(paths_state(from_pairs, ENV("HOME", "/h"), 7, "c"), "/h/.local/state/shelfd/c");
	assert_path(paths_state(from_pairs, ENV("HOME", "/root"), 0, "c"), "/var/lib/shelfd/c");
	assert_path(paths_state(from_pairs, ENV(NULL), 7, "c"), "/var/lib/shelfd/c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_users_configuration_comes_before_the_systems),
	    cmocka_unit_test(without_a_home_only_the_systems_configuration_is_left),
	    cmocka_unit_test(a_folder_in_the_environment_counts_only_when_absolute),
	    cmocka_unit_test(the_runtime_folder_is_systemds_or_the_sessions_or_made),
	    cmocka_unit_test(the_state_folder_is_systemds_or_the_users_or_the_systems),
	};

	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
