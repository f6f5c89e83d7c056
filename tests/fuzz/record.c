/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "fuzz.h"
#include "wire/record.h"

/* Signed records: what is read is within its bounds, and is what it claims to be. */

static void
check_entries (const BytestagRecord *record)
{
  g_assert_cmpuint (record->n_pages, >, 0);
  g_assert_cmpuint (record->n_pages, <=, BYTESTAG_LIMIT_PAGES_OF_CATALOGUE);
  g_assert_cmpuint (record->page, <, record->n_pages);
  g_assert_cmpuint (record->entries->len, <=, BYTESTAG_LIMIT_ENTRIES_OF_PAGE);
  for (guint i = 0; i < record->entries->len; i++)
    {
      const BytestagCatalogueEntry *entry = record->entries->pdata[i];

      g_assert_true (entry->name == NULL || g_utf8_validate (entry->name, -1, NULL));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagRecord) record = bytestag_record_parse (data, size, &error);

  g_assert_true ((record == NULL) == (error != NULL));
  if (record == NULL)
    return 0;

  g_assert_cmpuint (size, <=, BYTESTAG_LIMIT_RECORD_BYTES);
  g_assert_cmpint (record->kind, ==, bytestag_record_get_claim (data, size));
  if (record->kind == BYTESTAG_KVP_CATALOGUE)
    {
      check_entries (record);
    }
  else
    {
      g_assert_cmpuint (record->n_addresses, >, 0);
      g_assert_cmpuint (record->n_addresses, <=, BYTESTAG_LIMIT_ADDRESSES_OF_RECORD);
      for (guint i = 0; i < record->n_addresses; i++)
        g_assert_true (bytestag_endpoint_is_usable (&record->addresses[i]));
    }
  return 0;
}
