#include "manifest/parse.h"

#include "manifest/frontmatter.h"
#include "manifest/json.h"
#include "manifest/yaml.h"

enum parsed_as
parse_document(
    enum format format, const char *s, size_t n, struct document *d, const struct value **ret, struct problems *ps)
{
	const struct value *root = NULL;
	size_t yaml_n, body;
	const char *yaml;
	int line;

	switch (format) {
	case FORMAT_MARKDOWN:
		switch (frontmatter_find(s, n, &yaml, &yaml_n, &line, &body, ps)) {
		case FRONTMATTER_NONE:
			return PARSED_PLAIN;
		case FRONTMATTER_FOUND:
			root = yaml_parse(d, yaml, yaml_n, line, ps);
			break;
		case FRONTMATTER_BAD:
			break;
		}
		break;
	case FORMAT_YAML:
		root = yaml_parse(d, s, n, 1, ps);
		break;
	case FORMAT_JSON:
		root = json_parse(d, s, n, ps);
		break;
	}
	if (root == NULL)
		return PARSED_BAD;
	*ret = root;
	return PARSED_DOCUMENT;
}
