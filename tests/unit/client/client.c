/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/client.h"

#include <glib/gstdio.h>

#include "client/verbs.h"
#include "core/error.h"
#include "core/limits.h"
#include "io/udp-transport.h"
#include "loop.h"
#include "support/test-folder.h"

/* Two clients of one process, on the loopback. */
typedef struct {
  char *folder;
  BytestagClient *clients[2];
} Fixture;

static BytestagClient *
make_client (Fixture    *self,
             const char *name)
{
  g_autofree char *data = g_build_filename (self->folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagInstance) instance = bytestag_instance_open (data, &error);
  BytestagClient *client;

  g_assert_no_error (error);
  client = bytestag_client_new (instance, FALSE, &error);
  g_assert_no_error (error);
  bytestag_client_set_host (client, "127.0.0.1");
  return client;
}

static void
start (BytestagClient *client,
       const char     *known)
{
  const char * const known_nodes[] = { known, NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_client_start (client, 0, known_nodes, &error));
  g_assert_no_error (error);
}

static gboolean
has_peer (gpointer data)
{
  return bytestag_client_get_n_peers (data) > 0 && !bytestag_client_is_joining (data);
}

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  self->folder = bytestag_test_folder_new ();
  self->clients[0] = make_client (self, "data-0");
  self->clients[1] = make_client (self, "data-1");
  start (self->clients[0], NULL);
  start (self->clients[1], bytestag_client_get_address (self->clients[0]));
  loop_until (has_peer, self->clients[1]);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->clients); i++)
    {
      if (self->clients[i] == NULL)
        continue;
      bytestag_client_stop (self->clients[i]);
      bytestag_client_stop (self->clients[i]);
      g_assert_finalize_object (self->clients[i]);
    }
  bytestag_test_folder_remove (self->folder);
}

/* (transfer full) the result of sharing what lies at these paths of the folder. */
static BytestagShare *
share (Fixture     *self,
       const char  *name,
       GError     **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (GListStore) files = g_list_store_new (G_TYPE_FILE);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;

  g_list_store_append (files, file);
  bytestag_client_share_async (self->clients[0], G_LIST_MODEL (files), NULL, NULL, NULL, NULL, loop_result_cb, &waiting);
  result = loop_take_result (&waiting);
  return bytestag_client_share_finish (self->clients[0], result, error);
}

static gboolean
get (Fixture       *self,
     BytestagLink  *link,
     GCancellable  *cancellable,
     GError       **error)
{
  g_autofree char *to = g_build_filename (self->folder, "to", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  BytestagDownload *download = NULL;

  bytestag_client_get_async (self->clients[1], link, to, &download, cancellable, loop_result_cb, &waiting);
  g_assert_nonnull (download);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bytestag_client_get_downloads (self->clients[1]))), >, 0);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  result = loop_take_result (&waiting);
  return bytestag_client_get_finish (self->clients[1], result, error);
}

