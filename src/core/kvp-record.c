/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/kvp-record.h"

G_DEFINE_BOXED_TYPE (BytestagKvpRecord, bytestag_kvp_record, bytestag_kvp_record_copy,
                     bytestag_kvp_record_free)

BytestagKvpRecord *
bytestag_kvp_record_copy (const BytestagKvpRecord *self)
{
  return g_memdup2 (self, sizeof *self);
}

void
bytestag_kvp_record_free (BytestagKvpRecord *self)
{
  g_free (self);
}

gdouble
bytestag_kvp_record_get_expiry (const BytestagKvpRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->is_original)
    return 0;

  if (self->until > 0)
    return (gdouble) self->until;

  return self->time_to_live > 0 ? self->last_update + self->time_to_live : 0;
}
