/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "dht/network-private.h"
#include "disk-fixture.h"
#include "support/test-signer.h"
#include "support/test-transport.h"
#include "wire/record.h"

/* What a network has on its way to the disk, in one group that is not committed yet, is not
 * held; its rules hold all the same. */

#define DAY 86400

static const BytestagKey collection = { { 1, 2, 3 } };

typedef struct
{
  BytestagDiskFixture disk;
  BytestagTestTransport *transport;
  BytestagNetwork *network;
  BytestagKey key; /* of the records */
} Test;

static void
set_up (Test *self, gconstpointer user_data)
{
  const BytestagKey id = { { 9 } };
  BytestagEndpoint address;

  disk_set_up (&self->disk, NULL);
  g_assert_true (bytestag_endpoint_set_host (&address, "9.1.0.1", -1, 4000));
  self->transport = bytestag_test_transport_new (&address);
  self->network = bytestag_network_new (self->disk.reactor, BYTESTAG_TRANSPORT (self->transport),
                                        disk_as_table (&self->disk), &id, NULL);
  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &self->key);
}

static void
tear_down (Test *self, gconstpointer user_data)
{
  bytestag_network_shut_down (self->network);
  disk_run_for (&self->disk, SECOND);
  g_assert_finalize_object (self->network);
  g_assert_finalize_object (self->transport);
  disk_tear_down (&self->disk, NULL);
}

static gint64
get_seconds (Test *self)
{
  return bytestag_reactor_get_wall_time (self->disk.reactor) / G_USEC_PER_SEC;
}

/* A provider at @host stores its record of @day days from now. */
static BytestagKvpId
keep_provider (Test *self, BytestagTestSigner *signer, const char *host, int day, BytestagAnswers *answers)
{
  BytestagKvpRecord offer = { .id.key = self->key, .until = get_seconds (self) + DAY };
  g_autoptr (GBytes) value = NULL;

  g_assert_true (bytestag_endpoint_set_host (&offer.source, host, -1, 4000));
  value = bytestag_record_build_provider (BYTESTAG_SIGNER (signer), &collection, &offer.source, 1,
                                          get_seconds (self) + day * DAY, NULL);
  offer.size = g_bytes_get_size (value);
  bytestag_key_digest (&offer.id.index, g_bytes_get_data (value, NULL), offer.size);
  _bytestag_network_keep_value (self->network, &offer, value, disk_written_cb, answers);
  return offer.id;
}

static void
keep_new_provider (Test *self, const char *host, BytestagAnswers *answers)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();

  keep_provider (self, signer, host, 0, answers);
}

static void
count_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  ++*(guint *) user_data;
}

static guint
count_kept (Test *self)
{
  guint n = 0;

  bytestag_kvp_table_visit_key (disk_as_table (&self->disk), &self->key, count_cb, &n);
  return n;
}

/* BYTESTAG_LIMIT_RECORDS_OF_KEY, however many come at once. */
static void
test_full (Test *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };

  for (guint i = 0; i < BYTESTAG_LIMIT_RECORDS_OF_KEY + 10; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 10 + i);

      keep_new_provider (self, host, &answers);
    }
  g_assert_cmpuint (count_kept (self), ==, 0);
  disk_run_for (&self->disk, SECOND);
  g_assert_cmpuint (count_kept (self), ==, BYTESTAG_LIMIT_RECORDS_OF_KEY);
  g_assert_cmpuint (answers.n_good, ==, BYTESTAG_LIMIT_RECORDS_OF_KEY);
  g_assert_cmpuint (answers.n_failed, ==, 10);
}

/* BYTESTAG_LIMIT_RECORDS_OF_NETWORK of a /24, some of which are on the disk. */
static void
test_network (Test *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };

  keep_new_provider (self, "9.8.0.1", &answers);
  disk_run_for (&self->disk, SECOND);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.8.0.%u", 2 + i);
      g_autofree char *other = g_strdup_printf ("9.9.%u.1", i);

      keep_new_provider (self, host, &answers);
      keep_new_provider (self, other, &answers);
    }
  disk_run_for (&self->disk, SECOND);
  g_assert_cmpuint (count_kept (self), ==, BYTESTAG_LIMIT_RECORDS_OF_NETWORK + 5);
  g_assert_cmpuint (answers.n_failed, ==, 6 - BYTESTAG_LIMIT_RECORDS_OF_NETWORK);
}

