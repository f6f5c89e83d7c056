/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/replicator.h"

#include "core/limits.h"
#include "fixture.h"

#define MINUTE (60 * SECOND)
#define UNTIL G_GINT64_CONSTANT (1600700000)

static gint64
now_of (Fixture *self)
{
  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (self->network)) / SECOND;
}

static BytestagKvpTable *
table_of (Fixture *self,
          guint    node)
{
  return bytestag_network_get_table (bytestag_sim_get_node (self->sim, node));
}

/* A value, told by @number, that @node keeps for others since now. */
static BytestagKvpId
keep (Fixture *self,
      guint    node,
      guint    number,
      guint8   copies,
      gint64   until)
{
  g_autofree char *text = g_strdup_printf ("kept %u", number);
  g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
  BytestagKvpRecord record = { .until = until, .copies = copies, .has_timestamp = TRUE };

  bytestag_key_digest (&record.id.index, text, strlen (text));
  record.id.key = record.id.index;
  record.timestamp = record.replicated = now_of (self);
  record.last_update = (gdouble) record.replicated;
  bytestag_kvp_table_write (table_of (self, node), &record, value, NULL, NULL);
  return record.id;
}

static guint
count_holders (Fixture             *self,
               const BytestagKvpId *id)
{
  guint n = 0;

  for (guint i = 0; i < bytestag_sim_get_n_nodes (self->sim); i++)
    n += bytestag_kvp_table_lookup (table_of (self, i), id, NULL);
  return n;
}

static void
grow (Fixture *self,
      guint    n_nodes)
{
  while (bytestag_sim_get_n_nodes (self->sim) < n_nodes)
    bytestag_sim_add_node (self->sim);
  g_assert_true (bytestag_sim_join_all (self->sim, 60 * SECOND));
}

/* How many nodes are nearer to @key than node @node. */
static guint
get_rank (Fixture           *self,
          const BytestagKey *key,
          guint              node)
{
  const BytestagKey *own = bytestag_network_get_key (bytestag_sim_get_node (self->sim, node));
  guint n = 0;

  for (guint i = 0; i < bytestag_sim_get_n_nodes (self->sim); i++)
    n += bytestag_key_compare_distance (key, bytestag_network_get_key (bytestag_sim_get_node (self->sim, i)), own) < 0;
  return n;
}

/* Between 45 and 60 minutes after it came, with its promise, to the nearest nodes. */
static void
test_replicates (Fixture       *self,
                 gconstpointer  data)
{
  BytestagReplicator *replicator;
  BytestagKvpId id;
  BytestagKvpRecord record;

  grow (self, 30);
  replicator = bytestag_replicator_new (self->network);
  id = keep (self, 0, 1, 5, UNTIL);
  bytestag_sim_run (self->sim, 45 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), ==, 1);
  bytestag_sim_run (self->sim, 15 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 1);
  g_assert_cmpuint (count_holders (self, &id), ==, get_rank (self, &id.key, 0) < 5 ? 5 : 6);
  for (guint i = 1; i < 30; i++)
    {
      gboolean held = bytestag_kvp_table_lookup (table_of (self, i), &id, &record);

      g_assert_cmpint (held, ==, get_rank (self, &id.key, i) < 5);
      if (!held)
        continue;
      g_assert_cmpint (record.until, ==, UNTIL);
      g_assert_cmpuint (record.copies, ==, 5);
    }

  g_assert_finalize_object (replicator);
}

/* Where nobody has said how many copies: twenty. */
static void
test_default_copies (Fixture       *self,
                     gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = NULL;
  BytestagKvpId id;

  grow (self, 30);
  replicator = bytestag_replicator_new (self->network);
  id = keep (self, 0, 1, 0, UNTIL);
  bytestag_sim_run (self->sim, 61 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), >=, 20);
  g_assert_cmpuint (count_holders (self, &id), <=, 21);
}

/* Every hour at least; one who comes is given what is near to it. */
static void
test_again (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = bytestag_replicator_new (self->network);
  BytestagKvpId id = keep (self, 0, 1, 20, UNTIL);

  bytestag_sim_run (self->sim, 61 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), ==, FIXTURE_N_NODES);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 1);

  grow (self, FIXTURE_N_NODES + 1);
  bytestag_sim_run (self->sim, 60 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 2);
  g_assert_cmpuint (count_holders (self, &id), ==, FIXTURE_N_NODES + 1);
}

