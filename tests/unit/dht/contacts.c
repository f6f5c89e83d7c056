/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "dht/network-private.h"
#include "sim/foreign.h"

#define SECOND G_GINT64_CONSTANT (1000000)

typedef struct {
  BytestagSim *sim;
  BytestagNetwork *network;
  BytestagRoutingTable *table;
  BytestagEndpoint address;
  guint n_received; /* by a victim */
} Test;

static void
setup (Test         *test,
       gconstpointer data)
{
  test->sim = bytestag_sim_new (5);
  bytestag_sim_set_latency (test->sim, 20 * 1000, 0);
  test->network = bytestag_sim_add_node (test->sim);
  test->table = bytestag_network_get_routing_table (test->network);
  bytestag_sim_get_address (test->sim, 0, &test->address);
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  bytestag_routing_table_check_invariants (test->table);
  g_clear_pointer (&test->sim, bytestag_sim_free);
}

static void
send_ping (Test            *test,
           BytestagForeign *peer,
           const char      *node_id)
{
  g_autofree char *own = bytestag_key_to_base64 (bytestag_foreign_get_id (peer));

  bytestag_foreign_send (peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"ping\", \"seq_id\": \"a\"}",
                         node_id != NULL ? node_id : own);
}

static BytestagNode *
find (Test            *test,
      BytestagForeign *peer)
{
  return bytestag_routing_table_find (test->table, bytestag_foreign_get_id (peer),
                                      bytestag_foreign_get_address (peer));
}

/* A sender becomes a contact when it answers, not before (B.5). */
static void
test_proof (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");

  send_ping (test, peer, NULL);
  bytestag_sim_run (test->sim, 15 * 1000);
  g_assert_null (find (test, peer));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_nonnull (find (test, peer));
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 1);

  /* A contact is not asked again. */
  send_ping (test, peer, NULL);
  bytestag_sim_run (test->sim, 120 * SECOND);
  send_ping (test, peer, NULL);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 1);
}

static void
test_silent_sender (Test         *test,
                    gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");

  bytestag_foreign_set_pongs (peer, FALSE);
  for (guint i = 0; i < 5; i++)
    {
      send_ping (test, peer, NULL);
      bytestag_sim_run (test->sim, 11 * SECOND);
    }

  /* One ping a minute, sent once. */
  g_assert_null (find (test, peer));
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 1);
  bytestag_sim_run (test->sim, 6 * SECOND);
  send_ping (test, peer, NULL);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 2);
}

/* Own id, no id, a random one: nobody is asked. */
static void
test_no_id (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");
  g_autofree char *own_id = bytestag_key_to_base64 (bytestag_network_get_key (test->network));

  send_ping (test, peer, own_id);
  send_ping (test, peer, "zz");
  bytestag_foreign_send (peer, &test->address, "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\"}");
  bytestag_foreign_send (peer, &test->address, "{\"netid\": \"BYTESTAG\", \"nodeid\": true, \"rpc\": \"ping\"}");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 0);
  g_assert_cmpuint (bytestag_foreign_forget (peer), ==, 4);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 0);
}

/* Who says to be another one is entered as who it is. */
static void
test_false_id (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");

  send_ping (test, peer, "dETvGdDv3RxbSczQJlhhLYov6bk=");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_nonnull (find (test, peer));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 1);
}

static void
test_proving_bounds (Test         *test,
                     gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  guint n_pings = 0;

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.2.%u.%u", i / 200, 1 + i % 200);
      BytestagForeign *peer = bytestag_foreign_new (test->sim, host);

      bytestag_foreign_set_pongs (peer, FALSE);
      g_ptr_array_add (peers, peer);
      send_ping (test, peer, NULL);
    }
  bytestag_sim_run (test->sim, SECOND / 2);

  for (guint i = 0; i < peers->len; i++)
    n_pings += bytestag_foreign_get_n_pings (peers->pdata[i]);
  g_assert_cmpuint (n_pings, ==, BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND);
}

