/* What libyaml complains about, in words that help the author of a manifest. */
#ifndef MANIFEST_YAML_ERROR_H
#define MANIFEST_YAML_ERROR_H

#include <yaml.h>

#include "manifest/place.h"
#include "manifest/problem.h"

/* Add the error that parser stopped with: yaml-syntax, yaml-unquoted-colon or yaml-tag. place knows the source. */
void yaml_explain(const yaml_parser_t *parser, struct place *place, struct problems *ps);

#endif
