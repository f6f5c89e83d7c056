/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Also how request-handler.c answers, and find-shortlist-task.c with keys. */
#include "config.h"

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

#include <string.h>

#define NODES ", \"nodes\": [{\"host\": \"9.0.0.1\", \"port\": 10, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}]"
#define FIRST "gYqu1N4QhQdEoiSkBjwlNjB9INI="
#define SECOND_KEY "ATcwVgCVKpABzQYzFRo6pZ2gYDo="

static BytestagFindHeldTask *
ask (Fixture    *test,
     guint       n_keys,
     const char *members)
{
  BytestagKey keys[1 + BYTESTAG_LIMIT_KEYS_OF_REQUEST] = { 0 };

  g_assert_true (bytestag_key_parse (&keys[0], FIRST, -1, NULL));
  if (n_keys > 1)
    g_assert_true (bytestag_key_parse (&keys[1], SECOND_KEY, -1, NULL));
  bytestag_foreign_set_is_ours (test->peer, TRUE);
  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, fixture_says_cb, (gpointer) members);
  bytestag_node_set_extensions (test->contact, 2);
  return bytestag_network_find_held_from_node (test->network, test->contact, keys, n_keys);
}

static void
test_told (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (BytestagFindHeldTask) task = ask (test, 4, NODES ", \"held\": [1600000005, 0, 1]");
  const gint64 *untils;
  guint n_keys;

  fixture_assert_done (test, task, SECOND);
  untils = bytestag_find_held_task_get_untils (task, &n_keys);
  g_assert_cmpuint (n_keys, ==, 4);
  g_assert_cmpint (untils[0], ==, 0);
  g_assert_cmpint (untils[1], ==, 1600000005);
  g_assert_cmpint (untils[2], ==, 0);
  g_assert_cmpint (untils[3], ==, BYTESTAG_HELD_UNPROMISED);
}

static void
test_request (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagFindHeldTask) task = ask (test, 2, NODES ", \"held\": [0]");
  g_autofree char *expected = NULL;
  g_autofree char *id = NULL;

  fixture_assert_done (test, task, SECOND);
  expected = g_strdup_printf ("{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"findval\", "
                              "\"key\": \"" FIRST "\", \"index\": \"" FIRST "\", \"keys\": [\"" SECOND_KEY "\"], "
                              "\"seq_id\": \"*\", \"ext\": 2}", test->own_id);
  id = fixture_expect (test, test->peer, expected);
}

/* Of the first key the values tell; what has another index is another value. */
static void
test_first (Fixture      *test,
            gconstpointer data)
{
  static const struct { const char *index; const char *until; gint64 expected; } cases[] = {
    { FIRST, ", \"until\": 1600000007", 1600000007 },
    { FIRST, "", BYTESTAG_HELD_UNPROMISED },
    { SECOND_KEY, ", \"until\": 1600000007", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *members = g_strdup_printf (", \"vals\": [{\"key\": \"" FIRST "\", \"index\": \"%s\", "
                                                  "\"size\": 5, \"time\": 6%s}]", cases[i].index, cases[i].until);
      g_autoptr (BytestagFindHeldTask) task = ask (test, 1, members);
      const gint64 *untils;
      guint n_keys;

      fixture_assert_done (test, task, SECOND);
      untils = bytestag_find_held_task_get_untils (task, &n_keys);
      g_assert_cmpuint (n_keys, ==, 1);
      g_assert_cmpint (untils[0], ==, cases[i].expected);
    }
}

static void
test_not_told (Fixture      *test,
               gconstpointer data)
{
  static const char *const members[] = {
    NODES,
    NODES ", \"held\": [1]",
    NODES ", \"held\": 5",
    NODES ", \"held\": {\"a\": 1}",
  };
  g_autoptr (BytestagFindHeldTask) bad = NULL;
  guint n_keys;

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (BytestagFindHeldTask) task = ask (test, 3, members[i]);

      fixture_assert_done (test, task, SECOND);
      g_assert_null (bytestag_find_held_task_get_untils (task, &n_keys));
      g_assert_cmpuint (n_keys, ==, 0);
    }

  bad = ask (test, 3, ", \"held\": [1, 1]");
  fixture_assert_fails (test, bad, SECOND, BYTESTAG_ERROR_INVALID);
}

static void
test_cancel_inside (Fixture      *test,
                    gconstpointer data)
{
  fixture_cancel_inside (test, ask (test, 2, NODES), "notify::last-seen");
}

/* Our own answers */

