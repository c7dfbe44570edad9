/* JSON that came from Redis or the daemon: into values, and laid out for people. */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include "base/buf.h"
#include "base/jsonw.h"
#include "manifest/value.h"

/* NULL when it is no JSON. Otherwise *ret_doc owns the value (document_free). */
const struct value *ctl_json_parse(const char *s, size_t n, struct document **ret_doc);

/*
 * Indented by two blanks a level, each line behind `margin` blanks; what is not
 * printable is written as \uXXXX. Ends without a new line.
 */
void ctl_json_pretty(const struct value *v, int margin, struct buf *out);

/* A member that holds what text says: as canonical JSON when it is JSON, else as a string. */
void ctl_json_member(struct jsonw *w, const char *key, const char *text, size_t n);

/* Text of a string or number member, NULL when v has none. */
const char *ctl_json_text(const struct value *v, const char *key);

#endif