/* Not when another node has stored it within 30 minutes. */
static void
test_spared (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = bytestag_replicator_new (self->network);
  BytestagKvpId id = keep (self, 0, 1, 20, UNTIL);
  BytestagKvpRecord record;

  for (guint i = 0; i < 4; i++)
    {
      bytestag_sim_run (self->sim, 25 * MINUTE);
      g_assert_true (bytestag_kvp_table_lookup (table_of (self, 0), &id, &record));
      record.last_update = (gdouble) now_of (self);
      bytestag_kvp_table_update (table_of (self, 0), &record);
    }
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 0);

  /* Its turn is 45 to 60 minutes after the last one that it was spared. */
  bytestag_sim_run (self->sim, 60 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 1);
}

/* What two nodes hold is stored by one of them; a refresh is a store. */
static void
test_one_of_many (Fixture       *self,
                  gconstpointer  data)
{
  g_autoptr (GPtrArray) replicators = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_sent = 0;

  for (guint i = 0; i < FIXTURE_N_NODES; i++)
    {
      keep (self, i, 1, 20, UNTIL);
      g_ptr_array_add (replicators, bytestag_replicator_new (bytestag_sim_get_node (self->sim, i)));
    }
  bytestag_sim_run (self->sim, 61 * MINUTE);
  for (guint i = 0; i < replicators->len; i++)
    n_sent += bytestag_replicator_get_n_sent (replicators->pdata[i]);
  g_assert_cmpuint (n_sent, >=, 1);
  g_assert_cmpuint (n_sent, <=, 2);
}

/* Not for what is dropped in ten minutes, and not what the person shares. */
static void
test_not_worth_it (Fixture       *self,
                   gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = bytestag_replicator_new (self->network);
  BytestagKvpId id = keep (self, 0, 1, 20, now_of (self) + 54 * 60);
  BytestagKey own = fixture_put (self, 0, "mine", -1);
  BytestagKvpId own_id = { own, own };

  bytestag_sim_run (self->sim, 50 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), ==, 1);
  bytestag_sim_run (self->sim, 30 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), ==, 0);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 0);
  g_assert_cmpuint (count_holders (self, &own_id), ==, 1);
}

/* Who is no longer near hands over once, and rests until it is needed again. */
static void
test_hands_over (Fixture       *self,
                 gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = NULL;
  BytestagKvpId id = { 0 };
  BytestagKvpRecord record;
  guint number = 0;

  grow (self, 30);
  replicator = bytestag_replicator_new (self->network);
  do
    {
      bytestag_kvp_table_remove (table_of (self, 0), &id);
      id = keep (self, 0, number++, 3, UNTIL);
    }
  while (get_rank (self, &id.key, 0) < 15);

  bytestag_sim_run (self->sim, 61 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), ==, 4);
  g_assert_true (bytestag_kvp_table_lookup (table_of (self, 0), &id, &record));
  g_assert_true (record.handed_over);
  bytestag_sim_run (self->sim, 180 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 1);

  /* All others go: it is one of the nearest. */
  for (guint i = 1; i < 30; i++)
    if (get_rank (self, &id.key, i) < get_rank (self, &id.key, 0))
      bytestag_sim_set_online (self->sim, i, FALSE);
  bytestag_sim_run (self->sim, 360 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), >, 1);
}

/* Many values: one look-up for those that lie together, and few at a time, over minutes. */
static void
test_many (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = NULL;
  guint n_early;

  grow (self, 40);
  replicator = bytestag_replicator_new (self->network);
  for (guint i = 0; i < 500; i++)
    keep (self, 0, i, 2, UNTIL);
  bytestag_sim_run (self->sim, 45 * MINUTE + 60 * SECOND);
  n_early = bytestag_replicator_get_n_sent (replicator);
  g_assert_cmpuint (n_early, >, 5);
  g_assert_cmpuint (n_early, <, 150);
  bytestag_sim_run (self->sim, 14 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 500);
  g_assert_cmpuint (bytestag_replicator_get_n_lookups (replicator), >=, 4);
  g_assert_cmpuint (bytestag_replicator_get_n_lookups (replicator), <, 100);
}

