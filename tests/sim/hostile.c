/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/foreign.h"

/* Nodes among peers that answer everything in every wrong way: whatever those do,
 * each task ends, each table stays whole, no wrong value is taken for a right one,
 * and in the end nothing is left. */

#define SECOND G_GINT64_CONSTANT (1000000)

#define N_NODES 12
#define N_PEERS 5
#define N_VALUES 8
#define N_ROUNDS 400

typedef struct {
  GRand *rand;
  BytestagSim *sim;
  GPtrArray *peers; /* (element-type BytestagForeign) */
  GPtrArray *tasks; /* (element-type BytestagTask) */
  GBytes *values[N_VALUES];
  BytestagKey keys[N_VALUES];
} World;

static guint
choose (World *world,
        guint  n)
{
  return (guint) g_rand_int_range (world->rand, 0, (gint32) n);
}

static void
make_random_key (World       *world,
                 BytestagKey *key)
{
  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    key->bytes[i] = (guint8) choose (world, 256);
}

static char *
make_random_id (World *world)
{
  BytestagKey key;

  make_random_key (world, &key);
  return bytestag_key_to_base64 (&key);
}

/* Nodes that are, that are not, that are the asker, and that are the peer under another id. */
static char *
make_nodes (World           *world,
            BytestagForeign *peer,
            const char      *key)
{
  GString *text = g_string_new (", \"nodes\": [");
  guint n = 1 + choose (world, 40);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = choose (world, 4) == 0 ? g_strdup (key) : make_random_id (world);
      BytestagEndpoint endpoint = *bytestag_foreign_get_address (peer);
      char host[BYTESTAG_ENDPOINT_HOST_SIZE];

      if (choose (world, 2) == 0)
        bytestag_sim_get_address (world->sim, choose (world, N_NODES), &endpoint);
      else if (choose (world, 2) == 0)
        endpoint.address[3] = (guint8) choose (world, 256);
      bytestag_endpoint_write_host (&endpoint, host);
      g_string_append_printf (text, "%s{\"host\": \"%s\", \"port\": %u, \"id\": \"%s\"}", i > 0 ? ", " : "", host,
                              choose (world, 200) > 0 ? endpoint.port : 0, id);
    }
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static char *
make_vals (World      *world,
           const char *key,
           const char *index)
{
  static const char *const sizes[] = { "null", "-1", "0", "5", "20000", "1048575", "9223372036854775807", "\"x\"" };

  return g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"%s\", \"size\": %s, \"time\": 1e300}]", key,
                          choose (world, 3) == 0 ? key : index, sizes[choose (world, G_N_ELEMENTS (sizes))]);
}

static char *
make_answer (World           *world,
             BytestagForeign *peer,
             JsonObject      *message)
{
  const char *key = json_object_get_string_member_with_default (message, "key", "");
  const char *index = json_object_get_string_member_with_default (message, "index", key);
  g_autofree char *nodes = NULL;
  g_autofree char *vals = NULL;

  switch (choose (world, 6))
    {
    case 0:
      nodes = make_nodes (world, peer, key);
      vals = make_vals (world, key, index);
      return g_strconcat (nodes, vals, NULL);
    case 1:
      return make_vals (world, key, index);
    case 2:
      return g_strdup (", \"nodes\": [], \"vals\": 7");
    case 3:
      return g_strdup (", \"seq_id\": \"mine\"");
    default:
      return make_nodes (world, peer, key);
    }
}

/* A reply, or two, or one of somebody else. */
static void
answer (World                  *world,
        BytestagForeign        *peer,
        const BytestagEndpoint *to,
        JsonObject             *message,
        const char             *members)
{
  if (choose (world, 4) == 0)
    {
      g_autofree char *id = make_random_id (world);

      bytestag_foreign_send (peer, to, "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"reply_id\": \"%s\"%s}", id,
                             json_object_get_string_member_with_default (message, "seq_id", ""), members);
      return;
    }

  bytestag_foreign_reply (peer, to, message, members);
  if (choose (world, 4) == 0)
    bytestag_foreign_reply (peer, to, message, members);
}

/* Chunks all at once, some of them twice, and none, one or two ends. */
static void
give (World                  *world,
      BytestagForeign        *peer,
      const BytestagEndpoint *to,
      const char             *transfer)
{
  guint n = choose (world, 40);
  guint n_ends = choose (world, 3);

  for (guint i = 0; i < n; i++)
    {
      gsize size = 1 + choose (world, 3000);
      g_autofree guint8 *data = g_malloc0 (size);
      g_autofree char *text = g_base64_encode (data, size);

      bytestag_foreign_send (peer, to, "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": %u}",
                             transfer, text, i - choose (world, 2));
    }
  for (guint i = 0; i < n_ends; i++)
    bytestag_foreign_send (peer, to, "{\"xfer_id\": \"%s\", \"xfer_data\": null}", transfer);
}

