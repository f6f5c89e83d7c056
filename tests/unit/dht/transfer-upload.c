/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers to getval; uploads of stores are in store-to-node-task.c. */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include <glib/gstdio.h>

#include "core/limits.h"
#include "dht/network-private.h"
#include "fixture.h"
#include "support/test-folder.h"

typedef struct {
  GByteArray *received;
  guint n_chunks, n_ends;
  gboolean silent;
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

      self->n_chunks++;
      g_byte_array_append (self->received, data, (guint) length);
      if (!self->silent)
        bytestag_foreign_send (peer, from, "{\"xfer_id\": \"%s\", \"reply_id\": \"%s\"}",
                               json_object_get_string_member (message, "xfer_id"),
                               json_object_get_string_member (message, "seq_id"));
    }
}

static char *
put_value (Fixture *test,
           gsize    size)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (size, 7);
  BytestagKey key;

  bytestag_sim_put_value (test->sim, 0, value, &key);
  return bytestag_key_to_base64 (&key);
}

static void
ask (Fixture         *test,
     BytestagForeign *peer,
     const char      *key,
     const char      *transfer,
     const char      *members)
{
  bytestag_foreign_send (peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"getval\", \"key\": \"%s\", \"index\": \"%s\", \"xferid\": \"%s\"%s}",
                         key, key, transfer, members);
}

/* What comes for @valofs must be the value from @start on. */
static void
check_offset (Fixture    *test,
              const char *members,
              gsize       start)
{
  g_autofree char *key = put_value (test, 3000);
  g_autoptr (GBytes) value = bytestag_sim_make_value (3000, 7);
  g_autoptr (GByteArray) received = g_byte_array_new ();
  Getter getter = { .received = received };

  bytestag_foreign_set_func (test->peer, getter_cb, &getter);
  ask (test, test->peer, key, "x", members);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpmem (received->data, received->len, (const guint8 *) g_bytes_get_data (value, NULL) + start,
                   3000 - start);
  g_assert_cmpuint (getter.n_ends, ==, 1);
}

static void
test_whole (Fixture      *test,
            gconstpointer data)
{
  check_offset (test, "", 0);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->uploads, ==, 1);
}

static void
test_offsets (Fixture      *test,
              gconstpointer data)
{
  check_offset (test, ", \"valofs\": 0", 0);
  check_offset (test, ", \"valofs\": null", 0);
  check_offset (test, ", \"valofs\": true", 1);
  check_offset (test, ", \"valofs\": 1024", 1024);
  check_offset (test, ", \"valofs\": -5", 2995);
  check_offset (test, ", \"valofs\": -3000", 0);
  check_offset (test, ", \"valofs\": -99999", 0);
  check_offset (test, ", \"valofs\": 99999", 3000);
  check_offset (test, ", \"valofs\": -9223372036854775808", 0);
}

/* Any scalar is a transfer id. */
static void
test_number (Fixture      *test,
             gconstpointer data)
{
  g_autofree char *key = put_value (test, 3);
  g_autofree char *text = NULL;

  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"getval\", \"key\": \"%s\", \"index\": \"%s\", \"xferid\": 77}",
                         key, key);
  bytestag_sim_run (test->sim, SECOND);
  text = bytestag_foreign_take (test->peer);
  g_assert_true (g_str_has_prefix (text, "{\"xfer_id\": 77, \"xfer_data\": \"AAcO\", \"seq_id\": \""));
}

/* Acks that come just in time, each: nobody holds a place for the 3 hours of 1,023 chunks. */
static void
test_late_acks (Fixture      *test,
                gconstpointer data)
{
  g_autofree char *key = put_value (test, 1024 * 1023);
  g_autoptr (GByteArray) received = g_byte_array_new ();
  Getter getter = { .received = received, .silent = TRUE };

  bytestag_foreign_set_func (test->peer, getter_cb, &getter);
  ask (test, test->peer, key, "x", "");
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *text = NULL;
      const char *at;

      bytestag_sim_run (test->sim, 9 * SECOND);
      text = bytestag_foreign_take (test->peer);
      at = text != NULL ? strstr (text, "\"seq_id\": \"") : NULL;
      if (at != NULL)
        bytestag_foreign_send (test->peer, &test->address, "{\"xfer_id\": \"x\", \"reply_id\": \"%.28s\"}",
                               at + strlen ("\"seq_id\": \""));
    }
  g_assert_cmpuint (getter.n_ends, ==, 1);
  g_assert_cmpuint (getter.n_chunks, >=, 4);
}

