/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a value is kept, as the peer that stores it sees it (B.3 "Life", B.5). */
#include "config.h"

#include <string.h>

#include "dht/network-private.h"
#include "fixture.h"

#define NOW G_GINT64_CONSTANT (1600000000)
#define DAY G_GINT64_CONSTANT (86400)
#define VALUE "a value"

static BytestagKvpId
get_id (void)
{
  BytestagKvpId id;

  bytestag_key_digest (&id.key, VALUE, strlen (VALUE));
  id.index = id.key;
  return id;
}

/* The peer offers the value with these @members and sends it if it may. Returns
 * (transfer full) the reply to the offer. */
static char *
store (Fixture         *test,
       BytestagForeign *peer,
       const char      *members)
{
  BytestagKvpId id = get_id ();
  g_autofree char *key = bytestag_key_to_base64 (&id.key);
  g_autofree char *own_id = bytestag_key_to_base64 (bytestag_foreign_get_id (peer));
  g_autofree char *data = g_base64_encode ((const guint8 *) VALUE, strlen (VALUE));
  g_autofree char *reply = NULL;
  const char *at;

  bytestag_foreign_send (peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"store\", \"key\": \"%s\", "
                         "\"index\": \"%s\", \"size\": 7, \"seq_id\": \"a\", %s}", own_id, key, key, members);
  bytestag_sim_run (test->sim, SECOND / 10);
  reply = bytestag_foreign_take (peer);
  g_assert_nonnull (reply);
  at = strstr (reply, "\"xferid\": \"");
  if (at != NULL)
    {
      g_autofree char *transfer = g_strndup (at + strlen ("\"xferid\": \""), BYTESTAG_KEY_BASE64_LENGTH);

      bytestag_foreign_send (peer, &test->address, "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": \"1\"}",
                             transfer, data);
      bytestag_foreign_send (peer, &test->address, "{\"xfer_id\": \"%s\", \"xfer_data\": null}", transfer);
      bytestag_sim_run (test->sim, SECOND / 10);
    }
  bytestag_foreign_forget (peer);
  return g_steal_pointer (&reply);
}

static BytestagKvpRecord
get_record (Fixture *test)
{
  BytestagKvpId id = get_id ();
  BytestagKvpRecord record;

  g_assert_true (bytestag_kvp_table_lookup (bytestag_network_get_table (test->network), &id, &record));
  return record;
}

static gboolean
is_held (Fixture *test)
{
  BytestagKvpId id = get_id ();

  return bytestag_kvp_table_lookup (bytestag_network_get_table (test->network), &id, NULL);
}

/* The number after @name; -1: there is none. */
static gint64
get_number (const char *reply,
            const char *name)
{
  g_autofree char *quoted = g_strdup_printf ("\"%s\": ", name);
  const char *at = strstr (reply, quoted);

  return at != NULL ? g_ascii_strtoll (at + strlen (quoted), NULL, 10) : -1;
}

static gint64
now_of (Fixture *test)
{
  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (test->network)) / SECOND;
}

static void
set_wall_seconds (Fixture *test,
                  gint64   seconds)
{
  gint64 uptime = bytestag_sim_get_time (test->sim) / SECOND;

  /* The world's clock began an hour of uptime ago (test-clock.h). */
  bytestag_sim_set_wall_offset (test->sim, 0, (seconds - NOW - uptime + 3600) * SECOND);
}

