#include "manifest/check.h"

#include <assert.h>
#include <string.h>

#include "manifest/codes.h"
#include "manifest/rule.h"

/*
 * Whether inputSchema is a valid schema, and a server.json by the schema that it
 * declares, are rows for the day there is an engine for JSON Schema.
 */
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
};

void
check_document(const struct manifest_source *src, const struct value *root, bool markdown, struct problems *ps)
{
	const struct check c = {src, root, markdown, ps};
	const char *schema = src->collection->schema;

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct rule *r = &rules[i];

		if (r->schema == NULL || (schema != NULL && strcmp(r->schema, schema) == 0))
			r->run(&c, r);
	}
}

enum severity
check_severity(const char *code, enum profile profile)
{
	const struct code *row = code_find(code);

	assert(row != NULL);
	return profile == PROFILE_STRICT ? row->strict : row->lenient;
}
