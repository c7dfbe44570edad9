/*
 * The kinds of checks that the table in check.c is made of. Only check.c and the
 * files rule*.c include this.
 */
#ifndef MANIFEST_RULE_H
#define MANIFEST_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "manifest/check.h"

/* One run of the table over one document, or over a part of it that is one thing, such as a tool in a list. */
struct check {
	const struct manifest_source *src;
	const struct value *root;
	const char *base; /* pointer of root in the document; "" for all of it */
	const struct fields *fields; /* where in root name and description stand */
	bool markdown;
	struct problems *ps;
};

struct rule {
	const char *schema; /* the set it belongs to; NULL: of every dialect */
	const char *code;
	void (*run)(const struct check *c, const struct rule *r);
	const char *key; /* of the root */
	size_t min, max; /* of a length, in code points */
	const char *hint;
};

/* Where a problem is. */
struct rule_place {
	int line, column;
	const char *pointer; /* from the root of the check; NULL: the root */
};

#define RULE_WORD 96 /* size of an author's word in a message, and of the pointer to a key of the table */

/* Add a problem by the rule's code and hint, in the severity of the collection's profile. */
void rule_complain(const struct check *c, const struct rule *r, struct rule_place at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

struct rule_place rule_place(const struct value *v, const char *pointer);

/* The place of v, which stands at the rule's key; the pointer is written to room. */
struct rule_place rule_place_key(const struct value *v, const struct rule *r, char room[RULE_WORD]);

/* The value at the rule's key if it is a string, else NULL: of what type it is, is another rule's matter. */
const struct value *rule_string(const struct check *c, const struct rule *r);

/* Is the string empty, or nothing but white space? */
bool rule_blank(const struct value *v);

/* Run the rules of a set; NULL: those of every dialect. */
void check_rules(const struct check *c, const char *set);

/* Names that have to be unique: where they stand. A zeroed one is empty. */
struct rule_names {
	struct rule_name {
		const struct value *value; /* a string */
		char *pointer; /* from the root of the check */
	} * v;
	size_t n;
};

void rule_names_add(struct rule_names *names, const struct value *v, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Complain of each that came before; what: "tool", for the message. Frees the names. */
void rule_names_unique(const struct check *c, const struct rule *r, struct rule_names *names, const char *what);

/* Of every dialect. The key is "name" or "description", to be found where the collection says. */
void rule_is_text(const struct check *c, const struct rule *r);
void rule_is_there(const struct check *c, const struct rule *r);
void rule_length(const struct check *c, const struct rule *r); /* a string of min to max */
void rule_status(const struct check *c, const struct rule *r);

/* Agent Skills. */
void rule_skill_name_format(const struct check *c, const struct rule *r);
void rule_skill_name_folder(const struct check *c, const struct rule *r);
void rule_skill_compatibility(const struct check *c, const struct rule *r);
void rule_skill_keys(const struct check *c, const struct rule *r);

/* server.json of the MCP registry. */
void rule_mcp_name(const struct check *c, const struct rule *r);
void rule_mcp_description(const struct check *c, const struct rule *r);
void rule_mcp_version_there(const struct check *c, const struct rule *r);
void rule_mcp_version_exact(const struct check *c, const struct rule *r);

/* Tools. */
void rule_tool_name(const struct check *c, const struct rule *r);
void rule_function_name(const struct check *c, const struct rule *r);
void rule_tool_input_schema(const struct check *c, const struct rule *r);
void rule_tool_schema(const struct check *c, const struct rule *r);
void rule_tool_names(const struct check *c, const struct rule *r);

/* A document of tools in one of its shapes: the rules for each tool in it. */
void rule_tools(const struct check *c);

/* Catalog items. */
void rule_catalog_names(const struct check *c, const struct rule *r);

/* The schema of the collection, or the one that the document declares and the user has. */
void rule_schema(const struct check *c);

struct schema_report;

/* Complain of each violation; prefix: the pointer of the value that was validated, from the root of the check. */
void rule_report(const struct check *c, const struct rule *r, const char *prefix, const struct schema_report *report);

/* The same where it could not be found out whether the schema holds, which is a code of its own. */
void rule_undecided(const struct check *c, const char *prefix, const struct schema_report *report);

/* Letters, digits, or in extra? */
bool rule_consists_of(const char *s, size_t n, const char *extra);

#endif