/* Contacts in a bucket in which all are nearer to the value than we are, or none. */
static void
add_contacts (Fixture *test,
              guint    n,
              gboolean nearer,
              gboolean live)
{
  BytestagRoutingTable *table = bytestag_network_get_routing_table (test->network);
  BytestagKvpId id = get_id ();
  const BytestagKey *own = bytestag_network_get_key (test->network);
  BytestagKey distance;

  /* They are known, and were never asked. */
  bytestag_sim_set_checks (test->sim, FALSE);
  bytestag_key_distance (own, &id.key, &distance);
  for (guint number = 0; number < BYTESTAG_KEY_BITS && n > 0; number++)
    {
      if (nearer != ((distance.bytes[number / 8] & (0x80 >> number % 8)) != 0))
        continue;
      for (guint i = 0; i < BYTESTAG_MAX_BUCKET_SIZE / 2 && n > 0; i++, n--)
        {
          g_autofree char *host = g_strdup_printf ("%u.%u.%u.1", 60 + nearer * 2 + live, number, i);
          g_autoptr (BytestagNode) node = NULL;
          BytestagEndpoint endpoint;
          BytestagKey key;

          g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, 7001));
          bytestag_key_random_in_bucket (&key, own, number, bytestag_reactor_get_rng (
                                           bytestag_network_get_reactor (test->network)));
          node = bytestag_node_new (&key, &endpoint);
          bytestag_node_answered (node, 1000, bytestag_sim_get_time (test->sim));
          g_assert_true (bytestag_routing_table_node_update (table, node, NULL));
          for (guint failures = 0; !live && failures < 2; failures++)
            bytestag_routing_table_node_failed (table, node);
        }
    }
  g_assert_cmpuint (n, ==, 0);
}

static void
test_granted (void)
{
  g_assert_cmpint (_bytestag_life_get_granted (14 * DAY, 0), ==, 14 * DAY);
  g_assert_cmpint (_bytestag_life_get_granted (14 * DAY, 19), ==, 14 * DAY);
  g_assert_cmpint (_bytestag_life_get_granted (14 * DAY, 20), ==, 14 * DAY);
  g_assert_cmpint (_bytestag_life_get_granted (14 * DAY, 40), ==, 444986);
  g_assert_cmpint (_bytestag_life_get_granted (14 * DAY, 60), ==, 163701);
  /* Never less than an hour. */
  g_assert_cmpint (_bytestag_life_get_granted (14 * DAY, 200), ==, 3600);
  g_assert_cmpint (_bytestag_life_get_granted (14 * DAY, 3000), ==, 3600);
}

static void
test_count_nearer (Fixture      *test,
                   gconstpointer data)
{
  BytestagKvpId id = get_id ();

  add_contacts (test, 30, FALSE, TRUE);
  g_assert_cmpuint (bytestag_network_count_nearer (test->network, &id.key), ==, 0);
  add_contacts (test, 13, TRUE, TRUE);
  g_assert_cmpuint (bytestag_network_count_nearer (test->network, &id.key), ==, 13);
  g_assert_cmpuint (bytestag_routing_table_count_close (bytestag_network_get_routing_table (test->network), &id.key),
                    ==, 13);
  /* Those that are gone are not counted. */
  add_contacts (test, 5, TRUE, FALSE);
  g_assert_cmpuint (bytestag_network_count_nearer (test->network, &id.key), ==, 13);
}

/* A day at least, thirty at most; the answer says it. */
static void
test_keep (Fixture      *test,
           gconstpointer data)
{
  static const struct { gint64 keep, life; } cases[] = {
    { 14 * DAY, 14 * DAY }, { 1, BYTESTAG_LIMIT_SHORTEST_LIFE },
    { 31 * DAY, BYTESTAG_LIMIT_LONGEST_LIFE }, { G_MAXINT64, BYTESTAG_LIMIT_LONGEST_LIFE },
  };
  BytestagKvpId id = get_id ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *members = g_strdup_printf ("\"timestmp\": %" G_GINT64_FORMAT ", \"keep\": %" G_GINT64_FORMAT
                                                  ", \"copies\": 200, \"ext\": 2", NOW, cases[i].keep);
      gint64 now = now_of (test);
      g_autofree char *reply = store (test, test->peer, members);

      g_assert_cmpint (get_number (reply, "until"), ==, now + cases[i].life);
      g_assert_cmpint (get_record (test).until, ==, now + cases[i].life);
      g_assert_cmpuint (get_record (test).copies, ==, 20);
      g_assert_true (bytestag_kvp_table_remove (bytestag_network_get_table (test->network), &id));
    }
}

/* Who is far from the key gives less. */
static void
test_keep_far (Fixture      *test,
               gconstpointer data)
{
  g_autofree char *reply = NULL;

  add_contacts (test, 60, TRUE, TRUE);
  reply = store (test, test->peer, "\"timestmp\": 1600000000, \"keep\": 1209600, \"ext\": 2");
  g_assert_cmpint (get_number (reply, "until"), ==, NOW + 163701);
}

