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
