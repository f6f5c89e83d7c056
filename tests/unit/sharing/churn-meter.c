/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/churn-meter.h"

#include <math.h>

#include "core/limits.h"
#include "support/test-clock.h"
#include "support/test-node.h"
#include "support/test-rng.h"

#define MINUTE (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)
#define LOOK_INTERVAL (5 * MINUTE)

typedef struct {
  BytestagTestClock *clock;
  BytestagRng *rng;
  BytestagReactor *reactor;
  BytestagRoutingTable *routing_table;
  BytestagChurnMeter *meter;
  GPtrArray *nodes; /* those that live */
  guint16 next_port;
} Fixture;

static void
add_nodes (Fixture *self,
           guint    n)
{
  for (guint i = 0; i < n; i++)
    {
      BytestagNode *node = bytestag_test_node_new_in_bucket (bytestag_routing_table_get_key (self->routing_table),
                                                             self->next_port % 16, self->rng, self->next_port);

      self->next_port++;
      bytestag_node_answered (node, 1000, bytestag_reactor_get_time (self->reactor));
      g_assert_true (bytestag_routing_table_node_update (self->routing_table, node, NULL));
      g_ptr_array_add (self->nodes, node);
    }
}

static void
set_up (Fixture      *self,
        gconstpointer data)
{
  BytestagKey key = { { 0 } };

  self->clock = bytestag_test_clock_new ();
  self->rng = BYTESTAG_RNG (bytestag_test_rng_new (1));
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), self->rng);
  self->routing_table = bytestag_routing_table_new (&key, BYTESTAG_CLOCK (self->clock));
  self->meter = bytestag_churn_meter_new (self->reactor, self->routing_table);
  self->nodes = g_ptr_array_new_with_free_func (g_object_unref);
  self->next_port = 1024;
  add_nodes (self, 60);
}

static void
tear_down (Fixture      *self,
           gconstpointer data)
{
  g_ptr_array_unref (self->nodes);
  g_assert_finalize_object (self->meter);
  g_assert_finalize_object (self->reactor);
  g_object_unref (self->routing_table);
  g_object_unref (self->rng);
  g_object_unref (self->clock);
}

static void
fall_silent (Fixture *self,
             guint    index)
{
  BytestagNode *node = self->nodes->pdata[index];

  bytestag_routing_table_node_failed (self->routing_table, node);
  bytestag_routing_table_node_failed (self->routing_table, node);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_STALE);
  g_ptr_array_remove_index_fast (self->nodes, index);
}

/* All that live answer, and the meter looks. */
static void
pass (Fixture *self,
      guint    n_looks)
{
  for (guint i = 0; i < n_looks; i++)
    {
      bytestag_test_clock_advance (self->clock, LOOK_INTERVAL);
      for (guint j = 0; j < self->nodes->len; j++)
        bytestag_node_answered (self->nodes->pdata[j], 1000, bytestag_reactor_get_time (self->reactor));
      bytestag_reactor_tick (self->reactor);
    }
}

static void
test_not_known (Fixture      *self,
                gconstpointer data)
{
  gdouble hours, losses;

  g_assert_false (bytestag_churn_meter_is_known (self->meter));
  g_assert_cmpfloat (bytestag_churn_meter_get_loss_per_hour (self->meter), ==, 0);

  /* The first look only meets them: nothing before it is known. */
  pass (self, 5);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (hours, 60 * 20 / 60.0, 0.3);
  g_assert_cmpfloat (losses, ==, 0);
  g_assert_cmpfloat (hours, <, BYTESTAG_LIMIT_CHURN_KNOWN_HOURS);
  g_assert_false (bytestag_churn_meter_is_known (self->meter));

  pass (self, 2);
  g_assert_true (bytestag_churn_meter_is_known (self->meter));
  /* Nobody went: that is no proof that nobody goes. */
  g_assert_cmpfloat_with_epsilon (bytestag_churn_meter_get_loss_per_hour (self->meter), 1 - exp (-1 / 30.0), 0.005);
}

/* Nodes go by the law of a half-life: so it is found. */
static void
test_half_life (Fixture      *self,
                gconstpointer data)
{
  const gdouble half_life = 2;
  gdouble wanted = 1 - exp2 (-1 / half_life);
  gdouble per_look = 1 - exp2 (-5.0 / 60 / half_life);

  for (guint i = 0; i < 12 * 24; i++)
    {
      for (guint j = self->nodes->len; j > 0; j--)
        if (bytestag_rng_range (self->rng, 1000000) < per_look * 1000000)
          fall_silent (self, j - 1);
      add_nodes (self, 60 - self->nodes->len);
      pass (self, 1);
    }
  g_assert_cmpfloat_with_epsilon (bytestag_churn_meter_get_loss_per_hour (self->meter), wanted, 0.15 * wanted);
}

/* Who failed once counts as lost, until it answers; where most did, nobody does. */
static void
test_silent (Fixture      *self,
             gconstpointer data)
{
  gdouble losses, hours;

  pass (self, 20);
  for (guint i = 0; i < 6; i++)
    {
      bytestag_routing_table_node_failed (self->routing_table, self->nodes->pdata[i]);
      g_assert_cmpint (bytestag_node_get_state (self->nodes->pdata[i]), !=, BYTESTAG_NODE_STALE);
    }
  bytestag_test_clock_advance (self->clock, LOOK_INTERVAL);
  bytestag_reactor_tick (self->reactor);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat (losses, ==, 6);
  g_assert_cmpfloat_with_epsilon (bytestag_churn_meter_get_loss_per_hour (self->meter), 1 - exp (-7 / hours), 1e-9);

  pass (self, 1);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat (losses, ==, 0);

  for (guint i = 0; i < 40; i++)
    bytestag_routing_table_node_failed (self->routing_table, self->nodes->pdata[i]);
  bytestag_test_clock_advance (self->clock, LOOK_INTERVAL);
  bytestag_reactor_tick (self->reactor);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat (losses, ==, 0);
}

