/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/kvp-id.h"

#include <string.h>

#include "core/salted-hash.h"

G_DEFINE_BOXED_TYPE (BytestagKvpId, bytestag_kvp_id, bytestag_kvp_id_copy, bytestag_kvp_id_free)

BytestagKvpId *
bytestag_kvp_id_copy (const BytestagKvpId *self)
{
  return g_memdup2 (self, sizeof *self);
}

void
bytestag_kvp_id_free (BytestagKvpId *self)
{
  g_free (self);
}

guint
bytestag_kvp_id_hash (gconstpointer self)
{
  return bytestag_salted_hash (self, sizeof (BytestagKvpId));
}

gboolean
bytestag_kvp_id_equal (gconstpointer a,
                       gconstpointer b)
{
  return memcmp (a, b, sizeof (BytestagKvpId)) == 0;
}

int
bytestag_kvp_id_compare (const BytestagKvpId *a,
                         const BytestagKvpId *b)
{
  int order = bytestag_key_compare (&a->key, &b->key);

  return order != 0 ? order : bytestag_key_compare (&a->index, &b->index);
}