/* An original keeps its timestamp, a day, and its own words. */
static void
test_original (Fixture      *test,
               gconstpointer data)
{
  g_autofree char *reply = store (test, test->peer, "\"timestmp\": 1599999000, \"keep\": 1209600");
  BytestagKvpRecord record = get_record (test);

  g_assert_null (strstr (reply, "until"));
  g_assert_cmpint (record.timestamp, ==, 1599999000);
  g_assert_cmpint (record.until, ==, 0);
  g_assert_cmpfloat (record.time_to_live, ==, BYTESTAG_TIME_EXPIRE - 1000);
}

/* A timestamp without a promise is clamped, and a value lives from it on. */
static void
test_clamp (Fixture      *test,
            gconstpointer data)
{
  static const struct { const char *members; gint64 age, life; } cases[] = {
    { "\"timestmp\": 1", BYTESTAG_TIME_EXPIRE, 1 },
    { "\"timestmp\": -7", BYTESTAG_TIME_EXPIRE, 1 },
    { "\"timestmp\": 1, \"ext\": 2", BYTESTAG_TIME_EXPIRE, 1 },
    { "\"timestmp\": 1700000000", -300, BYTESTAG_TIME_EXPIRE },
    { "\"timestmp\": 1700000000, \"keep\": 86400, \"ext\": 2", -300, DAY },
    { "\"timestmp\": 9223372036854775807", -BYTESTAG_LIMIT_CLOCK_TOLERANCE, BYTESTAG_TIME_EXPIRE },
    /* Never published before (A.1.4). */
    { "\"timestmp\": 0", 0, BYTESTAG_TIME_EXPIRE },
  };
  BytestagKvpId id = get_id ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 now = now_of (test);
      g_autofree char *reply = store (test, test->peer, cases[i].members);
      BytestagKvpRecord record = get_record (test);

      g_assert_cmpint (record.timestamp, ==, now - cases[i].age);
      g_assert_cmpfloat_with_epsilon (bytestag_kvp_record_get_expiry (&record), (gdouble) (now + cases[i].life), 1);
      g_assert_true (bytestag_kvp_table_remove (bytestag_network_get_table (test->network), &id));
    }
}

/* A replica lives as long as its publisher was promised, thirty days at most; its
 * timestamp may be old. */
static void
test_replica (Fixture      *test,
              gconstpointer data)
{
  g_autofree char *reply = store (test, test->peer, "\"timestmp\": 1599000000, \"until\": 1600005000, \"copies\": 7, "
                                                    "\"keep\": 2592000, \"ext\": 2");
  BytestagKvpId id = get_id ();
  BytestagKvpRecord record = get_record (test);
  g_autofree char *far = NULL;
  gint64 now;

  g_assert_cmpint (get_number (reply, "until"), ==, 1600005000);
  g_assert_cmpint (record.until, ==, 1600005000);
  g_assert_cmpint (record.timestamp, ==, 1599000000);
  g_assert_cmpuint (record.copies, ==, 7);

  g_assert_true (bytestag_kvp_table_remove (bytestag_network_get_table (test->network), &id));
  now = now_of (test);
  far = store (test, test->peer, "\"timestmp\": 1599000000, \"until\": 1700000000, \"ext\": 2");
  g_assert_cmpint (get_number (far, "until"), ==, now + BYTESTAG_LIMIT_LONGEST_LIFE);
}

/* The far ones give a replica less too, but the hour that they give at least does not
 * prolong it. */
static void
test_replica_far (Fixture      *test,
                  gconstpointer data)
{
  BytestagKvpId id = get_id ();
  g_autofree char *reply = NULL;
  g_autofree char *late = NULL;

  add_contacts (test, 60, TRUE, TRUE);
  reply = store (test, test->peer, "\"timestmp\": 1600000000, \"until\": 1601209600, \"ext\": 2");
  g_assert_cmpint (get_number (reply, "until"), ==, NOW + 163701);
  g_assert_true (bytestag_kvp_table_remove (bytestag_network_get_table (test->network), &id));
  late = store (test, test->peer, "\"timestmp\": 1600000000, \"until\": 1600000900, \"ext\": 2");
  g_assert_cmpint (get_number (late, "until"), ==, NOW + 900);
}

