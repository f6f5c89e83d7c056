/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/serializable.h"

G_DEFINE_INTERFACE (BytestagSerializable, bytestag_serializable, G_TYPE_OBJECT)

static void
bytestag_serializable_default_init (BytestagSerializableInterface *iface)
{
}

GBytes *
bytestag_serializable_to_bytes (BytestagSerializable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SERIALIZABLE (self), NULL);

  return BYTESTAG_SERIALIZABLE_GET_IFACE (self)->to_bytes (self);
}

void
bytestag_serializable_get_key (BytestagSerializable *self, BytestagKey *key)
{
  g_return_if_fail (BYTESTAG_IS_SERIALIZABLE (self));
  g_return_if_fail (key != NULL);

  g_autoptr (GBytes) bytes = bytestag_serializable_to_bytes (self);
  bytestag_key_digest (key, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}
