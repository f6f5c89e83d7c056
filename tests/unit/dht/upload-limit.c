/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "fixture.h"

#include <string.h>

typedef struct {
  gsize n_bytes;
  guint n_ends;
} Getter;

static void
getter_cb (BytestagForeign        *peer,
           const BytestagEndpoint *from,
           const char             *rpc,
           JsonObject             *message,
           gpointer                user_data)
{
  Getter *self = user_data;

  if (g_str_equal (rpc, "end"))
    {
      self->n_ends++;
    }
  else if (g_str_equal (rpc, "chunk"))
    {
      gsize length;
      g_autofree guint8 *data = g_base64_decode (json_object_get_string_member (message, "xfer_data"), &length);

      self->n_bytes += length;
      bytestag_foreign_send (peer, from, "{\"xfer_id\": \"%s\", \"reply_id\": \"%s\"}",
                             json_object_get_string_member (message, "xfer_id"),
                             json_object_get_string_member (message, "seq_id"));
    }
  else if (g_str_equal (rpc, "store"))
    {
      bytestag_foreign_reply (peer, from, message, ", \"xferid\": \"X1\"");
    }
}

#define SIZE 100000

static GBytes *
put_value (Fixture *test,
           char   **key_text)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (SIZE, 7);
  BytestagKey key;

  bytestag_sim_put_value (test->sim, 0, value, &key);
  *key_text = bytestag_key_to_base64 (&key);
  return g_steal_pointer (&value);
}

static void
get (Fixture         *test,
     BytestagForeign *peer,
     const char      *key,
     const char      *transfer,
     Getter          *getter)
{
  bytestag_foreign_set_func (peer, getter_cb, getter);
  bytestag_foreign_send (peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"getval\", \"key\": \"%s\", \"index\": \"%s\", "
                         "\"xferid\": \"%s\", \"ext\": 2}", key, key, transfer);
}

/* No more goes out than may, not much less, and each has its turn. */
static void
test_shared (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (BytestagForeign) other = fixture_meet_peer (test, "9.3.2.1", NULL, NULL);
  g_autofree char *key = NULL;
  g_autoptr (GBytes) value = put_value (test, &key);
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  Getter first = { 0, 0 }, second = { 0, 0 };

  fixture_meet (test);
  bytestag_network_set_upload_limit (test->network, 10000);
  g_assert_cmpuint (bytestag_network_get_upload_limit (test->network), ==, 10000);
  get (test, test->peer, key, "x", &first);
  get (test, other, key, "y", &second);
  bytestag_sim_run (test->sim, 5 * SECOND);

  g_assert_cmpuint (first.n_bytes + second.n_bytes, <=, 5 * 10000 + BYTESTAG_LIMIT_DATAGRAM);
  g_assert_cmpuint (first.n_bytes + second.n_bytes, >=, 5 * 10000 - 2000);
  g_assert_cmpint (ABS ((gssize) first.n_bytes - (gssize) second.n_bytes), <=, 2 * 1090);
  g_assert_cmpuint (counters->chunks_delayed, >, 10);
  g_assert_cmpuint (counters->bytes_uploaded, >=, first.n_bytes + second.n_bytes);
  g_assert_cmpuint (counters->bytes_uploaded, <=, first.n_bytes + second.n_bytes + 2 * 1090);

  /* Without a limit the rest comes in no time. */
  bytestag_network_set_upload_limit (test->network, 0);
  bytestag_sim_run (test->sim, 10 * SECOND);
  g_assert_cmpuint (first.n_bytes, ==, SIZE);
  g_assert_cmpuint (second.n_bytes, ==, SIZE);
  g_assert_cmpuint (first.n_ends + second.n_ends, ==, 2);
}

/* What is published counts too; one that is cancelled while it waits is forgotten. */
static void
test_published (Fixture      *test,
                gconstpointer data)
{
  g_autofree char *key_text = NULL;
  g_autoptr (GBytes) value = put_value (test, &key_text);
  BytestagStoreToNodeTask *task;
  Getter getter = { 0, 0 };
  BytestagKey key;

  fixture_meet (test);
  bytestag_network_set_upload_limit (test->network, 4000);
  bytestag_foreign_set_func (test->peer, getter_cb, &getter);
  g_assert_true (bytestag_key_parse (&key, key_text, -1, NULL));
  task = bytestag_network_store_to_node (test->network, test->contact, &key, &key, value, 9);
  bytestag_sim_run (test->sim, 5 * SECOND);
  g_assert_cmpuint (getter.n_bytes, <=, 5 * 4000 + BYTESTAG_LIMIT_DATAGRAM);
  g_assert_cmpuint (getter.n_bytes, >=, 5 * 4000 - 2000);

  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, 5 * SECOND);
  g_assert_finalize_object (task);
}

/* However long a chunk waits for its turn, the one before it is not sent again meanwhile. */
static void
test_waits (Fixture      *test,
            gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autoptr (GBytes) value = put_value (test, &key);
  Getter getter = { 0, 0 };

  fixture_meet (test);
  bytestag_network_set_upload_limit (test->network, 500);
  get (test, test->peer, key, "x", &getter);
  bytestag_sim_run (test->sim, 30 * SECOND);
  g_assert_cmpuint (getter.n_bytes, <=, 30 * 500 + BYTESTAG_LIMIT_DATAGRAM);
  g_assert_cmpuint (getter.n_bytes, >=, 30 * 500 - 2000);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->bytes_uploaded, ==, getter.n_bytes);
}

/* No more than can be served as fast as a transfer must go. */
static void
test_places (Fixture      *test,
             gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autoptr (GBytes) value = put_value (test, &key);
  Getter getter = { 0, 0 };

  fixture_meet (test);
  bytestag_network_set_upload_limit (test->network, 3 * 2 * BYTESTAG_LIMIT_TRANSFER_BYTES_PER_SECOND);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *transfer = g_strdup_printf ("x%u", i);

      get (test, test->peer, key, transfer, &getter);
    }
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->uploads, ==, 3);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_RATE], ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/upload-limit/shared", test_shared);
  FIXTURE_TEST ("/dht/upload-limit/waits", test_waits);
  FIXTURE_TEST ("/dht/upload-limit/published", test_published);
  FIXTURE_TEST ("/dht/upload-limit/places", test_places);

  return g_test_run ();
}