static void
count_cb (BytestagSim            *sim,
          const BytestagEndpoint *from,
          const guint8           *data,
          gsize                   length,
          gpointer                user_data)
{
  ++*(guint *) user_data;
}

/* Many requests that seem to come from one host, each from another port: apart from the
 * replies, which are bounded by what was sent, it gets a few pings. */
static void
test_forged_ports (Test         *test,
                   gconstpointer data)
{
  static const char *const hosts[] = { "9.1.0.1", "2a00::1", "10.1.0.1" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (BytestagForeign) forger = bytestag_foreign_new (test->sim, hosts[i]);
      BytestagEndpoint victim = *bytestag_foreign_get_address (forger);
      guint *n_received = &test->n_received;

      *n_received = 0;
      /* An unknown rpc has no reply. */
      for (guint16 port = 1000; port < 2000; port++)
        {
          g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (forger));

          bytestag_foreign_set_port (forger, port);
          bytestag_foreign_send (forger, &test->address,
                                 "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"none\"}", id);
        }
      for (victim.port = 1000; victim.port < 2000; victim.port++)
        bytestag_sim_add_peer (test->sim, &victim, count_cb, n_received);
      bytestag_sim_run (test->sim, SECOND);
      if (i < 2)
        g_assert_cmpuint (*n_received, ==, BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST);
      else
        g_assert_cmpuint (*n_received, ==, 1000);
    }
}

/* Contacts of one network beyond its share are none, and counted (B.5). */
static void
test_diversity (Test         *test,
                gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.1.0.%u", i + 1);
      g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, host);
      g_autoptr (BytestagPingTask) task = NULL;
      guint number = bytestag_routing_table_get_bucket_number (test->table, bytestag_foreign_get_id (peer));
      guint n_refused = (guint) counters->drops[BYTESTAG_DROP_DIVERSITY];
      gboolean is_contact;

      task = bytestag_network_ping_address (test->network, bytestag_foreign_get_address (peer));
      g_assert_true (bytestag_sim_run_task (test->sim, task, SECOND));
      is_contact = find (test, peer) != NULL;
      g_assert_cmpuint (counters->drops[BYTESTAG_DROP_DIVERSITY], ==, n_refused + !is_contact);
      g_assert_cmpuint (bytestag_bucket_get_n_nodes (bytestag_routing_table_get_nth_bucket (test->table, number)), <=,
                        BYTESTAG_LIMIT_NETWORK_IN_BUCKET);
      /* Also when it asks: it has answered, but there is no place for it. */
      send_ping (test, peer, NULL);
      bytestag_sim_run (test->sim, SECOND);
      g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 1);
    }
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, BYTESTAG_LIMIT_NETWORK_IN_TABLE);
}

static void
reply_ext_cb (BytestagForeign        *peer,
              const BytestagEndpoint *from,
              const char             *rpc,
              JsonObject             *message,
              gpointer                user_data)
{
  if (g_str_equal (rpc, "ping"))
    bytestag_foreign_reply (peer, from, message, user_data);
}

static void
ping (Test            *test,
      BytestagForeign *peer,
      const char      *ext)
{
  g_autoptr (BytestagPingTask) task = NULL;

  bytestag_foreign_set_pongs (peer, FALSE);
  bytestag_foreign_set_func (peer, reply_ext_cb, (gpointer) ext);
  task = bytestag_network_ping_address (test->network, bytestag_foreign_get_address (peer));
  g_assert_true (bytestag_sim_run_task (test->sim, task, SECOND));
}

/* Who says that nobody can reach it is no contact, nor remains one (B.1). */
static void
test_read_only_peer (Test         *test,
                     gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");

  ping (test, peer, ", \"ext\": 4");
  g_assert_null (find (test, peer));

  ping (test, peer, ", \"ext\": 11");
  g_assert_nonnull (find (test, peer));
  g_assert_false (bytestag_node_is_read_only (find (test, peer)));

  ping (test, peer, ", \"ext\": 15");
  g_assert_null (find (test, peer));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 0);

  ping (test, peer, "");
  g_assert_nonnull (find (test, peer));
}