/* A contact that nobody asks may be long gone: no hour of it counts until it answers. */
static void
test_unasked (Fixture      *self,
              gconstpointer data)
{
  gdouble before, hours, losses;

  pass (self, 1);
  bytestag_churn_meter_get_counts (self->meter, &before, &losses);
  for (guint i = 0; i < 12; i++)
    {
      bytestag_test_clock_advance (self->clock, LOOK_INTERVAL);
      bytestag_reactor_tick (self->reactor);
    }
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat (hours, <=, before);

  pass (self, 1);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (hours - before, 60 * 65 / 60.0, 3);
}

/* Of one that went between two answers half of that time is taken for its life. */
static void
test_half_of_silence (Fixture      *self,
                      gconstpointer data)
{
  gdouble hours, losses;

  pass (self, 1);
  for (guint i = 0; i < 12; i++)
    {
      bytestag_test_clock_advance (self->clock, LOOK_INTERVAL);
      bytestag_reactor_tick (self->reactor);
    }
  fall_silent (self, 0);
  pass (self, 1);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (losses, 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (hours, 59 * 65 / 60.0 + 65 / 120.0, 0.3);
}

/* All fall silent at once: it is our line that is dead. */
static void
test_cut_off (Fixture      *self,
              gconstpointer data)
{
  gdouble hours, losses;

  pass (self, 12);
  while (self->nodes->len > 0)
    fall_silent (self, self->nodes->len - 1);
  pass (self, 1);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat (losses, ==, 0);

  /* Some of many is what nodes do. */
  add_nodes (self, 40);
  pass (self, 2);
  for (guint i = 0; i < 10; i++)
    fall_silent (self, 0);
  pass (self, 1);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (losses, 10, 0.1);
  /* Each is counted once. */
  pass (self, 1);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (losses, 10, 0.2);
}

/* Who leaves the table without having failed is no loss. */
static void
test_removed (Fixture      *self,
              gconstpointer data)
{
  gdouble hours, losses;

  pass (self, 2);
  for (guint i = 0; i < 10; i++)
    {
      bytestag_routing_table_remove (self->routing_table, self->nodes->pdata[0]);
      g_ptr_array_remove_index (self->nodes, 0);
    }
  pass (self, 2);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat (losses, ==, 0);
}

static void
test_fades (Fixture      *self,
            gconstpointer data)
{
  gdouble hours, losses;

  pass (self, 1);
  fall_silent (self, 0);
  pass (self, 1);
  /* A day later. */
  g_ptr_array_set_size (self->nodes, 0);
  bytestag_test_clock_advance (self->clock, 24 * 60 * MINUTE);
  bytestag_reactor_tick (self->reactor);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (losses, 0.5, 0.01);
}

static void
test_restore (Fixture      *self,
              gconstpointer data)
{
  gdouble hours, losses;

  bytestag_churn_meter_restore (self->meter, 1000, 50, 86400);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (hours, 500, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses, 25, 1e-6);
  g_assert_true (bytestag_churn_meter_is_known (self->meter));
  g_assert_cmpfloat_with_epsilon (bytestag_churn_meter_get_loss_per_hour (self->meter), 1 - exp (-26.0 / 500), 1e-6);

  /* What nobody can have counted; the last of the bounds is. */
  bytestag_churn_meter_restore (self->meter, -1, 5, 0);
  bytestag_churn_meter_restore (self->meter, NAN, 5, 0);
  bytestag_churn_meter_restore (self->meter, 5, INFINITY, 0);
  bytestag_churn_meter_restore (self->meter, BYTESTAG_LIMIT_CHURN_HOURS + 1.0, 5, 0);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (hours, 500, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses, 25, 1e-6);
  bytestag_churn_meter_restore (self->meter, BYTESTAG_LIMIT_CHURN_HOURS, 0, -5);
  bytestag_churn_meter_get_counts (self->meter, &hours, &losses);
  g_assert_cmpfloat_with_epsilon (hours, 500.0 + BYTESTAG_LIMIT_CHURN_HOURS, 1e-6);
}

static void
count_cb (GObject    *object,
          GParamSpec *pspec,
          guint      *n)
{
  ++*n;
}

static void
test_notify (Fixture      *self,
             gconstpointer data)
{
  guint n_known = 0, n_loss = 0;
  gboolean known;
  gdouble loss;

  g_signal_connect (self->meter, "notify::known", G_CALLBACK (count_cb), &n_known);
  g_signal_connect (self->meter, "notify::loss-per-hour", G_CALLBACK (count_cb), &n_loss);
  pass (self, 4);
  g_assert_cmpuint (n_known, ==, 0);
  g_assert_cmpuint (n_loss, ==, 0);
  pass (self, 4);
  g_assert_cmpuint (n_known, ==, 1);
  g_assert_cmpuint (n_loss, >, 0);
  g_object_get (self->meter, "known", &known, "loss-per-hour", &loss, NULL);
  g_assert_true (known);
  g_assert_cmpfloat (loss, ==, bytestag_churn_meter_get_loss_per_hour (self->meter));
}

#define ADD(path, func) g_test_add ("/churn-meter/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("silent", test_silent);
  ADD ("not-known", test_not_known);
  ADD ("half-life", test_half_life);
  ADD ("unasked", test_unasked);
  ADD ("half-of-silence", test_half_of_silence);
  ADD ("cut-off", test_cut_off);
  ADD ("removed", test_removed);
  ADD ("fades", test_fades);
  ADD ("restore", test_restore);
  ADD ("notify", test_notify);

  return g_test_run ();
}
