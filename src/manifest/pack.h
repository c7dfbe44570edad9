/*
 * A manifest as bytes and back, so that what was read once need not be read and
 * parsed again. The bytes are this machine's own: whoever keeps them sees to it
 * that they come back whole, and to the same program.
 */
#ifndef MANIFEST_PACK_H
#define MANIFEST_PACK_H

#include "base/buf.h"
#include "manifest/manifest.h"

/* Append m to out. Reads m only: may run beside others that do. */
void manifest_pack(const struct manifest *m, struct buf *out);

/* The manifest that these bytes are, all of them; NULL when they are none. The caller has one reference. */
struct manifest *manifest_unpack(const char *bytes, size_t n);

#endif
