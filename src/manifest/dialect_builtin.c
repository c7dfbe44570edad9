#include "manifest/dialect_builtin.h"

#include <stddef.h>

#include "manifest/schemas_json.h"

const struct builtin dialect_builtins[] = {
    {"agent", agent_json},
    {"capability", capability_json},
    {"catalog-item", catalog_item_json},
    {"docker-server", docker_server_json},
    {"git-skill", git_skill_json},
    {"mcp", mcp_json},
    {"mcp-server", mcp_server_json},
    {NULL, NULL},
};
