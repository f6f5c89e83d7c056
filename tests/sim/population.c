/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/population.h"

#include "storage/memory-table.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define SETTLING (60 * SECOND)

typedef struct {
  BytestagPopulation *population;
  guint number;
} Get;

BytestagPopulation *
bytestag_population_new (guint64 seed,
                         guint   n_nodes)
{
  BytestagPopulation *self = g_new0 (BytestagPopulation, 1);

  self->sim = bytestag_sim_new (seed);
  self->values = g_array_new (FALSE, FALSE, sizeof (BytestagPopulationValue));
  for (guint i = 0; i < n_nodes; i++)
    bytestag_sim_add_node (self->sim);
  return self;
}

void
bytestag_population_free (BytestagPopulation *self)
{
  bytestag_sim_free (self->sim);
  for (guint i = 0; i < self->values->len; i++)
    g_bytes_unref (g_array_index (self->values, BytestagPopulationValue, i).bytes);
  g_array_unref (self->values);
  g_free (self);
}

guint
bytestag_population_choose (BytestagPopulation *self)
{
  guint index;

  do
    index = bytestag_rng_range (bytestag_sim_get_rng (self->sim), bytestag_sim_get_n_nodes (self->sim));
  while (bytestag_sim_get_node (self->sim, index) == NULL);
  return index;
}

void
bytestag_population_join (BytestagPopulation *self,
                          guint               index)
{
  g_autoptr (BytestagJoinTask) task = NULL;
  BytestagEndpoint through;
  guint other;

  do
    other = bytestag_population_choose (self);
  while (other == index);
  bytestag_sim_get_address (self->sim, other, &through);
  task = bytestag_network_join_network (bytestag_sim_get_node (self->sim, index), &through);
}

guint
bytestag_population_publish (BytestagPopulation *self,
                             guint               index,
                             gsize               size,
                             guint               copies)
{
  BytestagPopulationValue value;
  g_autoptr (BytestagStoreValueTask) task = NULL;

  value.bytes = bytestag_sim_make_value (size, 2 * self->values->len + 3);
  bytestag_sim_put_value (self->sim, index, value.bytes, &value.key);
  g_array_append_val (self->values, value);

  task = bytestag_network_store_value (bytestag_sim_get_node (self->sim, index), &value.key, &value.key, copies);
  g_assert_true (bytestag_sim_run_task (self->sim, task, 3600 * SECOND));
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_DONE);
  g_assert_true (bytestag_kvp_table_remove (bytestag_sim_get_table (self->sim, index),
                                            &(BytestagKvpId) { value.key, value.key }));
  return self->values->len - 1;
}

static void
got_cb (BytestagTask *task,
        Get          *get)
{
  BytestagPopulation *self = get->population;

  if (bytestag_task_get_state (task) == BYTESTAG_TASK_DONE)
    {
      GBytes *bytes = bytestag_get_value_task_get_bytes (BYTESTAG_GET_VALUE_TASK (task));

      g_assert_true (g_bytes_equal (bytes, g_array_index (self->values, BytestagPopulationValue, get->number).bytes));
      self->n_found++;
    }
  else if (bytestag_task_get_state (task) == BYTESTAG_TASK_FAILED)
    {
      self->n_missed++;
    }
}

void
bytestag_population_get (BytestagPopulation *self,
                         guint               index,
                         guint               number)
{
  const BytestagKey *key = &g_array_index (self->values, BytestagPopulationValue, number).key;
  g_autoptr (BytestagGetValueTask) task = NULL;
  Get *get = g_new0 (Get, 1);

  get->population = self;
  get->number = number;
  task = bytestag_network_get_value (bytestag_sim_get_node (self->sim, index), key, key);
  g_signal_connect_data (task, "finished", G_CALLBACK (got_cb), get, (GClosureNotify) g_free, 0);
}

gdouble
bytestag_population_get_percent_found (BytestagPopulation *self)
{
  g_assert_cmpuint (self->n_found + self->n_missed, >, 0);
  return 100.0 * self->n_found / (self->n_found + self->n_missed);
}

guint
bytestag_population_check_tables (BytestagPopulation *self)
{
  guint n_all = 0;

  for (guint i = 0; i < bytestag_sim_get_n_nodes (self->sim); i++)
    {
      BytestagKvpTable *table = bytestag_sim_get_table (self->sim, i);
      guint n = 0;

      for (guint number = 0; number < self->values->len; number++)
        {
          const BytestagKey *key = &g_array_index (self->values, BytestagPopulationValue, number).key;

          n += bytestag_kvp_table_lookup (table, &(BytestagKvpId) { *key, *key }, NULL);
        }
      g_assert_cmpuint (bytestag_memory_table_get_n_values (BYTESTAG_MEMORY_TABLE (table)), ==, n);
      n_all += n;
    }
  return n_all;
}