/* We say it too, and then no peer takes us for a contact; it answers us all the same. */
static void
test_read_only (Test         *test,
                gconstpointer data)
{
  BytestagNetwork *other = bytestag_sim_add_node (test->sim);
  BytestagRoutingTable *others = bytestag_network_get_routing_table (other);
  BytestagEndpoint address;

  bytestag_sim_get_address (test->sim, 1, &address);
  bytestag_network_set_read_only (test->network, TRUE);
  g_assert_true (bytestag_network_get_read_only (test->network));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BytestagPingTask) there = bytestag_network_ping_address (test->network, &address);
      g_autoptr (BytestagPingTask) back = NULL;

      g_assert_true (bytestag_sim_run_task (test->sim, there, SECOND));
      g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (there)));
      back = bytestag_network_ping_address (other, &test->address);
      g_assert_true (bytestag_sim_run_task (test->sim, back, SECOND));
      bytestag_sim_run (test->sim, SECOND);
      g_assert_nonnull (bytestag_routing_table_find (test->table, bytestag_network_get_key (other), &address));
      g_assert_cmpuint (bytestag_routing_table_get_num_contacts (others), ==, i);

      bytestag_network_set_read_only (test->network, FALSE);
    }
}

/* 21 peers of bucket 0, of which 20 are contacts that have been silent for long. */
static GPtrArray *
fill_bucket (Test *test)
{
  GPtrArray *peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);

  for (guint i = 1; peers->len < BYTESTAG_MAX_BUCKET_SIZE + 1; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", i);
      BytestagForeign *peer = bytestag_foreign_new (test->sim, host);

      if (bytestag_routing_table_get_bucket_number (test->table, bytestag_foreign_get_id (peer)) != 0)
        {
          bytestag_foreign_free (peer);
          continue;
        }
      g_ptr_array_add (peers, peer);
      if (peers->len <= BYTESTAG_MAX_BUCKET_SIZE)
        {
          send_ping (test, peer, NULL);
          bytestag_sim_run (test->sim, SECOND);
          g_assert_nonnull (find (test, peer));
        }
    }
  bytestag_sim_run (test->sim, BYTESTAG_NODE_SILENCE_US);
  return peers;
}

/* A contact is proven until it does not answer: its address may be another's by now. */
static void
test_silent_contact (Test         *test,
                     gconstpointer data)
{
  BytestagMessage request = { .node_id_member = BYTESTAG_MEMBER_VALID, .node_id = { { 1 } }, .extensions = -1 };
  BytestagEndpoint endpoint;
  g_autoptr (BytestagNode) node = NULL;

  g_assert_true (bytestag_endpoint_parse (&endpoint, "9.1.0.1:7001", NULL));
  node = bytestag_node_new (&request.node_id, &endpoint);
  g_assert_false (_bytestag_network_is_proven (test->network, &request, &endpoint));
  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_true (_bytestag_network_is_proven (test->network, &request, &endpoint));
  g_assert_true (_bytestag_network_is_node_proven (test->network, node));

  bytestag_routing_table_node_failed (test->table, node);
  g_assert_false (_bytestag_network_is_proven (test->network, &request, &endpoint));
  g_assert_true (_bytestag_network_wants_proof (test->network, &request, &endpoint));
  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_true (_bytestag_network_is_proven (test->network, &request, &endpoint));
}