/* One whose time is over is not taken. */
static void
test_replica_over (Fixture      *test,
                   gconstpointer data)
{
  g_autofree char *reply = store (test, test->peer, "\"timestmp\": 1599000000, \"until\": 1599999999, \"ext\": 2");

  g_assert_nonnull (strstr (reply, "\"full\": true"));
  g_assert_null (strstr (reply, "xferid"));
  g_assert_false (is_held (test));
}

/* Who stored it first may prolong it, without sending it again; a stranger may not. */
static void
test_renew (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagForeign) stranger = bytestag_foreign_new (test->sim, "80.1.2.3");
  g_autoptr (BytestagForeign) neighbour = bytestag_foreign_new (test->sim, "9.1.2.77");
  g_autofree char *first = store (test, test->peer, "\"timestmp\": 1600000000, \"keep\": 86400, \"copies\": 4, \"ext\": 2");
  g_autofree char *refused = NULL;
  g_autofree char *shorter = NULL;
  g_autofree char *longer = NULL;
  g_autofree char *original = NULL;
  gint64 now;

  /* So that the stranger is not one of the nearest. */
  add_contacts (test, 40, TRUE, TRUE);
  bytestag_foreign_set_pongs (stranger, FALSE);
  bytestag_sim_run (test->sim, 600 * SECOND);
  now = now_of (test);
  refused = store (test, stranger, "\"timestmp\": 1600000000, \"keep\": 2592000, \"ext\": 2");
  g_assert_nonnull (strstr (refused, "\"have\": true"));
  g_assert_cmpint (get_number (refused, "until"), ==, NOW + DAY);
  g_assert_cmpint (get_record (test).until, ==, NOW + DAY);
  g_assert_cmpfloat (get_record (test).last_update, <, (gdouble) now - 500);

  /* Never shortened. */
  shorter = store (test, test->peer, "\"timestmp\": 1600000000, \"until\": 1600001000, \"ext\": 2");
  g_assert_cmpint (get_number (shorter, "until"), ==, NOW + DAY);
  g_assert_cmpuint (get_record (test).copies, ==, 4);
  g_assert_cmpfloat (get_record (test).last_update, >=, (gdouble) now);

  longer = store (test, neighbour, "\"timestmp\": 1600000000, \"until\": 1600172800, \"copies\": 9, \"ext\": 2");
  g_assert_nonnull (strstr (longer, "\"have\": true"));
  g_assert_null (strstr (longer, "xferid"));
  /* 40 are nearer than we are now. */
  g_assert_cmpint (get_record (test).until, >, NOW + DAY - 1);
  g_assert_cmpuint (get_record (test).copies, ==, 9);
  /* Who stored it first stays so. */
  g_assert_cmpint (get_record (test).source.address[3], ==, 3);

  original = store (test, test->peer, "\"timestmp\": 1600000000");
  g_assert_null (strstr (original, "have"));
  g_assert_null (strstr (original, "until"));
}

/* So may the nodes that are to hold it too. */
static void
test_renew_by_nearest (Fixture      *test,
                       gconstpointer data)
{
  g_autoptr (BytestagForeign) other = bytestag_foreign_new (test->sim, "80.1.2.3");
  g_autofree char *first = store (test, test->peer, "\"timestmp\": 1600000000, \"until\": 1600050000, \"ext\": 2");
  g_autofree char *unknown = NULL;
  g_autofree char *known = NULL;

  bytestag_foreign_set_pongs (other, FALSE);
  unknown = store (test, other, "\"timestmp\": 1600000000, \"until\": 1600060000, \"ext\": 2");
  g_assert_cmpint (get_number (unknown, "until"), ==, 1600050000);

  /* Now it is a contact, and one of the 20 nearest. */
  bytestag_foreign_set_pongs (other, TRUE);
  bytestag_sim_run (test->sim, 61 * SECOND);
  g_free (store (test, other, "\"timestmp\": 1600000000, \"until\": 1600060000, \"ext\": 2"));
  bytestag_sim_run (test->sim, SECOND);
  known = store (test, other, "\"timestmp\": 1600000000, \"until\": 1600060000, \"ext\": 2");
  g_assert_cmpint (get_number (known, "until"), ==, 1600060000);
  g_assert_cmpint (get_record (test).until, ==, 1600060000);
}

