#include "config/paths.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const char *
get_dir(paths_getenv *get, void *arg, const char *name)
{
	const char *v = get(arg, name);

	return v != NULL && v[0] == '/' ? v : NULL; /* a relative path there is to be ignored (XDG Base Directory) */
}

char *
paths_config(paths_getenv *get, void *arg, int k)
{
	const char *xdg = get_dir(get, arg, "XDG_CONFIG_HOME"), *home = get_dir(get, arg, "HOME");

	if (k == 0 && xdg != NULL)
		return mem_printf("%s/shelfd/shelfd.yaml", xdg);
	if (k == 0 && home != NULL)
		return mem_printf("%s/.config/shelfd/shelfd.yaml", home);
	if (xdg == NULL && home == NULL)
		k++;
	return k == 1 ? mem_strdup(SHELFD_SYSCONFDIR "/shelfd/shelfd.yaml") : NULL;
}

/* systemd gives a list joined by ':' when a unit names several (systemd.exec(5)); the first one is ours. */
static char *
first_of_list(const char *list)
{
	return mem_strndup(list, strcspn(list, ":"));
}

char *
paths_runtime(paths_getenv *get, void *arg, unsigned int uid, const char *catalog)
{
	const char *systemd = get_dir(get, arg, "RUNTIME_DIRECTORY"), *xdg = get_dir(get, arg, "XDG_RUNTIME_DIR");

	if (systemd != NULL)
		return first_of_list(systemd);
	if (xdg != NULL)
		return mem_printf("%s/shelfd/%s", xdg, catalog);
	if (uid == 0)
		return mem_printf("/run/shelfd/%s", catalog);
	return mem_printf("/tmp/shelfd-%u/%s", uid, catalog);
}

char *
paths_state(paths_getenv *get, void *arg, unsigned int uid, const char *catalog)
{
	const char *systemd = get_dir(get, arg, "STATE_DIRECTORY"), *xdg = get_dir(get, arg, "XDG_STATE_HOME"),
		   *home = get_dir(get, arg, "HOME");

	if (systemd != NULL)
		return first_of_list(systemd);
	if (xdg != NULL)
		return mem_printf("%s/shelfd/%s", xdg, catalog);
	if (uid == 0 || home == NULL)
		return mem_printf("/var/lib/shelfd/%s", catalog);
	return mem_printf("%s/.local/state/shelfd/%s", home, catalog);
}