/* A copy of a getval that is being answered. */
static void
test_copy (Fixture      *test,
           gconstpointer data)
{
  g_autofree char *key = put_value (test, 3000);
  g_autoptr (GByteArray) received = g_byte_array_new ();
  Getter getter = { .received = received };

  bytestag_foreign_set_func (test->peer, getter_cb, &getter);
  ask (test, test->peer, key, "x", "");
  ask (test, test->peer, key, "x", "");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (getter.n_chunks, ==, 3);
  g_assert_cmpuint (getter.n_ends, ==, 1);
}

/* Who does not ack is given up, and has its end: after 10 s for each of so many chunks. */
static void
check_silent (Fixture    *test,
              const char *members,
              guint       max_unacked)
{
  g_autofree char *key = put_value (test, 30000);
  g_autoptr (GByteArray) received = g_byte_array_new ();
  Getter getter = { .received = received, .silent = TRUE };

  /* It is proven, so that the time begins now. */
  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, getter_cb, &getter);
  ask (test, test->peer, key, "x", members);
  bytestag_sim_run (test->sim, max_unacked * BYTESTAG_REPLY_TIMEOUT_US);
  g_assert_cmpuint (getter.n_ends, ==, 0);
  bytestag_sim_run (test->sim, 50 * 1000);
  g_assert_cmpuint (getter.n_ends, ==, 1);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (getter.n_ends, ==, 1);
  /* To an original each goes once; one of ours knows the first again. */
  if (members[0] == '\0')
    g_assert_cmpuint (getter.n_chunks, ==, max_unacked);
  else
    g_assert_cmpuint (getter.n_chunks, >, max_unacked);
}

static void
test_silent (Fixture      *test,
             gconstpointer data)
{
  check_silent (test, "", BYTESTAG_LIMIT_UNACKED_CHUNKS_TO_ORIGINAL);
}

static void
test_silent_ours (Fixture      *test,
                  gconstpointer data)
{
  check_silent (test, ", \"ext\": 2", BYTESTAG_LIMIT_UNACKED_CHUNKS);
}

/* (transfer full) somebody who asks for as much as one address may, and falls silent; who
 * does not answer pings has proven nothing. */
static BytestagForeign *
fill_places (Fixture    *test,
             const char *key,
             guint       number,
             gboolean    answers)
{
  g_autofree char *host = g_strdup_printf ("9.%u.0.1", number + 10);
  BytestagForeign *peer = bytestag_foreign_new (test->sim, host);

  bytestag_foreign_set_pongs (peer, answers);
  for (guint i = 0; i < BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS; i++)
    {
      g_autofree char *transfer = g_strdup_printf ("x%u", i);

      ask (test, peer, key, transfer, "");
    }
  bytestag_sim_run (test->sim, SECOND / 10);
  return peer;
}