/* Of one owner the newest, in whatever order they come, and once it is there no other; it
 * takes no second place. */
static void
test_newest (Test *self, gconstpointer user_data)
{
  static const int days[][3] = { { -1, 0, 1 }, { 1, 0, -1 }, { 0, 1, -1 }, { 1, -1, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    {
      g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
      g_autofree char *host = g_strdup_printf ("9.8.%u.1", i);
      BytestagAnswers answers = { 0 };
      BytestagKvpId ids[3];

      for (guint j = 0; j < G_N_ELEMENTS (ids); j++)
        ids[j] = keep_provider (self, signer, host, days[i][j], &answers);
      disk_run_for (&self->disk, SECOND);
      g_assert_cmpuint (answers.n_good + answers.n_failed, ==, G_N_ELEMENTS (ids));
      for (guint j = 0; j < G_N_ELEMENTS (ids); j++)
        g_assert_true (disk_is_held (&self->disk, &ids[j]) == (days[i][j] == 1));
      g_assert_cmpuint (count_kept (self), ==, i + 1);
    }
}

/* The network goes while some are on their way. */
static void
test_shut_down (Test *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };

  keep_new_provider (self, "9.8.0.1", &answers);
  disk_run_for (&self->disk, SECOND);
  bytestag_test_worker_hold (self->disk.worker);
  keep_new_provider (self, "9.9.0.1", &answers);
  bytestag_network_shut_down (self->network);
  bytestag_test_worker_release (self->disk.worker);
  disk_run_for (&self->disk, SECOND);
  g_assert_cmpuint (answers.n_good + answers.n_failed, ==, 2);
}

static void
receive (Test *self, const BytestagEndpoint *from, const char *json)
{
  g_autoptr (GZlibCompressor) deflater = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 6);
  guint8 datagram[1024];
  gsize n_read, length;

  g_assert_cmpint (g_converter_convert (G_CONVERTER (deflater), json, strlen (json), datagram, sizeof datagram,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &length, NULL), ==, G_CONVERTER_FINISHED);
  bytestag_network_receive (self->network, from, datagram, length);
}

/* (transfer full) the transfer id of the reply that was sent last. */
static char *
take_transfer_id (Test *self)
{
  g_autofree char *id = NULL;
  g_autoptr (GBytes) datagram = NULL;

  while ((datagram = bytestag_test_transport_take (self->transport, NULL)) != NULL)
    {
      g_autoptr (GZlibDecompressor) inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
      char text[4096] = "";
      const char *found;
      gsize n_read, length;

      g_converter_convert (G_CONVERTER (inflater), g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram), text,
                           sizeof text - 1, G_CONVERTER_INPUT_AT_END, &n_read, &length, NULL);
      found = strstr (text, "\"xferid\": \"");
      if (found != NULL)
        {
          g_free (id);
          id = g_strndup (found + strlen ("\"xferid\": \""), 28);
        }
      g_clear_pointer (&datagram, g_bytes_unref);
    }
  g_assert_nonnull (id);
  return g_steal_pointer (&id);
}

/* A peer stores five bytes. */
static BytestagKvpId
store (Test *self, const char *text)
{
  BytestagEndpoint peer;
  BytestagKvpId id;
  g_autofree char *key = NULL;
  g_autofree char *data = g_base64_encode ((const guint8 *) text, strlen (text));
  g_autofree char *offer = NULL;
  g_autofree char *transfer = NULL;
  g_autofree char *chunk = NULL;
  g_autofree char *end = NULL;

  g_assert_true (bytestag_endpoint_set_host (&peer, "10.0.0.2", -1, 4000));
  bytestag_key_digest (&id.key, text, strlen (text));
  id.index = id.key;
  key = bytestag_key_to_base64 (&id.key);
  offer = g_strdup_printf ("{\"netid\": \"BYTESTAG\", \"rpc\": \"store\", \"key\": \"%s\", \"index\": \"%s\", "
                           "\"size\": %zu, \"timestmp\": 1600000000, \"keep\": 1209600, \"seq_id\": \"a\", "
                           "\"ext\": 2}", key, key, strlen (text));
  receive (self, &peer, offer);
  transfer = take_transfer_id (self);
  chunk = g_strdup_printf ("{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": \"s\"}", transfer, data);
  receive (self, &peer, chunk);
  end = g_strdup_printf ("{\"xfer_id\": \"%s\", \"xfer_data\": null}", transfer);
  receive (self, &peer, end);
  return id;
}