static void
ack (World                  *world,
     BytestagForeign        *peer,
     const BytestagEndpoint *to,
     JsonObject             *message)
{
  const char *transfer = choose (world, 8) > 0 ? json_object_get_string_member (message, "xfer_id") : "other";
  guint n = choose (world, 4);

  for (guint i = 0; i < n; i++)
    bytestag_foreign_send (peer, to, "{\"xfer_id\": \"%s\", \"reply_id\": \"%s\"}", transfer,
                           json_object_get_string_member (message, "seq_id"));
}

static void
peer_cb (BytestagForeign        *peer,
         const BytestagEndpoint *from,
         const char             *rpc,
         JsonObject             *message,
         gpointer                user_data)
{
  static const char *const offers[] = { "", ", \"xferid\": \"T\"", ", \"xferid\": \"T\"", ", \"xferid\": [1]",
                                        ", \"xfer_id\": \"T\"" };
  World *world = user_data;

  bytestag_foreign_forget (peer);
  bytestag_foreign_set_is_ours (peer, choose (world, 2) == 0);
  if (choose (world, 8) == 0)
    return;

  if (g_str_equal (rpc, "store"))
    {
      answer (world, peer, from, message, offers[choose (world, G_N_ELEMENTS (offers))]);
    }
  else if (g_str_equal (rpc, "findnode") || g_str_equal (rpc, "findval"))
    {
      g_autofree char *members = make_answer (world, peer, message);

      answer (world, peer, from, message, members);
    }
  else if (g_str_equal (rpc, "getval"))
    {
      give (world, peer, from, json_object_get_string_member (message, "xferid"));
    }
  else if (g_str_equal (rpc, "chunk"))
    {
      ack (world, peer, from, message);
    }
  else if (g_str_equal (rpc, "reply") && json_object_has_member (message, "xferid"))
    {
      give (world, peer, from, json_object_get_string_member (message, "xferid"));
    }
}

static void
world_init (World  *world,
            guint32 seed)
{
  world->rand = g_rand_new_with_seed (seed);
  world->sim = bytestag_sim_new (seed);
  world->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  world->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < N_NODES; i++)
    bytestag_sim_add_node (world->sim);
  g_assert_true (bytestag_sim_join_all (world->sim, 120 * SECOND));
  for (guint i = 0; i < N_VALUES; i++)
    {
      world->values[i] = bytestag_sim_make_value (1 + i * 1500, 2 * i + 3);
      bytestag_sim_put_value (world->sim, i % N_NODES, world->values[i], &world->keys[i]);
    }
  for (guint i = 0; i < N_PEERS; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", i + 1);
      BytestagForeign *peer = bytestag_foreign_new (world->sim, host);

      bytestag_foreign_set_func (peer, peer_cb, world);
      g_ptr_array_add (world->peers, peer);
    }
}

/* Frees the simulator with whatever is pending; every node must go. */
static void
world_clear (World *world)
{
  GWeakRef nodes[N_NODES];

  for (guint i = 0; i < N_NODES; i++)
    g_weak_ref_init (&nodes[i], bytestag_sim_get_node (world->sim, i));
  g_ptr_array_unref (world->tasks);
  g_ptr_array_unref (world->peers);
  bytestag_sim_free (world->sim);
  for (guint i = 0; i < N_NODES; i++)
    {
      g_assert_null (g_weak_ref_get (&nodes[i]));
      g_weak_ref_clear (&nodes[i]);
    }
  for (guint i = 0; i < N_VALUES; i++)
    g_bytes_unref (world->values[i]);
  g_rand_free (world->rand);
}

static void
got_cb (BytestagTask *task,
        GBytes       *value)
{
  if (bytestag_task_get_state (task) == BYTESTAG_TASK_DONE)
    g_assert_true (g_bytes_equal (bytestag_get_value_task_get_bytes (BYTESTAG_GET_VALUE_TASK (task)), value));
}