static void
test_bounds (Fixture      *test,
             gconstpointer data)
{
  g_autofree char *key = put_value (test, 30);
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  const guint n_peers = BYTESTAG_LIMIT_UPLOADS / BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS;
  guint n_chunks = 0;

  for (guint i = 0; i < BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS + 1; i++)
    {
      g_autofree char *transfer = g_strdup_printf ("x%u", i);

      ask (test, test->peer, key, transfer, "");
    }
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS);

  for (guint n = 1; n < BYTESTAG_LIMIT_UPLOADS / BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS; n++)
    {
      g_ptr_array_add (peers, fill_places (test, key, n, TRUE));
      n_chunks += bytestag_foreign_forget (g_ptr_array_index (peers, n - 1));
    }
  g_assert_cmpuint (n_chunks, ==, BYTESTAG_LIMIT_UPLOADS - BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_RATE], ==, 1);

  /* Who has proven nothing takes no place of who has. */
  g_ptr_array_add (peers, fill_places (test, key, n_peers, TRUE));
  g_assert_cmpuint (bytestag_foreign_forget (g_ptr_array_index (peers, n_peers - 1)), ==, 0);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_RATE], ==,
                    1 + BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS);

  /* The places come back. */
  bytestag_sim_run (test->sim, 60 * SECOND);
  bytestag_foreign_forget (test->peer);
  ask (test, test->peer, key, "again", "");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
}

/* No byte of a value goes to an address that may be somebody else's (B.5): one ping does. */
static void
test_unproven (Fixture      *test,
               gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  g_autofree char *key = put_value (test, 3000);

  bytestag_foreign_set_pongs (test->peer, FALSE);
  ask (test, test->peer, key, "x", "");
  bytestag_sim_run (test->sim, 9900 * 1000);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_UNPROVEN], ==, 0);
  bytestag_sim_run (test->sim, 200 * 1000);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_UNPROVEN], ==, 1);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
  g_assert_cmpuint (counters->uploads, ==, 0);
}

static void
late_pong_cb (BytestagForeign        *peer,
              const BytestagEndpoint *from,
              const char             *rpc,
              JsonObject             *message,
              gpointer                user_data)
{
  if (g_str_equal (rpc, "ping"))
    *(JsonObject **) user_data = json_object_ref (message);
}

/* All that a sender asked for goes out as soon as it answers, and nothing before. */
static void
test_proven_late (Fixture      *test,
                  gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  g_autofree char *key = put_value (test, 100);
  g_autoptr (JsonObject) ping = NULL;

  bytestag_foreign_set_pongs (test->peer, FALSE);
  bytestag_foreign_set_func (test->peer, late_pong_cb, &ping);
  ask (test, test->peer, key, "x", "");
  ask (test, test->peer, key, "y", "");
  bytestag_sim_run (test->sim, 5 * SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
  g_assert_nonnull (ping);

  bytestag_foreign_reply (test->peer, &test->address, ping, "");
  bytestag_sim_run (test->sim, SECOND / 10);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 2);
  g_assert_cmpuint (counters->uploads, ==, 2);

  /* From now on at once. */
  ask (test, test->peer, key, "z", "");
  bytestag_sim_run (test->sim, 25 * 1000);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_UNPROVEN], ==, 0);
}

/* What cannot be read any more when the sender answers is silence. */
static void
test_proven_gone (Fixture      *test,
                  gconstpointer data)
{
  BytestagKvpTable *table = bytestag_network_get_table (test->network);
  g_autofree char *key = put_value (test, 100);
  BytestagKvpId id;

  g_assert_true (bytestag_key_parse (&id.key, key, -1, NULL));
  id.index = id.key;
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *transfer = g_strdup_printf ("x%u", i);

      ask (test, test->peer, key, transfer, "");
    }
  bytestag_sim_run (test->sim, 15 * 1000);
  bytestag_kvp_table_remove (table, &id);
  bytestag_sim_run (test->sim, 20 * SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->uploads, ==, 0);
}

/* Forged senders do not take the places of those that have answered. */
static void
test_unproven_places (Fixture      *test,
                      gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  g_autofree char *key = put_value (test, 100);

  for (guint i = 0; i < BYTESTAG_LIMIT_UNPROVEN_UPLOADS + 1; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 10 + i);
      g_autoptr (BytestagForeign) silent = bytestag_foreign_new (test->sim, host);

      bytestag_foreign_set_pongs (silent, FALSE);
      ask (test, silent, key, "x", "");
    }
  bytestag_sim_run (test->sim, SECOND / 10);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_RATE], ==, 1);

  fixture_meet (test);
  ask (test, test->peer, key, "x", "");
  bytestag_sim_run (test->sim, SECOND / 10);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
  bytestag_sim_run (test->sim, 10 * SECOND);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_UNPROVEN], ==, BYTESTAG_LIMIT_UNPROVEN_UPLOADS);
}

