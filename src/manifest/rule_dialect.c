/* The rules of single dialects: Agent Skills, the MCP registry. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "manifest/rule.h"

void
rule_skill_compatibility(const struct check *c, const struct rule *r)
{
	const struct value *v = value_get(c->root, r->key);

	if (v != NULL && v->type != VALUE_STRING && v->type != VALUE_NULL)
		rule_complain(c, r, rule_place(v, "/compatibility"),
		    "compatibility is of type %s; a string is expected", value_type_word(v->type));
	else
		rule_length(c, r);
}

static bool
is_lower_or_digit(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
}

static bool
is_skill_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool hyphen = s[i] == '-';

		if (hyphen && (i == 0 || i + 1 == n || s[i - 1] == '-'))
			return false;
		if (!hyphen && !is_lower_or_digit(s[i]))
			return false;
	}
	return true;
}

void
rule_skill_name_format(const struct check *c, const struct rule *r)
{
	const struct value *v = rule_string(c, r);
	char word[RULE_WORD];

	if (v != NULL && !rule_blank(v) && !is_skill_name(v->text, v->text_len))
		rule_complain(c, r, rule_place(v, "/name"),
		    "name '%s' is not allowed; lower-case letters, digits and single hyphens between them are",
		    text_escape_to(word, sizeof word, v->text));
}

void
rule_skill_name_folder(const struct check *c, const struct rule *r)
{
	const struct value *v = rule_string(c, r);
	const char *rel = collection_relative(c->src->collection, c->src->path);
	const char *base = strrchr(rel, '/'), *folder = base;
	char word[RULE_WORD], folder_word[RULE_WORD], name[RULE_WORD];

	/* Without a folder there is no id either, which is an error of its own. */
	if (v == NULL || rule_blank(v) || !c->src->entry || base == NULL)
		return;
	while (folder > rel && folder[-1] != '/')
		folder--;
	if ((size_t)(base - folder) == v->text_len && memcmp(folder, v->text, v->text_len) == 0)
		return;
	(void)snprintf(name, sizeof name, "%.*s", (int)(base - folder), folder);
	rule_complain(c, r, rule_place(v, "/name"), "name '%s' differs from the folder '%s'; they must be equal",
	    text_escape_to(word, sizeof word, v->text), text_escape_to(folder_word, sizeof folder_word, name));
}

static void
pointer_to_key(struct buf *out, const char *key)
{
	buf_addch(out, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~')
			buf_addstr(out, "~0");
		else if (*key == '/')
			buf_addstr(out, "~1");
		else
			buf_addch(out, *key);
	}
}

void
rule_skill_keys(const struct check *c, const struct rule *r)
{
	static const char *const known[] = {
	    "name", "description", "license", "compatibility", "metadata", "allowed-tools", NULL};

	for (size_t i = 0; i < c->root->object.len; i++) {
		const struct member *m = &c->root->object.members[i];
		struct buf pointer = {0};
		const char *near;
		char word[RULE_WORD];
		size_t k = 0;

		while (known[k] != NULL && strcmp(known[k], m->key) != 0)
			k++;
		if (known[k] != NULL)
			continue;
		near = text_nearest(m->key, known);
		pointer_to_key(&pointer, m->key);
		rule_complain(c, r, (struct rule_place){m->line, m->column, buf_str(&pointer)},
		    "unknown key '%s'%s%s%s", text_escape_to(word, sizeof word, m->key),
		    near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
		buf_free(&pointer);
	}
}

/* Has the document no key but those of a server.json, and those that nearly every one has? */
static bool
has_registry_keys(const struct value *root)
{
	static const char *const known[] = {"_meta", "description", "icons", "name", "packages", "remotes",
	    "repository", "status", "title", "version", "websiteUrl", "website_url"};

	for (size_t i = 0; i < root->object.len; i++) {
		size_t k = 0;

		while (k < sizeof known / sizeof *known && strcmp(known[k], root->object.members[i].key) != 0)
			k++;
		if (k == sizeof known / sizeof *known)
			return false;
	}
	return value_get(root, "description") != NULL && value_get(root, "version") != NULL;
}

/*
 * Is the document a server.json of the MCP registry? Other dialects describe
 * servers in ways of their own, and the registry's rules are not theirs.
 */
static bool
is_registry_server(const struct check *c)
{
	static const char host[] = "://static.modelcontextprotocol.io/";
	const struct value *v = value_get(c->root, "$schema");

	if (v != NULL && v->type == VALUE_STRING && strstr(v->text, host) != NULL)
		return true;
	return value_get(c->root, "packages") != NULL || value_get(c->root, "remotes") != NULL ||
	    (v == NULL && kind_format(c->src->path) == FORMAT_JSON && has_registry_keys(c->root));
}

void
rule_mcp_description(const struct check *c, const struct rule *r)
{
	if (is_registry_server(c))
		rule_length(c, r);
}

static bool
is_mcp_name(const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n);
	size_t before;

	if (slash == NULL)
		return false;
	before = (size_t)(slash - s);
	return before > 0 && before + 1 < n && rule_consists_of(s, before, ".-") &&
	    rule_consists_of(slash + 1, n - before - 1, "._-");
}

void
rule_mcp_name(const struct check *c, const struct rule *r)
{
	const struct value *v = rule_string(c, r);
	char word[RULE_WORD];

	if (v == NULL || !is_registry_server(c))
		return;
	if (!is_mcp_name(v->text, v->text_len))
		rule_complain(c, r, rule_place(v, "/name"), "name '%s' is not of the form namespace/name",
		    text_escape_to(word, sizeof word, v->text));
	else if (v->text_len < r->min || v->text_len > r->max)
		rule_complain(c, r, rule_place(v, "/name"), "name has %zu characters; %zu to %zu are allowed",
		    v->text_len, r->min, r->max);
}

void
rule_mcp_version_there(const struct check *c, const struct rule *r)
{
	const struct value *v = value_get(c->root, r->key);

	if (!is_registry_server(c))
		return;
	if (v == NULL || v->type == VALUE_NULL)
		rule_complain(c, r, rule_place(c->root, NULL), "there is no version in the document");
	else if (v->type != VALUE_STRING)
		rule_complain(c, r, rule_place(v, "/version"), "version is of type %s; a string is expected",
		    value_type_word(v->type));
}

/* One of the dotted parts is a wildcard: 1.x, 1.2.*. */
static bool
has_wildcard_part(const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, ".");

		if (n == 1 && strchr("xX*", s[0]) != NULL)
			return true;
		s += s[n] == '.' ? n + 1 : n;
	}
	return false;
}

static bool
is_version_range(const char *s)
{
	s += strspn(s, " ");
	return (*s != '\0' && strchr("^~<>=", *s) != NULL) || strstr(s, "||") != NULL || strstr(s, " - ") != NULL ||
	    has_wildcard_part(s) || strcmp(s, "latest") == 0;
}

void
rule_mcp_version_exact(const struct check *c, const struct rule *r)
{
	const struct value *v = rule_string(c, r);
	char word[RULE_WORD];

	if (v != NULL && is_registry_server(c) && is_version_range(v->text))
		rule_complain(c, r, rule_place(v, "/version"), "version '%s' is a range; one exact version is expected",
		    text_escape_to(word, sizeof word, v->text));
}