/* What contacts store takes no place of those who have not answered us. */
static void
test_stores_of_contacts (Test         *test,
                         gconstpointer data)
{
  static const char *const hosts[] = { "9.1.0.1", "9.2.0.1", "9.3.0.1" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, hosts[i]);
      g_autoptr (BytestagNode) node = bytestag_foreign_make_contact (peer);
      g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (peer));
      guint n_offers = i < 2 ? BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS : 1;

      if (i < 2)
        g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
      for (guint n = 0; n < n_offers; n++)
        bytestag_foreign_send (peer, &test->address,
                               "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"store\", \"key\": \"%s\", "
                               "\"index\": \"%s\", \"size\": 12, \"timestmp\": 5, \"seq_id\": \"a\"}", id, id, id);
      bytestag_sim_run (test->sim, SECOND / 10);
      g_assert_cmpuint (bytestag_foreign_forget (peer), ==, n_offers);
    }
}

static void
test_keep_old (Test         *test,
               gconstpointer data)
{
  g_autoptr (GPtrArray) peers = fill_bucket (test);
  BytestagBucket *bucket = bytestag_routing_table_get_nth_bucket (test->table, 0);

  send_ping (test, peers->pdata[20], NULL);
  bytestag_sim_run (test->sim, 45 * 1000);
  g_assert_true (bytestag_bucket_is_locked (bucket));
  bytestag_sim_run (test->sim, SECOND);

  g_assert_false (bytestag_bucket_is_locked (bucket));
  g_assert_nonnull (find (test, peers->pdata[0]));
  g_assert_null (find (test, peers->pdata[20]));
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peers->pdata[0]), ==, 2);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peers->pdata[1]), ==, 1);
}

/* Of contacts that answered lately none is asked again. */
static void
test_keep_good (Test         *test,
                gconstpointer data)
{
  g_autoptr (GPtrArray) peers = fill_bucket (test);

  for (guint i = 0; i < BYTESTAG_MAX_BUCKET_SIZE; i++)
    send_ping (test, peers->pdata[i], NULL);
  bytestag_sim_run (test->sim, SECOND);
  send_ping (test, peers->pdata[20], NULL);
  bytestag_sim_run (test->sim, SECOND);

  g_assert_false (bytestag_bucket_is_locked (bytestag_routing_table_get_nth_bucket (test->table, 0)));
  g_assert_null (find (test, peers->pdata[20]));
  for (guint i = 0; i <= BYTESTAG_MAX_BUCKET_SIZE; i++)
    g_assert_cmpuint (bytestag_foreign_get_n_pings (peers->pdata[i]), ==, 1);
}

/* A peer of ours for which there is no place is not asked at all: it asks with as many
 * bytes as it needs. */
static void
test_no_place (Test         *test,
               gconstpointer data)
{
  g_autoptr (GPtrArray) peers = fill_bucket (test);
  g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (peers->pdata[20]));

  bytestag_foreign_send (peers->pdata[20], &test->address,
                         "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"ping\", \"seq_id\": \"a\", \"ext\": 2}",
                         id);
  bytestag_sim_run (test->sim, SECOND);
  for (guint i = 0; i <= BYTESTAG_MAX_BUCKET_SIZE; i++)
    g_assert_cmpuint (bytestag_foreign_get_n_pings (peers->pdata[i]), ==, i < BYTESTAG_MAX_BUCKET_SIZE);
}

static void
test_keep_new (Test         *test,
               gconstpointer data)
{
  g_autoptr (GPtrArray) peers = fill_bucket (test);

  bytestag_foreign_set_pongs (peers->pdata[0], FALSE);
  send_ping (test, peers->pdata[20], NULL);
  bytestag_sim_run (test->sim, 9 * SECOND);
  g_assert_nonnull (find (test, peers->pdata[0]));
  bytestag_sim_run (test->sim, 3 * SECOND);
  g_assert_null (find (test, peers->pdata[0]));
  g_assert_nonnull (find (test, peers->pdata[20]));
}

