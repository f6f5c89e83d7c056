/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash/values.h"

#include "core/limits.h"

static gsize
get_size (guint n)
{
  if (n >= BYTESTAG_CRASH_FIRST_ROW)
    return BYTESTAG_LIMIT_VALUE_IN_ROW - n % 100;
  if (n % 3 == 0)
    return BYTESTAG_LIMIT_VALUE_IN_ROW + 1 + n * 37 % 20000;

  return n % 7 == 0 ? n % 5 : BYTESTAG_LIMIT_VALUE_IN_ROW - n * 53 % 9000;
}

GBytes *
bytestag_crash_value_make (guint n, BytestagKvpRecord *record)
{
  gsize size = get_size (n);
  guint8 *bytes = g_malloc (size + 4);
  guint32 state = n + 1;

  for (gsize i = 0; i < size + 4; i += 4)
    {
      state = state * 1664525 + 1013904223;
      for (guint j = 0; j < 4 && i + j < size + 4; j++)
        bytes[i + j] = (guint8) (state >> (8 * j + 1));
    }

  *record = (BytestagKvpRecord) { .size = size, .copies = 4 };
  bytestag_key_digest (&record->id.index, bytes, size);
  record->id.key = record->id.index;
  /* A key of its own, also for the few that are empty. */
  if (n % 7 == 0 && n < BYTESTAG_CRASH_FIRST_ROW)
    bytestag_key_digest (&record->id.key, (const guint8 *) &n, sizeof n);

  return g_bytes_new_take (bytes, size);
}