/* A replica of what an original published is renewed, and lives no longer for it. */
static void
test_renew_day (Fixture      *test,
                gconstpointer data)
{
  g_autofree char *first = store (test, test->peer, "\"timestmp\": 1600000000");
  gdouble expiry;
  BytestagKvpRecord record = get_record (test);

  expiry = bytestag_kvp_record_get_expiry (&record);
  bytestag_sim_run (test->sim, 3600 * SECOND);
  g_free (store (test, test->peer, "\"timestmp\": 1600000000, \"ext\": 2"));
  record = get_record (test);
  g_assert_cmpfloat (record.last_update, >, (gdouble) NOW + 3599);
  /* A life is kept to the hundredth of a second. */
  g_assert_cmpfloat_with_epsilon (bytestag_kvp_record_get_expiry (&record), expiry, 0.01);
}

/* The engine drops what is over by itself, within a minute. */
static void
test_expires (Fixture      *test,
              gconstpointer data)
{
  g_autofree char *reply = store (test, test->peer, "\"timestmp\": 1600000000, \"until\": 1600000600, \"ext\": 2");

  bytestag_sim_run (test->sim, (600 - 1) * SECOND);
  g_assert_true (is_held (test));
  bytestag_sim_run (test->sim, 61 * SECOND);
  g_assert_false (is_held (test));
}

/* Many at the same moment go in turns, one right after the other. */
static void
test_expires_many (Fixture      *test,
                   gconstpointer data)
{
  BytestagKvpTable *table = bytestag_network_get_table (test->network);
  g_autoptr (GBytes) value = g_bytes_new_static ("a", 1);

  for (guint i = 0; i < 5 * BYTESTAG_LIMIT_EXPIRING; i++)
    {
      BytestagKvpRecord record = { .until = NOW + 10 };

      bytestag_key_digest (&record.id.key, &i, sizeof i);
      record.id.index = record.id.key;
      bytestag_kvp_table_write (table, &record, value, NULL, NULL);
    }
  bytestag_sim_run (test->sim, 59 * SECOND);
  g_assert_cmpuint (bytestag_kvp_table_count_kept (table), ==, 5 * BYTESTAG_LIMIT_EXPIRING);
  bytestag_sim_run (test->sim, 2 * SECOND);
  g_assert_cmpuint (bytestag_kvp_table_count_kept (table), ==, 0);
}

static void
count_cb (BytestagNetwork *network,
          GParamSpec      *pspec,
          guint           *count)
{
  (*count)++;
}

/* A clock that goes wrong, in the opinion of many, ends nothing and clamps nothing. */
static void
test_wrong_clock (Fixture      *test,
                  gconstpointer data)
{
  g_autofree char *reply = store (test, test->peer, "\"timestmp\": 1600000000, \"until\": 1600000600, \"ext\": 2");
  BytestagKvpId id = get_id ();
  g_autofree char *late = NULL;
  guint n_disagrees = 0;
  gboolean disagrees;

  g_signal_connect (test->network, "notify::clock-disagrees", G_CALLBACK (count_cb), &n_disagrees);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (BytestagPingTask) task = NULL;
      BytestagEndpoint address;

      bytestag_sim_add_node (test->sim);
      bytestag_sim_get_address (test->sim, i + 1, &address);
      task = bytestag_network_ping_address (test->network, &address);
      fixture_assert_done (test, task, SECOND);
      g_assert_cmpuint (test->network->clock_votes.n, ==, i + 1);
    }
  bytestag_sim_run (test->sim, 61 * SECOND);
  g_assert_cmpuint (test->network->clock_votes.n, ==, 4);
  g_assert_cmpint (bytestag_network_get_clock_difference (test->network), ==, 0);
  g_assert_cmpuint (n_disagrees, ==, 0);

  set_wall_seconds (test, NOW + 100 * DAY);
  bytestag_sim_run (test->sim, 200 * SECOND);
  g_assert_true (is_held (test));
  g_object_get (test->network, "clock-disagrees", &disagrees, NULL);
  g_assert_true (disagrees);
  g_assert_cmpuint (n_disagrees, ==, 1);
  g_assert_cmpint (bytestag_network_get_clock_difference (test->network), ==, 100 * DAY - 60);

  g_assert_true (bytestag_kvp_table_remove (bytestag_network_get_table (test->network), &id));
  late = store (test, test->peer, "\"timestmp\": 1600000000, \"ext\": 2");
  g_assert_cmpint (get_record (test).timestamp, ==, 1600000000);
  g_assert_true (bytestag_kvp_table_remove (bytestag_network_get_table (test->network), &id));
  g_free (store (test, test->peer, "\"timestmp\": 5, \"until\": 9223372036854775807, \"ext\": 2"));
  g_assert_cmpint (get_record (test).until, ==, BYTESTAG_LIMIT_LATEST_SECOND);
  g_assert_true (bytestag_kvp_table_remove (bytestag_network_get_table (test->network), &id));
  g_free (store (test, test->peer, "\"timestmp\": 1600000000, \"until\": 1600000900, \"ext\": 2"));
  g_assert_cmpint (get_record (test).until, ==, 1600000900);

  /* It is set right: life goes on, and ends. */
  set_wall_seconds (test, NOW + 300);
  bytestag_sim_run (test->sim, 61 * SECOND);
  g_assert_cmpuint (n_disagrees, ==, 2);
  g_assert_true (is_held (test));
  bytestag_sim_run (test->sim, 700 * SECOND);
  g_assert_false (is_held (test));
}