/* Where that takes long it takes longer, and no more of the line. */
static void
test_bound (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = bytestag_replicator_new (self->network);
  guint most = 0;

  for (guint i = 0; i < 1000; i++)
    keep (self, 0, i, 2, UNTIL);
  bytestag_sim_run (self->sim, 44 * MINUTE);
  bytestag_sim_set_latency (self->sim, 4 * SECOND, 0);
  for (guint i = 0; i < 16 * 60; i++)
    {
      bytestag_sim_run (self->sim, SECOND);
      most = MAX (most, bytestag_replicator_get_n_sending (replicator));
    }
  g_assert_cmpuint (most, ==, BYTESTAG_LIMIT_REPLICATING);
}

/* No peers: nothing is lost, and it begins when there are some. */
static void
test_alone (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = bytestag_replicator_new (self->network);
  BytestagKvpId id = keep (self, 0, 1, 20, UNTIL);

  bytestag_sim_run (self->sim, 120 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 0);

  g_assert_true (bytestag_sim_join_all (self->sim, 60 * SECOND));
  bytestag_sim_run (self->sim, 16 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), ==, FIXTURE_N_NODES);
}

/* It may go at any moment. */
static void
test_finalize (Fixture       *self,
               gconstpointer  data)
{
  for (guint i = 0; i < 60; i++)
    {
      BytestagReplicator *replicator = bytestag_replicator_new (self->network);
      BytestagKvpId id = keep (self, 0, i, 20, UNTIL);
      BytestagKvpRecord record;

      g_assert_true (bytestag_kvp_table_lookup (table_of (self, 0), &id, &record));
      record.replicated = 0;
      record.last_update = 1;
      bytestag_kvp_table_update (table_of (self, 0), &record);
      while (bytestag_replicator_get_n_lookups (replicator) == 0)
        bytestag_sim_run (self->sim, SECOND / 100);
      bytestag_sim_run (self->sim, i * SECOND / 100);
      g_assert_finalize_object (replicator);
    }
}

/* A node that is to hold it says that it does not: it is not left at that for an hour. */
static void
test_lost (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = bytestag_replicator_new (self->network);
  BytestagKvpId id = keep (self, 0, 1, 20, UNTIL);
  BytestagKvpId other = keep (self, 0, 2, 20, UNTIL);
  BytestagKey own = fixture_put (self, 0, "mine", -1);
  BytestagKvpId own_id = { own, own };

  /* Of what was stored a moment ago too little is known. */
  g_signal_emit_by_name (self->network, "value-lost", &id);
  bytestag_sim_run (self->sim, MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 0);

  bytestag_sim_run (self->sim, 5 * MINUTE);
  g_signal_emit_by_name (self->network, "value-lost", &id);
  g_signal_emit_by_name (self->network, "value-lost", &own_id);
  bytestag_sim_run (self->sim, 10 * SECOND);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 1);
  g_assert_cmpuint (count_holders (self, &id), ==, FIXTURE_N_NODES);
  g_assert_cmpuint (count_holders (self, &other), ==, 1);
  g_assert_cmpuint (count_holders (self, &own_id), ==, 1);
}

static guint
find_rank (Fixture           *self,
           const BytestagKey *key,
           guint              rank)
{
  for (guint i = 0; i < bytestag_sim_get_n_nodes (self->sim); i++)
    if (get_rank (self, key, i) == rank)
      return i;
  g_assert_not_reached ();
}

/* The node fell silent, as node 0 knows it. */
static void
fall_silent (Fixture *self,
             guint    node)
{
  g_autoptr (BytestagNode) contact = bytestag_sim_make_contact (self->sim, node);
  BytestagRoutingTable *routing_table = bytestag_network_get_routing_table (self->network);

  bytestag_routing_table_node_failed (routing_table, contact);
  bytestag_routing_table_node_failed (routing_table, contact);
}

/* A value of node 0 for which it is the nearest. */
static BytestagKvpId
keep_nearest (Fixture *self,
              guint    number,
              guint8   copies)
{
  for (;; number++)
    {
      BytestagKvpId id = keep (self, 0, number, copies, UNTIL);

      if (get_rank (self, &id.key, 0) == 0)
        return id;
      bytestag_kvp_table_remove (table_of (self, 0), &id);
    }
}

