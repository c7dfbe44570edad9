/*
 * Comments that begin where YAML allows none: libyaml takes a '#' right behind a
 * value, a comma or a block scalar's '|' for one, YAML 1.2 wants a blank before it.
 */
#ifndef MANIFEST_YAML_COMMENT_H
#define MANIFEST_YAML_COMMENT_H

#include <stdbool.h>
#include <yaml.h>

#include "manifest/place.h"

/*
 * Go on to event e, which comes behind those that were given before. false: there
 * is such a '#', and cursor, which began at the text's first byte, stands on it. All
 * events of a document together take time linear in its size.
 */
bool yaml_comment_right(struct place *cursor, const yaml_event_t *e);

#endif