/* What is denied while it is on its way is not kept; what is not is. */
static void
test_denied (Test *self, gconstpointer user_data)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  BytestagKvpId denied;
  BytestagKvpId other;
  g_autofree char *hex = NULL;

  bytestag_network_set_denylist (self->network, list);
  disk_run_for (&self->disk, SECOND);
  bytestag_test_worker_hold (self->disk.worker);
  denied = store (self, "denied");
  other = store (self, "other");
  disk_run_for (&self->disk, SECOND);
  hex = bytestag_key_to_hex (&denied.key);
  bytestag_denylist_load (list, hex, strlen (hex));
  disk_run_for (&self->disk, SECOND);
  bytestag_test_worker_release (self->disk.worker);
  disk_run_for (&self->disk, SECOND);

  g_assert_false (disk_is_held (&self->disk, &denied));
  g_assert_true (disk_is_held (&self->disk, &other));
  g_assert_cmpuint (bytestag_network_get_counters (self->network)->values_denied, ==, 1);
  g_assert_cmpuint (bytestag_network_get_counters (self->network)->stores_kept, ==, 1);
}

/* While the database is opened nobody is told that there is no room, or that a value was lost. */
static void
test_opening (Test *self, gconstpointer user_data)
{
  g_autofree char *folder = g_build_filename (self->disk.base, "other", NULL);
  g_autoptr (BytestagDatabaseTable) table = bytestag_database_table_new (folder, BYTESTAG_WORKER (self->disk.worker),
                                                                         self->disk.reactor);
  const BytestagKey id = { { 10 } };
  g_autoptr (BytestagTestTransport) transport = NULL;
  g_autoptr (BytestagNetwork) network = NULL;
  g_autoptr (BytestagNode) node = NULL;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  g_autoptr (GBytes) offer = NULL;
  g_autoptr (GBytes) value = NULL;
  BytestagKvpRecord record;
  BytestagEndpoint address, from;

  g_assert_true (bytestag_endpoint_set_host (&address, "9.2.0.1", -1, 4000));
  transport = bytestag_test_transport_new (&address);
  network = bytestag_network_new (self->disk.reactor, BYTESTAG_TRANSPORT (transport), BYTESTAG_KVP_TABLE (table), &id,
                                  NULL);
  node = bytestag_node_new (&id, &address);
  value = disk_make_value (1, SMALL, &record);
  task = bytestag_network_store_to_node (self->network, node, &record.id.key, &record.id.index, value,
                                         get_seconds (self));
  disk_run_for (&self->disk, 0);
  offer = bytestag_test_transport_take (self->transport, NULL);
  g_assert_nonnull (offer);
  bytestag_network_get_address (self->network, &from);

  bytestag_network_receive (network, &from, g_bytes_get_data (offer, NULL), g_bytes_get_size (offer));
  g_assert_cmpuint (bytestag_network_get_counters (network)->drops[BYTESTAG_DROP_RATE], ==, 1);
  bytestag_database_table_load (table);
  disk_run_for (&self->disk, SECOND);
  g_assert_false (bytestag_kvp_table_is_opening (BYTESTAG_KVP_TABLE (table)));
  bytestag_network_receive (network, &from, g_bytes_get_data (offer, NULL), g_bytes_get_size (offer));
  g_assert_cmpuint (bytestag_network_get_counters (network)->drops[BYTESTAG_DROP_RATE], ==, 1);
  g_assert_cmpuint (bytestag_network_get_counters (network)->requests_served, ==, 1);

  bytestag_network_shut_down (network);
  bytestag_database_table_close (table);
  disk_run_for (&self->disk, SECOND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add ("/storage/database-table-network/" name, Test, NULL, set_up, func, tear_down)
  TEST ("full", test_full);
  TEST ("network", test_network);
  TEST ("newest", test_newest);
  TEST ("shut-down", test_shut_down);
  TEST ("denied", test_denied);
  TEST ("opening", test_opening);
  return g_test_run ();
}
