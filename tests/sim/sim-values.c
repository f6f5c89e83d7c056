/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/sim.h"

/* What most tests begin with: values, and a network that has formed. */

/* People come one after the other, µs. */
#define JOIN_INTERVAL (100 * 1000)

GBytes *
bytestag_sim_make_value (gsize size,
                         guint seed)
{
  guint8 *bytes = g_malloc (MAX (size, 1));

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (i * seed + i / 251);
  return g_bytes_new_take (bytes, size);
}

static void
written_cb (const GError *error,
            gpointer      user_data)
{
  g_assert_no_error (error);
}

void
bytestag_sim_put_value (BytestagSim *self,
                        guint        index,
                        GBytes      *value,
                        BytestagKey *key)
{
  BytestagKvpRecord record = { 0 };

  bytestag_key_digest (key, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  record.id.key = record.id.index = *key;
  record.size = g_bytes_get_size (value);
  record.is_original = TRUE;
  bytestag_kvp_table_write (bytestag_sim_get_table (self, index), &record, value, written_cb, NULL);
}

gboolean
bytestag_sim_join_all (BytestagSim *self,
                       gint64       duration)
{
  g_autoptr (GPtrArray) joins = g_ptr_array_new_with_free_func (g_object_unref);
  BytestagEndpoint first;

  bytestag_sim_get_address (self, 0, &first);
  for (guint i = 1; i < bytestag_sim_get_n_nodes (self); i++)
    {
      g_ptr_array_add (joins, bytestag_network_join_network (bytestag_sim_get_node (self, i), &first));
      bytestag_sim_run (self, JOIN_INTERVAL);
    }
  bytestag_sim_run (self, duration);

  for (guint i = 0; i < joins->len; i++)
    if (bytestag_task_get_state (joins->pdata[i]) != BYTESTAG_TASK_DONE)
      return FALSE;
  return TRUE;
}
