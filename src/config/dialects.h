/*
 * The dialects of a configuration: the user's folder of schemas is read, and each
 * collection gets the schema that it names. Reads files, which nothing else in
 * this room does.
 */
#ifndef CONFIG_DIALECTS_H
#define CONFIG_DIALECTS_H

#include "config/settings.h"

/*
 * Read the .json, .yaml and .yml files of s->schemas (NULL: none), at any depth,
 * and connect the collections; to be called once, when the settings are final.
 * -1 with at least one error (config-value) in ps: a file that is no schema, or a
 * name that no dialect has.
 */
int dialects_load(struct settings *s, struct problems *ps);

#endif