/* Whoever answered something else meanwhile is no longer the oldest. */
static void
test_oldest_touched (Test         *test,
                     gconstpointer data)
{
  g_autoptr (GPtrArray) peers = fill_bucket (test);

  bytestag_foreign_set_pongs (peers->pdata[0], FALSE);
  send_ping (test, peers->pdata[20], NULL);
  bytestag_sim_run (test->sim, 3 * SECOND);
  send_ping (test, peers->pdata[0], NULL);
  bytestag_sim_run (test->sim, 9 * SECOND);
  g_assert_nonnull (find (test, peers->pdata[0]));
  g_assert_nonnull (find (test, peers->pdata[1]));
  g_assert_null (find (test, peers->pdata[20]));
}

/* Another node at the endpoint of a contact: the old one has failed. */
static void
test_changed_id (Test         *test,
                 gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");
  g_autoptr (BytestagNode) asked = NULL;
  g_autoptr (BytestagPingTask) task = NULL;
  BytestagKey id;

  bytestag_key_digest (&id, "another", 7);
  asked = bytestag_node_new (&id, bytestag_foreign_get_address (peer));
  task = bytestag_network_ping_node (test->network, asked);
  g_assert_true (bytestag_sim_run_task (test->sim, task, SECOND));

  g_assert_true (bytestag_ping_task_get_node (task) == find (test, peer));
  g_assert_cmpuint (bytestag_node_get_failures (asked), ==, 1);
  g_assert_null (bytestag_routing_table_find (test->table, &id, bytestag_foreign_get_address (peer)));
}

/* @peer at another port of its host, where it speaks; the contact is the old endpoint. */
static void
start_again (Test            *test,
             BytestagForeign *peer,
             guint16          port)
{
  bytestag_foreign_set_port (peer, port);
  send_ping (test, peer, NULL);
}

/* A contact that starts again on another port is found there within seconds (B.5). */
static void
test_restarted (Test         *test,
                gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");
  BytestagEndpoint old = *bytestag_foreign_get_address (peer);
  BytestagNode *closest;

  send_ping (test, peer, NULL);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_nonnull (find (test, peer));

  start_again (test, peer, old.port + 1);
  bytestag_sim_run (test->sim, SECOND);
  /* So far it may be somebody else. */
  g_assert_null (find (test, peer));
  bytestag_sim_run (test->sim, 2 * SECOND);
  g_assert_nonnull (find (test, peer));
  g_assert_null (bytestag_routing_table_find (test->table, bytestag_foreign_get_id (peer), &old));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 1);
  g_assert_cmpuint (bytestag_routing_table_select_close (test->table, bytestag_foreign_get_id (peer), &closest, 1),
                    ==, 1);
  g_assert_true (closest == find (test, peer));
}

/* Whoever says, and answers with, the id of a contact that lives does not get its place. */
static void
test_claimed_id (Test         *test,
                 gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");
  g_autoptr (BytestagForeign) thief = bytestag_foreign_new (test->sim, "9.2.0.1");
  g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (peer));
  g_autofree char *claim = g_strdup_printf (", \"nodeid\": \"%s\"", id);

  send_ping (test, peer, NULL);
  bytestag_sim_run (test->sim, SECOND);
  bytestag_foreign_set_pongs (thief, FALSE);
  /* The last of two members with one name counts (A.1.1). */
  bytestag_foreign_set_func (thief, reply_ext_cb, claim);
  for (guint i = 0; i < 5; i++)
    {
      send_ping (test, thief, id);
      bytestag_sim_run (test->sim, BYTESTAG_LIMIT_PROVING_INTERVAL_US);
      g_assert_nonnull (find (test, peer));
      g_assert_null (bytestag_routing_table_find (test->table, bytestag_foreign_get_id (peer),
                                                  bytestag_foreign_get_address (thief)));
    }
  g_assert_cmpuint (bytestag_foreign_get_n_pings (thief), ==, 5);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 6);
}

