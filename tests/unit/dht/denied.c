/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

#include <string.h>

/* (key, index) of a value that @seed makes, and node 0 holds. */
static BytestagKvpId
put (Fixture *test,
     guint    seed,
     gboolean is_original)
{
  gsize size = 100 + seed / 256;
  g_autoptr (GBytes) value = bytestag_sim_make_value (size, seed);
  BytestagKvpRecord record = { .size = size, .until = 1600900000, .is_original = is_original };

  bytestag_key_digest (&record.id.key, g_bytes_get_data (value, NULL), size);
  record.id.index = record.id.key;
  bytestag_kvp_table_write (bytestag_sim_get_table (test->sim, 0), &record, value, NULL, NULL);
  return record.id;
}

static gboolean
holds (Fixture             *test,
       const BytestagKvpId *id)
{
  return bytestag_kvp_table_lookup (bytestag_sim_get_table (test->sim, 0), id, NULL);
}

static void
deny (Fixture             *test,
      BytestagDenylist    *list,
      const BytestagKvpId *id)
{
  g_autofree char *hex = bytestag_key_to_hex (&id->key);

  bytestag_denylist_load (list, hex, strlen (hex));
}

/* What is held is purged, however much else there is; what the person shares is only not
 * served. */
static void
test_purge (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  BytestagKvpId ids[2 * BYTESTAG_LIMIT_PURGED + 5];
  g_autoptr (GString) text = g_string_new (NULL);
  guint n_left = 0;

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autofree char *hex = NULL;

      ids[i] = put (test, i, i == 0);
      hex = bytestag_key_to_hex (&ids[i].key);
      if (i % 2 == 0)
        g_string_append_printf (text, "%s\n", hex);
    }
  bytestag_network_set_denylist (test->network, list);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_true (holds (test, &ids[2]));

  bytestag_denylist_load (list, text->str, text->len);
  bytestag_sim_run (test->sim, SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_assert_true (holds (test, &ids[i]) == (i % 2 == 1 || i == 0));
      n_left += holds (test, &ids[i]);
    }
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->values_denied, ==, G_N_ELEMENTS (ids) - n_left);
}

/* (transfer full) (nullable) what comes for a request with these members. */
static char *
ask (Fixture    *test,
     const char *rpc,
     const char *key,
     const char *more)
{
  g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (test->peer));

  bytestag_foreign_forget (test->peer);
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"%s\", \"key\": \"%s\", "
                         "\"index\": \"%s\"%s, \"ext\": 2}", id, rpc, key, key, more);
  bytestag_sim_run (test->sim, SECOND);
  return bytestag_foreign_take (test->peer);
}

static void
test_serve (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  BytestagKvpId id = put (test, 7, TRUE);
  g_autofree char *key = bytestag_key_to_base64 (&id.key);
  g_autofree char *held = g_strdup_printf (", \"keys\": [\"%s\"], \"seq_id\": \"a\"", key);

  fixture_meet (test);
  bytestag_network_set_denylist (test->network, list);
  for (gboolean denied = FALSE; denied <= TRUE; denied++)
    {
      g_autofree char *value = NULL;
      g_autofree char *found = NULL;

      if (denied)
        deny (test, list, &id);
      g_assert_true (bytestag_network_is_denied (test->network, &id) == denied);
      found = ask (test, "findval", key, held);
      g_assert_true ((strstr (found, "\"vals\"") != NULL) == !denied);
      g_assert_true ((strstr (found, "\"held\": [1]") != NULL) == !denied);
      g_assert_true ((strstr (found, "\"held\": [0]") != NULL) == denied);
      value = ask (test, "getval", key, denied ? ", \"xferid\": \"y\"" : ", \"xferid\": \"x\"");
      g_assert_true ((value != NULL) == !denied);
    }
}

/* Refused as for want of room. */
static void
test_store (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  BytestagKvpId id = { { { 1 } }, { { 1 } } };
  g_autofree char *key = bytestag_key_to_base64 (&id.key);
  g_autofree char *taken = NULL;
  g_autofree char *refused = NULL;

  fixture_meet (test);
  bytestag_network_set_denylist (test->network, list);
  taken = ask (test, "store", key, ", \"size\": 5, \"timestmp\": 5, \"seq_id\": \"a\"");
  g_assert_nonnull (strstr (taken, "\"xferid\""));
  deny (test, list, &id);
  refused = ask (test, "store", key, ", \"size\": 5, \"timestmp\": 5, \"seq_id\": \"a\"");
  g_assert_null (strstr (refused, "\"xferid\""));
  g_assert_nonnull (strstr (refused, "\"full\": true"));
}

static void
test_fetch (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  BytestagKvpId id = put (test, 7, TRUE);
  g_autoptr (BytestagGetValueTask) get = NULL;
  g_autoptr (BytestagStoreValueTask) store = NULL;

  fixture_meet (test);
  bytestag_network_set_denylist (test->network, list);
  deny (test, list, &id);
  get = bytestag_network_get_value (test->network, &id.key, &id.index);
  fixture_assert_fails (test, get, SECOND, BYTESTAG_ERROR_DENIED);
  store = bytestag_network_store_value (test->network, &id.key, &id.index, 4);
  fixture_assert_fails (test, store, SECOND, BYTESTAG_ERROR_DENIED);

  /* Without a list nothing is denied. */
  bytestag_network_set_denylist (test->network, NULL);
  g_assert_false (bytestag_network_is_denied (test->network, &id));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/denied/purge", test_purge);
  FIXTURE_TEST ("/dht/denied/serve", test_serve);
  FIXTURE_TEST ("/dht/denied/store", test_store);
  FIXTURE_TEST ("/dht/denied/fetch", test_fetch);

  return g_test_run ();
}