/* It is known with the answers that say so, before anything is done by that clock. */
static void
test_clock_known_at_once (Fixture      *test,
                          gconstpointer data)
{
  set_wall_seconds (test, NOW + 100 * DAY);
  for (guint i = 0; i < BYTESTAG_LIMIT_CLOCK_TOO_FEW_VOTES + 1; i++)
    {
      g_autoptr (BytestagPingTask) task = NULL;
      BytestagEndpoint address;

      g_assert_cmpint (bytestag_network_get_clock_difference (test->network), ==, 0);
      bytestag_sim_add_node (test->sim);
      bytestag_sim_get_address (test->sim, i + 1, &address);
      task = bytestag_network_ping_address (test->network, &address);
      fixture_assert_done (test, task, SECOND);
    }
  g_assert_cmpint (bytestag_network_get_clock_difference (test->network), ==, 100 * DAY);

  /* Not to and fro between two minutes. */
  set_wall_seconds (test, NOW + 100 * DAY + 45);
  g_assert_false (_bytestag_network_check_clock (test->network));
  g_assert_cmpint (bytestag_network_get_clock_difference (test->network), ==, 100 * DAY);
  set_wall_seconds (test, NOW + 100 * DAY + 75);
  g_assert_false (_bytestag_network_check_clock (test->network));
  g_assert_cmpint (bytestag_network_get_clock_difference (test->network), ==, 100 * DAY + 60);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dht/life/granted", test_granted);
  FIXTURE_TEST ("/dht/life/count-nearer", test_count_nearer);
  FIXTURE_TEST ("/dht/life/keep", test_keep);
  FIXTURE_TEST ("/dht/life/keep-far", test_keep_far);
  FIXTURE_TEST ("/dht/life/original", test_original);
  FIXTURE_TEST ("/dht/life/clamp", test_clamp);
  FIXTURE_TEST ("/dht/life/replica", test_replica);
  FIXTURE_TEST ("/dht/life/replica-far", test_replica_far);
  FIXTURE_TEST ("/dht/life/replica-over", test_replica_over);
  FIXTURE_TEST ("/dht/life/renew", test_renew);
  FIXTURE_TEST ("/dht/life/renew-by-nearest", test_renew_by_nearest);
  FIXTURE_TEST ("/dht/life/renew-day", test_renew_day);
  FIXTURE_TEST ("/dht/life/expires", test_expires);
  FIXTURE_TEST ("/dht/life/expires-many", test_expires_many);
  FIXTURE_TEST ("/dht/life/wrong-clock", test_wrong_clock);
  FIXTURE_TEST ("/dht/life/clock-known-at-once", test_clock_known_at_once);

  return g_test_run ();
}