/* A holder falls silent: minutes later another one has its copy. */
static void
test_silent_holder (Fixture       *self,
                    gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = NULL;
  BytestagKvpId id;

  grow (self, 30);
  replicator = bytestag_replicator_new (self->network);
  id = keep_nearest (self, 1, 3);
  bytestag_sim_run (self->sim, 61 * MINUTE);
  g_assert_cmpuint (count_holders (self, &id), ==, 3);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 1);

  /* One that does not hold it is no loss. */
  fall_silent (self, find_rank (self, &id.key, 20));
  bytestag_sim_run (self->sim, 15 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 1);

  bytestag_sim_set_online (self->sim, find_rank (self, &id.key, 1), FALSE);
  fall_silent (self, find_rank (self, &id.key, 1));
  bytestag_sim_run (self->sim, 10 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 2);
  g_assert_cmpuint (count_holders (self, &id), ==, 4);
  g_assert_true (bytestag_kvp_table_lookup (table_of (self, find_rank (self, &id.key, 3)), &id, NULL));
}

/* When all fall silent, it is we: the last are remembered. */
static void
test_silent_nodes (Fixture       *self,
                   gconstpointer  data)
{
  g_autoptr (BytestagReplicator) replicator = NULL;
  BytestagKvpId id;

  grow (self, 3 * BYTESTAG_LIMIT_SILENT_NODES);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)), >,
                    BYTESTAG_LIMIT_SILENT_NODES + 5);
  replicator = bytestag_replicator_new (self->network);
  id = keep_nearest (self, 1, 3);
  bytestag_sim_run (self->sim, 10 * MINUTE);
  fall_silent (self, find_rank (self, &id.key, 1));
  for (guint rank = 5; rank < 3 * BYTESTAG_LIMIT_SILENT_NODES; rank++)
    fall_silent (self, find_rank (self, &id.key, rank));
  bytestag_sim_run (self->sim, 20 * MINUTE);
  g_assert_cmpuint (bytestag_replicator_get_n_sent (replicator), ==, 0);
}

/* What a look-up for another key found goes to the right nodes too, also where some of the
 * nearest are gone so that it found fewer than twenty. */
static void
test_right_places (Fixture       *self,
                   gconstpointer  data)
{
  const guint n_nodes = 120, copies = 8;
  g_autoptr (BytestagReplicator) replicator = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));

  grow (self, n_nodes);
  for (guint i = 0; i < 100; i++)
    {
      BytestagKvpId id = keep (self, 0, i, (guint8) copies, UNTIL);

      g_array_append_val (ids, id);
    }
  replicator = bytestag_replicator_new (self->network);
  for (guint i = 3; i < n_nodes; i += 3)
    bytestag_sim_set_online (self->sim, i, FALSE);
  bytestag_sim_run (self->sim, 70 * MINUTE);

  for (guint number = 0; number < ids->len; number++)
    {
      const BytestagKvpId *id = &g_array_index (ids, BytestagKvpId, number);
      guint n_alive = 0;

      for (guint rank = 0; rank < n_nodes; rank++)
        {
          guint node = find_rank (self, &id->key, rank);

          if (node % 3 == 0 && node > 0)
            continue;
          if (node > 0)
            g_assert_cmpint (bytestag_kvp_table_lookup (table_of (self, node), id, NULL), ==, n_alive < copies);
          n_alive++;
        }
    }
  /* That is the point of it. */
  g_assert_cmpuint (bytestag_replicator_get_n_lookups (replicator), <, ids->len);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/sharing/replicator/replicates", test_replicates);
  FIXTURE_TEST ("/sharing/replicator/default-copies", test_default_copies);
  FIXTURE_TEST ("/sharing/replicator/again", test_again);
  FIXTURE_TEST ("/sharing/replicator/spared", test_spared);
  FIXTURE_TEST ("/sharing/replicator/one-of-many", test_one_of_many);
  FIXTURE_TEST ("/sharing/replicator/not-worth-it", test_not_worth_it);
  FIXTURE_TEST ("/sharing/replicator/hands-over", test_hands_over);
  FIXTURE_TEST ("/sharing/replicator/many", test_many);
  FIXTURE_TEST ("/sharing/replicator/bound", test_bound);
  FIXTURE_TEST_ALONE ("/sharing/replicator/alone", test_alone);
  FIXTURE_TEST ("/sharing/replicator/finalize", test_finalize);
  FIXTURE_TEST ("/sharing/replicator/lost", test_lost);
  FIXTURE_TEST ("/sharing/replicator/silent-holder", test_silent_holder);
  FIXTURE_TEST ("/sharing/replicator/silent-nodes", test_silent_nodes);
  FIXTURE_TEST ("/sharing/replicator/right-places", test_right_places);

  return g_test_run ();
}
