#include "redis/script.h"

#include "redis/apply_lua.h"
#include "redis/lease_lua.h"

const char *
script_text(enum script s)
{
	return s == SCRIPT_APPLY ? apply_lua : lease_lua;
}