/* (transfer full) JSON text of @n_keys keys of values that node 0 holds, the even ones. */
static char *
put_values (Fixture *test,
            guint    n_keys)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n_keys; i++)
    {
      g_autoptr (GBytes) value = bytestag_sim_make_value (100, i);
      g_autofree char *key_text = NULL;
      BytestagKey key;

      bytestag_key_digest (&key, g_bytes_get_data (value, NULL), 100);
      if (i % 2 == 0)
        bytestag_sim_put_value (test->sim, 0, value, &key);
      key_text = bytestag_key_to_base64 (&key);
      g_string_append_printf (text, "%s\"%s\"", i > 0 ? ", " : "", key_text);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* (transfer full) (nullable) the "held" of the answer to a batch. @sender: members that say who asks. */
static char *
get_held_as (Fixture    *test,
             const char *sender,
             const char *keys,
             const char *more)
{
  g_autofree char *reply = NULL;
  const char *held;

  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", %s\"rpc\": \"findval\", \"key\": \"" FIRST "\", "
                         "\"keys\": [%s], \"seq_id\": \"a\"%s}", sender, keys, more);
  bytestag_sim_run (test->sim, SECOND);
  reply = bytestag_foreign_take (test->peer);
  g_assert_nonnull (reply);
  held = strstr (reply, "\"held\": ");
  return held != NULL ? g_strndup (held + 8, strcspn (held + 8, "]") + 1) : NULL;
}

static char *
get_held (Fixture    *test,
          const char *keys,
          const char *more)
{
  g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (test->peer));
  g_autofree char *sender = g_strdup_printf ("\"nodeid\": \"%s\", ", id);

  return get_held_as (test, sender, keys, more);
}

static void
test_answer (Fixture      *test,
             gconstpointer data)
{
  g_autofree char *keys = put_values (test, 3);
  g_autofree char *unproven = NULL;
  g_autofree char *proven = NULL;
  g_autofree char *original = NULL;
  g_autofree char *without = NULL;
  g_autofree char *bad = NULL;

  /* Who has not answered us is told nothing, but asked. */
  bytestag_foreign_set_pongs (test->peer, FALSE);
  unproven = get_held (test, keys, ", \"ext\": 2");
  g_assert_null (unproven);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
  bytestag_sim_run (test->sim, 61 * SECOND);
  bytestag_foreign_forget (test->peer);

  /* Once it has answered, it is told what it asked for before. */
  bytestag_foreign_set_pongs (test->peer, TRUE);
  proven = get_held (test, keys, ", \"ext\": 2");
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 2);
  g_assert_nonnull (proven);
  g_assert_cmpstr (proven, ==, "[1, 0, 1]");

  original = get_held (test, keys, "");
  g_assert_null (original);
  without = get_held (test, keys, ", \"ext\": 1");
  g_assert_null (without);
  bad = get_held (test, "\"AAAA\"", ", \"ext\": 2");
  g_assert_null (bad);
}

/* Who cannot be reached says no id (B.1), and is asked and told all the same. */
static void
test_read_only (Fixture      *test,
                gconstpointer data)
{
  g_autofree char *keys = put_values (test, 3);
  g_autofree char *unproven = NULL;
  g_autofree char *proven = NULL;

  bytestag_foreign_set_pongs (test->peer, FALSE);
  unproven = get_held_as (test, "", keys, ", \"ext\": 6");
  g_assert_null (unproven);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
  bytestag_sim_run (test->sim, 61 * SECOND);
  bytestag_foreign_forget (test->peer);

  bytestag_foreign_set_pongs (test->peer, TRUE);
  proven = get_held_as (test, "", keys, ", \"ext\": 6");
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 2);
  g_assert_cmpstr (proven, ==, "[1, 0, 1]");
}

/* BYTESTAG_LIMIT_KEYS_OF_REQUEST: further ones are not looked at. */
static void
test_limit (Fixture      *test,
            gconstpointer data)
{
  g_autofree char *keys = put_values (test, BYTESTAG_LIMIT_KEYS_OF_REQUEST + 5);
  g_autofree char *held = NULL;
  g_auto (GStrv) numbers = NULL;

  fixture_meet (test);
  held = get_held (test, keys, ", \"ext\": 2");
  g_assert_nonnull (held);
  numbers = g_strsplit (held, ",", -1);
  g_assert_cmpuint (g_strv_length (numbers), ==, BYTESTAG_LIMIT_KEYS_OF_REQUEST);
}