/* One lost datagram costs nobody its place. */
static void
test_claimed_and_lost (Test         *test,
                       gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "9.1.0.1");
  g_autoptr (BytestagNode) claimant = NULL;
  BytestagEndpoint elsewhere = *bytestag_foreign_get_address (peer);

  send_ping (test, peer, NULL);
  bytestag_sim_run (test->sim, SECOND);
  elsewhere.port++;
  claimant = bytestag_node_new (bytestag_foreign_get_id (peer), &elsewhere);

  bytestag_foreign_set_pongs (peer, FALSE);
  _bytestag_network_contact_claimed (test->network, find (test, peer), claimant);
  bytestag_sim_run (test->sim, SECOND / 2);
  bytestag_foreign_set_pongs (peer, TRUE);
  bytestag_sim_run (test->sim, 5 * SECOND);
  g_assert_nonnull (find (test, peer));
  g_assert_cmpuint (bytestag_foreign_get_n_pings (peer), ==, 3);
}

/* BYTESTAG_LIMIT_MOVES are asked at one time; what comes beyond has to come again. */
static void
test_moves (Test         *test,
            gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  guint n_moved = 0;

  for (guint i = 0; i <= BYTESTAG_LIMIT_MOVES; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", i + 1);
      BytestagForeign *peer = bytestag_foreign_new (test->sim, host);

      g_ptr_array_add (peers, peer);
      send_ping (test, peer, NULL);
      bytestag_sim_run (test->sim, SECOND);
      g_assert_nonnull (find (test, peer));
    }
  for (guint i = 0; i < peers->len; i++)
    start_again (test, peers->pdata[i], 7777);
  bytestag_sim_run (test->sim, 5 * SECOND);
  for (guint i = 0; i < peers->len; i++)
    n_moved += find (test, peers->pdata[i]) != NULL;
  g_assert_cmpuint (n_moved, ==, BYTESTAG_LIMIT_MOVES);
}

/* What replies say of us, and of what they can. */
static void
test_own_address (Test         *test,
                  gconstpointer data)
{
  BytestagEndpoint seen;

  for (guint i = 1; i <= 4; i++)
    {
      g_autoptr (BytestagPingTask) task = NULL;
      BytestagEndpoint address;

      g_assert_cmpint (bytestag_network_get_seen_address (test->network, &seen), ==, i == 4);
      bytestag_sim_add_node (test->sim);
      bytestag_sim_get_address (test->sim, i, &address);
      task = bytestag_network_ping_address (test->network, &address);
      g_assert_true (bytestag_sim_run_task (test->sim, task, SECOND));
      g_assert_cmpint (bytestag_node_get_extensions (bytestag_ping_task_get_node (task)), ==, 2);
    }
  g_assert_true (bytestag_endpoint_equal (&seen, &test->address));
}

#define TEST(path, func) g_test_add ("/dht/contacts/" path, Test, NULL, setup, func, teardown)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST ("proof", test_proof);
  TEST ("silent-sender", test_silent_sender);
  TEST ("no-id", test_no_id);
  TEST ("false-id", test_false_id);
  TEST ("proving-bounds", test_proving_bounds);
  TEST ("forged-ports", test_forged_ports);
  TEST ("diversity", test_diversity);
  TEST ("read-only-peer", test_read_only_peer);
  TEST ("read-only", test_read_only);
  TEST ("silent-contact", test_silent_contact);
  TEST ("stores-of-contacts", test_stores_of_contacts);
  TEST ("keep-old", test_keep_old);
  TEST ("keep-new", test_keep_new);
  TEST ("keep-good", test_keep_good);
  TEST ("no-place", test_no_place);
  TEST ("oldest-touched", test_oldest_touched);
  TEST ("changed-id", test_changed_id);
  TEST ("restarted", test_restarted);
  TEST ("claimed-id", test_claimed_id);
  TEST ("claimed-and-lost", test_claimed_and_lost);
  TEST ("moves", test_moves);
  TEST ("own-address", test_own_address);

  return g_test_run ();
}