static void
test_transfer (Fixture       *self,
               gconstpointer  data)
{
  g_autofree char *source = bytestag_test_folder_write (self->folder, "file", "some bytes", 10);
  g_autofree char *target = g_build_filename (self->folder, "to", "file", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagShare) item = share (self, "file", &error);
  g_autoptr (BytestagShare) again = share (self, "file", &error);

  g_assert_no_error (error);
  g_assert_true (item == again);
  g_assert_cmpuint (bytestag_link_get_peers (bytestag_share_get_link (item))->len, ==, 2);
  g_assert_cmpstr (bytestag_link_get_peers (bytestag_share_get_link (item))->pdata[0], ==,
                   bytestag_client_get_address (self->clients[0]));

  g_assert_true (get (self, bytestag_share_get_link (item), NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (target, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "some bytes");
}

static void
test_bad (Fixture       *self,
          gconstpointer  data)
{
  const BytestagKey key = { { 1 } };
  g_autoptr (BytestagLink) link = bytestag_link_new (&key, NULL, NULL, 0, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GListStore) files = g_list_store_new (G_TYPE_FILE);
  g_autoptr (GFile) remote = g_file_new_for_uri ("http://example.org/file");
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (share (self, "missing", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (get (self, link, cancellable, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
  g_clear_error (&error);

  g_list_store_append (files, remote);
  bytestag_client_share_async (self->clients[0], G_LIST_MODEL (files), NULL, NULL, NULL, NULL, loop_result_cb, &waiting);
  result = loop_take_result (&waiting);
  g_assert_null (bytestag_client_share_finish (self->clients[0], result, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
}

static void
test_cancelled_share (Fixture       *self,
                      gconstpointer  data)
{
  g_autofree char *path = bytestag_test_folder_write (self->folder, "file", "some bytes", 10);
  g_autoptr (GListStore) files = g_list_store_new (G_TYPE_FILE);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  g_autoptr (GError) error = NULL;

  g_list_store_append (files, file);
  bytestag_client_share_async (self->clients[0], G_LIST_MODEL (files), NULL, NULL, NULL, cancellable, loop_result_cb,
                               &waiting);
  g_cancellable_cancel (cancellable);
  result = loop_take_result (&waiting);
  g_assert_null (bytestag_client_share_finish (self->clients[0], result, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bytestag_client_get_library (self->clients[0]))), ==, 0);
}

static void
test_peers (Fixture       *self,
            gconstpointer  data)
{
  GListModel *peers = bytestag_client_get_peers (self->clients[1]);
  g_autoptr (BytestagNode) node = g_list_model_get_item (peers, 0);

  g_assert_cmpuint (g_list_model_get_n_items (peers), ==, 1);
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (node),
                                     bytestag_identity_get_node_id (bytestag_client_get_identity (self->clients[0]))));
}

static void
test_join (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  g_autoptr (GError) error = NULL;

  bytestag_client_join_async (self->clients[0], bytestag_client_get_address (self->clients[1]), NULL, loop_result_cb,
                              &waiting);
  result = loop_take_result (&waiting);
  g_assert_true (bytestag_client_join_finish (self->clients[0], result, &error));
  g_clear_object (&result);
  bytestag_client_join_async (self->clients[0], "nonsense", NULL, loop_result_cb, &waiting);
  result = loop_take_result (&waiting);
  g_assert_false (bytestag_client_join_finish (self->clients[0], result, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
}

static gboolean
is_loaded (gpointer data)
{
  return bytestag_library_is_loaded (bytestag_client_get_library (data));
}

/* Stopped while everything is on its way; what was shared is shared again by the next one. */
static void
test_stop (Fixture       *self,
           gconstpointer  data)
{
  g_autofree guint8 *bytes = g_malloc0 (3000000);
  g_autofree char *to = g_build_filename (self->folder, "to", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagShare) item = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  BytestagKey key;

  for (guint i = 0; i < 3000000; i++)
    bytes[i] = (guint8) (i >> 12 ^ i);
  g_free (bytestag_test_folder_write (self->folder, "file", bytes, 3000000));
  item = share (self, "file", &error);
  g_assert_no_error (error);
  bytestag_client_get_async (self->clients[1], bytestag_share_get_link (item), to, NULL, NULL, loop_result_cb,
                             &waiting);
  g_main_context_iteration (NULL, FALSE);
  bytestag_client_stop (self->clients[1]);
  result = loop_take_result (&waiting);
  g_assert_false (bytestag_client_get_finish (self->clients[1], result, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
  g_clear_object (&result);
  bytestag_client_stop (self->clients[0]);
  g_assert_cmpint (bytestag_share_get_state (item), !=, BYTESTAG_SHARE_STOPPED);
  key = *bytestag_link_get_key (bytestag_share_get_link (item));
  g_clear_object (&item);
  g_assert_finalize_object (self->clients[0]);

  self->clients[0] = make_client (self, "data-0");
  start (self->clients[0], NULL);
  loop_until (is_loaded, self->clients[0]);
  item = g_list_model_get_item (G_LIST_MODEL (bytestag_client_get_library (self->clients[0])), 0);
  g_assert_nonnull (item);
  g_assert_true (bytestag_key_equal (bytestag_link_get_key (bytestag_share_get_link (item)), &key));
}

/* The number after the last colon. */
static int
get_port (BytestagClient *client)
{
  return atoi (strrchr (bytestag_client_get_address (client), ':') + 1);
}

/* As when the program ends and is started again. */
static void
start_again (Fixture    *self,
             const char *name)
{
  bytestag_client_stop (self->clients[0]);
  g_assert_finalize_object (self->clients[0]);
  self->clients[0] = make_client (self, name);
  start (self->clients[0], NULL);
}

/* Where any port will do, the next start takes the last one, unless it is another's now. */
static void
test_same_port (Fixture       *self,
                gconstpointer  data)
{
  int port = get_port (self->clients[0]);
  g_autoptr (BytestagUdpTransport) other = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    {
      start_again (self, "data-0");
      g_assert_cmpint (get_port (self->clients[0]), ==, port);
    }

  /* Another folder of data takes its port while it is away. */
  start_again (self, "data-2");
  other = bytestag_udp_transport_new ("127.0.0.1", (guint16) port, &error);
  g_assert_no_error (error);
  start_again (self, "data-0");
  g_assert_cmpint (get_port (self->clients[0]), !=, port);
}

/* What was measured of other nodes goes on from where it was. */
static void
test_same_churn (Fixture       *self,
                 gconstpointer  data)
{
  g_autofree char *path = g_build_filename (self->folder, "data-2", "state.ini", NULL);
  g_autofree char *text = g_strdup_printf ("[churn]\nhours=1000\nlosses=100\ncounted-at=%" G_GINT64_FORMAT "\n",
                                           g_get_real_time () / G_USEC_PER_SEC);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BytestagClient) client = make_client (self, "data-2");
      BytestagChurnMeter *meter;
      gdouble hours, losses;

      start (client, NULL);
      meter = bytestag_costs_get_churn_meter (bytestag_client_get_costs (client));
      bytestag_churn_meter_get_counts (meter, &hours, &losses);
      g_assert_cmpfloat (hours, >, 990);
      g_assert_cmpfloat (losses, >, 99);
      g_assert_true (bytestag_churn_meter_is_known (meter));
      bytestag_client_stop (client);
      g_assert_finalize_object (g_steal_pointer (&client));
    }
}

static void
test_start_fails (Fixture       *self,
                  gconstpointer  data)
{
  g_autoptr (BytestagClient) client = make_client (self, "data-2");
  const char *address = bytestag_client_get_address (self->clients[0]);
  g_autoptr (GError) error = NULL;

  g_assert_false (bytestag_client_start (client, 0, (const char * const []) { "nonsense", NULL }, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (bytestag_client_start (client, atoi (strrchr (address, ':') + 1), NULL, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY);
  g_assert_null (bytestag_client_get_network (client));
  g_assert_finalize_object (g_steal_pointer (&client));
}

static gboolean
is_ready (gpointer data)
{
  return bytestag_database_table_get_state (bytestag_client_get_kept (data)) == BYTESTAG_DATABASE_TABLE_READY;
}

/* Nothing is kept for others before the person chose how much, and no more than that then. */
static void
test_lend (Fixture       *self,
           gconstpointer  data)
{
  BytestagClient *client = self->clients[0];
  BytestagKvpTable *table = bytestag_network_get_table (bytestag_client_get_network (client));
  BytestagKvpRecord offer = { .size = 1 };

  loop_until (is_ready, client);
  g_assert_false (bytestag_kvp_table_can_keep (table, &offer));

  g_settings_set_int64 (bytestag_client_get_settings (client), "lend", 100000);
  offer.size = 100000;
  g_assert_true (bytestag_kvp_table_can_keep (table, &offer));
  offer.size++;
  g_assert_false (bytestag_kvp_table_can_keep (table, &offer));

  g_settings_set_int64 (bytestag_client_get_settings (client), "lend", 0);
  offer.size = 1;
  g_assert_false (bytestag_kvp_table_can_keep (table, &offer));
}

static void
test_notice (Fixture       *self,
             gconstpointer  data)
{
  g_autofree char *folder = g_build_filename (self->folder, "data-2", NULL);
  g_autofree char *identity = g_build_filename (folder, "identity.pem", NULL);
  g_autoptr (BytestagClient) client = NULL;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (identity, "damaged", -1, NULL));
  client = make_client (self, "data-2");
  g_assert_nonnull (bytestag_client_get_notice (client));
  g_assert_nonnull (strstr (bytestag_client_get_notice (client), "identity.pem.damaged"));
}

static void
test_settings (Fixture       *self,
               gconstpointer  data)
{
  g_autofree char *folder = NULL;

  g_settings_set_string (bytestag_client_get_settings (self->clients[0]), "download-folder", "/some/where");
  folder = bytestag_client_dup_download_folder (self->clients[0]);
  g_assert_cmpstr (folder, ==, "/some/where");
}

static void
line_cb (GVariant *line,
         gpointer  user_data)
{
  const char *event = NULL;

  g_assert_true (g_variant_lookup (line, "event", "&s", &event));
  g_string_append_printf (user_data, "%s ", event);
}

/* By the socket, as by the own process. */
static void
call (Fixture    *self,
      gboolean    by_socket,
      const char *verb,
      const char *name,
      const char *argument,
      const char *expected,
      int         code)
{
  g_autofree char *folder = g_build_filename (self->folder, "data-1", NULL);
  g_autoptr (GString) events = g_string_new (NULL);
  g_auto (GVariantDict) arguments = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  g_autoptr (GError) error = NULL;

  if (name != NULL)
    g_variant_dict_insert (&arguments, name, "s", argument);
  if (by_socket)
    bytestag_control_call_async (folder, verb, g_variant_dict_end (&arguments), line_cb, events, NULL,
                                 loop_result_cb, &waiting);
  else
    bytestag_verb_run_async (self->clients[1], verb, g_variant_dict_end (&arguments), line_cb, events, NULL,
                             loop_result_cb, &waiting);
  result = loop_take_result (&waiting);
  if (by_socket)
    bytestag_control_call_finish (result, &error);
  else
    bytestag_verb_run_finish (self->clients[1], result, &error);

  if (expected == NULL)
    g_assert_error (error, BYTESTAG_ERROR, code);
  else
    g_assert_no_error (error);
  if (expected != NULL)
    g_assert_true (g_str_has_suffix (events->str, expected));
}

static void
test_verbs (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (GString) stats = g_string_new ("stats ");

  for (BytestagDrop drop = BYTESTAG_DROP_NONE + 1; drop < BYTESTAG_N_DROPS; drop++)
    g_string_append (stats, "drop ");

  for (int by_socket = FALSE; by_socket <= TRUE; by_socket++)
    {
      call (self, by_socket, "id", NULL, NULL, "id ", 0);
      call (self, by_socket, "peers", NULL, NULL, "peer ", 0);
      call (self, by_socket, "buckets", NULL, NULL, "bucket peer ", 0);
      call (self, by_socket, "stats", NULL, NULL, stats->str, 0);
      call (self, by_socket, "find", "key", "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", "found ", 0);
      call (self, by_socket, "find", "key", "nonsense", NULL, BYTESTAG_ERROR_INVALID);
      call (self, by_socket, "find", NULL, NULL, NULL, BYTESTAG_ERROR_INVALID);
      call (self, by_socket, "get", "link", "nonsense", NULL, BYTESTAG_ERROR_INVALID);
      call (self, by_socket, "get", NULL, NULL, NULL, BYTESTAG_ERROR_INVALID);
      call (self, by_socket, "share", NULL, NULL, NULL, BYTESTAG_ERROR_INVALID);
      call (self, by_socket, "nonsense", NULL, NULL, NULL, BYTESTAG_ERROR_INVALID);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  TEST ("/client/client/transfer", test_transfer);
  TEST ("/client/client/bad", test_bad);
  TEST ("/client/client/cancelled-share", test_cancelled_share);
  TEST ("/client/client/peers", test_peers);
  TEST ("/client/client/join", test_join);
  TEST ("/client/client/stop", test_stop);
  TEST ("/client/client/same-port", test_same_port);
  TEST ("/client/client/same-churn", test_same_churn);
  TEST ("/client/client/start-fails", test_start_fails);
  TEST ("/client/client/lend", test_lend);
  TEST ("/client/client/notice", test_notice);
  TEST ("/client/client/settings", test_settings);
  TEST ("/client/verbs/answers", test_verbs);
  return g_test_run ();
}
