#include "manifest/check.h"

#include <assert.h>
#include <string.h>

#include "manifest/codes.h"
#include "manifest/rule.h"

#define SCHEMA_HINT "correct the schema: JSON Schema, draft 2020-12 or 7"

static const struct rule rules[] = {
    {NULL, "name-type", rule_is_text, "name", 0, 0, "put the value in quotes if it is meant as text"},
    {NULL, "description-type", rule_is_text, "description", 0, 0, "put the value in quotes if it is meant as text"},
    {NULL, "status-unknown", rule_status, NULL, 0, 0, "use draft, in_review, published or archived"},

    {"skill", "name-missing", rule_is_there, "name", 0, 0, "add a line 'name:' with the name of the folder"},
    {"skill", "description-missing", rule_is_there, "description", 0, 0,
	"add a line 'description:' that says what it does and when to use it"},
    {"skill", "skill-name-length", rule_length, "name", 1, 64, "choose a name of 1 to 64 characters"},
    {"skill", "skill-name-format", rule_skill_name_format, "name", 0, 0, "write it like pdf-tools"},
    {"skill", "skill-name-folder", rule_skill_name_folder, "name", 0, 0, "change the name, or rename the folder"},
    {"skill", "skill-description-length", rule_length, "description", 1, 1024,
	"say what it does and when to use it, and leave the rest to the body"},
    {"skill", "skill-compatibility-length", rule_skill_compatibility, "compatibility", 1, 500,
	"shorten it, or leave it out"},
    {"skill", "skill-unknown-key", rule_skill_keys, NULL, 0, 0, "move it below metadata, or remove it"},

    {"mcp", "name-missing", rule_is_there, "name", 0, 0, "add the name of the server"},
    {"mcp", "description-missing", rule_is_there, "description", 0, 0, "add a sentence that says what the server does"},
    {"mcp", "mcp-name-format", rule_mcp_name, "name", 3, 200, "write it like io.github.user/weather"},
    {"mcp", "mcp-description-length", rule_mcp_description, "description", 1, 100, "say the rest in the README"},
    {"mcp", "mcp-version-missing", rule_mcp_version_there, "version", 0, 0,
	"add the version of the server as a string, like \"1.0.2\""},
    {"mcp", "mcp-version-range", rule_mcp_version_exact, "version", 0, 0, "name the one version this file describes"},

    {"tool", "name-missing", rule_is_there, "name", 0, 0, "add the name by which a model calls the tool"},
    {"tool", "description-missing", rule_is_there, "description", 0, 0, "add a sentence that says what the tool does"},
    {"tool", "tool-name-format", rule_tool_name, "name", 1, 128, "write it like convert_units"},
    {"tool", "tool-input-schema", rule_tool_input_schema, "inputSchema", 0, 0,
	"describe the arguments as an object with properties"},
    {"tool", "tool-input-schema", rule_tool_input_schema, "input_schema", 0, 0,
	"describe the arguments as an object with properties"},
    {"tool", "tool-input-schema", rule_tool_input_schema, "parameters", 0, 0,
	"describe the arguments as an object with properties"},
    {"tool", "tool-schema-invalid", rule_tool_schema, "inputSchema", 0, 0, SCHEMA_HINT},
    {"tool", "tool-schema-invalid", rule_tool_schema, "input_schema", 0, 0, SCHEMA_HINT},
    {"tool", "tool-schema-invalid", rule_tool_schema, "parameters", 0, 0, SCHEMA_HINT},
    {"tool", "tool-schema-invalid", rule_tool_schema, "outputSchema", 0, 0, SCHEMA_HINT},

    {"function", "name-missing", rule_is_there, "name", 0, 0, "add the name by which a model calls the function"},
    {"function", "description-missing", rule_is_there, "description", 0, 0,
	"add a sentence that says what the function does"},
    {"function", "tool-name-format", rule_function_name, "name", 1, 64, "write it like convert_units"},
    {"function", "tool-input-schema", rule_tool_input_schema, "parameters", 0, 0,
	"describe the arguments as an object with properties"},
    {"function", "tool-schema-invalid", rule_tool_schema, "parameters", 0, 0, SCHEMA_HINT},

    {"tools", "tool-duplicate-name", rule_tool_names, NULL, 0, 0, "rename one of them"},

    {"catalog-item", "catalog-duplicate-name", rule_catalog_names, NULL, 0, 0, "rename one of them"},
};

const char *const *
check_rule_sets(void)
{
	static const char *const sets[] = {"skill", "mcp", "tool", "catalog-item", NULL};

	return sets;
}

void
check_rules(const struct check *c, const char *set)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct rule *r = &rules[i];

		if (r->schema == set || (r->schema != NULL && set != NULL && strcmp(r->schema, set) == 0))
			r->run(c, r);
	}
}

void
check_document(const struct manifest_source *src, const struct value *root, bool markdown, struct problems *ps)
{
	const struct check c = {src, root, "", &src->collection->fields, markdown, ps};
	const char *schema = src->collection->schema;

	check_rules(&c, NULL);
	if (schema == NULL)
		return;
	if (strcmp(schema, "tool") == 0)
		rule_tools(&c);
	else
		check_rules(&c, schema);
	rule_schema(&c);
}

enum severity
check_severity(const char *code, enum profile profile)
{
	const struct code *row = code_find(code);

	assert(row != NULL);
	return profile == PROFILE_STRICT ? row->strict : row->lenient;
}
