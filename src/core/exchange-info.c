/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/exchange-info.h"

#include "core/kvp-record.h"

G_DEFINE_BOXED_TYPE (BytestagExchangeInfo, bytestag_exchange_info, bytestag_exchange_info_copy,
                     bytestag_exchange_info_free)

BytestagExchangeInfo *
bytestag_exchange_info_copy (const BytestagExchangeInfo *self)
{
  return g_memdup2 (self, sizeof *self);
}

void
bytestag_exchange_info_free (BytestagExchangeInfo *self)
{
  g_free (self);
}

void
bytestag_exchange_info_from_record (BytestagExchangeInfo *self,
                                    const BytestagKvpRecord *record)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (record != NULL);

  *self = (BytestagExchangeInfo) {
    .id = record->id,
    .size = (gint64) record->size,
    .until = (gint64) bytestag_kvp_record_get_expiry (record),
  };
  if (!record->has_timestamp)
    return;

  if (record->is_original)
    {
      self->time_kind = BYTESTAG_TIME_FLOAT;
      self->timestamp = record->last_update;
    }
  else
    {
      self->time_kind = BYTESTAG_TIME_INTEGER;
      self->timestamp = (gdouble) record->timestamp;
    }
}

GPtrArray *
bytestag_exchange_info_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_exchange_info_free);
}
