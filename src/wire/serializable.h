/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/key.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SERIALIZABLE (bytestag_serializable_get_type ())
G_DECLARE_INTERFACE (BytestagSerializable, bytestag_serializable, BYTESTAG, SERIALIZABLE, GObject)

struct _BytestagSerializableInterface
{
  GTypeInterface parent;
  GBytes *(*to_bytes) (BytestagSerializable *self);
};

/* (transfer full) the canonical JSON (A.5). (Seed: Serializable.to_bytes.) */
GBytes *bytestag_serializable_to_bytes (BytestagSerializable *self);
/* SHA-1 of those bytes. */
void    bytestag_serializable_get_key  (BytestagSerializable *self,
                                        BytestagKey          *key);

G_END_DECLS