/* Nobody is left behind who waited for an answer. */
static void
test_unproven_shut_down (Fixture      *test,
                         gconstpointer data)
{
  g_autofree char *key = put_value (test, 100);

  bytestag_foreign_set_pongs (test->peer, FALSE);
  ask (test, test->peer, key, "x", "");
  bytestag_sim_run (test->sim, SECOND);
  bytestag_network_shut_down (test->network);
  bytestag_sim_run (test->sim, 20 * SECOND);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNPROVEN], ==, 0);
}

/* Addresses that may be somebody else's hold no place against one that is not, nor do the
 * few that take all they can. */
static void
test_places (Fixture      *test,
             gconstpointer data)
{
  gboolean answers = GPOINTER_TO_INT (data);
  g_autofree char *key = put_value (test, 30);
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  guint64 n_drops;

  fixture_meet (test);
  for (guint n = 0; n < BYTESTAG_LIMIT_UPLOADS / BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS; n++)
    g_ptr_array_add (peers, fill_places (test, key, n, answers || n < 3));

  n_drops = bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNPROVEN];
  bytestag_foreign_forget (test->peer);
  ask (test, test->peer, key, "mine", "");
  bytestag_sim_run (test->sim, SECOND / 10);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNPROVEN], ==,
                    n_drops + (answers ? 0 : 1));
}

/* Shares a file of @bytes, which it returns the key of. */
static BytestagKey
share (BytestagSharedFilesTable *shared,
       const char               *path,
       GBytes                   *bytes)
{
  gsize size = g_bytes_get_size (bytes);
  g_autoptr (BytestagSharedSet) set = bytestag_shared_files_table_add_set (shared);
  BytestagFileStamp stamp;
  BytestagKey key;
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (bytestag_file_stamp_read (&stamp, fd));
  g_assert_true (g_close (fd, NULL));
  bytestag_key_digest (&key, g_bytes_get_data (bytes, NULL), size);
  bytestag_shared_files_table_add_file (shared, set, 0, path, &stamp);
  bytestag_shared_files_table_add_part (shared, set, &key);
  return key;
}

static void
changed_cb (BytestagSharedFilesTable *shared,
            BytestagSharedSet        *set,
            guint                     file,
            guint                    *n_changed)
{
  (*n_changed)++;
}

/* While a part goes out it is in memory once: who asks for it meanwhile gets the same
 * bytes, though the file has gone. When nobody gets it any more, it is read again. */
