#include "manifest/codes_table.h"

#define ALWAYS SEVERITY_ERROR, SEVERITY_ERROR
#define IN_STRICT SEVERITY_WARNING, SEVERITY_ERROR
#define WARNED SEVERITY_WARNING, SEVERITY_WARNING
#define NOTED SEVERITY_NOTE, SEVERITY_NOTE

/* Where the examples lie. */
#define IN_SKILL "skills/pdf/SKILL.md"
#define IN_MCP "mcps/wiki/server.json"
#define IN_TOOL "tools/format.yaml"
#define IN_CAPABILITY "capabilities/search.yaml"
#define IN_CATALOG "catalog/database.yaml"
#define IN_CONFIG "shelfd.yaml"
#define COMMANDS NULL

/* clang-format off */
const struct code codes_table[] = {
	{"bom", NOTED, "the file begins with a byte order mark",
	 "UTF-8 needs no byte order mark. It is skipped here, but it counts in the digests and other programs stumble"
	 " over it. Save the file as \"UTF-8\" instead of \"UTF-8 with BOM\".",
	 COMMANDS,
	 "printf '\\357\\273\\277---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"},
	{"catalog-duplicate-name", IN_STRICT, "two groups or two fields of a catalog item have one name",
	 "What a person fills in is known by the name of its field, over all groups, so two fields with one name"
	 " can not be told apart; nor can two groups. The id counts as the name where there is one.",
	 IN_CATALOG,
	 "name: database\nversion: 1.2.0\npresentation:\n"
	 "  fields:\n  - {name: size, type: integer}\n  - {name: size, type: string}\n"
	 "fulfillment:\n  actions: [{type: ticket}]\n",
	 "name: database\nversion: 1.2.0\npresentation:\n"
	 "  fields:\n  - {name: size, type: integer}\n  - {name: engine, type: string}\n"
	 "fulfillment:\n  actions: [{type: ticket}]\n"},
	{"config-syntax", ALWAYS, "the configuration is not UTF-8 text",
	 "The configuration file is UTF-8 text without NUL bytes: one YAML mapping. shelfd.yaml(5) lists every key.",
	 COMMANDS,
	 "printf '# caf\\351\\ncatalog: main\\n' >shelfd.yaml\n",
	 "printf '# caf\\303\\251\\ncatalog: main\\n' >shelfd.yaml\n"},
	{"config-unknown-key", ALWAYS, "the configuration has a key that shelfd does not know",
	 "An unknown key is most often a slip of the pen, and a setting that silently does nothing is worse than an"
	 " error. Correct the key or remove it; shelfd.yaml(5) lists every key.",
	 IN_CONFIG,
	 "catalogue: main\n",
	 "catalog: main\n"},
	{"config-value", ALWAYS, "a value in the configuration can not be used",
	 "The key is known, its value is of the wrong type or outside of what is allowed. The message says what was"
	 " expected; durations are written 10ms, 2s, 5m and sizes 64KiB.",
	 IN_CONFIG,
	 "watch:\n  quiet: fast\n",
	 "watch:\n  quiet: 20ms\n"},
	{"conflict-markers", ALWAYS, "the file is in conflict and still has git's conflict markers",
	 "git could not merge this file and wrote both sides into it. Nothing is published from it until the conflict"
	 " is resolved: choose the lines to keep, remove the markers, then git add.",
	 IN_SKILL,
	 "---\n<<<<<<< HEAD\nname: pdf\n=======\nname: pdf-tools\n>>>>>>> feature\n"
	 "description: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"description-missing", IN_STRICT, "there is no description",
	 "The description is what an agent reads to decide whether this item helps. Say what it does and when to use"
	 " it.",
	 IN_SKILL,
	 "---\nname: pdf\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"description-type", ALWAYS, "the description is not a string",
	 "The description must be text. In YAML a list, a mapping, a number or a word such as true is something else;"
	 " put the value in quotes if it is meant as text.",
	 IN_SKILL,
	 "---\nname: pdf\ndescription: [fill in, merge]\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms.\n---\n"},
	{"duplicate-id", ALWAYS, "another manifest has the same type and id",
	 "One of the two is published, the other is not. The one from the source of the lower priority number wins,"
	 " then an entry manifest before a single file, then the smaller path. Rename or remove one of them.",
	 COMMANDS,
	 "mkdir tools/format\n"
	 "echo '{name: format, description: Format code.}' | tee tools/format.yaml >tools/format/tool.yaml\n",
	 "mkdir tools/format-all\n"
	 "echo '{name: format, description: Format code.}' | tee tools/format.yaml >tools/format-all/tool.yaml\n"},
	{"frontmatter-missing", IN_STRICT, "the Markdown file has no front matter",
	 "A skill begins with a line ---, its metadata in YAML, and a second line ---. Without it the name is taken from"
	 " the path and the description from the first paragraph, which is a guess.",
	 IN_SKILL,
	 "# PDF\n\nFill in forms.\n",
	 "---\nname: pdf\ndescription: Fill in forms.\n---\n\n# PDF\n"},
	{"frontmatter-not-closed", ALWAYS, "the front matter is not closed",
	 "The file begins with a line --- but there is no second line --- that ends the metadata. The line must be ---"
	 " alone, at the left margin.",
	 IN_SKILL,
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n\n# PDF\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n\n# PDF\n"},
	{"frontmatter-too-large", ALWAYS, "the front matter is larger than 64 KiB",
	 "The metadata of an item is small; what an agent reads belongs below the front matter. Perhaps the closing line"
	 " --- is missing.",
	 COMMANDS,
	 "{ printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\nmetadata:\\n'\n"
	 "  seq -f '  line-%g: a manual' 5000; echo ---; } >skills/pdf/SKILL.md\n",
	 "{ printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n'\n"
	 "  seq -f 'line %g: a manual' 5000; } >skills/pdf/SKILL.md\n"},
	{"id-empty", ALWAYS, "the item has no usable id",
	 "An id is one or more parts joined by single slashes: not empty, no slash at either end, no empty part. By path"
	 " it is the folder of an entry manifest, so a SKILL.md directly in the collection has none: give it a folder.",
	 COMMANDS,
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"},
	{"id-missing", ALWAYS, "the document has no value where id_from points",
	 "This collection takes the id of an item from its document (id_from). Without that value the item can not be"
	 " named. Add it, or correct id_from in the configuration.",
	 IN_CAPABILITY,
	 "metadata:\n  title: search\nname: search\ndescription: Search the pages of a wiki.\n",
	 "metadata:\n  title: search\n  dc_identifier: org.example.search\nname: search\n"
	 "description: Search the pages of a wiki.\n"},
	{"id-too-long", ALWAYS, "the id is longer than 512 bytes",
	 "An id is part of a key in Redis and of every event. Shorten the path or the value that id_from points to. Bytes"
	 " that are not printable count as three.",
	 COMMANDS,
	 "folder=tools/$(seq -s / -f 'a-long-name-for-a-folder-%g' 20)\nmkdir -p \"$folder\"\n"
	 "echo '{name: format, description: Format code.}' >\"$folder/tool.yaml\"\n",
	 "mkdir tools/format\necho '{name: format, description: Format code.}' >tools/format/tool.yaml\n"},
	{"id-type", ALWAYS, "the id is neither a string nor a number",
	 "The value where id_from points must be a string, or a number, which is taken as written.",
	 IN_CAPABILITY,
	 "metadata:\n  dc_identifier: [org.example.search]\nname: search\n"
	 "description: Search the pages of a wiki.\n",
	 "metadata:\n  dc_identifier: org.example.search\nname: search\ndescription: Search the pages of a wiki.\n"},
	{"json-duplicate-key", ALWAYS, "a JSON object has a key twice",
	 "Programs differ in which of the two values they take, so this document means different things to different"
	 " readers. Remove one.",
	 IN_MCP,
	 "{\n  \"name\": \"org.example/wiki\",\n  \"name\": \"org.example/pages\",\n"
	 "  \"description\": \"Search and read a wiki\",\n  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n",
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n"},
	{"json-syntax", ALWAYS, "the file is not valid JSON",
	 "JSON (RFC 8259) has no comments, no comma after the last element, and only double quotes.",
	 IN_MCP,
	 "{\n  'name': 'org.example/wiki',\n}\n",
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n"},
	{"key-too-long", ALWAYS, "a key is longer than 256 bytes",
	 "A key of that length is almost always a value in the wrong place, for example a line without its key.",
	 COMMANDS,
	 "{ printf 'name: format\\ndescription: Format code.\\n? '; printf 'a%.0s' $(seq 300); printf '\\n: 1\\n'; } >tools/format.yaml\n",
	 "{ printf 'name: format\\ndescription: Format code.\\ntext: '; printf 'a%.0s' $(seq 300); echo; } >tools/format.yaml\n"},
	{"mcp-description-length", IN_STRICT, "the description of an MCP server is empty or longer than 100 characters",
	 "The MCP registry accepts descriptions of 1 to 100 characters. Say the rest in the README.",
	 IN_MCP,
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"\",\n  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n",
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n"},
	{"mcp-name-format", IN_STRICT, "the name of an MCP server is not of the form namespace/name",
	 "The MCP registry wants a reverse domain name, one slash, and the name of the server: letters, digits, dots and"
	 " hyphens before the slash, the underscore too behind it, 3 to 200 characters altogether.",
	 IN_MCP,
	 "{\n  \"name\": \"wiki\",\n  \"description\": \"Search and read a wiki\",\n  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n",
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n"},
	{"mcp-version-missing", IN_STRICT, "the MCP server has no version",
	 "The MCP registry wants the exact version of the server as a string.",
	 IN_MCP,
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n",
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n"},
	{"mcp-version-range", IN_STRICT, "the version of an MCP server is a range",
	 "A server.json describes one version. Ranges such as ^1.2, >=1.0 or 1.x and words such as latest are refused by"
	 " the MCP registry.",
	 IN_MCP,
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"version\": \"^1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n",
	 "{\n  \"name\": \"org.example/wiki\",\n  \"description\": \"Search and read a wiki\",\n"
	 "  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"streamable-http\", \"url\": \"https://wiki.example.org/mcp\"}]\n}\n"},
	{"member-unreadable", ALWAYS, "a file of the bundle can not be read",
	 "The digest of a bundle covers all its files, so one that can not be read leaves the digest unknown; the last"
	 " good version stays. Mostly the permissions of the file are wrong.",
	 COMMANDS,
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"
	 "echo Forms. >skills/pdf/forms.md\nchmod 000 skills/pdf/forms.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"
	 "echo Forms. >skills/pdf/forms.md\nchmod 644 skills/pdf/forms.md\n"},
	{"name-missing", IN_STRICT, "there is no name",
	 "The name is what an agent and its user see. The id of the item comes from the path all the same.",
	 IN_SKILL,
	 "---\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"name-type", ALWAYS, "the name is not a string",
	 "The name must be text. In YAML a number or a word such as true is something else; put the value in quotes if it"
	 " is meant as text.",
	 IN_SKILL,
	 "---\nname: 2024\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"not-a-mapping", ALWAYS, "the metadata is not a mapping of keys to values",
	 "A manifest is a YAML mapping or a JSON object. An empty file, an empty front matter, a list or plain text is"
	 " none.",
	 IN_SKILL,
	 "---\njust text\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"not-regular", ALWAYS, "the manifest is no regular file",
	 "A folder, FIFO, socket or device with the name of a manifest is never opened for its content.",
	 COMMANDS,
	 "mkfifo skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"},
	{"not-utf8", ALWAYS, "the file is not valid UTF-8",
	 "Manifests are read as UTF-8 only; the message names the first wrong byte. The file was probably saved in an older"
	 " encoding such as Latin-1: save it as UTF-8, or convert it with iconv -f latin1 -t utf-8.",
	 COMMANDS,
	 "printf -- '---\\nname: pdf\\ndescription: Forms of the caf\\351.\\n---\\n' >skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Forms of the caf\\303\\251.\\n---\\n' >skills/pdf/SKILL.md\n"},
	{"nul-byte", ALWAYS, "the file has a NUL byte",
	 "A text file has no NUL byte. The file is binary, damaged, or was cut off by a crash while it was written.",
	 COMMANDS,
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\000\\n---\\n' >skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"},
	{"scalar-too-long", ALWAYS, "a single value is longer than 64 KiB",
	 "Metadata is small; long text belongs into the body of the Markdown file or into a file of its own.",
	 COMMANDS,
	 "{ printf 'name: format\\ndescription: Format code.\\nmanual: '; seq -s ' ' 20000; } >tools/format.yaml\n",
	 "printf 'name: format\\ndescription: Format code.\\nmanual: see manual.txt\\n' >tools/format.yaml\n"},
	{"schema-required", IN_STRICT, "something that the schema of the collection requires is not there",
	 "The schema that the collection names, or that the document declares, wants a key that is missing. The"
	 " message names it and the pointer says where; a schema that comes with shelfd is explained in"
	 " doc/DIALECTS.md.",
	 IN_MCP,
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"packages\": [{\"registryType\": \"npm\"}]\n}\n",
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"packages\": [{\"registryType\": \"npm\", \"identifier\": \"wiki-server\"}]\n}\n"},
	{"schema-type", IN_STRICT, "a value is of another type than its schema says",
	 "The schema that the collection names, or that the document declares, wants another type: a list, a"
	 " mapping, text, a number, true or false. In YAML a text that looks like a number or like true needs"
	 " quotes.",
	 IN_MCP,
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"packages\": {\"identifier\": \"wiki-server\"}\n}\n",
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"packages\": [{\"identifier\": \"wiki-server\"}]\n}\n"},
	{"schema-undecided", WARNED, "it can not be told whether a document follows its schema, or whether a schema is valid",
	 "Every check has a budget, so that no schema and no document holds shelfd up; it was not enough here. Or a schema names"
	 " a draft of JSON Schema that shelfd does not know: it knows 2020-12 and 7. The document may be right.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\ninputSchema:\n  $schema: http://json-schema.org/draft-03/schema#\n"
	 "  type: object\n",
	 "name: format\ndescription: Format code.\ninputSchema:\n  $schema: http://json-schema.org/draft-07/schema#\n"
	 "  type: object\n"},
	{"schema-unknown-key", IN_STRICT, "a key is none of those that the schema allows",
	 "The schema that the collection names, or that the document declares, is closed: it lists all keys there"
	 " may be. Mostly the key is misspelled, or stands one level too high or too low.",
	 COMMANDS,
	 "mkdir schemas\n"
	 "echo '{\"properties\": {\"name\": true, \"description\": true}, \"additionalProperties\": false}' >schemas/closed.json\n"
	 "echo '{schemas: schemas, collections: [{type: tool, path: tools, flat: \"*.yaml\", schema: closed}]}' >shelfd.yaml\n"
	 "echo '{name: format, description: Format code., languages: [go]}' >tools/format.yaml\n",
	 "mkdir schemas\n"
	 "echo '{\"properties\": {\"name\": true, \"description\": true}, \"additionalProperties\": false}' >schemas/closed.json\n"
	 "echo '{schemas: schemas, collections: [{type: tool, path: tools, flat: \"*.yaml\", schema: closed}]}' >shelfd.yaml\n"
	 "echo '{name: format, description: Format code.}' >tools/format.yaml\n"},
	{"schema-value", IN_STRICT, "a value is outside of what its schema allows",
	 "The type is right, but the value is none of those listed, does not have the form that the schema asks"
	 " for, or is too short, too long, too small or too large. The message says what was expected.",
	 IN_MCP,
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"http\", \"url\": \"https://wiki.example/mcp\"}]\n}\n",
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"remotes\": [{\"type\": \"sse\", \"url\": \"https://wiki.example/mcp\"}]\n}\n"},
	{"schema-violation", IN_STRICT, "a part of the document does not follow its schema",
	 "The schema that the collection names, or that the document declares, has a rule of several parts for this"
	 " value, such as one of several shapes, and none of them holds. The message names the rule and the pointer"
	 " the value.",
	 IN_MCP,
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"packages\": [{\"identifier\": \"wiki-server\", \"packageArguments\": [{\"type\": \"positional\"}]}]\n}\n",
	 "{\n  \"$schema\": \"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json\",\n"
	 "  \"name\": \"org.example/wiki\",\n  \"description\": \"Search the pages of a wiki.\",\n  \"version\": \"1.2.0\",\n"
	 "  \"packages\": [{\"identifier\": \"wiki-server\", \"packageArguments\": [{\"type\": \"positional\", \"value\": \"all\"}]}]\n}\n"},
	{"skill-compatibility-length", IN_STRICT, "compatibility is longer than 500 characters",
	 "The Agent Skills standard allows 1 to 500 characters for what a skill needs in order to run.",
	 COMMANDS,
	 "{ printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\ncompatibility: '; seq -s ' ' 200; echo ---; } >skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\ncompatibility: needs poppler\\n---\\n' >skills/pdf/SKILL.md\n"},
	{"skill-description-length", IN_STRICT, "the description of a skill is empty or longer than 1024 characters",
	 "The Agent Skills standard allows 1 to 1024 characters: agents hold the descriptions of all skills in mind at once."
	 " Say what the skill does and when to use it, and leave the rest to the body.",
	 IN_SKILL,
	 "---\nname: pdf\ndescription: \"\"\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"skill-name-folder", IN_STRICT, "the name of a skill differs from its folder",
	 "The Agent Skills standard wants the name to equal the name of the folder that holds SKILL.md. Rename one of the"
	 " two. Renaming the folder changes the id of the item.",
	 IN_SKILL,
	 "---\nname: pdf-tools\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"skill-name-format", IN_STRICT, "the name of a skill has characters that are not allowed",
	 "The Agent Skills standard allows lower-case letters, digits and single hyphens, no hyphen first or last.",
	 IN_SKILL,
	 "---\nname: PDF Tools\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"skill-name-length", IN_STRICT, "the name of a skill is empty or longer than 64 characters",
	 "The Agent Skills standard allows 1 to 64 characters.",
	 IN_SKILL,
	 "---\nname: \"\"\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\n---\n"},
	{"skill-unknown-key", IN_STRICT, "the front matter of a skill has a key that the standard does not know",
	 "The Agent Skills standard knows name, description, license, compatibility, metadata and allowed-tools. What else"
	 " you want to say belongs below metadata; keys of one product only are ignored by the others.",
	 IN_SKILL,
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\nauthor: Ada\n"
	 "---\n",
	 "---\nname: pdf\ndescription: Fill in and merge PDF forms. Use when the user has a PDF.\nmetadata:\n"
	 "  author: Ada\n---\n"},
	{"status-unknown", WARNED, "the status is none of the known ones",
	 "The status is draft, in_review, published or archived. Anything else counts as published.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\nstatus: done\n",
	 "name: format\ndescription: Format code.\nstatus: published\n"},
	{"symlink", ALWAYS, "the manifest is a symbolic link",
	 "Links are never followed, so that nothing outside of the checkout can be published. Put the file itself here.",
	 COMMANDS,
	 "ln -s /etc/passwd skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"},
	{"too-deep", ALWAYS, "values are nested more than 32 levels deep",
	 "No manifest needs more than 32 levels of lists and mappings; the limit keeps a hostile file from doing harm.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\n"
	 "rules: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
	 "name: format\ndescription: Format code.\nrules: [1]\n"},
	{"too-large", ALWAYS, "the file is larger than 1 MiB",
	 "Manifests are read whole, at most 1 MiB. Move what is large into files of its own beside the manifest.",
	 COMMANDS,
	 "{ printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n'; seq 200000; } >skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"
	 "seq 200000 >skills/pdf/reference.md\n"},
	{"too-many-nodes", ALWAYS, "the document has more than 10,000 values",
	 "Each key's value and list element counts, and an alias as all that it stands for; nor may aliases stand for more"
	 " than 1 MiB of text. Move large tables into a file beside the manifest.",
	 COMMANDS,
	 "{ printf 'name: format\\ndescription: Format code.\\nrows:\\n'; seq -f '- %g' 20000; } >tools/format.yaml\n",
	 "printf 'name: format\\ndescription: Format code.\\nrows: rows.csv\\n' >tools/format.yaml\n"},
	{"tool-duplicate-name", IN_STRICT, "two tools of a list have one name",
	 "A model calls a tool by its name, so the names in a list of tools must differ.",
	 IN_TOOL,
	 "tools:\n- {name: format, description: Format code.}\n- {name: format, description: Format text.}\n",
	 "tools:\n- {name: format_code, description: Format code.}\n- {name: format_text, description: Format text.}\n"},
	{"tool-input-schema", IN_STRICT, "the input schema of a tool is not the schema of an object",
	 "inputSchema (or input_schema, or parameters) is a JSON Schema for the arguments of the tool, and the arguments are"
	 " an object: a mapping whose type, if given, is object.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\ninputSchema:\n  type: string\n",
	 "name: format\ndescription: Format code.\ninputSchema:\n  type: object\n  properties:\n"
	 "    path: {type: string}\n"},
	{"tool-name-format", IN_STRICT, "the name of a tool has characters that are not allowed, or a wrong length",
	 "Model providers accept 1 to 128 of the ASCII letters, digits, underscore, hyphen and dot.",
	 IN_TOOL,
	 "name: format my file\ndescription: Format code.\n",
	 "name: format_file\ndescription: Format code.\n"},
	{"tool-schema-invalid", IN_STRICT, "a schema of a tool is no valid JSON Schema",
	 "inputSchema (or input_schema, or parameters) and outputSchema are JSON Schemas, of draft 2020-12 unless"
	 " $schema says draft 7. A keyword with a value that it can not have makes model providers refuse the tool.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\ninputSchema:\n  type: object\n  properties:\n    width: {type: int}\n",
	 "name: format\ndescription: Format code.\ninputSchema:\n  type: object\n  properties:\n    width: {type: integer}\n"},
	{"unreadable", ALWAYS, "the file can not be read",
	 "The message has the system's reason. This is not taken for a deletion: the last good version stays.",
	 COMMANDS,
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"
	 "chmod 000 skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' >skills/pdf/SKILL.md\n"
	 "chmod 644 skills/pdf/SKILL.md\n"},
	{"utf16", ALWAYS, "the file is UTF-16, not UTF-8",
	 "Manifests are read as UTF-8 only. Windows PowerShell writes UTF-16 by default: use Out-File -Encoding utf8, save as"
	 " UTF-8 in the editor, or convert with iconv -f utf-16 -t utf-8.",
	 COMMANDS,
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' | iconv -t utf-16 >skills/pdf/SKILL.md\n",
	 "printf -- '---\\nname: pdf\\ndescription: Fill in forms.\\n---\\n' | iconv -t utf-8 >skills/pdf/SKILL.md\n"},
	{"yaml-alias", ALWAYS, "a YAML alias can not be resolved",
	 "An alias (*name) repeats a value that was marked with an anchor (&name) earlier in the same document; it can not"
	 " come before its anchor or inside the value itself. A text that begins with * needs quotes.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\npattern: *go\n",
	 "name: format\ndescription: Format code.\npattern: \"*go\"\n"},
	{"yaml-documents", ALWAYS, "the file has more than one YAML document",
	 "A manifest is one document. A line --- in the middle begins a second one: split the file, or quote the line.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\n---\nname: check\n",
	 "name: format\ndescription: Format code.\n"},
	{"yaml-duplicate-key", ALWAYS, "a YAML mapping has a key twice",
	 "Programs differ in which of the two values they take, so this document means different things to different"
	 " readers. Remove one.",
	 IN_TOOL,
	 "name: format\nname: check\ndescription: Format code.\n",
	 "name: format\ndescription: Format code.\n"},
	{"yaml-key", ALWAYS, "a key of a YAML mapping is no scalar",
	 "Metadata becomes JSON, where keys are strings, so a list or mapping can not be a key. Braces at the start of a"
	 " value are a mapping too: put template text in quotes.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\ntitle: {{ title }}\n",
	 "name: format\ndescription: Format code.\ntitle: \"{{ title }}\"\n"},
	{"yaml-merge-key", NOTED, "a YAML merge key is kept as a plain key",
	 "The merge key << is no part of YAML 1.2. It is kept as a key of this name and nothing is merged.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\ndefaults: &defaults\n  timeout: 5s\noptions:\n  <<: *defaults\n",
	 "name: format\ndescription: Format code.\noptions:\n  timeout: 5s\n"},
	{"yaml-syntax", ALWAYS, "the metadata is not valid YAML",
	 "The message names the line. Frequent causes: a tab as indentation, a value that begins with one of [ { * & ! % @ `"
	 " or a quote, a line that is indented differently from its neighbours.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\noptions:\n\ttimeout: 5s\n",
	 "name: format\ndescription: Format code.\noptions:\n  timeout: 5s\n"},
	{"yaml-tag", ALWAYS, "a YAML tag is not one of the core ones",
	 "Tags (!name) mean something to one program only. The core ones (!!str, !!int, !!float, !!bool, !!null, !!seq,"
	 " !!map) are allowed. A text that begins with ! needs quotes.",
	 IN_TOOL,
	 "name: format\ndescription: Format code.\nwhen: !now\n",
	 "name: format\ndescription: Format code.\nwhen: \"!now\"\n"},
	{"yaml-unquoted-colon", ALWAYS, "a value with a colon and a blank is not quoted",
	 "In YAML a colon followed by a blank ends a key, so a plain value can not have one. Put the value in quotes, or"
	 " write it as a block with >- on the lines below.",
	 IN_SKILL,
	 "---\nname: pdf\ndescription: Use when: the user has a PDF\n---\n",
	 "---\nname: pdf\ndescription: \"Use when: the user has a PDF\"\n---\n"},
};
/* clang-format on */

const size_t codes_table_n = sizeof codes_table / sizeof *codes_table;
