#include <string.h>

#include "manifest/schema_rules.h"

#define APPLY VOCAB_APPLICATOR
#define VALID VOCAB_VALIDATION
#define BOTH DRAFTS_ALL
#define D7 DRAFT_7
#define D2020 DRAFT_2020

/*
 * What applies to members and items stands before what applies to the value
 * itself, so that additionalProperties sees the marks of its siblings only, and
 * the unevaluated ones last, so that they see all.
 */
static const struct keyword keywords[] = {
    {"type", BOTH, VALID, SHAPE_NONE, build_types, holds_type},
    {"enum", BOTH, VALID, SHAPE_NONE, build_values, holds_enum},
    {"const", BOTH, VALID, SHAPE_NONE, build_any, holds_const},
    {"multipleOf", BOTH, VALID, SHAPE_NONE, build_divisor, holds_multiple_of},
    {"maximum", BOTH, VALID, SHAPE_NONE, build_number, holds_maximum},
    {"exclusiveMaximum", BOTH, VALID, SHAPE_NONE, build_number, holds_exclusive_maximum},
    {"minimum", BOTH, VALID, SHAPE_NONE, build_number, holds_minimum},
    {"exclusiveMinimum", BOTH, VALID, SHAPE_NONE, build_number, holds_exclusive_minimum},
    {"maxLength", BOTH, VALID, SHAPE_NONE, build_size, holds_max_length},
    {"minLength", BOTH, VALID, SHAPE_NONE, build_size, holds_min_length},
    {"pattern", BOTH, VALID, SHAPE_NONE, build_regex, holds_pattern},
    {"format", BOTH, VOCAB_FORMAT | VOCAB_FORMAT_ASSERTION, SHAPE_NONE, build_format, holds_format},
    {"maxItems", BOTH, VALID, SHAPE_NONE, build_size, holds_max_items},
    {"minItems", BOTH, VALID, SHAPE_NONE, build_size, holds_min_items},
    {"uniqueItems", BOTH, VALID, SHAPE_NONE, build_flag, holds_unique_items},
    {"maxProperties", BOTH, VALID, SHAPE_NONE, build_size, holds_max_properties},
    {"minProperties", BOTH, VALID, SHAPE_NONE, build_size, holds_min_properties},
    {"required", BOTH, VALID, SHAPE_NONE, build_names, holds_required},
    {"dependentRequired", D2020, VALID, SHAPE_NONE, build_map_or_names, holds_dependent_required},
    {"propertyNames", BOTH, APPLY, SHAPE_ONE, build_one, holds_property_names},
    {"properties", BOTH, APPLY, SHAPE_MAP, build_map, holds_properties},
    {"patternProperties", BOTH, APPLY, SHAPE_MAP, build_patterns, holds_pattern_properties},
    {"additionalProperties", BOTH, APPLY, SHAPE_ONE, build_additional, holds_additional_properties},
    {"prefixItems", D2020, APPLY, SHAPE_LIST, build_list, holds_prefix_items},
    {"items", D2020, APPLY, SHAPE_ONE, build_items, holds_items},
    {"items", D7, APPLY, SHAPE_ONE_OR_LIST, build_items7, holds_items7},
    {"additionalItems", D7, APPLY, SHAPE_ONE, build_additional_items, holds_items},
    {"contains", BOTH, APPLY, SHAPE_ONE, build_contains, holds_contains},
    {"$ref", BOTH, VOCAB_CORE, SHAPE_NONE, build_ref, holds_ref},
    {"$dynamicRef", D2020, VOCAB_CORE, SHAPE_NONE, build_dynamic_ref, holds_dynamic_ref},
    {"allOf", BOTH, APPLY, SHAPE_LIST, build_list, holds_all_of},
    {"anyOf", BOTH, APPLY, SHAPE_LIST, build_list, holds_any_of},
    {"oneOf", BOTH, APPLY, SHAPE_LIST, build_list, holds_one_of},
    {"not", BOTH, APPLY, SHAPE_ONE, build_one, holds_not},
    {"if", BOTH, APPLY, SHAPE_ONE, build_if, holds_if},
    {"then", BOTH, APPLY, SHAPE_ONE, NULL, NULL},
    {"else", BOTH, APPLY, SHAPE_ONE, NULL, NULL},
    {"dependentSchemas", D2020, APPLY, SHAPE_MAP, build_map, holds_dependent_schemas},
    {"dependencies", D7, APPLY, SHAPE_MAP_OR_NAMES, build_map_or_names, holds_dependencies},
    {"unevaluatedItems", D2020, VOCAB_UNEVALUATED, SHAPE_ONE, build_additional, holds_unevaluated_items},
    {"unevaluatedProperties", D2020, VOCAB_UNEVALUATED, SHAPE_ONE, build_additional, holds_unevaluated_properties},
    {"contentSchema", D2020, VOCAB_CONTENT, SHAPE_ONE, NULL, NULL},
    {"$defs", D2020, VOCAB_CORE, SHAPE_MAP, NULL, NULL},
    {"definitions", BOTH, VOCAB_CORE, SHAPE_MAP, NULL, NULL},
    {NULL, 0, 0, SHAPE_NONE, NULL, NULL},
};

const struct keyword *
schema_keywords(void)
{
	return keywords;
}

const struct rule *
schema_sibling(const struct schema *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->rules[i].keyword->name, name) == 0)
			return &s->rules[i];
	return NULL;
}