static void
test_one_reading (Fixture      *test,
                  gconstpointer data)
{
  const gsize size = 100000;
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (size, 7);
  char *folder = bytestag_test_folder_new ();
  g_autofree char *path = bytestag_test_folder_write (folder, "file", g_bytes_get_data (bytes, NULL), size);
  g_autoptr (BytestagForeign) other = bytestag_foreign_new (test->sim, "9.2.0.1");
  BytestagSharedFilesTable *shared;
  BytestagNetwork *sharing = bytestag_sim_add_sharing_node (test->sim, &shared);
  BytestagKey key = share (shared, path, bytes);
  g_autofree char *text = bytestag_key_to_base64 (&key);
  Getter getters[2] = { { .received = g_byte_array_new () }, { .received = g_byte_array_new () } };
  guint n_changed = 0;

  bytestag_sim_get_address (test->sim, 1, &test->address);
  g_signal_connect (shared, "file-changed", G_CALLBACK (changed_cb), &n_changed);
  bytestag_foreign_set_func (test->peer, getter_cb, &getters[0]);
  bytestag_foreign_set_func (other, getter_cb, &getters[1]);
  ask (test, test->peer, text, "x", ", \"valofs\": 1000");
  bytestag_sim_run (test->sim, SECOND / 2);
  g_assert_cmpuint (getters[0].n_chunks, >, 0);
  g_assert_cmpuint (getters[0].n_ends, ==, 0);

  g_assert_cmpint (g_unlink (path), ==, 0);
  ask (test, other, text, "y", "");
  bytestag_sim_run (test->sim, 10 * SECOND);
  g_assert_cmpmem (getters[0].received->data, getters[0].received->len,
                   (const guint8 *) g_bytes_get_data (bytes, NULL) + 1000, size - 1000);
  g_assert_cmpmem (getters[1].received->data, getters[1].received->len, g_bytes_get_data (bytes, NULL), size);
  g_assert_cmpuint (n_changed, ==, 0);
  g_assert_cmpuint (bytestag_network_get_counters (sharing)->uploads, ==, 2);

  getters[0].n_chunks = 0;
  ask (test, test->peer, text, "z", "");
  bytestag_sim_run (test->sim, 10 * SECOND);
  g_assert_cmpuint (getters[0].n_chunks, ==, 0);
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_cmpuint (bytestag_network_get_counters (sharing)->uploads, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_byte_array_unref (getters[i].received);
  bytestag_test_folder_remove (folder);
}

/* Of two values that go out each asker gets its own. */
static void
test_two_values (Fixture      *test,
                 gconstpointer data)
{
  g_autofree char *large = put_value (test, 50000);
  g_autofree char *small = put_value (test, 3000);
  g_autoptr (GBytes) expected = bytestag_sim_make_value (3000, 7);
  g_autoptr (BytestagForeign) other = bytestag_foreign_new (test->sim, "9.2.0.1");
  Getter getters[2] = { { .received = g_byte_array_new () }, { .received = g_byte_array_new () } };

  bytestag_foreign_set_func (test->peer, getter_cb, &getters[0]);
  bytestag_foreign_set_func (other, getter_cb, &getters[1]);
  ask (test, test->peer, large, "x", "");
  bytestag_sim_run (test->sim, SECOND / 4);
  ask (test, other, small, "x", "");
  bytestag_sim_run (test->sim, 5 * SECOND);
  g_assert_cmpuint (getters[0].received->len, ==, 50000);
  g_assert_cmpmem (getters[1].received->data, getters[1].received->len, g_bytes_get_data (expected, NULL), 3000);
  for (guint i = 0; i < 2; i++)
    g_byte_array_unref (getters[i].received);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/transfer-upload/whole", test_whole);
  g_test_add ("/dht/transfer-upload/places/proven", Fixture, GINT_TO_POINTER (TRUE), fixture_set_up, test_places,
              fixture_tear_down);
  g_test_add ("/dht/transfer-upload/places/unproven", Fixture, GINT_TO_POINTER (FALSE), fixture_set_up, test_places,
              fixture_tear_down);
  FIXTURE_TEST ("/dht/transfer-upload/offsets", test_offsets);
  FIXTURE_TEST ("/dht/transfer-upload/number", test_number);
  FIXTURE_TEST ("/dht/transfer-upload/late-acks", test_late_acks);
  FIXTURE_TEST ("/dht/transfer-upload/copy", test_copy);
  FIXTURE_TEST ("/dht/transfer-upload/silent/original", test_silent);
  FIXTURE_TEST ("/dht/transfer-upload/silent/ours", test_silent_ours);
  FIXTURE_TEST ("/dht/transfer-upload/one-reading", test_one_reading);
  FIXTURE_TEST ("/dht/transfer-upload/two-values", test_two_values);
  FIXTURE_TEST ("/dht/transfer-upload/bounds", test_bounds);
  FIXTURE_TEST ("/dht/transfer-upload/unproven", test_unproven);
  FIXTURE_TEST ("/dht/transfer-upload/unproven/places", test_unproven_places);
  FIXTURE_TEST ("/dht/transfer-upload/unproven/shut-down", test_unproven_shut_down);
  FIXTURE_TEST ("/dht/transfer-upload/proven-late", test_proven_late);
  FIXTURE_TEST ("/dht/transfer-upload/proven-gone", test_proven_gone);

  return g_test_run ();
}