/* What a node does by itself. (transfer full) */
static BytestagTask *
act (World *world)
{
  BytestagNetwork *network = bytestag_sim_get_node (world->sim, choose (world, N_NODES));
  guint number = choose (world, N_VALUES);
  const BytestagKey *key = &world->keys[number];
  BytestagForeign *peer = world->peers->pdata[choose (world, N_PEERS)];
  g_autoptr (BytestagNode) node = bytestag_foreign_make_contact (peer);
  BytestagTask *task;

  bytestag_node_set_extensions (node, (int) choose (world, 2) - 1);
  switch (choose (world, 8))
    {
    case 0:
      return BYTESTAG_TASK (bytestag_network_find_value_shortlist (network, key, key, choose (world, 2)));
    case 1:
      return BYTESTAG_TASK (bytestag_network_find_node_shortlist (network, key));
    case 2:
      return BYTESTAG_TASK (bytestag_network_get_value_from_node (network, node, key, NULL, choose (world, 3)));
    case 3:
      return BYTESTAG_TASK (bytestag_network_store_to_node (network, node, key, key, world->values[number], 5));
    case 4:
      return BYTESTAG_TASK (bytestag_network_find_value_from_node (network, node, key, key));
    case 5:
      return BYTESTAG_TASK (bytestag_network_join_network (network, bytestag_foreign_get_address (peer)));
    case 6:
      /* Who held it from the start. */
      network = bytestag_sim_get_node (world->sim, number % N_NODES);
      return BYTESTAG_TASK (bytestag_network_store_value (network, key, key, 1 + choose (world, 20)));
    default:
      task = BYTESTAG_TASK (bytestag_network_get_value (network, key, key));
      g_signal_connect (task, "finished", G_CALLBACK (got_cb), world->values[number]);
      return task;
    }
}

/* What a peer does unasked. */
static void
attack (World *world)
{
  static const char *const rpcs[] = { "ping", "findnode", "findval", "store", "getval" };
  BytestagForeign *peer = world->peers->pdata[choose (world, N_PEERS)];
  g_autofree char *id = make_random_id (world);
  g_autofree char *key = choose (world, 3) == 0 ? make_random_id (world)
                                               : bytestag_key_to_base64 (&world->keys[choose (world, N_VALUES)]);
  g_autofree char *index = choose (world, 2) == 0 ? g_strdup (key) : make_random_id (world);
  g_autofree char *seq = make_random_id (world);
  BytestagEndpoint to;

  bytestag_sim_get_address (world->sim, choose (world, N_NODES), &to);
  bytestag_foreign_send (peer, &to,
                         "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"%s\", \"key\": \"%s\", "
                         "\"index\": \"%s\", \"size\": %u, \"timestmp\": 1, \"seq_id\": \"%s\", "
                         "\"xferid\": \"%s\", \"valofs\": %d}",
                         id, rpcs[choose (world, G_N_ELEMENTS (rpcs))], key, index, choose (world, 5000), seq, id,
                         (int) choose (world, 5000) - 2500);
}

static void
check (World *world)
{
  for (guint i = 0; i < N_NODES; i++)
    bytestag_routing_table_check_invariants (
      bytestag_network_get_routing_table (bytestag_sim_get_node (world->sim, i)));
}

static void
live (World *world,
      guint  n_rounds)
{
  for (guint i = 0; i < n_rounds; i++)
    {
      for (guint n = choose (world, 4); n > 0; n--)
        g_ptr_array_add (world->tasks, act (world));
      for (guint n = choose (world, 4); n > 0; n--)
        attack (world);
      if (choose (world, 4) == 0 && world->tasks->len > 0)
        bytestag_task_cancel (world->tasks->pdata[choose (world, world->tasks->len)]);
      if (choose (world, 10) == 0)
        bytestag_sim_set_online (world->sim, choose (world, N_NODES), choose (world, 4) > 0);
      bytestag_sim_set_loss (world->sim, choose (world, 2) * 50);
      bytestag_sim_run (world->sim, choose (world, 2000) * 1000);
      check (world);
    }
}

static void
test_ends (void)
{
  World world;

  world_init (&world, 3);
  live (&world, N_ROUNDS);
  bytestag_sim_set_loss (world.sim, 0);
  bytestag_sim_run (world.sim, 1200 * SECOND);
  for (guint i = 0; i < world.tasks->len; i++)
    g_assert_true (bytestag_task_is_finished (world.tasks->pdata[i]));
  for (guint i = 0; i < N_NODES; i++)
    {
      BytestagNetwork *network = bytestag_sim_get_node (world.sim, i);

      g_assert_cmpuint (bytestag_task_slot_get_n_running (bytestag_network_get_download_slot (network)), ==, 0);
      g_assert_cmpuint (g_list_model_get_n_items (bytestag_network_get_tasks (network)), ==, 0);
    }
  world_clear (&world);
}

/* Also when everything is under way. */
static void
test_abandoned (void)
{
  for (guint seed = 10; seed < 20; seed++)
    {
      World world;

      world_init (&world, seed);
      live (&world, 40);
      world_clear (&world);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sim/hostile/ends", test_ends);
  g_test_add_func ("/sim/hostile/abandoned", test_abandoned);

  return g_test_run ();
}