/* BYTESTAG_LIMIT_DEFERRED_BATCHES wait for a proof that does not come; all are answered. */
static void
test_deferred (Fixture      *test,
               gconstpointer data)
{
  BytestagForeign *peers[BYTESTAG_LIMIT_DEFERRED_BATCHES + 1];
  guint n_at_once = 0;

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *host = g_strdup_printf ("10.1.%u.1", i);
      g_autofree char *id = NULL;

      peers[i] = bytestag_foreign_new (test->sim, host);
      bytestag_foreign_set_pongs (peers[i], FALSE);
      id = bytestag_key_to_base64 (bytestag_foreign_get_id (peers[i]));
      bytestag_foreign_send (peers[i], &test->address,
                             "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"findval\", "
                             "\"key\": \"" FIRST "\", \"keys\": [\"" SECOND_KEY "\"], \"seq_id\": \"a\", "
                             "\"ext\": 2}", id);
    }
  bytestag_sim_run (test->sim, SECOND / 5);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *text = NULL;

      while ((text = bytestag_foreign_take (peers[i])) != NULL)
        {
          n_at_once += strstr (text, "reply_id") != NULL;
          g_clear_pointer (&text, g_free);
        }
    }
  g_assert_cmpuint (n_at_once, ==, 1);

  bytestag_sim_run (test->sim, SECOND);
  n_at_once = 0;
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *text = NULL;

      while ((text = bytestag_foreign_take (peers[i])) != NULL)
        {
          n_at_once += strstr (text, "reply_id") != NULL;
          g_assert_null (strstr (text, "held"));
          g_clear_pointer (&text, g_free);
        }
      bytestag_foreign_free (peers[i]);
    }
  g_assert_cmpuint (n_at_once, ==, BYTESTAG_LIMIT_DEFERRED_BATCHES);
}

/* The longest answer still fits; the farthest nodes make room for it. */
static void
test_size (Fixture      *test,
           gconstpointer data)
{
  g_autofree char *keys = put_values (test, BYTESTAG_LIMIT_KEYS_OF_REQUEST);
  g_autofree char *held = NULL;
  gsize n_before;

  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GBytes) seed = bytestag_sim_make_value (20, i + 1);
      BytestagEndpoint address;
      BytestagKey id;

      bytestag_key_digest (&id, g_bytes_get_data (seed, NULL), 20);
      bytestag_sim_make_address (i + 300, &address);
      bytestag_sim_introduce (test->sim, 0, &id, &address);
    }
  fixture_meet (test);
  n_before = bytestag_foreign_get_n_received (test->peer);
  held = get_held (test, keys, ", \"ext\": 2");
  g_assert_nonnull (held);
  g_assert_cmpuint (bytestag_foreign_get_n_received (test->peer) - n_before, >, 600);
  g_assert_cmpuint (bytestag_foreign_get_n_received (test->peer) - n_before, <=, BYTESTAG_LIMIT_REPLY);
}

/* Taken along by a look-up */

typedef struct {
  guint n_told;
  gint64 until;
} Told;

static void
held_told_cb (BytestagFindShortlistTask *task,
              BytestagNode              *node,
              gpointer                   untils,
              guint                      n_keys,
              Told                      *told)
{
  g_assert_cmpuint (n_keys, ==, 1);
  told->n_told++;
  told->until = ((const gint64 *) untils)[0];
}

static void
count_rpc_cb (BytestagForeign        *peer,
              const BytestagEndpoint *from,
              const char             *rpc,
              JsonObject             *message,
              gpointer                user_data)
{
  gboolean is_original = user_data != NULL;

  g_assert_cmpstr (rpc, ==, is_original ? "findnode" : "findval");
  bytestag_foreign_reply (peer, from, message, is_original ? NODES : NODES ", \"held\": [1600000009]");
}

static void
test_lookup (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (BytestagForeign) original = fixture_meet_peer (test, "9.3.2.1", count_rpc_cb, test);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  BytestagKey target = { { 7 } };
  BytestagKey key = { { 8 } };
  Told told = { 0, 0 };

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, count_rpc_cb, NULL);
  task = bytestag_network_find_holders_shortlist (test->network, &target, &key, 1);
  g_signal_connect (task, "held-told", G_CALLBACK (held_told_cb), &told);
  fixture_assert_done (test, task, 30 * SECOND);
  g_assert_cmpuint (told.n_told, ==, 1);
  g_assert_cmpint (told.until, ==, 1600000009);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/find-held-task/told", test_told);
  FIXTURE_TEST ("/dht/find-held-task/request", test_request);
  FIXTURE_TEST ("/dht/find-held-task/first", test_first);
  FIXTURE_TEST ("/dht/find-held-task/not-told", test_not_told);
  FIXTURE_TEST ("/dht/find-held-task/cancel-inside", test_cancel_inside);
  FIXTURE_TEST ("/dht/find-held-task/answer", test_answer);
  FIXTURE_TEST ("/dht/find-held-task/read-only", test_read_only);
  FIXTURE_TEST ("/dht/find-held-task/limit", test_limit);
  FIXTURE_TEST ("/dht/find-held-task/deferred", test_deferred);
  FIXTURE_TEST ("/dht/find-held-task/size", test_size);
  FIXTURE_TEST ("/dht/find-held-task/lookup", test_lookup);

  return g_test_run ();
}
